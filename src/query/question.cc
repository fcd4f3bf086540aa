#include "query/question.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>

#include "base/limits.h"
#include "query/zone.h"

namespace aybiza {
namespace {

using std::string_view;

std::unexpected<Refusal> refuse(string_view code, string_view parameter, std::string message) {
  return std::unexpected(Refusal{std::string(code), std::string(parameter), std::move(message)});
}

std::vector<string_view> split(string_view text, char separator) {
  std::vector<string_view> parts;
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t end = std::min(text.find(separator, at), text.size());
    parts.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return parts;
}

Answered<Group> parse_group(string_view text, string_view parameter) {
  if (text.starts_with("tag.") && text.size() > 4) return Group{Dimension::tag, std::string(text.substr(4))};
  if (const auto dimension = parse_dimension(text)) return Group{*dimension, ""};
  return refuse("unknown_dimension", parameter,
                fmt::format("'{}' is not a dimension; known are {}, tag.<key>", text, fmt::join(all_dimensions(), ", ")));
}

// `[!]dimension:value|value`; a backslash keeps the next character as it is.
Answered<Filter> parse_filter(string_view text) {
  Filter filter;
  if (text.starts_with('!')) filter.negated = true, text.remove_prefix(1);
  const std::size_t colon = text.find(':');
  if (colon == string_view::npos)
    return refuse("invalid_filter", "where", fmt::format("'{}' has no ':'; write where=region:us-east|eu-west", text));
  auto group = parse_group(text.substr(0, colon), "where");
  if (!group) return std::unexpected(group.error());
  filter.group = std::move(*group);
  std::string value;
  const auto finish = [&] {
    if (value.empty()) filter.with_null = true;
    else filter.values.push_back(value);
    value.clear();
  };
  for (std::size_t i = colon + 1; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 1 < text.size()) value += text[++i];
    else if (text[i] == '|') finish();
    else value += text[i];
  }
  finish();
  if (filter.values.size() > 1000)
    return refuse("too_many_values", "where", "a filter takes at most 1000 values");
  return filter;
}

Answered<std::pair<Instant, Instant>> parse_window(string_view text, Instant now, const Zone& zone) {
  if (text == "today") return std::pair{zone.midnight_of(now), now};
  const auto length = parse_duration(text);
  if (!length) return refuse("invalid_window", "window", fmt::format("'{}' is not a window; write 5m, 15m, 1h, 24h, 7d, 30d or today", text));
  return std::pair{now - *length, now};
}

Answered<Instant> parse_time(string_view name, string_view text) {
  if (const auto time = parse_rfc3339(text)) return *time;
  // '+' of an offset arrives as a space when a client forgot to escape it.
  std::string repaired(text);
  if (const auto space = repaired.rfind(' '); space != std::string::npos && space > 10) {
    repaired[space] = '+';
    if (const auto time = parse_rfc3339(repaired)) return *time;
  }
  return refuse("invalid_time", name, fmt::format("'{}' is not RFC 3339 with an offset, such as 2026-11-21T09:00:00Z", text));
}

// With metric=NAME the aggregations stand alone: select=sum,p95 means metric:NAME:sum and metric:NAME:p95.
Answered<void> parse_select(string_view text, string_view metric, Question& question) {
  for (string_view word : split(text, ',')) {
    auto measure = parse_measure(word);
    if (!measure && !metric.empty()) {
      measure = parse_measure(fmt::format("metric:{}:{}", metric, word));
      if (measure) measure->text = word;
    }
    if (!measure)
      return refuse("unknown_measure", "select", fmt::format("'{}' is not a measure; known are {}", word, fmt::join(all_measures(), ", ")));
    question.measures.push_back(std::move(*measure));
  }
  if (question.measures.size() > 64) return refuse("too_many_columns", "select", "at most 64 measures in one question");
  return {};
}

Answered<void> parse_order(string_view text, Question& question) {
  const auto known = columns(question);
  for (string_view word : split(text, ',')) {
    const bool descending = word.starts_with('-');
    if (descending) word.remove_prefix(1);
    const auto at = std::find(known.begin(), known.end(), word);
    if (at == known.end())
      return refuse("unknown_column", "order", fmt::format("'{}' is not a column of this answer; its columns are {}", word, fmt::join(known, ", ")));
    question.order.push_back({std::size_t(at - known.begin()), descending});
  }
  return {};
}

// A turn dimension splits turns, not calls; tags belong to metrics only.
Answered<void> check_compatible(const Question& question) {
  std::vector<Group> used = question.by;
  for (const Filter& filter : question.where) used.push_back(filter.group);
  for (const Measure& measure : question.measures) {
    const Entity entity = entity_of(measure);
    for (const Group& group : used) {
      if (of_turn(group.dimension) && entity != Entity::turn)
        return refuse("incompatible", "by", fmt::format("{} is of turns, {} is not: ask for turn measures (turns, interruptions, avg_sentiment, avg_response_time_ms …)", group.text(), measure.text));
      if (entity == Entity::learning && group.dimension >= Dimension::call_outcome && group.dimension <= Dimension::end_reason)
        return refuse("incompatible", "by", fmt::format("{} is of calls, {} is not", group.text(), measure.text));
      const bool metric_dimension = group.dimension == Dimension::tag || group.dimension == Dimension::customer_id ||
                                    group.dimension >= Dimension::hour_of_day;
      if ((group.dimension == Dimension::tag && entity != Entity::metric) || (entity == Entity::metric && !metric_dimension))
        return refuse("incompatible", "by", fmt::format("{} does not belong to {}: metrics have customer_id, hour_of_day, day_of_week and tag.<key>", group.text(), measure.text));
    }
    if (measure.moving && question.step.count() == 0)
      return refuse("incompatible", "select", fmt::format("{} needs a step", measure.text));
  }
  return {};
}

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::string unescape(string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool escape = text[i] == '%' && i + 2 < text.size() && hex_value(text[i + 1]) >= 0 && hex_value(text[i + 2]) >= 0;
    if (escape) out += char(hex_value(text[i + 1]) * 16 + hex_value(text[i + 2])), i += 2;
    else out += text[i] == '+' ? ' ' : text[i];
  }
  return out;
}

