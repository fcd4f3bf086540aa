#include "codec/alias_table.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/check.h"
#include "base/limits.h"
#include "base/lines.h"

namespace aybiza {
namespace {

constexpr std::string_view source_names[] = {"generic",      "genai",           "pipecat",       "livekit", "elevenlabs",
                                             "livekit.item", "livekit.metrics", "livekit.usage", "livekit.verdict", "genai.message"};
static_assert(std::size(source_names) == span_source_count);
constexpr std::string_view role_names[] = {"none", "ignored", "step", "session", "exchange", "caller_turn", "agent_turn",
                                           "part", "stt",     "llm",  "tts",     "realtime", "tool",        "agent"};
constexpr std::string_view record_names[] = {"none", "report", "chat_item", "evaluation", "tag", "outcome", "score", "history",
                                             "messages", "caller_message", "other_message", "answer"};
constexpr std::string_view fact_names[] = {
    "conversation", "room", "job", "agent", "agent_name", "agent_version", "service", "region", "caller", "phone", "carrier_call", "operation",
    "provider", "model", "language", "name", "id",
    "turn_number", "turn_index", "text", "output_text", "is_input", "is_final", "role", "interrupted", "cut_by_end",
    "confidence", "response_time", "first_response", "stt_latency", "llm_latency", "tts_latency", "endpointing", "tool_name",
    "tool_error", "input_messages", "output_messages", "created", "started", "ended",
    "kind", "input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens", "reasoning_tokens",
    "audio_input_tokens", "audio_output_tokens", "audio_duration", "characters", "metrics",
    "error", "score", "verdict", "reason", "nested", "usage_list", "item_list", "event_name", "choice_index"};
static_assert(std::size(fact_names) == fact_count);

template <typename Names>
std::optional<std::size_t> place_in(const Names& names, std::string_view name) {
  const auto at = std::find(std::begin(names), std::end(names), name);
  return at == std::end(names) ? std::nullopt : std::optional(std::size_t(at - std::begin(names)));
}

std::optional<double> scale_of(std::string_view unit) {
  if (unit == "-" || unit == "ms") return 1;
  if (unit == "s") return 1e3;
  if (unit == "us") return 1e-3;
  if (unit == "ns") return 1e-6;
  return std::nullopt;
}

struct TextHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
};

// Names of one kind and source, with what they mean: exact ones, then prefixes in the order of the file.
template <typename Meaning>
class Names {
 public:
  void add(std::string_view match, Meaning meaning, bool own) {
    if (match.ends_with('*')) {
      match.remove_suffix(1);
      prefixes_.emplace_back(match, meaning);
    } else if (own) {
      exact_.insert_or_assign(std::string(match), meaning);
    } else {
      exact_.try_emplace(std::string(match), meaning);
    }
  }
  const Meaning* find(std::string_view name) const {
    if (const auto at = exact_.find(name); at != exact_.end()) return &at->second;
    for (const auto& [prefix, meaning] : prefixes_)
      if (name.starts_with(prefix)) return &meaning;
    return nullptr;
  }

 private:
  std::unordered_map<std::string, Meaning, TextHash, std::equal_to<>> exact_;
  std::vector<std::pair<std::string, Meaning>> prefixes_;
};

// "lk.pii.user_transcript" as "lk.user_transcript"; empty when it has no such segment.
std::string_view without_pii(std::string_view key, std::array<char, limits::id_bytes>& into) {
  const auto at = key.find(".pii.");
  if (at == std::string_view::npos || key.size() > into.size()) return {};
  const auto end = std::copy(key.begin() + std::ptrdiff_t(at) + 4, key.end(), std::copy_n(key.begin(), at, into.begin()));
  return {into.data(), std::size_t(end - into.begin())};
}

std::vector<std::string_view> cells_of(std::string_view line) {
  std::vector<std::string_view> cells;
  for (std::size_t start = 0; start <= line.size();) {
    const std::size_t end = std::min(line.find('\t', start), line.size());
    cells.push_back(line.substr(start, end - start));
    start = end + 1;
  }
  return cells;
}

}  // namespace

