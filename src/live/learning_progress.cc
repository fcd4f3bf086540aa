#include "live/learning_progress.h"

#include <algorithm>

#include "base/limits.h"

namespace aybiza {
namespace {

constexpr std::string_view asked_calls[] = {"success_rate", "error_rate", "efficiency_score", "calls"};
constexpr std::string_view asked_learning[] = {"learning_patterns", "replicated_patterns", "improvements", "knowledge_nodes", "unanswered_questions",
                                               "active_patterns", "successful_patterns", "failed_patterns", "knowledge_edges"};
constexpr std::size_t of_calls = 3;  // tiles

void fill_tiles(const Ask& ask, const ViewScope& scope, const Range& range, LearningState& into) {
  const Instant before = range.from - (range.to - range.from);
  const auto calls = ask(question_of(asked_calls, range.from, range.to, scope)), earlier_calls = ask(question_of(asked_calls, before, range.from, scope));
  const auto learnt = ask(question_of(asked_learning, range.from, range.to, scope)), earlier = ask(question_of(asked_learning, before, range.from, scope));
  constexpr Trend trends[] = {Trend::more_is_better, Trend::less_is_better, Trend::more_is_better, Trend::more_is_better,
                              Trend::more_is_better, Trend::more_is_better, Trend::more_is_better, Trend::less_is_better};
  for (std::size_t i = 0; i < learning_tiles; ++i) {
    TileState& tile = into.tiles[i];
    tile.name = learning_tile_names[i], tile.trend = trends[i];
    const auto& now = i < of_calls ? calls : learnt;
    const auto& then = i < of_calls ? earlier_calls : earlier;
    const std::size_t column = i < of_calls ? i : i - of_calls;
    if (!now) {
      tile.error = now.error().message;
      continue;
    }
    if (now->rows.empty()) continue;
    tile.value = number_in(now->rows[0], column);
    tile.n = number_in(now->rows[0], i < of_calls ? of_calls : 5).value_or(0);
    if (then && !then->rows.empty()) tile.previous = number_in(then->rows[0], column);
  }
}

ChartSeries over_time(const Ask& ask, const ViewScope& scope, const Range& range, std::span<const std::string_view> words, std::vector<std::string> names) {
  Question q = question_of(words, floor_to(range.from, range.step), range.to, scope);
  q.step = range.step, q.zone = scope.zone;
  ChartSeries series;
  series.names = std::move(names);
  series.values.resize(series.names.size());
  const auto answer = ask(q);
  if (!answer) return series.error = answer.error().message, series;
  for (const auto& row : answer->rows) {
    series.times.push_back(parse_rfc3339(text_in(row[0])).value_or(Instant{}));
    for (std::size_t i = 0; i < series.values.size(); ++i) series.values[i].push_back(number_in(row, i + 1));
  }
  return series;
}

void fill_series(const Ask& ask, const ViewScope& scope, const Range& range, LearningState& into) {
  constexpr std::string_view progress[] = {"success_rate", "error_rate", "efficiency_score"};
  constexpr std::string_view sizes[] = {"knowledge_nodes", "knowledge_edges"};
  constexpr std::string_view patterns[] = {"successful_patterns", "failed_patterns", "replicated_patterns"};
  into.progress = over_time(ask, scope, range, progress, {"Success", "Errors", "Efficiency"});
  if (ChartSeries& chart = into.progress; !chart.times.empty() && chart.times.back() + range.step > range.to)
    for (auto& values : chart.values) values.back().reset();  // still filling: of calls that go on the short ones are known first, and it would look like a fall
  into.knowledge = over_time(ask, scope, range, sizes, {"Nodes", "Edges"});
  into.patterns = over_time(ask, scope, range, patterns, {"Succeeded", "Failed", "Replicated"});
  for (std::size_t i = 0; i < of_calls; ++i)
    if (into.progress.error.empty()) into.tiles[i].spark = into.progress.values[i];
  if (into.knowledge.error.empty()) into.tiles[knowledge_tile].spark = into.knowledge.values[0];
}

// The same hour before and after, of the agents the change was about.
ChangeCard card_of(const Ask& ask, const ViewScope& scope, const std::shared_ptr<const ChangeRow>& change, Instant now) {
  ViewScope about = scope;
  if (!change->dims[Field::agent_id].empty()) about.agent = change->dims[Field::agent_id];
  if (!change->customer.empty()) about.customer = change->customer;
  ChangeCard card{change, {}, {}, {}, {}, 0, 0};
  const auto period = [&](Instant from, Instant to, Known& success, Known& errors, double& calls) {
    if (to <= from) return;
    const auto answer = ask(question_of(asked_calls, from, to, about));
    if (!answer || answer->rows.empty()) return;
    success = number_in(answer->rows[0], 0), errors = number_in(answer->rows[0], 1), calls = number_in(answer->rows[0], 3).value_or(0);
  };
  period(change->time - card_reach, change->time, card.success_before, card.errors_before, card.calls_before);
  period(change->time, std::min(now, change->time + card_reach), card.success_after, card.errors_after, card.calls_after);
  return card;
}

void fill_rows(const AskRows& rows, const ViewScope& scope, const Range& range, LearningState& into) {
  const auto found = rows({range.from, range.to, true, false, true});
  if (!found) {
    into.rows_error = found.error().message;
    return;
  }
  into.changes = changes_in(*found, scope, range);
  const KeepRow seen = [&](const LearningRow& row) { return row.time < range.to && told_to(scope, row.customer, row.dims); };
  into.lives = pattern_lives(found->learning, range.from, seen, [](const LearningRow&) { return true; });
  std::ranges::reverse(into.lives);
  if (into.lives.size() > limits::page_told) into.lives.resize(limits::page_told);
  for (auto at = found->learning.rbegin(); at != found->learning.rend() && into.improvements.size() < limits::page_told; ++at)
    if ((*at)->type == EventType::learning_improvement && (*at)->time >= range.from && seen(**at)) into.improvements.push_back(*at);
}

}  // namespace

LearningState compute_learning(const Ask& ask, const AskRows& rows, const ViewScope& scope, Instant now) {
  LearningState state;
  state.as_of = now;
  const Range range = range_of(scope, now);
  fill_tiles(ask, scope, range, state);
  fill_series(ask, scope, range, state);
  fill_rows(rows, scope, range, state);
  for (const auto& change : state.changes)
    if (state.cards.size() < cards_shown) state.cards.push_back(card_of(ask, scope, change, now));
  return state;
}

}  // namespace aybiza
