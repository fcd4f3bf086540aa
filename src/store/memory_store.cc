#include "store/memory_store.h"

#include <algorithm>
#include <map>
#include <mutex>
#include <tuple>

#include "store/late.h"

namespace aybiza {
namespace {

using CallKey = std::pair<Instant, Id>;
using TurnKey = std::tuple<Instant, Id, std::int64_t>;
using RollupKey = std::tuple<Instant, Duration, std::string, std::string, bool, std::string>;
template <typename Row>
using ById = std::map<std::pair<Instant, Id>, Row>;

RollupKey key_of(const RollupRow& row) {
  return {row.bucket, row.step, row.customer, row.dimension, row.value_is_null, row.value};
}

template <typename Row>
void insert_all(ById<Row>& into, const std::vector<Row>& rows) {
  for (const Row& row : rows) into.insert_or_assign({row.time, row.id}, row);
}

template <typename Map>
std::uint64_t erase_before(Map& map, Instant before) {
  return std::erase_if(map, [&](const auto& entry) { return std::get<0>(entry.first) < before; });
}

bool in_range(Instant time, const RowFilter& filter) { return time >= filter.from && time < filter.to; }

bool asked_before(const auto& row, const RowFilter& filter) {  // RowFilter::without_topic
  if constexpr (requires { row.topic_version; })
    return filter.without_topic && (row.text_content.empty() || row.topic_version == *filter.without_topic);
  return false;
}

class MemoryStore final : public Store {
 public:
  Dialect dialect() const override { return Dialect::memory; }

  StoreStats stats() const override {
    const std::lock_guard lock(mutex_);
    return {.engine = "memory", .version = "1", .applied = applied_, .checkpointed = 0, .batches = batches_,
            .rows = rows_, .repaired = {}};
  }

  Result<std::uint64_t> applied() override {
    const std::lock_guard lock(mutex_);
    return applied_;
  }

  Status apply(const RowBatch& batch) override {
    const std::lock_guard lock(mutex_);
    if (batch.from != applied_ || batch.to < batch.from)
      return fail(Code::conflict, "rows ({}, {}] do not follow applied offset {}", batch.from, batch.to, applied_);
    see_samples(batch);
    if (batch.late.empty()) insert(batch);
    else insert(with_late(batch, stored_rows(needs_of(batch)), prices_));
    applied_ = batch.to;
    ++batches_;
    return {};
  }

  Result<RowBatch> rows(const RowFilter& filter) override {
    const std::lock_guard lock(mutex_);
    if (filter.rated) return rated_rows(*filter.rated);
    RowBatch out;
    out.to = applied_;
    const bool of_call = filter.call.has_value(), of_customer = filter.customer.has_value();
    const auto wanted = [&](Table table) { return (filter.tables & bit(table)) != 0; };
    // A call that `customer` excludes takes its turns, usage and interventions with it.
    const bool call_excluded = of_call && of_customer && !owns(*filter.call, *filter.customer);
    if (wanted(Table::call_analytics))
      for (const auto& [key, row] : calls_)
        if (in_range(row.start, filter) && (!of_call || row.call_id == *filter.call) &&
            (!of_customer || row.dims[Field::customer_id] == *filter.customer))
          out.calls.push_back(row);
    const auto take_of_call = [&](Table table, const auto& map, auto& rows) {
      if (!wanted(table) || call_excluded || (of_customer && !of_call)) return;
      for (const auto& [key, row] : map)
        if (in_range(row.time, filter) && (!of_call || row.call_id == *filter.call) && !asked_before(row, filter)) rows.push_back(row);
    };
    take_of_call(Table::conversation_turns, turns_, out.turns);
    take_of_call(Table::usage_events, usage_, out.usage);
    take_of_call(Table::interventions, interventions_, out.interventions);
    const auto take_of_customer = [&](Table table, const auto& map, auto& rows) {
      if (!wanted(table) || of_call) return;
      for (const auto& [key, row] : map)
        if (in_range(row.time, filter) && (!of_customer || row.customer == *filter.customer)) rows.push_back(row);
    };
    take_of_customer(Table::system_performance_metrics, system_, out.system);
    take_of_customer(Table::agent_status, agent_status_, out.agent_status);
    if (!of_call) take_metrics(filter, out);
    if (wanted(Table::learning_events) && !of_call) take_learning(filter, out);
    take_of_customer(Table::change_events, changes_, out.changes);
    take_of_customer(Table::raw_events, raw_, out.raw);
    if (wanted(Table::rollups) && !of_call)
      for (const auto& [key, row] : rollups_)
        if (in_range(row.bucket, filter) && (!of_customer || row.customer == *filter.customer) &&
            (!filter.step || row.step == *filter.step) && (!filter.dimension || row.dimension == *filter.dimension))
          out.rollups.push_back(row);
    return out;
  }

