#include "query/live_answer.h"

#include <fmt/format.h>

#include <algorithm>

#include "query/concurrency.h"
#include "query/learning.h"
#include "query/tags.h"
#include "query/tally_cells.h"

namespace aybiza {
namespace {

std::unexpected<Refusal> not_covered(std::string what) {
  return std::unexpected(Refusal{"not_covered", "source", std::move(what)});
}

// Whether the sums a call in flight keeps of its turns and usage will do.
bool asks_sums(const Measure& measure) {
  return measure.what == What::turns || measure.what == What::avg_sentiment || measure.what == What::cost_usd;
}

Answered<LiveQuestion> live_question(const Question& question, const Grid& grid) {
  LiveQuestion live;
  live.calls = live.turns = live.usage = live.turn_detail = live.usage_detail = false;
  live.sketches = 0;
  live.extremes = false;
  for (const Measure& measure : question.measures) {
    if (measure.moving || measure.what >= What::metric || measure.what == What::utilization ||
        (measure.what == What::statistic && measure.statistic == Statistic::histogram))
      return not_covered(fmt::format("{} is answered from the store only", measure.text));
    if (measure.what == What::active_calls || measure.what == What::active_agents) continue;  // of intervals, which tell of no parts
    const Entity entity = entity_of(measure);
    live.sketches = std::uint8_t(live.sketches | sketch_for(measure));
    live.extremes = live.extremes || (measure.what == What::statistic && (measure.statistic == Statistic::min || measure.statistic == Statistic::max));
    live.calls = live.calls || entity == Entity::call || measure.what == What::cost_usd;
    live.turns = live.turns || entity == Entity::turn;
    live.usage = live.usage || entity == Entity::usage;
    live.turn_detail = live.turn_detail || (entity == Entity::turn && !asks_sums(measure));
    live.usage_detail = live.usage_detail || (entity == Entity::usage && !asks_sums(measure));
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

// What a question asks of generic metrics only.
Answered<MetricQuestion> metric_question(const Question& question, const Grid& grid, const Measure& measure) {
  const auto known = [](const Group& group) { return group.dimension == Dimension::tag || group.dimension == Dimension::customer_id; };
  for (const Group& group : question.by)
    if (!known(group)) return not_covered(group.text() + " is answered from the store only");
  for (const Filter& filter : question.where)
    if (!known(filter.group)) return not_covered(filter.group.text() + " is answered from the store only");
  MetricQuestion live{.name = measure.metric_name, .group = {}, .edges = {}};
  live.quantiles = measure.metric_aggregation.starts_with('p');
  live.members = measure.metric_aggregation == "distinct";
  live.group = [&question](std::string_view customer, std::string_view tags) -> std::optional<LiveGroup> {
    const auto value = [&](const Group& group) -> std::optional<std::string> {
      if (group.dimension == Dimension::tag) return tag_of(tags, group.tag);
      return customer.empty() ? std::nullopt : std::optional(std::string(customer));
    };
    for (const Filter& filter : question.where) {
      const auto text = value(filter.group);
      if (!filter.keeps(text ? std::optional<std::string_view>(*text) : std::nullopt)) return std::nullopt;
    }
    LiveGroup group;
    for (const Group& one : question.by) group.push_back(value(one));
    return group;
  };
  for (std::size_t i = 0; i < grid.size(); ++i) live.edges.push_back(std::max(grid.start(i), grid.from()));
  live.edges.push_back(grid.to());
  return live;
}

Figure figure_of(const Measure& measure, const MetricTally& tally, double seconds, std::optional<double>& error) {
  const std::string& how = measure.metric_aggregation;
  if (how == "count") return tally.count;
  if (how == "sum") return tally.sum;
  if (how == "rate") return tally.sum / seconds;
  if (how == "avg") return tally.sum / tally.count;
  if (how == "min") return tally.extremes_known ? Figure(tally.min) : Figure{};
  if (how == "max") return tally.extremes_known ? Figure(tally.max) : Figure{};
  if (how == "last") return tally.last_time == Instant::min() ? Figure{} : Figure(tally.last);
  if (how == "distinct") {
    if (!tally.members) return 0.0;
    if (!tally.members->exact()) error = 0.02;
    return tally.members->estimate();
  }
  const auto value = tally.sketch ? tally.sketch->quantile(std::stod("0." + how.substr(1))) : std::nullopt;
  if (!value || double(tally.sketch->count()) < tally.points) return {};  // a distribution that told no sketch
  error = 0.005;
  return std::clamp(*value, tally.extremes_known ? tally.min : *value, tally.extremes_known ? tally.max : *value);
}

Answered<Answer> metrics_from_live(const Question& question, const Grid& grid, const AskMetrics& metrics, Instant now) {
  Cells cells;
  Estimates estimates;
  std::vector<std::optional<double>> errors(question.measures.size());
  for (std::size_t i = 0; i < question.measures.size(); ++i) {
    const Measure& measure = question.measures[i];
    const auto live = metric_question(question, grid, measure);
    if (!live) return std::unexpected(live.error());
    const auto partial = metrics(*live);
    if (!partial) return std::unexpected(partial.error());
    for (const auto& [key, tally] : *partial) {
      const Instant low = std::max(grid.start(key.bucket), grid.from()), high = std::min(grid.end(key.bucket), grid.to());
      const CellKey cell{key.bucket, group_key(key.group)};
      const double seconds = double((high - low).count()) / 1e6;
      row_of(question, cells, cell)[i] = figure_of(measure, tally, seconds, errors[i]);
      if (tally.sampled.any())
        estimates.note(question, cell, i, tally.sampled.standard_error(measure.metric_aggregation, tally.count, tally.sum, seconds));
    }
  }
  Answer answer = finish(question, grid, std::move(cells), now, "live", estimates);
  const std::size_t first = answer.columns.size() - errors.size();
  for (std::size_t i = 0; i < errors.size(); ++i) answer.relative_error[first + i] = errors[i];
  return answer;
}

}  // namespace

Answered<Answer> answer_from_live(const Question& question, const AskShards& shards, const AskMetrics& metrics, Instant now,
                                  const AskLearning& learning) {
  const auto zone = Zone::load(question.zone);
  if (!zone) return std::unexpected(Refusal{"unknown_zone", "tz", "unknown time zone " + question.zone});
  const auto grid = Grid::of(question, *zone);
  if (!grid) return std::unexpected(grid.error());
  const auto is_metric = [](const Measure& measure) { return measure.what == What::metric; };
  if (metrics && std::all_of(question.measures.begin(), question.measures.end(), is_metric))
    return metrics_from_live(question, *grid, metrics, now);
  if (learning && asks_only_learning(question)) {
    auto rows = learning(learning_question(question));
    if (!rows) return std::unexpected(rows.error());
    Cells cells;
    add_learning(question, *grid, *zone, in_order(std::move(*rows)), cells);
    return finish(question, *grid, std::move(cells), now, "live");
  }
  const auto live = live_question(question, *grid);
  if (!live) return std::unexpected(live.error());
  auto partial = shards(*live, now);
  if (!partial) return std::unexpected(partial.error());

  Cells cells;
  Estimates estimates;
  std::vector<std::optional<double>> errors(question.measures.size());
  for (const auto& [key, tally] : partial->cells) add_tally(question, {key.bucket, group_key(key.group)}, tally, cells, errors, estimates);
  if (asks_occupancy(question)) {
    std::map<GroupKey, GroupCalls> groups;
    for (auto& [group, calls] : partial->through) groups[group_key(group)].through = std::move(calls);
    for (const CallInterval& call : partial->intervals)
      groups[group_key(call.group)].intervals.push_back({call.start, call.end, call.agent, call.weight});
    add_occupancy(question, *grid, std::move(groups), {}, cells, estimates);
  }
  Answer answer = finish(question, *grid, std::move(cells), now, "live", estimates);
  set_errors(errors, answer);
  return answer;
}

}  // namespace aybiza
