#include "store/rerate.h"

#include <algorithm>
#include <unordered_map>

#include "assemble/assembled_call.h"

namespace aybiza {
namespace {

using namespace std::chrono_literals;

constexpr Duration step = 24h, least_step = 1ms;  // of a slice

Number efficiency(const CallRow& row) {
  return efficiency_of({.start = row.start, .ended = row.ended, .state = row.state, .call_outcome = row.call_outcome,
                        .resolution_status = row.resolution_status, .escalated_flag = row.escalated_flag, .duration_us = row.duration_us,
                        .cost_nano = row.cost_nano, .error_count = row.error_count, .turns = row.turns});
}

struct CallCost {
  std::int64_t known = 0, unknown = 0, sum = 0;
  bool changed = false;
};

}  // namespace

RowBatch rerated(const RowBatch& stored, const Rerate& order, const PriceBook& prices, RerateReport& report) {
  RowBatch out;
  std::unordered_map<Id, const CallRow*> calls;
  std::unordered_map<Id, CallCost> costs;
  for (const CallRow& call : stored.calls) calls[call.call_id] = &call;
  for (const UsageRow& row : stored.usage) {
    const auto call = calls.find(row.call_id);
    if (call == calls.end()) continue;  // its call comes with the next batch
    CallCost& total = costs[row.call_id];
    Number cost = row.cost_nano;
    if (row.cost_source != CostSource::reported && order.covers(row.time, call->second->dims[Field::customer_id])) {
      cost = prices.cost_of(row, call->second->dims);
      ++report.usage;
      report.before_nano += row.cost_nano.value_or(0);
      report.after_nano += cost.value_or(0);
      report.found += !row.cost_nano && cost ? 1 : 0;
      report.lost += row.cost_nano && !cost ? 1 : 0;
      if (cost != row.cost_nano) {
        ++report.usage_changed;
        total.changed = true;
        UsageRow fresh = row;
        fresh.cost_nano = cost;
        fresh.cost_source = cost ? CostSource::priced : CostSource::unknown;
        out.usage.push_back(std::move(fresh));
      }
    }
    cost ? ++total.known : ++total.unknown;
    total.sum += cost.value_or(0);
  }
  for (const CallRow& call : stored.calls) {
    const auto total = costs.find(call.call_id);
    if (total == costs.end() || !total->second.changed || call.cost_source == CostSource::reported) continue;
    CallRow fresh = call;
    const bool priced = total->second.unknown == 0;
    fresh.cost_nano = priced ? Number(total->second.sum) : Number();
    fresh.cost_source = priced ? CostSource::priced : CostSource::unknown;
    if (fresh.cost_nano == call.cost_nano) continue;  // one part is unknown still
    fresh.efficiency_e4 = efficiency(fresh);
    ++report.calls_changed;
    out.calls.push_back(std::move(fresh));
  }
  return out;
}

namespace {

// Calls `take` with the rows of each slice of [order.from, order.to).
Status each_slice(Store& store, const Rerate& order, const std::function<bool()>& stop, const std::function<Status(const RowBatch&, const Rerate&)>& take) {
  auto width = Duration(step);
  for (Instant from = order.from; from < order.to;) {
    if (stop()) return fail(Code::unavailable, "the server is stopping; pricing anew goes on at its next start");
    const Rerate slice{.from = from, .to = std::min(from + width, order.to), .customer = order.customer};
    RowFilter filter{.tables = bit(Table::call_analytics) | bit(Table::usage_events), .call = {}, .customer = {}, .step = {}, .dimension = {},
                     .rated = RowFilter::Rated{slice.from, slice.to, slice.customer}};
    const auto rows = store.rows(filter);
    if (!rows && rows.error().code == Code::too_large && width > least_step) {
      width = width / 4;
      continue;
    }
    if (!rows) return std::unexpected(rows.error());
    if (!rows->usage.empty()) AYBIZA_TRY(take(*rows, slice));
    from = slice.to;
    width = std::min(step, width * 2);
  }
  return {};
}

}  // namespace

Result<RerateReport> rerate_preview(Store& store, const Rerate& order, const PriceBook& prices, const std::function<bool()>& stop) {
  RerateReport report;
  AYBIZA_TRY(each_slice(store, order, stop, [&](const RowBatch& stored, const Rerate& slice) {
    rerated(stored, slice, prices, report);
    return Status();
  }));
  return report;
}

Result<RerateReport> rerate_store(Store& store, const Rerate& order, const PriceBook& prices, const std::function<bool()>& stop) {
  const auto applied = store.applied();
  if (!applied) return std::unexpected(applied.error());
  RerateReport report;
  AYBIZA_TRY(each_slice(store, order, stop, [&](const RowBatch& stored, const Rerate& slice) -> Status {
    RowBatch changed = rerated(stored, slice, prices, report);
    if (changed.usage.empty()) return {};
    changed.from = changed.to = *applied;
    return store.apply(changed);
  }));
  return report;
}

}  // namespace aybiza