struct AliasTable::Tables {
  enum class By : std::uint8_t { scope, service, key, event };
  struct SourceRow { By by; std::string match; bool prefix; SpanSource source; };
  std::vector<SourceRow> sources;
  std::array<Names<SpanRole>, span_source_count> spans, operations;
  std::array<Names<RecordRole>, span_source_count> records;
  std::array<std::unordered_map<std::string, std::vector<FactRule>, TextHash, std::equal_to<>>, span_source_count> facts;
  struct ListRow { std::string before, after; Fact fact; };  // around the number
  std::array<std::vector<ListRow>, span_source_count> lists;
  std::array<Names<bool>, span_source_count> net, drops;
  std::array<Names<std::string>, span_source_count> outcomes;
  Names<std::string> providers;

  // An unknown word: what it is.
  std::string_view add(const std::vector<std::string_view>& cells, std::uint16_t place);
  bool add_source(SpanSource source, std::string_view match);
};

bool AliasTable::Tables::add_source(SpanSource source, std::string_view match) {
  const auto colon = match.find(':');
  if (colon == std::string_view::npos) return false;
  const std::string_view by = match.substr(0, colon);
  match.remove_prefix(colon + 1);
  const bool prefix = match.ends_with('*');
  if (prefix) match.remove_suffix(1);
  constexpr std::string_view ways[] = {"scope", "service", "key", "event"};
  const auto way = place_in(ways, by);
  if (way) sources.push_back({By(*way), std::string(match), prefix, source});
  return way.has_value();
}

std::string_view AliasTable::Tables::add(const std::vector<std::string_view>& cells, std::uint16_t place) {
  const std::string_view kind = cells[0], match = cells[2], target = cells[3];
  const auto known = place_in(source_names, cells[1]);
  if (!known && cells[1] != "*") return "source";
  const std::size_t first = known ? *known : 0, last = known ? *known : span_source_count - 1;
  const auto each = [&](auto& tables, const auto& meaning) {
    for (std::size_t i = first; i <= last; ++i) tables[i].add(match, meaning, known.has_value());
    return std::string_view{};
  };
  if (kind == "source") return known && add_source(SpanSource(*known), match) ? "" : "match";
  if (kind == "provider") return providers.add(match, std::string(target), true), "";
  if (kind == "net") return each(net, true);
  if (kind == "drop") return each(drops, true);
  if (kind == "outcome") return each(outcomes, std::string(target));
  if (kind == "span" || kind == "operation") {
    const auto role = place_in(role_names, target);
    return role ? each(kind == "span" ? spans : operations, SpanRole(*role)) : "role";
  }
  if (kind == "record") {
    const auto role = place_in(record_names, target);
    return role ? each(records, RecordRole(*role)) : "role";
  }
  if (kind != "attribute" && kind != "member" && kind != "list") return "kind";
  const auto fact = place_in(fact_names, target);
  const auto scale = scale_of(cells[4]);
  if (!fact) return "fact";
  if (kind == "list") {
    const auto at = match.find('#');
    if (at == std::string_view::npos) return "match";
    for (std::size_t i = first; i <= last; ++i) lists[i].push_back({std::string(match.substr(0, at)), std::string(match.substr(at + 1)), Fact(*fact)});
    return {};
  }
  if (!scale) return "unit";
  for (std::size_t i = first; i <= last; ++i) facts[i][std::string(match)].push_back({Fact(*fact), place, *scale});
  return {};
}

std::string_view to_string(SpanSource source) { return source_names[std::size_t(source)]; }

Result<AliasTable> AliasTable::parse(std::string_view tsv) {
  auto tables = std::make_shared<Tables>();
  for (Lines lines(tsv); lines.next_told();) {
    if (lines.number() >= UINT16_MAX) return fail(Code::too_large, "aliases: more than {} lines", UINT16_MAX - 1);
    const auto line_number = std::uint16_t(lines.number());
    const auto cells = cells_of(lines.line());
    if (cells.size() != 5) return fail(Code::invalid, "aliases, line {}: {} cells of 5", line_number, cells.size());
    if (const auto what = tables->add(cells, line_number); !what.empty())
      return fail(Code::invalid, "aliases, line {}: this {} is not known", line_number, what);
  }
  AliasTable out;
  out.tables_ = std::move(tables);
  return out;
}

