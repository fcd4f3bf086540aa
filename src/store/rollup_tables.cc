#include "store/rollup_tables.h"

#include <fmt/format.h>

#include <map>
#include <set>

namespace aybiza {
namespace {

constexpr std::size_t marks_per_statement = 1'000;

std::string instant_text(Instant t) { return fmt::format("make_timestamptz({}::BIGINT)", to_micros(t)); }

template <typename Reader>
void read_step(const Reader& in, idx_t i, DirtyBucket& out) {
  std::int64_t seconds = 0;
  in.get(i, seconds);
  out.step = std::chrono::seconds(seconds);
}

}  // namespace

std::span<const Column<DirtyBucket>> mark_columns() {
  static constexpr Column<DirtyBucket> table[] = {
      {"step_seconds", SqlType::integer, nullptr, [](const VectorReader& in, idx_t i, DirtyBucket& out) { read_step(in, i, out); }, nullptr,
       [](const CellReader& in, idx_t i, DirtyBucket& out) { read_step(in, i, out); }},
      {"bucket", SqlType::time, nullptr, [](const VectorReader& in, idx_t i, DirtyBucket& out) { in.get(i, out.bucket); }, nullptr,
       [](const CellReader& in, idx_t i, DirtyBucket& out) { in.get(i, out.bucket); }},
  };
  return table;
}

std::string_view marks_text() {
  return "SELECT step_seconds, bucket FROM rollup_dirty UNION SELECT 0, max(before) FROM rollup_floor HAVING count(*) > 0";
}

std::vector<std::string> insert_marks_text(std::span<const RollupBucket> buckets) {
  std::vector<std::string> out;
  for (std::size_t i = 0; i < buckets.size(); ++i) {
    if (i % marks_per_statement == 0) out.emplace_back("INSERT INTO rollup_dirty (step_seconds, bucket) VALUES ");
    else out.back() += ", ";
    out.back() += fmt::format("({}, {})", buckets[i].first / std::chrono::seconds(1), instant_text(buckets[i].second));
  }
  return out;
}

// The range is spelled out beside the list, so that an engine looks at few row groups or pages.
std::vector<std::pair<Duration, std::string>> buckets_condition(std::span<const DirtyBucket> buckets) {
  std::map<Duration, std::set<Instant>> starts;  // by step
  for (const DirtyBucket& one : buckets) starts[one.step].insert(one.bucket);
  std::vector<std::pair<Duration, std::string>> out;
  for (const auto& [step, all] : starts) {
    std::string list;
    for (const Instant start : all) list += (list.empty() ? "" : ", ") + instant_text(start);
    out.emplace_back(step, fmt::format("step_seconds = {} AND bucket >= {} AND bucket <= {} AND bucket IN ({})", step / std::chrono::seconds(1),
                                       instant_text(*all.begin()), instant_text(*all.rbegin()), list));
  }
  return out;
}

std::pair<Instant, Instant> whole_days(Instant from, Instant to) {
  from = std::max(from, from_micros(0));
  return {floor_to(from, std::chrono::hours(24)), std::min(to, from_micros(253'402'300'800'000'000))};  // the year 10000
}

std::string mark_range_text(Instant from, Instant to) {
  const std::string within = fmt::format("WHERE t >= {} AND t < {}", instant_text(from), instant_text(to));
  return fmt::format(
      "INSERT INTO rollup_dirty (step_seconds, bucket) SELECT step, b FROM ("
      "SELECT step, to_timestamp(floor(extract(epoch FROM t) / step) * step) AS b FROM (SELECT time AS t FROM call_analytics UNION ALL "
      "SELECT time FROM conversation_turns UNION ALL SELECT time FROM usage_events) times, (VALUES (60), (3600), (86400)) steps(step) {0} "
      "UNION SELECT step_seconds, t FROM (SELECT step_seconds, bucket AS t FROM rollups) made {0}) found "
      "WHERE b >= coalesce((SELECT max(before) FROM rollup_floor), '-infinity'::TIMESTAMPTZ) "
      "EXCEPT SELECT step_seconds, bucket FROM rollup_dirty",
      within);
}

std::string raise_floor_text(Instant before) {
  return fmt::format("DELETE FROM rollup_dirty WHERE bucket < {0}; "
                     "INSERT INTO rollup_floor SELECT {0} WHERE NOT EXISTS (SELECT 1 FROM rollup_floor f WHERE f.before >= {0})",
                     instant_text(before));
}

std::vector<const RollupRow*> rows_of(std::span<const DirtyBucket> buckets, const std::vector<RollupRow>& rows) {
  std::set<RollupBucket> wanted;
  for (const DirtyBucket& one : buckets) wanted.emplace(one.step, one.bucket);
  std::vector<const RollupRow*> out;
  for (const RollupRow& row : rows)
    if (wanted.contains({row.step, row.bucket})) out.push_back(&row);
  return out;
}

}  // namespace aybiza
