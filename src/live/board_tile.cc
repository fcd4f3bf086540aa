#include "live/board_tile.h"

#include <algorithm>
#include <fmt/format.h>

#include <cmath>
#include <map>

#include "base/limits.h"
#include "live/asking.h"

namespace aybiza {
namespace {

using namespace std::chrono_literals;

std::string step_text(Duration step) { return fmt::format("{}s", std::chrono::duration_cast<std::chrono::seconds>(step).count()); }

std::string words_of(const Formula& formula) {
  std::string out;
  for (const Measure& measure : formula.measures) out += (out.empty() ? "" : ",") + measure.text;
  return out;
}

// The formula's value in a row whose figures of measures begin at `first`.
Known value_in(const Formula& formula, const std::vector<Figure>& row, std::size_t first) {
  std::vector<Known> figures(formula.measures.size());
  for (std::size_t i = 0; i < figures.size(); ++i) figures[i] = number_in(row, first + i);
  return evaluate(formula, figures);
}

void note(const Answer& answer, BuiltTile& tile) {
  tile.source = answer.source;
  tile.estimate = rests_on_sample(answer);
  for (const auto& error : answer.relative_error)
    if (error) tile.relative_error = std::max(tile.relative_error.value_or(0), *error);
}

bool greater(const NamedValue& a, const NamedValue& b) {
  if (a.value.has_value() != b.value.has_value()) return a.value.has_value();
  if (a.value && *a.value != *b.value) return *a.value > *b.value;
  return a.name < b.name;
}

void one_number(const Formula& formula, const Answer& answer, Known& into) {
  if (!answer.rows.empty()) into = value_in(formula, answer.rows[0], 0);
}

void by_name(const Formula& formula, const Answer& answer, std::size_t most, BuiltTile& tile) {
  for (const auto& row : answer.rows) tile.rows.push_back({text_in(row[0]), value_in(formula, row, 1)});
  tile.found = tile.rows.size();
  std::ranges::sort(tile.rows, greater);
  if (tile.rows.size() > most) tile.rows.resize(most);
}

void over_time(const Formula& formula, const Answer& answer, BuiltTile& tile) {
  tile.series.names = {""};
  tile.series.values.resize(1);
  for (const auto& row : answer.rows) {
    tile.series.times.push_back(parse_rfc3339(text_in(row[0])).value_or(Instant{}));
    tile.series.values[0].push_back(value_in(formula, row, 1));
  }
}

// A line for each of the greatest groups: by the sum of what is known of it.
void lines(const Formula& formula, const Answer& answer, BuiltTile& tile) {
  std::map<std::string, double> weight;
  std::vector<Instant> times;
  for (const auto& row : answer.rows) {
    const Instant time = parse_rfc3339(text_in(row[0])).value_or(Instant{});
    if (times.empty() || times.back() != time) times.push_back(time);
    weight[text_in(row[1])] += std::abs(value_in(formula, row, 2).value_or(0));
  }
  std::vector<NamedValue> order;
  for (const auto& [name, sum] : weight) order.push_back({name, sum});
  std::ranges::sort(order, greater);
  tile.found = order.size();
  if (order.size() > built_lines) order.resize(built_lines);
  tile.series.times = times;
  std::map<std::string, std::size_t> place;
  for (const NamedValue& one : order) place.emplace(one.name, tile.series.names.size()), tile.series.names.push_back(one.name);
  tile.series.values.assign(order.size(), std::vector<Known>(times.size()));
  std::size_t at = 0;
  for (const auto& row : answer.rows) {
    const Instant time = parse_rfc3339(text_in(row[0])).value_or(Instant{});
    while (times[at] != time) ++at;
    if (const auto found = place.find(text_in(row[1])); found != place.end()) tile.series.values[found->second][at] = value_in(formula, row, 2);
  }
}

std::size_t most_of(Picture picture) { return picture == Picture::pie ? built_slices : picture == Picture::bar ? built_bars : built_rows; }

}  // namespace

std::string_view to_string(Picture picture) {
  constexpr std::string_view words[] = {"number", "line", "bar", "pie", "table"};
  return words[std::size_t(picture)];
}

std::optional<Picture> parse_picture(std::string_view word) {
  for (const Picture picture : all_pictures)
    if (word == to_string(picture)) return picture;
  return std::nullopt;
}

Answered<Question> question_of_tile(const TileSpec& spec, const Formula& formula, const ViewScope& scope, const Range& range, bool in_steps) {
  Parameters words{{"select", words_of(formula)}, {"from", format_rfc3339(range.from)}, {"to", format_rfc3339(range.to)}, {"tz", scope.zone}};
  if (!spec.by.empty()) words.emplace_back("by", spec.by);
  if (in_steps) words.emplace_back("step", step_text(range.step));
  for (const std::string& filter : spec.where) words.emplace_back("where", filter);
  auto question = parse_question(words, range.to);
  if (!question) return question;
  const bool of_metrics = std::ranges::any_of(question->measures, [](const Measure& measure) { return !measure.metric_name.empty(); });
  if (of_metrics && (!scope.region.empty() || !scope.agent.empty()))
    return std::unexpected(Refusal{"incompatible", "where", "generic metrics have no region of their own: choose all regions above, and filter this tile by a tag, such as tag.region:eu-west-1"});
  for (Filter& filter : filters_of(scope)) question->where.push_back(std::move(filter));
  if (!question->by.empty() && question->by[0].dimension == Dimension::agent_id) question->source = Source::store;  // as in league.cc
  return question;
}

Answered<Formula> checked_tile(const TileSpec& spec) {
  auto formula = parse_formula(spec.formula);
  if (!formula) return formula;
  if (spec.picture == Picture::pie && spec.by.empty()) return std::unexpected(Refusal{"incompatible", "by", "a pie has slices: choose a dimension"});
  if (spec.picture == Picture::number && !spec.by.empty()) return std::unexpected(Refusal{"incompatible", "by", "a number is one figure: choose another picture, or no dimension"});
  if (const auto question = question_of_tile(spec, *formula, {}, {from_micros(0), from_micros(3'600'000'000), 1min}, false); !question) return std::unexpected(question.error());
  return formula;
}

BuiltTile compute_built_tile(const Ask& ask, const ViewScope& scope, const TileSpec& spec, Instant now) {
  BuiltTile tile;
  const auto formula = checked_tile(spec);
  if (!formula) return tile.error = formula.error().message, tile;
  Range range = range_of(scope, now);
  const bool in_steps = spec.picture == Picture::line || (spec.by.empty() && spec.picture != Picture::number);
  const Range before{range.from - (range.to - range.from), range.from, range.step};
  if (in_steps) range.from = floor_to(range.from, range.step);
  const auto question = question_of_tile(spec, *formula, scope, range, in_steps);
  if (!question) return tile.error = question.error().message, tile;
  const auto answer = ask(*question);
  if (!answer) return tile.error = answer.error().message, tile;
  note(*answer, tile);
  if (in_steps && spec.by.empty()) over_time(*formula, *answer, tile);
  else if (in_steps) lines(*formula, *answer, tile);
  else if (!spec.by.empty()) by_name(*formula, *answer, most_of(spec.picture), tile);
  else one_number(*formula, *answer, tile.value);
  if (spec.picture != Picture::number) return tile;
  if (const auto earlier = question_of_tile(spec, *formula, scope, before, false); earlier)
    if (const auto was = ask(*earlier); was) one_number(*formula, *was, tile.previous);
  return tile;
}

}  // namespace aybiza
