#include "query/rollup_repair.h"

#include <algorithm>
#include <map>

#include "base/limits.h"
#include "query/rollup_fold.h"

namespace aybiza {
namespace {

using namespace std::chrono_literals;

bool due(const DirtyBucket& bucket, const RepairTime& time) {
  if (bucket.bucket < time.from || bucket.bucket >= time.to) return false;
  if (time.at_once) return true;
  if (bucket.bucket + bucket.step + limits::rollup_settle > time.now) return false;
  return time.elapsed - bucket.last >= Duration(limits::rollup_quiet) || time.elapsed - bucket.first >= Duration(limits::rollup_patience);
}

// What is marked of an hour and due.
struct HourMarks {
  std::optional<DirtyBucket> hour;
  bool hour_waits = false;  // marked, and not due
  std::vector<DirtyBucket> minutes;
};

// Feeds the hour and all of its minutes, or the minutes that are claimed.
class HourFold final : public FactSink {
 public:
  explicit HourFold(const HourMarks& marks) : with_hour_(marks.hour.has_value()) {
    for (const DirtyBucket& claim : marks.minutes) minutes_.push_back(claim.bucket);
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
  std::int64_t fed() const { return fed_; }
  std::vector<RollupRow> rows(bool with_minutes) const {
    std::vector<RollupRow> out;
    if (with_minutes) minute_.rows(out);
    hour_.rows(out);
    return out;
  }

 private:
  template <typename Feed>
  void each(const FactRow& row, Feed&& feed) {
    ++fed_;
    if (with_hour_) feed(hour_);
    if (with_hour_ || std::binary_search(minutes_.begin(), minutes_.end(), floor_to(row.time, 1min))) feed(minute_);
  }
  std::vector<Instant> minutes_;
  bool with_hour_;
  std::int64_t fed_ = 0;
  RollupFold minute_{1min}, hour_{1h};
};

Result<std::optional<std::int64_t>> integer(Store& store, const std::string& text, std::span<const Param> params) {
  auto rows = store.sql(text, params);
  if (!rows) return std::unexpected(rows.error());
  const auto more = (*rows)->next();
  if (!more) return std::unexpected(more.error());
  return *more && (*rows)->row_count() > 0 ? as_integer((*rows)->cell(0, 0)) : std::nullopt;
}

// Whether minutes can be made before their hour is: it has enough rows to keep them, and was not made without them before.
Result<bool> keeps_minutes(Store& store, Instant hour, std::int64_t thin_rows) {
  const Param params[] = {hour, hour + 1h};
  std::int64_t rows = 0;
  for (const std::string_view table : {"call_analytics", "conversation_turns", "usage_events"}) {
    if (rows >= thin_rows) break;
    const auto some = integer(store, fmt::format("SELECT count(*) FROM (SELECT 1 AS one FROM {} WHERE time >= $1 AND time < $2 LIMIT {}) AS counted", table, thin_rows), params);
    if (!some) return std::unexpected(some.error());
    rows += some->value_or(0);
  }
  if (rows < thin_rows) return false;
  const auto without = first_without_minutes(store, hour, hour + 1h);
  if (!without) return std::unexpected(without.error());
  return !*without;
}

Status repair_hour(Store& store, Instant hour, const HourMarks& marks, std::int64_t thin_rows, const RepairTime& time, const std::function<bool()>& stop, RepairReport& report) {
  std::vector<DirtyBucket> claims = marks.minutes;
  FactScan scan{.from = hour, .to = hour + 1h, .stop = stop, .dimensions = rollup_dimensions()};
  if (marks.hour) {
    claims.push_back(*marks.hour);
  } else {
    const auto [first, last] = std::ranges::minmax(claims, {}, &DirtyBucket::bucket);
    scan.from = first.bucket, scan.to = last.bucket + last.step;
  }
  HourFold fold(marks);
  AYBIZA_TRY(scan_facts(store, scan, fold));
  const std::vector<RollupRow> rows = fold.rows(!marks.hour || hour < time.minutes_before || fold.fed() >= thin_rows);
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

// An hour that is due takes its minutes with it, whether these are or not.
std::map<Instant, HourMarks> marks_by_hour(const std::vector<DirtyBucket>& marked, const RepairTime& time) {
  std::map<Instant, HourMarks> hours;
  for (const DirtyBucket& bucket : marked) {
    if (bucket.step != 1h) continue;
    if (due(bucket, time)) hours[bucket.bucket].hour = bucket;
    else hours[bucket.bucket].hour_waits = true;
  }
  for (const DirtyBucket& bucket : marked) {
    if (bucket.step != 1min) continue;
    const auto hour = hours.find(floor_to(bucket.bucket, 1h));
    if (due(bucket, time) || (hour != hours.end() && hour->second.hour)) hours[floor_to(bucket.bucket, 1h)].minutes.push_back(bucket);
  }
  std::erase_if(hours, [](const auto& one) { return !one.second.hour && one.second.minutes.empty(); });
  return hours;
}

}  // namespace

Result<std::optional<Instant>> first_without_minutes(Store& store, Instant from, Instant to) {
  const Param params[] = {from, to};
  const auto found = integer(store,
                             "SELECT epoch_us(min(bucket)) FROM (SELECT bucket FROM rollups WHERE step_seconds = 3600 AND dimension = '' AND bucket >= $1 AND bucket < $2 EXCEPT "
                             "SELECT to_timestamp(floor(extract(epoch FROM bucket) / 3600) * 3600) FROM rollups WHERE step_seconds = 60 AND bucket >= $1 AND bucket < $2) hours", params);
  if (!found) return std::unexpected(found.error());
  return *found ? std::optional(from_micros(**found)) : std::nullopt;
}

Result<RepairReport> repair_rollups(Store& store, const RepairTime& time, const std::function<bool()>& stop,
                                    const std::function<void(const RepairReport&)>& progress) {
  RepairReport report;
  const std::int64_t thin_rows = time.thin_rows.value_or(store.dialect() == Dialect::duckdb ? rollup_thin_rows : 0);
  for (const auto& [hour, marks] : marks_by_hour(store.dirty_rollups(), time)) {
    if (stop()) return report;
    if (marks.hour_waits) {
      const auto keeps = keeps_minutes(store, hour, thin_rows);
      if (!keeps) return std::unexpected(keeps.error());
      if (!*keeps) continue;
    }
    if (const Status done = repair_hour(store, hour, marks, thin_rows, time, stop, report); !done) {
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