  Result<RowBatch> find_call(std::string_view id, std::string_view customer) override {
    std::optional<Id> found;
    {
      const std::lock_guard lock(mutex_);
      const std::optional<Id> uuid = parse_uuid(id);
      for (const auto& [key, row] : calls_)  // in time order: the last match is the latest
        if ((uuid == row.call_id || row.external_call_id == id) &&
            (customer.empty() || row.dims[Field::customer_id] == customer))
          found = row.call_id;
    }
    if (!found) return RowBatch{};
    return rows({.tables = bit(Table::call_analytics) | bit(Table::conversation_turns) | bit(Table::usage_events) |
                           bit(Table::interventions),
                 .call = found, .customer = {}, .step = {}, .dimension = {}});
  }

  Result<std::unique_ptr<Rows>> sql(std::string_view, std::span<const Param>, Duration) override {
    return fail(Code::unsupported, "the memory store answers no SQL");
  }
  Status export_table(std::string_view, ExportFormat, Instant, Instant, const ByteSink&, const ExportOptions&) override {
    return fail(Code::unsupported, "the memory store exports nothing");
  }
  Status checkpoint() override { return {}; }

  Result<TopicStep> renew_topics(std::string_view version, const MakeTopic& make, Instant from, std::size_t limit) override {
    const std::lock_guard lock(mutex_);
    TopicStep step;
    Instant last = Instant::max();
    for (auto& [key, row] : turns_) {
      if (row.time < from || row.text_content.empty() || row.topic_version == version) continue;
      if (step.turns >= limit && row.time > last) return step.next = last, step;
      make(row), row.topic_version = version;
      last = row.time;
      ++step.turns;
    }
    return step;
  }

  Result<std::uint64_t> forget(Table table, Instant before) override {
    const std::lock_guard lock(mutex_);
    switch (table) {
      case Table::call_analytics: return erase_before(calls_, before);
      case Table::conversation_turns: return erase_before(turns_, before);
      case Table::usage_events: return erase_before(usage_, before);
      case Table::interventions: return erase_before(interventions_, before);
      case Table::system_performance_metrics: return erase_before(system_, before);
      case Table::agent_status: return erase_before(agent_status_, before);
      case Table::metric_series: return 0;
      case Table::metric_values: return erase_points(points_, before);
      case Table::metric_distributions: return erase_points(distributions_, before);
      case Table::learning_events: return erase_before(learning_, before);
      case Table::change_events: return erase_before(changes_, before);
      case Table::raw_events: return erase_before(raw_, before);
      case Table::rollups: return erase_before(rollups_, before);
    }
    return fail(Code::invalid, "no such table");
  }

 private:
  void insert(const RowBatch& batch) {
    // All deletions first: a call may move to the place another one leaves.
    for (const CallRow& row : batch.calls)
      if (row.stored_start) calls_.erase({*row.stored_start, row.call_id});
    for (const CallRow& row : batch.calls) {
      if (row.removed) continue;
      CallRow& kept = calls_[{row.start, row.call_id}];
      kept = row;
      kept.stored_start = row.start;
    }
    for (const TurnRow& row : batch.turns)
      if (row.stored_time) turns_.erase({*row.stored_time, row.call_id, row.turn_number});
    for (const TurnRow& row : batch.turns) {
      if (row.removed) continue;
      TurnRow& kept = turns_[{row.time, row.call_id, row.turn_number}];
      kept = row;
      kept.stored_time = row.time;
    }
    for (const UsageRow& row : batch.usage)
      if (row.removed) usage_.erase({row.time, row.id});
    for (const UsageRow& row : batch.usage)
      if (!row.removed) usage_.insert_or_assign({row.time, row.id}, row);
    insert_all(interventions_, batch.interventions);
    insert_all(system_, batch.system);
    insert_all(agent_status_, batch.agent_status);
    for (const MetricSeriesRow& row : batch.metric_series) series_.try_emplace(std::int64_t(row.series), row);
    points_.insert(points_.end(), batch.metric_points.begin(), batch.metric_points.end());
    distributions_.insert(distributions_.end(), batch.metric_distributions.begin(), batch.metric_distributions.end());
    insert_all(learning_, batch.learning);
    insert_all(changes_, batch.changes);
    insert_all(raw_, batch.raw);
    for (const RollupRow& row : batch.rollups) rollups_.insert_or_assign(key_of(row), row);
    rows_ += batch.calls.size() + batch.turns.size() + batch.usage.size() + batch.interventions.size() +
             batch.system.size() + batch.agent_status.size() + batch.metric_points.size() + batch.metric_distributions.size() + batch.learning.size() +
             batch.changes.size() + batch.raw.size() + batch.rollups.size();
  }

