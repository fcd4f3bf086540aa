#include "server/metrics_text.h"

#include <map>

#include <fmt/format.h>

namespace aybiza {
namespace {

class Text {
 public:
  void counter(std::string_view name, std::string_view help, std::uint64_t value) {
    head(name, help, "counter");
    fmt::format_to(std::back_inserter(out), "aybiza_{}_total {}\n", name, value);
  }
  void gauge(std::string_view name, std::string_view help, double value) {
    head(name, help, "gauge");
    fmt::format_to(std::back_inserter(out), "aybiza_{} {}\n", name, value);
  }
  template <typename Map>
  void labelled(std::string_view name, std::string_view help, std::string_view label, const Map& values) {
    head(name, help, "counter");
    for (const auto& [key, value] : values)
      fmt::format_to(std::back_inserter(out), "aybiza_{}_total{{{}=\"{}\"}} {}\n", name, label, key, value);
  }
  // `label` tells the histograms of one name apart. Seconds.
  void histogram(std::string_view name, std::string_view help, std::string_view label, const std::map<std::string_view, const ScreenWaits*>& values) {
    head(name, help, "histogram");
    for (const auto& [key, waits] : values) {
      std::uint64_t below = 0;
      for (std::size_t i = 0; i <= screen_bounds; ++i) {
        below += waits->counts[i];
        const std::string bound = i == screen_bounds ? "+Inf" : fmt::format("{}", screen_bound_ms(i) / 1e3);
        fmt::format_to(std::back_inserter(out), "aybiza_{}_bucket{{{}=\"{}\",le=\"{}\"}} {}\n", name, label, key, bound, below);
      }
      fmt::format_to(std::back_inserter(out), "aybiza_{0}_sum{{{1}=\"{2}\"}} {3}\naybiza_{0}_count{{{1}=\"{2}\"}} {4}\n", name, label, key, double(waits->sum_us) / 1e6, below);
    }
  }
  std::string out;

