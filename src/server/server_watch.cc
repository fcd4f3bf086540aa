#include "server/server_watch.h"

#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <tuple>

#include "base/limits.h"

namespace aybiza {
namespace {

Conserved conserved(const ConservationCounts& c) {
  return {c.offered, c.accepted, c.duplicates, c.rejected_total(), c.shed_total(), c.in_flight};
}

IngestSample sample_of(const ConservationCounts& c, Instant at) {
  return {at, c.accepted, c.duplicates, c.rejected_total() + c.shed_total()};
}

// Pages of the process that are in memory; empty where the kernel does not tell.
std::optional<std::uint64_t> resident_bytes() {
  std::ifstream file("/proc/self/statm");
  std::uint64_t all = 0, resident = 0;
  if (!(file >> all >> resident)) return std::nullopt;
  return resident * std::uint64_t(::sysconf(_SC_PAGESIZE));
}

template <typename Map>
void add(std::vector<Trouble>& out, std::string_view where, const Map& reasons) {
  for (const auto& [reason, count] : reasons)
    if (count > 0) out.push_back({std::string(where), std::string(reason), count});
}

std::optional<double> commit_ms(const spool::Stats& spool, double q) {
  if (spool.fsync_latency.count() == 0) return std::nullopt;
  return double(spool.fsync_latency.quantile_us(q)) / 1e3;
}

}  // namespace

ServerWatch::ServerWatch(ServerWatchParts parts) : parts_(std::move(parts)) {
  sample();
  beat_ = std::make_unique<Periodic>("watch", limits::system_sample_rhythm, [this] { sample(); });
}

void ServerWatch::stop() {
  if (beat_) beat_->stop();
}

void ServerWatch::sample() {
  Sample now{sample_of(parts_.events->ledger().snapshot().total, parts_.pipeline->clock().now()), {}};
  for (std::size_t i = 0; parts_.screen && i < now.screen.size(); ++i) now.screen[i] = parts_.screen->waits(ScreenLatency::Stage(i));
  const std::lock_guard lock(mutex_);
  history_.push_back(now);
  if (history_.size() > limits::system_samples) history_.pop_front();
}

SystemFigures ServerWatch::figures(const std::vector<std::string>& customers) const {
  const Ledger::Snapshot ledger = parts_.events->ledger().snapshot();
  SystemFigures out;
  out.as_of = parts_.pipeline->clock().now(), out.since = ledger.since;
  out.whole = customers.empty();
  if (out.whole) {
    out.total = conserved(ledger.total);
    add_machine(out, ledger);
    add_shards(out);
    add_screen(out);
    add_troubles(out, ledger);
  } else {
    for (const std::string& customer : customers) {
      const auto at = ledger.customers.find(customer);
      if (at == ledger.customers.end()) continue;
      const Conserved one = conserved(at->second);
      out.total.offered += one.offered, out.total.accepted += one.accepted, out.total.duplicates += one.duplicates;
      out.total.rejected += one.rejected, out.total.shed += one.shed, out.total.in_flight += one.in_flight;
      add(out.troubles, "rejected", at->second.rejected);
      add(out.troubles, "shed", at->second.shed);
    }
  }
  std::ranges::sort(out.troubles, [](const Trouble& a, const Trouble& b) { return std::tie(b.count, a.where, a.reason) < std::tie(a.count, b.where, b.reason); });
  return out;
}

void ServerWatch::add_machine(SystemFigures& out, const Ledger::Snapshot& ledger) const {
  for (const auto& [name, way] : ledger.ways)
    out.ways.push_back({name, conserved(way.counts), way.last_seen == Instant{} ? std::nullopt : std::optional(way.last_seen)});
  std::ranges::sort(out.ways, [](const WayIn& a, const WayIn& b) { return std::tie(b.counts.offered, a.name) < std::tie(a.counts.offered, b.name); });
  {
    const std::lock_guard lock(mutex_);
    for (const Sample& one : history_) out.history.push_back(one.ingest);
  }
  if (out.history.empty() || out.history.back().at < out.as_of) out.history.push_back(sample_of(ledger.total, out.as_of));
  const PipelineStats pipeline = parts_.pipeline->stats();
  out.durable = pipeline.durable, out.folded = pipeline.folded, out.applied = pipeline.applied, out.snapshot = pipeline.snapshot;
  out.store_lag_s = pipeline.store_lag_seconds;
  if (pipeline.collections > 0) out.store_commit_ms = pipeline.last_commit_ms;
  out.snapshot_bytes = pipeline.snapshot_bytes;
  out.store_error = pipeline.last_store_error;
  const spool::Stats& spool = parts_.pipeline->spool().stats();
  out.commit_p50_ms = commit_ms(spool, .5), out.commit_p99_ms = commit_ms(spool, .99);
  out.spool_segments = spool.segments.load(), out.spool_free_bytes = spool.free_bytes.load();
  if (spool.dedup_forgot.load()) out.dedup_horizon_s = double(spool.dedup_horizon_seconds.load());
  out.dedup_ids = spool.dedup_ids.load();
  const StoreStats store = parts_.pipeline->store().stats();
  out.store = store.engine + (store.version.empty() ? "" : " " + store.version);
  out.store_rows = store.rows, out.store_bytes = store.file_bytes, out.store_log_bytes = store.log_bytes;
  out.memory_bytes = resident_bytes();
  out.requests_bytes = parts_.budget->used(), out.requests_bytes_limit = parts_.budget->limit();
  if (parts_.sampler) out.sampled = parts_.sampler->left_out();
  const net::HttpCounters http = parts_.http();
  out.connections = http.connections_open, out.websockets = http.websockets_open, out.requests = http.requests_total;
}

void ServerWatch::add_screen(SystemFigures& out) const {
  if (!parts_.screen) return;
  const std::lock_guard lock(mutex_);
  // The newest sample that is a minute old, else the first.
  const auto after = std::ranges::upper_bound(history_, out.as_of - Duration(limits::screen_lately), {}, [](const Sample& s) { return s.ingest.at; });
  const Sample& then = after == history_.begin() ? history_.front() : *(after - 1);
  for (std::size_t i = 0; i < out.screen.size(); ++i) {
    out.screen[i].all = parts_.screen->waits(ScreenLatency::Stage(i));
    out.screen[i].lately = out.screen[i].all.since(then.screen[i]);
  }
}

void ServerWatch::add_shards(SystemFigures& out) const {
  LiveShards& shards = parts_.pipeline->shards();
  const auto queues = shards.queues();  // before the question below, which is a message too
  std::vector<ShardStats> stats(shards.count());
  if (!shards.run_all([&](std::size_t i, Shard& shard) { stats[i] = shard.stats(); })) return;
  for (std::size_t i = 0; i < stats.size(); ++i) {
    const ShardStats& s = stats[i];
    ShardFigures shard{.depth = queues[i].depth, .queued_bytes = queues[i].bytes, .behind = out.durable - std::min(out.durable, queues[i].folded),
                       .events = s.events, .late = s.late_events, .calls_in_flight = s.calls_in_flight, .series = s.series, .bytes = s.sizes.bytes(), .watermark_lag_s = {}};
    if (s.events > 0) shard.watermark_lag_s = double((out.as_of - std::min(out.as_of, s.newest)).count()) / 1e6;
    out.live_bytes += s.sizes.bytes(), out.live_series += s.series, out.live_panes += s.sizes.panes, out.calls_retained += s.calls_ended;
    out.shards.push_back(shard);
  }
}

void ServerWatch::add_troubles(SystemFigures& out, const Ledger::Snapshot& ledger) const {
  add(out.troubles, "rejected", ledger.total.rejected);
  add(out.troubles, "shed", ledger.total.shed);
  add(out.troubles, "HTTP refused", parts_.http().refused);
  if (parts_.webhooks) add(out.troubles, "webhook refused", parts_.webhooks->counters().refused);
  if (parts_.metric_ways) {
    const ConservationCounts points = parts_.metric_ways->points().total;
    add(out.troubles, "points rejected", points.rejected);
    add(out.troubles, "points shed", points.shed);
  }
  const spool::Stats& spool = parts_.pipeline->spool().stats();
  const PipelineStats pipeline = parts_.pipeline->stats();
  const StoreStats store = parts_.pipeline->store().stats();
  std::uint64_t late = 0;
  for (const ShardFigures& shard : out.shards) late += shard.late;
  const std::pair<std::string_view, std::uint64_t> log[] = {{"events found damaged", spool.quarantined_events.load()}, {"flushes that stalled", spool.stalls.load()},
                                                           {"commits that failed", spool.failed_commits.load()}};
  const std::pair<std::string_view, std::uint64_t> kept[] = {{"transactions refused and retried", pipeline.store_failures}, {"rows set aside", store.rows_set_aside},
                                                            {"values that did not fit", store.values_out_of_range}};
  const std::pair<std::string_view, std::uint64_t> live[] = {{"events too late for live state", late}, {"events this version cannot read", pipeline.undecodable}};
  add(out.troubles, "log", log);
  add(out.troubles, "store", kept);
  add(out.troubles, "live", live);
}

}  // namespace aybiza