  RowBatch rated_rows(const RowFilter::Rated& wanted) const {
    std::vector<Id> ids;
    for (const auto& [key, row] : usage_)
      if (row.time >= wanted.from && row.time < wanted.to && row.cost_source != CostSource::reported &&
          (wanted.customer.empty() || owns(row.call_id, wanted.customer)))
        ids.push_back(row.call_id);
    std::ranges::sort(ids);
    ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
    RowBatch out = stored_rows(ids);
    out.turns.clear();
    out.to = applied_;
    return out;
  }

  void take_metrics(const RowFilter& filter, RowBatch& out) const {
    const auto mine = [&](std::uint64_t series) {
      const auto at = series_.find(std::int64_t(series));
      return !filter.customer || (at != series_.end() && at->second.customer == *filter.customer);
    };
    if (filter.tables & bit(Table::metric_series))
      for (const auto& [id, row] : series_)
        if (mine(row.series)) out.metric_series.push_back(row);
    const auto take = [&]<typename Row>(Table table, const std::vector<Row>& all, std::vector<Row>& rows) {
      if (!(filter.tables & bit(table))) return;
      std::vector<const Row*> meant;
      for (const Row& row : all)
        if (in_range(row.time, filter) && mine(row.series)) meant.push_back(&row);
      // All rows are in one vector: where the rest is equal, addresses keep its order.
      std::ranges::sort(meant, {}, [](const Row* row) { return std::tuple(row->time, std::int64_t(row->series), row); });
      for (const Row* row : meant) rows.push_back(*row);
    };
    take(Table::metric_values, points_, out.metric_points);
    take(Table::metric_distributions, distributions_, out.metric_distributions);
  }

  // With `learning_before` all of the past: more rows than are meant change no figure.
  void take_learning(const RowFilter& filter, RowBatch& out) const {
    for (const auto& [key, row] : learning_)
      if ((in_range(row.time, filter) || (filter.learning_before && row.time < filter.from)) && (!filter.customer || row.customer == *filter.customer))
        out.learning.push_back(row);
  }

  template <typename Row>
  static std::uint64_t erase_points(std::vector<Row>& rows, Instant before) {
    return std::erase_if(rows, [&](const Row& row) { return row.time < before; });
  }

  RowBatch stored_rows(const std::vector<Id>& calls) const {
    RowBatch out;
    const auto wanted = [&](const Id& id) { return std::binary_search(calls.begin(), calls.end(), id); };
    for (const auto& [key, row] : calls_)
      if (wanted(row.call_id)) out.calls.push_back(row);
    for (const auto& [key, row] : turns_)
      if (wanted(row.call_id)) out.turns.push_back(row);
    for (const auto& [key, row] : usage_)
      if (wanted(row.call_id)) out.usage.push_back(row);
    return out;
  }

  bool owns(const Id& call, const std::string& customer) const {
    for (const auto& [key, row] : calls_)
      if (row.call_id == call && row.dims[Field::customer_id] == customer) return true;
    return false;
  }

  mutable std::mutex mutex_;
  std::uint64_t applied_ = 0, batches_ = 0, rows_ = 0;
  std::map<CallKey, CallRow> calls_;
  std::map<TurnKey, TurnRow> turns_;
  ById<UsageRow> usage_;
  ById<InterventionRow> interventions_;
  ById<SystemRow> system_;
  ById<AgentStatusRow> agent_status_;
  std::map<std::int64_t, MetricSeriesRow> series_;  // in the order of the signed column
  std::vector<MetricPointRow> points_;
  std::vector<MetricDistributionRow> distributions_;
  ById<LearningRow> learning_;
  ById<ChangeRow> changes_;
  ById<RawRow> raw_;
  std::map<RollupKey, RollupRow> rollups_;
};

}  // namespace

std::unique_ptr<Store> make_memory_store() { return std::make_unique<MemoryStore>(); }

}  // namespace aybiza
