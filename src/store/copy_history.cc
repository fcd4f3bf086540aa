#include "store/copy_history.h"

#include <fmt/format.h>

#include "store/select.h"

namespace aybiza {
namespace {

using namespace std::chrono_literals;

constexpr Duration slice = 15min;
constexpr std::uint16_t timed_tables = all_tables & ~bit(Table::metric_series) & ~bit(Table::rollups);

Result<std::vector<std::int64_t>> integers(Store& store, const std::string& text) {
  auto rows = store.sql(text, {});
  if (!rows) return std::unexpected(rows.error());
  std::vector<std::int64_t> out;
  for (;;) {
    const auto more = (*rows)->next();
    if (!more) return std::unexpected(more.error());
    if (!*more) return out;
    for (std::size_t row = 0; row < (*rows)->row_count(); ++row) out.push_back(as_integer((*rows)->cell(row, 0)).value_or(0));
  }
}

// The slices that hold rows, by number since 1970, ascending.
Result<std::vector<std::int64_t>> slices_of(Store& store) {
  std::string text;
  for (std::size_t i = 0; i < table_count; ++i)
    if (timed_tables & bit(Table(i)))
      text += fmt::format("{}SELECT CAST(floor(extract(epoch FROM time) / {}) AS BIGINT) AS slice FROM {}", text.empty() ? "" : " UNION ",
                          slice / 1s, to_string(Table(i)));
  return integers(store, "SELECT slice FROM (" + text + ") slices ORDER BY slice");
}

// As rows that no store has yet.
void forget_places(RowBatch& batch) {
  for (CallRow& row : batch.calls) row.stored_start.reset();
  for (TurnRow& row : batch.turns) row.stored_time.reset();
  for (UsageRow& row : batch.usage) row.stored = false;
}

Status apply(Store& to, RowBatch batch, std::uint64_t step, std::uint64_t next, CopyReport& report) {
  forget_places(batch);
  batch.from = step, batch.to = next;
  AYBIZA_TRY(to.apply(batch));
  report.rows += batch.size();
  ++report.steps;
  return {};
}

RowFilter in_range(std::uint16_t tables, Instant from, Instant to) {
  RowFilter filter;
  filter.tables = tables, filter.from = from, filter.to = to;
  return filter;
}

// What is left of rows that retention has deleted.
Result<RowBatch> first_batch(Store& from, Store& to) {
  RowFilter filter = in_range(bit(Table::metric_series), Instant::min(), Instant::max());
  auto series = from.rows(filter);
  if (!series) return series;
  const Instant floor = from.rollup_floor();
  if (floor == Instant::min()) return series;
  const auto raised = to.forget(Table::call_analytics, floor);  // of an empty store nothing goes
  if (!raised) return std::unexpected(raised.error());
  auto rollups = from.rows(in_range(bit(Table::rollups), Instant::min(), floor));
  if (!rollups) return rollups;
  series->rollups = std::move(rollups->rollups);
  return series;
}

}  // namespace

Result<CopyReport> copy_history(Store& from, Store& to, const std::function<void(const CopyReport&)>& progress) {
  if (from.dialect() == Dialect::memory || to.dialect() == Dialect::memory) return fail(Code::unsupported, "a store in memory has no history to move");
  const auto end = from.applied(), begun = to.applied();
  if (!end) return std::unexpected(end.error());
  if (!begun) return std::unexpected(begun.error());
  const auto slices = slices_of(from);
  if (!slices) return std::unexpected(slices.error());
  CopyReport report;
  report.of = slices->size() + 2;
  if (*end < report.of) return fail(Code::unsupported, "{} events are too few to count {} steps", *end, report.of);
  if (*begun == 0) {
    const auto there = slices_of(to);
    if (!there) return std::unexpected(there.error());
    if (!there->empty()) return fail(Code::conflict, "the new store has rows already: name an empty one");
  }
  if (*begun >= report.of) return fail(Code::conflict, "the new store has a history of its own, up to event {}", *begun);
  report.steps = *begun;
  if (report.steps == 0) {
    auto first = first_batch(from, to);
    if (!first) return std::unexpected(first.error());
    if (const Status done = apply(to, std::move(*first), 0, 1, report); !done) return std::unexpected(done.error());
  }
  while (report.steps < report.of - 1) {
    const Instant start = from_micros((*slices)[report.steps - 1] * slice.count());
    auto rows = from.rows(in_range(timed_tables, start, start + slice));
    if (!rows) return std::unexpected(rows.error());
    if (const Status done = apply(to, std::move(*rows), report.steps, report.steps + 1, report); !done) return std::unexpected(done.error());
    if (progress) progress(report);
  }
  if (const Status done = apply(to, {}, report.steps, *end, report); !done) return std::unexpected(done.error());
  if (const Status done = to.checkpoint(); !done) return std::unexpected(done.error());
  if (progress) progress(report);
  return report;
}

}  // namespace aybiza
