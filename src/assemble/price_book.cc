#include "assemble/price_book.h"

#include <algorithm>
#include <charconv>
#include <string>
#include <unordered_map>
#include <vector>

#include "assemble/prices_built_in.h"
#include "base/check.h"

namespace aybiza {
namespace {

__extension__ using Wide = __int128;

enum class PriceKind : std::uint8_t { llm, stt, tts, telephony };
constexpr std::string_view kind_names[] = {"llm", "stt", "tts", "telephony"};
enum Column : std::size_t { input, cache_read, cache_write, output, audio_input, audio_output, input_max, price_columns };
constexpr std::size_t first_price = 4, column_count = first_price + price_columns + 1;

struct Price {
  Instant from = Instant::min(), to = Instant::max();
  Number column[price_columns];  // nano-USD per million tokens or characters, or per minute; input_max: tokens
};

std::vector<std::string_view> split(std::string_view text, char at) {
  std::vector<std::string_view> parts;
  for (std::size_t start = 0; start <= text.size();) {
    const std::size_t end = std::min(text.find(at, start), text.size());
    parts.push_back(text.substr(start, end - start));
    start = end + 1;
  }
  return parts;
}

// "0.0043" as 4 300 000 nano; nullopt when it is not a plain decimal of at most nine places.
Number nano_of(std::string_view text) {
  const std::size_t point = std::min(text.find('.'), text.size());
  std::string digits(text.substr(0, point));
  std::string_view fraction = point < text.size() ? text.substr(point + 1) : std::string_view{};
  if (digits.empty() || digits.size() > 6 || fraction.size() > 9) return {};
  digits.append(fraction).append(9 - fraction.size(), '0');
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc{} || end != digits.data() + digits.size() || value < 0) return {};
  return value;
}

bool all_digits(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// "us.anthropic.claude-sonnet-4-5-20250929-v1:0" and "anthropic/claude-sonnet-4-5@20250929" are "claude-sonnet-4-5".
std::string_view base_model(std::string_view model) {
  if (const auto slash = model.rfind('/'); slash != std::string_view::npos) model.remove_prefix(slash + 1);
  if (const auto at = model.find("anthropic."); at != std::string_view::npos) model.remove_prefix(at + 10);
  if (const auto version = model.find("-v1:"); version != std::string_view::npos) model = model.substr(0, version);
  if (model.size() > 9) {
    const char before = model[model.size() - 9];
    if ((before == '-' || before == '@') && all_digits(model.substr(model.size() - 8))) model.remove_suffix(9);
  }
  return model;
}

constexpr std::int64_t cost_max_nano = 1'000'000'000'000'000;  // a million USD in one usage is a mistake, as on the wire

struct TextHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
};

}  // namespace

struct PriceBook::Table {
  std::unordered_map<std::string, std::vector<Price>, TextHash, std::equal_to<>> names[4];

  const Price* find(PriceKind kind, std::string_view name, Instant at) const {
    const auto& map = names[std::size_t(kind)];
    const auto found = map.find(name);
    if (found == map.end()) return nullptr;
    for (const Price& price : found->second)
      if (price.from <= at && at < price.to) return &price;
    return nullptr;
  }
};

