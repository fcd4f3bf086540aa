#include "query/sampled_answer.h"

#include <fmt/format.h>

#include <algorithm>

#include "aggregate/tally.h"
#include "query/concurrency.h"
#include "query/fact_scan.h"
#include "query/turn_labels.h"

namespace aybiza {
namespace {

using Text = std::optional<std::string>;

std::unexpected<Refusal> unavailable(const Error& error) { return std::unexpected(Refusal{"unavailable", "source", error.message}); }

bool is_occupancy(const Measure& m) { return m.what == What::active_calls || m.what == What::active_agents || m.what == What::utilization; }

class Fold final : public FactSink {
 public:
  Fold(const Question& question, const Grid& grid, const Zone& zone, bool moving) : question_(question), grid_(grid), zone_(zone), moving_(moving) {
    for (const Measure& m : question.measures) {
      if (m.moving != moving || m.what >= What::metric || is_occupancy(m)) continue;
      calls_ |= entity_of(m) == Entity::call;
      turns_ |= entity_of(m) == Entity::turn;
      usage_ |= entity_of(m) == Entity::usage;
      cost_ |= m.what == What::cost_usd;
    }
    const auto need = [&](const Group& group) {
      if (group.dimension == Dimension::customer_id || group.dimension >= Dimension::hour_of_day) return;
      if (std::find(dimensions_.begin(), dimensions_.end(), group.dimension) == dimensions_.end()) dimensions_.push_back(group.dimension);
    };
    for (const Group& group : question.by) need(group);
    for (const Filter& filter : question.where) need(filter.group);
  }
  Fold(const Fold&) = delete;  // one per question
  Fold& operator=(const Fold&) = delete;

  bool asks() const { return calls_ || turns_ || usage_; }
  FactScan scan() const {
    return {.from = moving_ ? grid_.from() - question_.moving : grid_.from(), .to = grid_.to(), .calls = calls_ || cost_, .turns = turns_, .usage = usage_,
            .stop = {}, .dimensions = dimensions_};
  }
  const std::map<CellKey, Tally>& tallies() const { return tallies_; }

  void call(const FactRow& row, const CallFacts& facts) override {
    const bool counts_cost = cost_ && facts.reported_cost_nano;
    if (!calls_ && !counts_cost) return;
    each(row, [&](Tally& tally) {
      if (calls_) tally.add(facts);
      if (counts_cost) tally.add_reported_cost(*facts.reported_cost_nano, facts.weight);
    });
  }
  void turn(const FactRow& row, const TurnFacts& facts) override { part(row, facts); }
  void usage(const FactRow& row, const UsageFacts& facts) override { part(row, facts); }

 private:
  void part(const FactRow& row, const auto& facts) {
    each(row, [&](Tally& tally) { row.sampled ? tally.add(facts, *row.sampled) : tally.add(facts); });
  }

  static Text owned(OptionalText text) { return text ? Text(std::string(*text)) : Text(); }

  std::vector<Text> values(const Group& group, const FactRow& row) const {
    switch (group.dimension) {
      case Dimension::customer_id: return {owned(row.customer)};
      case Dimension::hour_of_day: return {fmt::format("{}", zone_.hour_of_day(row.time))};
      case Dimension::day_of_week: return {fmt::format("{}", zone_.day_of_week(row.time))};
      case Dimension::topic: {
        std::vector<Text> topics;
        for (const std::string_view topic : topics_of(row.topics)) topics.emplace_back(std::string(topic));
        if (topics.empty()) topics.emplace_back();
        return topics;
      }
      default: break;
    }
    const auto at = std::find(dimensions_.begin(), dimensions_.end(), group.dimension);
    return {owned(row.dimensions[std::size_t(at - dimensions_.begin())])};
  }

  // Of several topics a filter keeps the turn when any is kept; a negated one only when all are.
  bool kept(const FactRow& row) const {
    return std::all_of(question_.where.begin(), question_.where.end(), [&](const Filter& filter) {
      const auto own = values(filter.group, row);
      const auto keeps = [&](const Text& value) { return filter.keeps(value ? OptionalText(*value) : OptionalText()); };
      return filter.negated ? std::all_of(own.begin(), own.end(), keeps) : std::any_of(own.begin(), own.end(), keeps);
    });
  }