constexpr string_view known_parameters[] = {"select", "by", "from", "to", "window", "step", "where", "order",
                                            "limit", "source", "tz", "ma", "metric"};

struct Raw {  // the parameters by name, before their meaning
  std::string select, by, from, to, window, step, order, limit, source, tz, ma, metric;
  std::vector<std::string> where;
};

Answered<Raw> sort_parameters(const Parameters& parameters) {
  Raw raw;
  const std::pair<string_view, std::string*> slots[] = {
      {"select", &raw.select}, {"by", &raw.by}, {"from", &raw.from}, {"to", &raw.to}, {"window", &raw.window},
      {"step", &raw.step}, {"order", &raw.order}, {"limit", &raw.limit}, {"source", &raw.source}, {"tz", &raw.tz},
      {"ma", &raw.ma}, {"metric", &raw.metric}};
  for (const auto& [name, value] : parameters) {
    if (name == "where") {
      raw.where.push_back(value);
      continue;
    }
    const auto slot = std::find_if(std::begin(slots), std::end(slots), [&](const auto& s) { return s.first == name; });
    if (slot == std::end(slots))
      return refuse("unknown_parameter", name, fmt::format("'{}' is not a parameter; known are {}", name, fmt::join(known_parameters, ", ")));
    *slot->second = value;
  }
  return raw;
}

Answered<void> parse_range(const Raw& raw, Instant now, const Zone& zone, Question& question) {
  question.to = now;
  question.from = now - std::chrono::hours(1);
  if (!raw.window.empty()) {
    const auto range = parse_window(raw.window, now, zone);
    if (!range) return std::unexpected(range.error());
    std::tie(question.from, question.to) = *range;
  }
  if (!raw.to.empty()) {
    const auto to = parse_time("to", raw.to);
    if (!to) return std::unexpected(to.error());
    question.to = *to;
    if (raw.window.empty()) question.from = *to - std::chrono::hours(1);
  }
  if (!raw.from.empty()) {
    const auto from = parse_time("from", raw.from);
    if (!from) return std::unexpected(from.error());
    question.from = *from;
  }
  if (question.from >= question.to) return refuse("invalid_range", "from", "from must be before to");
  return {};
}

