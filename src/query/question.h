// A question of `/api/v1/query`, parsed and checked: every word understood, every bound held.
//
// Shape    measures x groups x buckets over [from, to). Filters of different dimensions are joined by AND, values of one
//          filter by OR.
// Errors   a Refusal names the parameter, what was not understood and what would have been: the body of the 400.
// Threads  values; none.
// Source   events.md "Reading back"; decisions.md 20-23.
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/units.h"
#include "model/measure.h"

namespace aybiza {

struct Refusal {
  std::string code;       // unknown_measure, unknown_dimension, invalid_time, too_many_rows, incompatible, not_covered ...
  std::string parameter;  // select, by, where ...
  std::string message;
};
template <typename T>
using Answered = std::expected<T, Refusal>;

struct Group {
  Dimension dimension{};
  std::string tag;  // when dimension == Dimension::tag
  std::string text() const;
  friend bool operator==(const Group&, const Group&) = default;
};

struct Filter {
  Group group;
  bool negated = false;               // `!x`: keeps nulls unless null is among the values
  std::vector<std::string> values;
  bool with_null = false;             // an empty value stands for null
  bool keeps(const std::optional<std::string_view>& value) const;
};

enum class Source { automatic, live, store };

struct OrderBy {
  std::size_t column = 0;  // index into columns(question)
  bool descending = false;
};

struct Question {
  std::vector<Measure> measures;
  std::vector<Group> by;
  Instant from{}, to{};
  Duration step{0};                    // 0: one bucket
  Duration moving{std::chrono::minutes(5)};  // window of ma_X
  std::vector<Filter> where;
  std::vector<OrderBy> order;            // empty: time, then group
  std::size_t limit = 0;
  Source source = Source::automatic;
  std::string zone = "UTC";
};

std::vector<std::string> columns(const Question& question);

using Parameters = std::vector<std::pair<std::string, std::string>>;  // decoded, in order; `where` may repeat

// `now` anchors windows and defaults. Whoever may see only some customers adds a filter afterwards.
Answered<Question> parse_question(const Parameters& parameters, Instant now);

// "a=b&c=d" with %XX and + decoded. Bounded: at most 64 parameters; broken escapes are kept as text.
Parameters parse_query_string(std::string_view text);

// "5m", "1h", "30d", "90s"; nullopt for anything else or zero.
std::optional<Duration> parse_duration(std::string_view text);

}  // namespace aybiza