const AliasTable& AliasTable::built_in() {
  static const AliasTable table = [] {
    auto parsed = parse(aliases_built_in);
    CHECK(parsed.has_value());
    return *parsed;
  }();
  return table;
}

SpanSource AliasTable::source_of(const OtlpResource& resource, const OtlpScope& scope, OtlpAttributes attributes, std::string_view event_name) const {
  using By = Tables::By;
  for (const auto& row : tables_->sources) {
    const auto same = [&](std::string_view name) { return row.prefix ? name.starts_with(row.match) : name == row.match; };
    if (row.by == By::scope && same(scope.name)) return row.source;
    if (row.by == By::event && same(event_name)) return row.source;
    if (row.by == By::service) {
      const OtlpValue* service = find_attribute(resource.attributes, "service.name");
      if (service && same(service->text())) return row.source;
    }
    if (row.by == By::key && std::any_of(attributes.begin(), attributes.end(), [&](const OtlpAttribute& a) { return same(a.key); }))
      return row.source;
  }
  return SpanSource::generic;
}

SpanRole AliasTable::role_of(SpanSource source, std::string_view name) const {
  const SpanRole* role = tables_->spans[std::size_t(source)].find(name);
  return role ? *role : SpanRole::none;
}
SpanRole AliasTable::role_of_operation(SpanSource source, std::string_view operation) const {
  const SpanRole* role = tables_->operations[std::size_t(source)].find(operation);
  return role ? *role : SpanRole::none;
}
RecordRole AliasTable::role_of_record(SpanSource source, std::string_view body) const {
  const RecordRole* role = tables_->records[std::size_t(source)].find(body);
  return role ? *role : RecordRole::none;
}

std::span<const FactRule> AliasTable::facts_of(SpanSource source, std::string_view key) const {
  const auto& facts = tables_->facts[std::size_t(source)];
  auto at = facts.find(key);
  if (at == facts.end()) {
    std::array<char, limits::id_bytes> shorter;
    const std::string_view name = without_pii(key, shorter);
    if (name.empty() || (at = facts.find(name)) == facts.end()) return {};
  }
  return at->second;
}

bool AliasTable::has_lists(SpanSource source) const { return !tables_->lists[std::size_t(source)].empty(); }

std::optional<NumberedName> AliasTable::numbered(SpanSource source, std::string_view key) const {
  for (const Tables::ListRow& row : tables_->lists[std::size_t(source)]) {
    if (!key.starts_with(row.before)) continue;
    NumberedName out{.fact = row.fact, .number = 0, .member = {}};
    const std::string_view rest = key.substr(row.before.size());
    const auto [end, failure] = std::from_chars(rest.data(), rest.data() + rest.size(), out.number);
    out.member = rest.substr(std::size_t(end - rest.data()));
    if (failure != std::errc{} || !out.member.starts_with(row.after)) continue;
    out.member.remove_prefix(row.after.size());
    return out;
  }
  return std::nullopt;
}

std::string_view AliasTable::provider(std::string_view name) const {
  const std::string* other = tables_->providers.find(name);
  return other ? std::string_view(*other) : name;
}
bool AliasTable::net_of_cache(SpanSource source, std::string_view provider) const {
  return tables_->net[std::size_t(source)].find(provider) != nullptr;
}
bool AliasTable::dropped(SpanSource source, std::string_view key) const {
  return tables_->drops[std::size_t(source)].find(key) != nullptr;
}
std::string_view AliasTable::outcome(SpanSource source, std::string_view word) const {
  const std::string* ours = tables_->outcomes[std::size_t(source)].find(word);
  return ours ? std::string_view(*ours) : std::string_view{};
}

}  // namespace aybiza