Result<PriceBook> PriceBook::parse(std::string_view tsv) {
  auto table = std::make_shared<Table>();
  std::size_t line_number = 0;
  for (std::string_view line : split(tsv, '\n')) {
    ++line_number;
    if (line.empty() || line.front() == '#') continue;
    const auto cells = split(line, '\t');
    const auto kind = cells.empty() ? std::end(kind_names) : std::find(std::begin(kind_names), std::end(kind_names), cells[0]);
    if (cells.size() != column_count || kind == std::end(kind_names))
      return fail(Code::invalid, "price book, line {}: {} cells of {}, or an unknown kind", line_number, cells.size(), column_count);
    Price price;
    for (const auto& [cell, into] : {std::pair{cells[2], &price.from}, std::pair{cells[3], &price.to}}) {
      if (cell == "-") continue;
      const auto day = parse_rfc3339(std::string(cell) + "T00:00:00Z");
      if (!day) return fail(Code::invalid, "price book, line {}: '{}' is not a date", line_number, cell);
      *into = *day;
    }
    for (std::size_t i = 0; i < price_columns; ++i) {
      const std::string_view cell = cells[first_price + i];
      if (cell == "-") continue;
      price.column[i] = nano_of(cell);
      if (!price.column[i]) return fail(Code::invalid, "price book, line {}: '{}' is not a price", line_number, cell);
    }
    if (price.column[input_max]) *price.column[input_max] /= 1'000'000'000;
    table->names[std::size_t(kind - std::begin(kind_names))][std::string(cells[1])].push_back(price);
  }
  PriceBook book;
  book.table_ = std::move(table);
  return book;
}

const PriceBook& PriceBook::built_in() {
  static const PriceBook book = [] {
    auto parsed = parse(prices_built_in);
    CHECK(parsed.has_value());
    return *parsed;
  }();
  return book;
}

Number PriceBook::cost_of(const UsageRow& usage, const PriceContext& context) const {
  if (!table_) return {};
  Wide sixty_millionths = 0;  // nano-USD x 60 000 000: tokens and characters per million, speech per minute
  bool priced = false;
  const struct { const Number& count; Column column; } kinds[] = {
      {usage.input_tokens, input}, {usage.cache_read_tokens, cache_read}, {usage.cache_write_tokens, cache_write},
      {usage.output_tokens, output}, {usage.reasoning_tokens, output}, {usage.audio_input_tokens, audio_input},
      {usage.audio_output_tokens, audio_output}};
  const bool tokens = std::any_of(std::begin(kinds), std::end(kinds), [](const auto& kind) { return kind.count.has_value(); });
  if (tokens) {
    const std::string_view model = usage.model.empty() ? context.model : std::string_view(usage.model);
    const Price* price = table_->find(PriceKind::llm, model, usage.time);
    if (!price) price = table_->find(PriceKind::llm, base_model(model), usage.time);
    if (!price) return {};
    const std::int64_t read = usage.input_tokens.value_or(0) + usage.cache_read_tokens.value_or(0) + usage.cache_write_tokens.value_or(0);
    if (price->column[input_max] && read > *price->column[input_max]) return {};
    for (const auto& kind : kinds) {
      if (kind.count.value_or(0) == 0) continue;
      if (!price->column[kind.column]) return {};
      sixty_millionths += Wide(60) * *kind.count * *price->column[kind.column];
    }
    priced = true;
  }
  const auto provider = [&](PriceKind kind, std::string_view name, const Number& amount, std::int64_t weight) {
    if (!amount || name.empty()) return;
    const Price* price = table_->find(kind, name, usage.time);
    if (!price || !price->column[input]) return;
    sixty_millionths += Wide(weight) * *amount * *price->column[input];
    priced = true;
  };
  provider(PriceKind::stt, context.provider_stt, usage.stt_us, 1);
  provider(PriceKind::tts, context.provider_tts, usage.tts_characters, 60);
  provider(PriceKind::telephony, context.carrier, usage.telephony_us, 1);
  if (!priced) return {};
  constexpr Wide unit = 60'000'000;
  if (sixty_millionths / unit >= cost_max_nano) return {};
  const auto whole = std::int64_t(sixty_millionths / unit);
  const Wide twice = sixty_millionths % unit * 2;
  return whole + (twice > unit || (twice == unit && whole % 2 != 0) ? 1 : 0);
}

Number PriceBook::cost_of(const UsageRow& usage, const Dimensions& dims) const {
  return cost_of(usage, PriceContext{.model = dims[Field::model_used], .provider_stt = dims[Field::provider_stt],
                                     .provider_tts = dims[Field::provider_tts], .carrier = dims[Field::carrier]});
}

}  // namespace aybiza
