#include "query/live_answer.h"

#include <fmt/format.h>

#include <algorithm>

#include "aggregate/tally.h"
#include "query/concurrency.h"

namespace aybiza {
namespace {

std::unexpected<Refusal> not_covered(std::string what) {
  return std::unexpected(Refusal{"not_covered", "source", std::move(what)});
}

Answered<LiveQuestion> live_question(const Question& question, const Grid& grid) {
  LiveQuestion live;
  live.calls = live.turns = live.usage = false;
  for (const Measure& measure : question.measures) {
    if (measure.moving || measure.what == What::metric || measure.what == What::utilization ||
        (measure.what == What::statistic && measure.statistic == Statistic::histogram))
      return not_covered(fmt::format("{} is answered from the store only", measure.text));
    const Entity entity = entity_of(measure);
    live.calls = live.calls || entity == Entity::call || measure.what == What::cost_usd;
    live.turns = live.turns || entity == Entity::turn;
    live.usage = live.usage || entity == Entity::usage;
  }
  live.intervals = asks_occupancy(question);
  const auto known = [](const Group& group) { return group.dimension < Dimension::hour_of_day; };
  for (const Group& group : question.by) {
    if (!known(group)) return not_covered(group.text() + " is answered from the store only");
    live.by.push_back(group.dimension);
  }
  for (const Filter& filter : question.where) {
    if (!known(filter.group)) return not_covered(filter.group.text() + " is answered from the store only");
    live.where.push_back({filter.group.dimension, filter.negated, filter.values, filter.with_null});
  }
  for (std::size_t i = 0; i < grid.size(); ++i) live.edges.push_back(std::max(grid.start(i), grid.from()));
  live.edges.push_back(grid.to());
  return live;
}

GroupKey group_key(const LiveGroup& group) { return {group.begin(), group.end()}; }

// A group that only usage or turns reach has no calls of its own there, and the other way round: rows answers list a
// group for an entity only where it has rows, so an empty part makes no row.
bool has_rows(const Question& question, const Tally& tally) {
  return std::any_of(question.measures.begin(), question.measures.end(), [&](const Measure& m) {
    switch (entity_of(m)) {
      case Entity::call: return tally.calls && tally.calls->calls > 0;
      case Entity::turn: return tally.turns && tally.turns->turns > 0;
      case Entity::usage: return (tally.usage && tally.usage->usages > 0) || (m.what == What::cost_usd && tally.usage && tally.usage->cost.count > 0);
      default: return false;
    }
  });
}

}  // namespace

Answered<Answer> answer_from_live(const Question& question, const AskShards& shards, Instant now) {
  const auto zone = Zone::load(question.zone);
  if (!zone) return std::unexpected(Refusal{"unknown_zone", "tz", "unknown time zone " + question.zone});
  const auto grid = Grid::of(question, *zone);
  if (!grid) return std::unexpected(grid.error());
  const auto live = live_question(question, *grid);
  if (!live) return std::unexpected(live.error());
  auto partial = shards(*live, now);
  if (!partial) return std::unexpected(partial.error());

  Cells cells;
  std::vector<std::optional<double>> errors(question.measures.size());
  for (const auto& [key, tally] : partial->cells) {
    if (!question.by.empty() && !has_rows(question, tally)) continue;
    auto& figures = row_of(question, cells, {key.bucket, group_key(key.group)});
    for (std::size_t i = 0; i < question.measures.size(); ++i) {
      const Measure& measure = question.measures[i];
      if (const auto value = value_of(measure, tally)) figures[i] = *value;
      if (const auto error = relative_error_of(measure, tally)) errors[i] = std::max(errors[i].value_or(0), *error);
    }
  }
  if (asks_occupancy(question)) {
    std::map<GroupKey, std::vector<Interval>> groups;
    for (const CallInterval& call : partial->intervals)
      groups[group_key(call.group)].push_back({call.start, call.end, call.agent});
    add_occupancy(question, *grid, std::move(groups), {}, cells);
  }
  Answer answer = finish(question, *grid, std::move(cells), now, "live");
  const std::size_t first = answer.columns.size() - errors.size();
  for (std::size_t i = 0; i < errors.size(); ++i) answer.relative_error[first + i] = errors[i];
  return answer;
}

}  // namespace aybiza