Answered<void> parse_small(const Raw& raw, Question& question) {
  if (!raw.step.empty()) {
    const auto step = parse_duration(raw.step);
    if (!step || *step > std::chrono::hours(24 * 31))
      return refuse("invalid_step", "step", fmt::format("'{}' is not a step; write 1s … 1d", raw.step));
    question.step = *step;
  }
  if (!raw.ma.empty()) {
    const auto moving = parse_duration(raw.ma);
    if (!moving) return refuse("invalid_window", "ma", fmt::format("'{}' is not a window; write 5m", raw.ma));
    question.moving = *moving;
  }
  question.limit = limits::query_rows_default;
  if (!raw.limit.empty()) {
    const auto [end, error] = std::from_chars(raw.limit.data(), raw.limit.data() + raw.limit.size(), question.limit);
    if (error != std::errc() || end != raw.limit.data() + raw.limit.size() || question.limit == 0 ||
        question.limit > limits::query_rows_max)
      return refuse("invalid_limit", "limit", fmt::format("limit is a number from 1 to {}", limits::query_rows_max));
  }
  if (raw.source == "live") question.source = Source::live;
  else if (raw.source == "store") question.source = Source::store;
  else if (!raw.source.empty() && raw.source != "auto")
    return refuse("unknown_source", "source", fmt::format("'{}' is not a source; known are auto, live, store", raw.source));
  return {};
}

}  // namespace

std::string Group::text() const { return dimension == Dimension::tag ? "tag." + tag : std::string(to_string(dimension)); }

bool Filter::keeps(const std::optional<std::string_view>& value) const {
  const bool among = value ? std::find(values.begin(), values.end(), *value) != values.end() : with_null;
  return among != negated;
}

std::vector<std::string> columns(const Question& question) {
  std::vector<std::string> names;
  if (question.step.count() != 0) names.emplace_back("time");
  for (const Group& group : question.by) names.push_back(group.text());
  for (const Measure& measure : question.measures) names.push_back(measure.text);
  return names;
}

Answered<Question> parse_question(const Parameters& parameters, Instant now) {
  auto raw = sort_parameters(parameters);
  if (!raw) return std::unexpected(raw.error());
  Question question;
  if (!raw->tz.empty()) question.zone = raw->tz;
  const auto zone = Zone::load(question.zone);
  if (!zone) return refuse("unknown_zone", "tz", fmt::format("'{}' is not a time zone; write UTC or Europe/Berlin", question.zone));
  if (raw->select.empty())
    return refuse("missing_parameter", "select", fmt::format("select names the measures; known are {}", fmt::join(all_measures(), ", ")));
  if (auto done = parse_select(raw->select, raw->metric, question); !done) return std::unexpected(done.error());
  if (!raw->by.empty())
    for (string_view word : split(raw->by, ',')) {
      auto group = parse_group(word, "by");
      if (!group) return std::unexpected(group.error());
      if (std::find(question.by.begin(), question.by.end(), *group) != question.by.end())
        return refuse("duplicate_dimension", "by", fmt::format("'{}' is named twice", word));
      question.by.push_back(std::move(*group));
    }
  if (question.by.size() > 4) return refuse("too_many_columns", "by", "at most 4 dimensions in one question");
  if (raw->where.size() > 32) return refuse("too_many_filters", "where", "at most 32 filters in one question");
  for (const std::string& text : raw->where) {
    auto filter = parse_filter(text);
    if (!filter) return std::unexpected(filter.error());
    question.where.push_back(std::move(*filter));
  }
  if (auto done = parse_range(*raw, now, *zone, question); !done) return std::unexpected(done.error());
  if (auto done = parse_small(*raw, question); !done) return std::unexpected(done.error());
  if (auto done = check_compatible(question); !done) return std::unexpected(done.error());
  if (!raw->order.empty())
    if (auto done = parse_order(raw->order, question); !done) return std::unexpected(done.error());
  return question;
}

Parameters parse_query_string(string_view text) {
  Parameters parameters;
  for (string_view pair : split(text, '&')) {
    if (pair.empty()) continue;
    if (parameters.size() == 64) break;
    const std::size_t equals = std::min(pair.find('='), pair.size());
    const string_view value = equals < pair.size() ? pair.substr(equals + 1) : string_view{};
    parameters.emplace_back(unescape(pair.substr(0, equals)), unescape(value));
  }
  return parameters;
}

std::optional<Duration> parse_duration(string_view text) {
  std::int64_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (error != std::errc() || end + 1 != text.data() + text.size() || count <= 0 || count > 1'000'000) return std::nullopt;
  switch (*end) {
    case 's': return std::chrono::seconds(count);
    case 'm': return std::chrono::minutes(count);
    case 'h': return std::chrono::hours(count);
    case 'd': return std::chrono::hours(24 * count);
    default: return std::nullopt;
  }
}

}  // namespace aybiza