 private:
  void head(std::string_view name, std::string_view help, std::string_view type) {
    fmt::format_to(std::back_inserter(out), "# TYPE aybiza_{0} {1}\n# HELP aybiza_{0} {2}\n", name, type, help);
  }
};

}  // namespace

std::string openmetrics(const SelfMetrics& self) {
  Text t;
  const auto& events = self.ledger.total;
  t.counter("events_offered", "Events that senders offered since start.", events.offered);
  t.counter("events_accepted", "Events on disk and counted once.", events.accepted);
  t.counter("events_duplicate", "Events that had been accepted before.", events.duplicates);
  t.labelled("events_rejected", "Events that were refused, by reason.", "reason", events.rejected);
  t.labelled("events_shed", "Events turned away by overload, by reason.", "reason", events.shed);
  t.gauge("events_in_flight", "Events whose answer is still under way.", double(events.in_flight));
  t.gauge("spool_durable_offset", "The last event on disk.", double(self.pipeline.durable));
  t.gauge("live_folded_offset", "The last event in live state.", double(self.pipeline.folded));
  t.gauge("store_applied_offset", "The last event in the store.", double(self.pipeline.applied));
  t.gauge("snapshot_offset", "The last event in the snapshot of live state.", double(self.pipeline.snapshot));
  t.gauge("store_lag_seconds", "Age of the oldest event that the store does not have yet.", self.pipeline.store_lag_seconds);
  t.gauge("store_waiting_collections", "Transactions that wait for the store, in memory and on disk.", double(self.pipeline.unwritten.waiting));
  t.gauge("store_waiting_bytes", "Of these, bytes on disk.", double(self.pipeline.unwritten.spilled_bytes));
  t.counter("store_spilled", "Transactions that waited on disk.", self.pipeline.unwritten.spilled_total);
  t.counter("store_failures", "Transactions the store refused; they are retried.", self.pipeline.store_failures);
  t.counter("store_rows", "Rows written since start.", self.store.rows);
  t.counter("store_rows_set_aside", "Rows the store's server refused for what they hold; they are in poison_rows.", self.store.rows_set_aside);
  t.gauge("store_bytes", "Size of the store's file.", double(self.store.file_bytes));
  t.counter("store_reopened", "How often the embedded store's file was opened anew, because a transaction was in doubt.", self.store.reopened);
  t.gauge("store_rollups_waiting", "Minutes, hours and days that have changed since their rollup was made.", double(self.store.rollups_waiting));
  t.counter("retention_passes", "Passes of retention since start.", self.retention.passes);
  t.counter("retention_rows_deleted", "Rows that retention deleted.", self.retention.rows_deleted);
  t.counter("retention_rows_archived", "Rows that retention moved into Parquet files.", self.retention.rows_archived);
  t.gauge("retention_failing", "1 when the last pass could not do all that its rules say.", self.retention.error.empty() ? 0 : 1);
  t.counter("pictures", "Pictures of pages that were taken.", self.pictures.taken);
  t.labelled("pictures_failed", "Pictures of pages that were not taken, by reason.", "reason", self.pictures.failed);
  t.gauge("pictures_waiting", "Pictures of pages that wait for the browser.", double(self.pictures.waiting));
  t.counter("reports_sent", "Reports that were handed to the mail server.", self.reports.sent);
  t.counter("report_recipients", "Addresses they went to.", self.reports.recipients);
  t.labelled("reports_failed", "Attempts to send a report that failed, by reason.", "reason", self.reports.failed);
  t.gauge("store_commit_milliseconds", "Duration of the newest transaction.", self.pipeline.last_commit_ms);
  t.gauge("snapshot_bytes", "Size of the newest snapshot.", double(self.pipeline.snapshot_bytes));
  t.gauge("snapshot_milliseconds", "Duration of publishing the newest snapshot.", self.pipeline.last_snapshot_ms);
  t.gauge("snapshot_hold_milliseconds", "The longest, since start, that a shard of live state did nothing but take a snapshot.", self.pipeline.snapshot_hold_ms);
  t.gauge("store_log_bytes", "Size of the store's own log.", double(self.store.log_bytes));
  t.counter("events_undecodable", "Events of the log this version cannot read.", self.pipeline.undecodable);
  t.counter("spool_commits", "Group commits.", self.spool.commits.load());
  t.counter("spool_bytes", "Bytes written to the log.", self.spool.written_bytes.load());
  t.gauge("spool_fsync_p50_seconds", "fdatasync, median.", double(self.spool.fsync_latency.quantile_us(.5)) / 1e6);
  t.gauge("spool_fsync_p99_seconds", "fdatasync, 99th percentile.", double(self.spool.fsync_latency.quantile_us(.99)) / 1e6);
  t.counter("spool_stalls", "Flushes that took longer than the stall limit.", self.spool.stalls.load());
  t.gauge("spool_segments", "Segments of the log.", double(self.spool.segments.load()));
  t.counter("spool_quarantined_events", "Acknowledged events whose bytes were found damaged.", self.spool.quarantined_events.load());
  t.gauge("spool_read_only", "1 when the log cannot be written any more.", self.spool.read_only.load() ? 1 : 0);
  t.gauge("dedup_horizon_seconds", "How far back event ids are remembered.", double(self.spool.dedup_horizon_seconds.load()));
  t.gauge("calls_in_flight", "Calls that have started and not ended.", double(self.live.calls_in_flight));
  t.gauge("calls_retained", "Ended calls kept for late events.", double(self.live.calls_ended));
  t.gauge("live_series", "Series in live state.", double(self.live.series));
  t.gauge("live_panes", "Panes in live state.", double(self.live.sizes.panes));
  t.gauge("live_bytes", "Memory of live state, as counted by itself.", double(self.live.sizes.bytes()));
  t.counter("late_events", "Events for calls that live state no longer held.", self.live.late_events);
  t.gauge("cold_calls", "Ended calls no longer in memory of which the id is known.", double(self.live.cold.ids));
  t.gauge("cold_bytes", "Disk held by what such calls were.", double(self.live.cold.bytes));
  t.counter("cold_calls_woken", "Calls brought back from there by a later event.", self.live.woken);
  t.counter("cold_calls_lost", "Calls whose bytes could not be written there, or not be read again.", self.live.cold.lost);
  t.counter("series_overflow", "Contributions that went to __other__.", self.live.series_folded);
  t.gauge("memory_reserved_bytes", "Bytes reserved for request bodies.", double(self.budget.used()));
  t.gauge("http_connections", "Open connections.", double(self.http.connections_open));
  t.gauge("websockets", "Open WebSockets.", double(self.http.websockets_open));
  t.counter("http_requests", "Requests.", self.http.requests_total);
  t.labelled("http_responses", "Responses by status.", "status", self.http.responses);
  t.labelled("http_refused", "Requests refused before their handler, by reason.", "reason", self.http.refused);
  t.labelled("webhooks_taken", "Webhooks that were taken, by vendor.", "vendor", self.webhooks.taken);
  t.labelled("webhooks_ignored", "Webhooks of types that say nothing of a call.", "type", self.webhooks.ignored);
  t.labelled("webhooks_unknown", "Webhooks of types this version does not know; they are kept raw.", "type", self.webhooks.unknown);
  t.labelled("webhooks_refused", "Webhooks that were refused, by reason.", "reason", self.webhooks.refused);
  t.counter("webhook_members_cut", "Unknown members beyond what is kept of one call or turn.", self.webhooks.cut_members);
  t.counter("webhook_events_joined", "Events that went to a call known by another source's id.", self.webhooks.joined_events);
  t.counter("webhook_carrier_events_waiting", "A carrier's events that were kept raw because their call was not known yet.", self.webhooks.waiting_carrier_events);
  t.counter("call_alias_conflicts", "Records that named two calls which both existed.", self.webhooks.alias_conflicts);
  std::map<std::string_view, std::uint64_t> classes;
  for (std::size_t i = 0; i < pii_class_count; ++i) classes[to_string(PiiClass(i))] = self.masked.texts[i];
  t.labelled("masked", "Finds of personal data in texts that were masked since start, by class.", "class", classes);
  t.counter("masked_phone_fields", "Phone number fields that became tokens.", self.masked.phone_fields);
  t.counter("masked_labels", "Ids, names and labels in which something became a token.", self.masked.labels);
  t.counter("texts_dropped", "Texts of which a customer's policy kept only the meaning.", self.masked.texts_dropped);
  t.counter("texts_sealed", "Texts whose original was kept encrypted.", self.masked.texts_sealed);
  t.counter("texts_not_sealed", "Texts that should have been kept encrypted and had no key: they are masked only.", self.masked.texts_not_sealed);
  t.counter("statsd_packets", "StatsD packets read.", self.statsd.packets);
  t.counter("statsd_packets_dropped", "StatsD datagrams the kernel dropped because its buffer was full.", self.statsd.dropped_packets);
  t.counter("statsd_packets_truncated", "StatsD datagrams that were too long; their last line is lost.", self.statsd.truncated_packets);
  std::map<std::string, std::uint64_t> lines{{"metric", self.statsd.lines.metrics}, {"event", self.statsd.lines.events}, {"check", self.statsd.lines.checks}};
  for (std::size_t i = 0; i < statsd_refusal_count; ++i) lines["refused_" + std::string(to_string(StatsdRefusal(i)))] = self.statsd.lines.refused[i];
  t.labelled("statsd_lines", "StatsD lines by what became of them.", "result", lines);
  t.counter("metric_points_offered", "Points that StatsD and remote write senders offered since start.", self.points.offered);
  t.counter("metric_points_accepted", "Of these, points on disk.", self.points.accepted);
  t.counter("metric_points_duplicate", "Of these, points that came before.", self.points.duplicates);
  t.labelled("metric_points_rejected", "Of these, points that were refused, by reason.", "reason", self.points.rejected);
  t.labelled("metric_points_shed", "Of these, points lost to overload or left out by a sampling rule, by reason.", "reason", self.points.shed);
  t.counter("metric_points_sampled", "Points and metric events of every way in that a sampling rule left out.", self.points_sampled);
  t.counter("call_events_sampled", "Events of calls that a sampling rule left out.", self.call_events_sampled);
  t.counter("metric_points_folded", "Points of every way in that live state has folded.", self.live.metrics.points);
  t.counter("metric_points_stored", "Of these, points handed to the store.", self.live.metrics.stored);
  t.counter("metric_points_bases", "Of these, first points of running totals, from which increments count.", self.live.metrics.bases);
  t.counter("metric_points_repeated", "Of these, points of streams that had come before.", self.live.metrics.duplicates);
  t.counter("metric_resets", "Running totals that began again.", self.live.metrics.resets);
  t.counter("metric_points_other", "Points of series beyond their customer's bound, kept as __other__.", self.live.metrics.folded);
  t.histogram("ingest_to_screen_seconds", "From the receipt of an event until a page that counts it was written to its socket, and until its browser had drawn it; each event once for each page.", "stage", {{"written", &self.written}, {"drawn", &self.drawn}});
  t.gauge("metric_series", "Series of generic metrics known now.", double(self.live.metrics.series));
  return std::move(t.out) + "# EOF\n";
}

}  // namespace aybiza