  template <typename Add>
  void each(const FactRow& row, Add&& add) {
    if (!kept(row)) return;
    std::vector<std::vector<Text>> keys = {{}};
    for (const Group& group : question_.by) {
      std::vector<std::vector<Text>> longer;
      for (const auto& key : keys)
        for (Text& value : values(group, row)) {
          longer.push_back(key);
          longer.back().push_back(std::move(value));
        }
      keys = std::move(longer);
    }
    const auto into = [&](std::size_t bucket) {
      for (const auto& key : keys) add(tallies_[CellKey{bucket, key}]);
    };
    if (!moving_) {
      if (const auto own = grid_.find(row.time)) into(*own);
      return;
    }
    for (std::size_t i = 0; i < grid_.size(); ++i) {
      const Instant end = std::min(grid_.end(i), grid_.to());
      if (row.time < end && row.time >= end - question_.moving) into(i);
    }
  }

  const Question& question_;
  const Grid& grid_;
  const Zone& zone_;
  const bool moving_;
  bool calls_ = false, turns_ = false, usage_ = false, cost_ = false;
  std::vector<Dimension> dimensions_;
  std::map<CellKey, Tally> tallies_;
};

// Twenty buckets of equal width between the extremes, filled with those of the sketch by their middles.
Histogram histogram(const Measure& measure, const Tally& tally) {
  Measure extreme = measure;
  extreme.statistic = Statistic::min;
  const auto low = value_of(extreme, tally);
  extreme.statistic = Statistic::max;
  const auto high = value_of(extreme, tally);
  if (!low || !high) return {};
  const std::vector<HistogramBin> bins = histogram_of(measure, tally);
  constexpr std::size_t count = 20;
  Histogram buckets(*low == *high ? 1 : count);
  const double width = (*high - *low) / double(buckets.size());
  for (std::size_t i = 0; i < buckets.size(); ++i) buckets[i] = {*low + double(i) * width, *low + double(i + 1) * width, 0};
  for (const HistogramBin& bin : bins) {
    const double middle = std::clamp((bin.low + bin.high) / 2, *low, *high);
    const auto place = width > 0 ? std::size_t((middle - *low) / width) : 0;
    buckets[std::min(buckets.size() - 1, place)].count += bin.count;
  }
  return buckets;
}

}  // namespace

Answered<bool> any_sampled(Store& store, Instant from, Instant to, Duration deadline) {
  if (!store.samples()) return false;
  const Param params[] = {from, to + std::chrono::hours(1)};  // what a call that begins a little later may have told
  auto rows = store.sql("SELECT count(*) FROM (SELECT 1 FROM call_analytics c WHERE c.sample_weight > 1 AND c.time < $2 "
                        "AND (c.time >= $1 OR c.updated_at >= $1 OR c.ended_at >= $1) LIMIT 1) one", params, deadline);
  if (!rows) return unavailable(rows.error());
  const auto more = (*rows)->next();
  if (!more) return unavailable(more.error());
  return *more && as_integer((*rows)->cell(0, 0)).value_or(0) != 0;
}

Answered<void> add_sampled(const Question& question, const Grid& grid, const Zone& zone, Store& store, bool moving, Duration deadline, SampledFigures out) {
  Fold fold(question, grid, zone, moving);
  if (!fold.asks()) return {};
  if (const Status done = scan_facts(store, fold.scan(), fold, deadline); !done) return unavailable(done.error());
  for (const auto& [key, tally] : fold.tallies()) {
    auto& figures = row_of(question, out.cells, key);
    for (std::size_t i = 0; i < question.measures.size(); ++i) {
      const Measure& m = question.measures[i];
      if (m.moving != moving || m.what >= What::metric || is_occupancy(m)) continue;
      if (m.what == What::statistic && m.statistic == Statistic::histogram) figures[i] = histogram(m, tally);
      else if (const auto value = value_of(m, tally)) figures[i] = *value;
      if (const auto error = relative_error_of(m, tally)) out.relative_error[i] = std::max(out.relative_error[i], *error);
      if (is_estimate(m, tally)) out.estimates.note(question, key, i, standard_error_of(m, tally));
    }
  }
  return {};
}

}  // namespace aybiza
