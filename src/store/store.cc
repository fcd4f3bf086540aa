#include "store/store.h"

#include <array>

namespace aybiza {

std::string_view to_string(Table table) {
  static constexpr std::array<std::string_view, table_count> names = {
      "call_analytics", "conversation_turns", "usage_events", "interventions", "system_performance_metrics",
      "agent_status",   "metric_series",      "metric_values", "metric_distributions", "learning_events", "change_events", "raw_events",   "rollups"};
  return names[std::size_t(table)];
}

Status Store::put_rollups(std::span<const DirtyBucket>, const std::vector<RollupRow>&) {
  return fail(Code::unsupported, "this store keeps no rollups");
}

Status Store::mark_rollups(Instant, Instant) { return fail(Code::unsupported, "rollups of this store are not deleted by rules"); }

Result<TopicStep> Store::renew_topics(std::string_view, const MakeTopic&, Instant, std::size_t) { return fail(Code::unsupported, "turns of this store stay as they are"); }
Result<std::string> Store::index_vectors(bool) {
  return fail(Code::unsupported, "this store compares vectors one by one, exactly; an index of nearest neighbours is PostgreSQL's, with pgvector");
}

Result<std::unique_ptr<StoreCopy>> Store::begin_copy() { return fail(Code::unsupported, "this store has no file to copy: it is backed up by its own tools"); }

Result<std::uint64_t> Store::forget_rollups(Duration, Instant) { return fail(Code::unsupported, "rollups of this store are not deleted by rules"); }
Result<ArchivedSlice> Store::archive(Table, Instant, Instant) {
  return fail(Code::unsupported, "rows are archived by the embedded store only: export them (docs/sql.md) and choose to delete, or dump them with the server's own tools");
}

namespace {

std::size_t place_of(Duration step) { return table_count + (step >= Duration(std::chrono::hours(24)) ? 2 : step >= Duration(std::chrono::hours(1)) ? 1 : 0); }
Instant gone_at(const std::atomic<std::int64_t>& micros) {
  const std::int64_t value = micros;
  return value == 0 ? Instant::min() : from_micros(value);
}
void raise(std::atomic<std::int64_t>& micros, Instant before) {
  std::int64_t known = micros;
  while (to_micros(before) > known && !micros.compare_exchange_weak(known, to_micros(before))) continue;
}

}  // namespace

Instant Store::gone_before(Table table) const { return gone_at(gone_[std::size_t(table)]); }
Instant Store::rollups_gone_before(Duration step) const { return gone_at(gone_[place_of(step)]); }
void Store::raise_gone(Table table, Instant before) { raise(gone_[std::size_t(table)], before); }
void Store::raise_rollups_gone(Duration step, Instant before) { raise(gone_[place_of(step)], before); }

std::optional<double> as_real(const Cell& cell) {
  if (const auto* real = std::get_if<double>(&cell)) return *real;
  if (const auto* integer = std::get_if<std::int64_t>(&cell)) return double(*integer);
  if (const auto* flag = std::get_if<bool>(&cell)) return *flag ? 1.0 : 0.0;
  if (const auto* decimal = std::get_if<Decimal>(&cell)) {
    double divisor = 1;
    for (int i = 0; i < decimal->scale; ++i) divisor *= 10;
    return double(decimal->unscaled) / divisor;
  }
  return std::nullopt;
}

std::optional<std::int64_t> as_integer(const Cell& cell) {
  if (const auto* integer = std::get_if<std::int64_t>(&cell)) return *integer;
  if (const auto* flag = std::get_if<bool>(&cell)) return *flag ? 1 : 0;
  if (const auto* decimal = std::get_if<Decimal>(&cell); decimal && decimal->scale == 0) return decimal->unscaled;
  return std::nullopt;
}

std::string to_string(Decimal decimal) {
  // The magnitude as unsigned, so that the smallest int64 has one.
  const bool negative = decimal.unscaled < 0;
  const std::uint64_t magnitude =
      negative ? 0 - static_cast<std::uint64_t>(decimal.unscaled) : static_cast<std::uint64_t>(decimal.unscaled);
  std::string digits = fmt::format("{:0{}}", magnitude, std::size_t(decimal.scale) + 1);
  if (decimal.scale > 0) digits.insert(digits.size() - decimal.scale, ".");
  return negative ? "-" + digits : digits;
}

}  // namespace aybiza
