#include "assemble/price_rates.h"

#include <algorithm>
#include <charconv>

#include "base/limits.h"

namespace aybiza {
namespace {

constexpr std::string_view kind_names[] = {"input", "cache_read", "cache_write", "output", "reasoning", "audio_input",
                                           "audio_output", "stt", "tts", "telephony"};
static_assert(std::size(kind_names) == price_kinds);
constexpr std::string_view kind_list = "input, cache_read, cache_write, output, reasoning, audio_input, audio_output, stt, tts or telephony";

struct Per {
  std::string_view text;
  std::int64_t amount;
  bool time;
};
constexpr Per pers[] = {{"1M", 1'000'000, false}, {"1K", 1'000, false}, {"1", 1, false},
                        {"second", 1'000'000, true}, {"minute", 60'000'000, true}, {"hour", 3'600'000'000, true}};
constexpr bool timed(PriceKind kind) { return kind == PriceKind::stt || kind == PriceKind::telephony; }

constexpr std::size_t column_count = 8, columns_needed = 5;

std::vector<std::string_view> split(std::string_view text, char at) {
  std::vector<std::string_view> parts;
  for (std::size_t start = 0; start <= text.size();) {
    const std::size_t end = std::min(text.find(at, start), text.size());
    parts.push_back(text.substr(start, end - start));
    start = end + 1;
  }
  return parts;
}

template <typename... Args>
std::unexpected<Error> wrong(std::string_view field, fmt::format_string<Args...> text, Args&&... args) {
  return fail(Code::invalid, "{}: {}", field, fmt::format(text, std::forward<Args>(args)...));
}

// A date is its first instant, UTC.
std::optional<Instant> parse_from(std::string_view text) {
  if (text == "-") return Instant::min();
  return text.size() == 10 ? parse_rfc3339(std::string(text) + "T00:00:00Z") : parse_rfc3339(text);
}

Status check_name(std::string_view field, std::string_view text) {
  if (text.empty()) return wrong(field, "it is empty; write * for any");
  if (text.size() > limits::id_bytes) return wrong(field, "it has {} bytes; at most {} fit", text.size(), limits::id_bytes);
  return {};
}

Result<NameRule> parse_rule(const std::vector<std::string_view>& cells) {
  NameRule rule;
  rule.what = cells[0] == "prefix" ? NameRule::What::prefix : cells[0] == "suffix" ? NameRule::What::suffix : NameRule::What::alias;
  const std::size_t needed = rule.what == NameRule::What::alias ? 3 : 2;
  if (cells.size() < needed || cells.size() > 3)
    return wrong(cells[0], "there are {} cells; write prefix TEXT [PROVIDER], suffix TEXT, or alias NAME NAME", cells.size());
  for (std::size_t i = 1; i < cells.size(); ++i) AYBIZA_TRY(check_name(cells[0], cells[i]));
  rule.text = lower_case(cells[1]);
  if (cells.size() > 2 && cells[2] != "-") rule.to = lower_case(cells[2]);
  return rule;
}

Result<PriceRate> parse_cells(std::vector<std::string_view> cells) {
  const auto kind = parse_price_kind(cells[0]);
  if (!kind) return wrong("kind", "'{}' is not one; write {}", cells[0], kind_list);
  if (cells.size() < columns_needed || cells.size() > column_count)
    return wrong("line", "there are {} cells; write kind, provider, model, usd, per and, if you like, from, customer, source, with tabs between", cells.size());
  cells.resize(column_count, "-");
  PriceRate rate;
  rate.kind = *kind;
  AYBIZA_TRY(check_name("provider", cells[1]));
  AYBIZA_TRY(check_name("model", cells[2]));
  rate.provider = lower_case(cells[1]);
  rate.model = lower_case(cells[2]);
  if (cells[3] != "-") {
    rate.nano = parse_usd(cells[3]);
    if (!rate.nano) return wrong("usd", "'{}' is not a price; write a plain decimal below 1000000 such as 0.25, at most 9 places, or - to end an earlier price", cells[3]);
  }
  const auto per = std::find_if(std::begin(pers), std::end(pers), [&](const Per& one) { return one.text == cells[4] && one.time == timed(*kind); });
  if (per == std::end(pers))
    return wrong("per", "'{}' is no unit of {}; write {}", cells[4], cells[0], timed(*kind) ? "second, minute or hour" : "1M, 1K or 1");
  rate.per = per->amount;
  const auto from = parse_from(cells[5]);
  if (!from) return wrong("from", "'{}' is not a time; write 2026-01-31, 2026-01-31T12:00:00Z or - for always", cells[5]);
  rate.from = *from;
  if (cells[6] != "-" && cells[6] != "*") rate.customer = cells[6];
  AYBIZA_TRY(check_name("customer", cells[6]));
  if (cells[7] != "-") rate.source = cells[7];
  if (rate.source.size() > limits::id_bytes) return wrong("source", "it has {} bytes; at most {} fit", rate.source.size(), limits::id_bytes);
  return rate;
}

}  // namespace

std::string_view to_string(PriceKind kind) { return kind_names[std::size_t(kind)]; }

std::optional<PriceKind> parse_price_kind(std::string_view text) {
  const auto found = std::find(std::begin(kind_names), std::end(kind_names), text);
  if (found == std::end(kind_names)) return std::nullopt;
  return PriceKind(found - std::begin(kind_names));
}

std::string lower_case(std::string_view text) {
  std::string lower(text);
  for (char& c : lower)
    if (c >= 'A' && c <= 'Z') c = char(c - 'A' + 'a');
  return lower;
}

Number parse_usd(std::string_view text) {
  const std::size_t point = std::min(text.find('.'), text.size());
  std::string digits(text.substr(0, point));
  const std::string_view fraction = point < text.size() ? text.substr(point + 1) : std::string_view{};
  if (digits.empty() || digits.size() > 6 || fraction.size() > 9 || (point < text.size() && fraction.empty())) return {};
  digits.append(fraction).append(9 - fraction.size(), '0');
  if (digits.find_first_not_of("0123456789") != std::string::npos) return {};
  std::int64_t value = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return value;
}

std::string usd_text(const Number& nano) {
  if (!nano) return "-";
  std::string text = fmt::format("{}.{:09}", *nano / 1'000'000'000, *nano % 1'000'000'000);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.') text.pop_back();
  return text;
}

std::string_view per_text(PriceKind kind, std::int64_t per) {
  for (const Per& one : pers)
    if (one.amount == per && one.time == timed(kind)) return one.text;
  return "-";
}

std::string to_line(const PriceRate& rate) {
  const auto or_dash = [](std::string_view text) { return text.empty() ? std::string_view("-") : text; };
  return fmt::format("{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}", to_string(rate.kind), rate.provider, rate.model, usd_text(rate.nano),
                     per_text(rate.kind, rate.per), rate.from == Instant::min() ? "-" : format_rfc3339(rate.from), or_dash(rate.customer),
                     or_dash(rate.source));
}

Result<PriceRate> parse_rate(std::string_view line) { return parse_cells(split(line, '\t')); }

Result<PriceText> parse_prices(std::string_view text, PriceOrigin origin) {
  if (text.size() > limits::price_file_bytes)
    return fail(Code::too_large, "the price list has {} bytes; at most {} are read: remove lines whose time is over", text.size(), limits::price_file_bytes);
  PriceText out;
  std::size_t number = 0;
  for (std::string_view line : split(text, '\n')) {
    ++number;
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.find_first_not_of(" \t") == std::string_view::npos || line.front() == '#') continue;
    const bool control = std::ranges::any_of(line, [](char c) { return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f; });
    if (control) return fail(Code::invalid, "price list, line {}: it has a control character; write text and tabs only", number);
    if (out.rates.size() + out.rules.size() >= limits::price_lines)
      return fail(Code::too_large, "the price list has more than {} lines: remove those whose time is over", limits::price_lines);
    const auto cells = split(line, '\t');
    if (cells[0] == "prefix" || cells[0] == "suffix" || cells[0] == "alias") {
      auto rule = parse_rule(cells);
      if (!rule) return fail(Code::invalid, "price list, line {}: {}", number, rule.error().message);
      out.rules.push_back(std::move(*rule));
      continue;
    }
    auto rate = parse_cells(cells);
    if (!rate) return fail(Code::invalid, "price list, line {}: {}", number, rate.error().message);
    rate->origin = origin;
    out.rates.push_back(std::move(*rate));
  }
  return out;
}

}  // namespace aybiza
