#include "query/rollup_repair.h"

#include <algorithm>
#include <map>

#include "base/limits.h"
#include "query/rollup_fold.h"

namespace aybiza {
namespace {

using namespace std::chrono_literals;

bool due(const DirtyBucket& bucket, const RepairTime& time) {
  if (time.at_once) return true;
  if (bucket.bucket + bucket.step + limits::rollup_settle > time.now) return false;
  return time.elapsed - bucket.last >= Duration(limits::rollup_quiet) || time.elapsed - bucket.first >= Duration(limits::rollup_patience);
}

// Feeds the minutes that are claimed and, where it is, their hour.
class HourFold final : public FactSink {
 public:
  HourFold(const std::vector<DirtyBucket>& claims) {
    for (const DirtyBucket& claim : claims) claim.step == 1min ? void(minutes_.push_back(claim.bucket)) : void(with_hour_ = true);
    std::sort(minutes_.begin(), minutes_.end());
  }
  void call(const FactRow& row, const CallFacts& facts) override {
    each(row, [&](RollupFold& fold) { fold.call(row, facts); });
  }
  void turn(const FactRow& row, const TurnFacts& facts) override {
    each(row, [&](RollupFold& fold) { fold.turn(row, facts); });
  }
  void usage(const FactRow& row, const UsageFacts& facts) override {
    each(row, [&](RollupFold& fold) { fold.usage(row, facts); });
  }
  std::vector<RollupRow> rows() const {
    std::vector<RollupRow> out;
    minute_.rows(out);
    hour_.rows(out);
    return out;
  }

 private:
  template <typename Feed>
  void each(const FactRow& row, Feed&& feed) {
    if (with_hour_) feed(hour_);
    if (std::binary_search(minutes_.begin(), minutes_.end(), floor_to(row.time, 1min))) feed(minute_);
  }
  std::vector<Instant> minutes_;
  bool with_hour_ = false;
  RollupFold minute_{1min}, hour_{1h};
};

// REQUIRES: claims are of one hour: minutes of it, it itself, or both.
Status repair_hour(Store& store, const std::vector<DirtyBucket>& claims, const std::function<bool()>& stop, RepairReport& report) {
  FactScan scan{.from = Instant::max(), .to = Instant::min(), .stop = stop, .dimensions = rollup_dimensions()};
  for (const DirtyBucket& claim : claims) {
    scan.from = std::min(scan.from, claim.bucket);
    scan.to = std::max(scan.to, claim.bucket + claim.step);
  }
  HourFold fold(claims);
  AYBIZA_TRY(scan_facts(store, scan, fold));
  const std::vector<RollupRow> rows = fold.rows();
  AYBIZA_TRY(store.put_rollups(claims, rows));
  ++report.hours_read;
  report.buckets += claims.size();
  report.rows += rows.size();
  return {};
}

Status repair_day(Store& store, const DirtyBucket& claim, RepairReport& report) {
  const auto hours = store.rows({.tables = bit(Table::rollups), .from = claim.bucket, .to = claim.bucket + claim.step, .call = {}, .customer = {},
                                 .step = Duration(1h), .dimension = {}});
  if (!hours) return std::unexpected(hours.error());
  RollupFold fold(claim.step);
  for (const RollupRow& row : hours->rollups) {
    AYBIZA_TRY(fold.merge(row));
  }
  std::vector<RollupRow> rows;
  fold.rows(rows);
  AYBIZA_TRY(store.put_rollups(std::span(&claim, 1), rows));
  ++report.buckets;
  report.rows += rows.size();
  return {};
}

}  // namespace

Result<RepairReport> repair_rollups(Store& store, const RepairTime& time, const std::function<bool()>& stop,
                                    const std::function<void(const RepairReport&)>& progress) {
  RepairReport report;
  std::map<Instant, std::vector<DirtyBucket>> hours;
  for (const DirtyBucket& bucket : store.dirty_rollups())
    if (bucket.step < 24h && due(bucket, time)) hours[floor_to(bucket.bucket, 1h)].push_back(bucket);
  for (const auto& [hour, claims] : hours) {
    if (stop()) return report;
    if (const Status done = repair_hour(store, claims, stop, report); !done) {
      if (stop()) return report;
      return std::unexpected(done.error());
    }
    if (progress) progress(report);
  }
  const std::vector<DirtyBucket> left = store.dirty_rollups();
  for (const DirtyBucket& day : left) {
    if (day.step != 24h || !due(day, time)) continue;
    const bool waits = std::any_of(left.begin(), left.end(), [&](const DirtyBucket& hour) {
      return hour.step == 1h && hour.bucket >= day.bucket && hour.bucket < day.bucket + day.step;
    });
    if (waits) continue;
    if (stop()) return report;
    AYBIZA_TRY(repair_day(store, day, report));
    if (progress) progress(report);
  }
  return report;
}

}  // namespace aybiza
