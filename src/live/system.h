// What the System page shows of the program itself: what came in and what became of it, how far log, live state and store
// are apart, what it takes, and what went wrong, with the reason.
//
// Shape    the server fills SystemFigures; system_tiles() and ingest_series() turn them into tiles and a chart. Figures of one
//          customer (whole == false) are what that customer sent: how the machine is doing is told to nobody else.
// Units    as the names say; counts since `since`, the start of this server. Unknown is empty, never zero.
// Threads  pure.
// Source   interface.md "System"; docs/metrics.md "The program itself".
#pragma once

#include "live/overview.h"
#include "live/screen_latency.h"

namespace aybiza {

struct Conserved {  // offered = accepted + duplicates + rejected + shed + in_flight
  std::uint64_t offered = 0, accepted = 0, duplicates = 0, rejected = 0, shed = 0, in_flight = 0;
};
struct WayIn {
  std::string name;                  // "events ndjson"
  Conserved counts;
  std::optional<Instant> last_seen;  // empty: not since the start
};
struct Trouble {
  std::string where, reason;         // "rejected", "invalid_time"
  std::uint64_t count = 0;
};
struct IngestSample {                // running totals at a moment
  Instant at{};
  std::uint64_t accepted = 0, duplicates = 0, refused = 0;  // refused: rejected and shed
};
struct ShardFigures {
  std::size_t depth = 0;             // messages in its mailbox
  std::uint64_t queued_bytes = 0, behind = 0, events = 0, late = 0, calls_in_flight = 0, series = 0, bytes = 0;
  std::optional<double> watermark_lag_s;  // age of the newest event time; empty: it has seen none
};
struct ToScreen {
  ScreenWaits lately, all;  // of the last minute, or since the start where that is less; since the start
};
struct SystemFigures {
  Instant as_of{}, since{};
  bool whole = true;
  Conserved total;
  std::vector<WayIn> ways;           // the busiest first
  std::vector<Trouble> troubles;     // most first
  std::vector<IngestSample> history; // by time; the last one is now
  // Offsets of the log: written, folded into live state, in the store, in the snapshot.
  std::uint64_t durable = 0, folded = 0, applied = 0, snapshot = 0;
  double store_lag_s = 0;
  std::optional<double> commit_p50_ms, commit_p99_ms, store_commit_ms;
  std::uint64_t spool_segments = 0, spool_free_bytes = 0, snapshot_bytes = 0;
  std::string store, store_error;    // "DuckDB 1.4"; the last failure
  std::uint64_t store_rows = 0, store_bytes = 0, store_log_bytes = 0;
  std::vector<ShardFigures> shards;
  std::optional<std::uint64_t> memory_bytes;  // of the process
  std::uint64_t requests_bytes = 0, requests_bytes_limit = 0, live_bytes = 0, live_series = 0, live_panes = 0, calls_retained = 0;
  std::optional<double> dedup_horizon_s;      // empty: nothing has been forgotten
  std::uint64_t dedup_ids = 0, sampled = 0;
  std::uint64_t connections = 0, websockets = 0, requests = 0;
  std::array<ToScreen, ScreenLatency::stages> screen;
};

// Live state against the store, closed minute by closed minute.
struct ReconcileDifference {
  std::string time, measure;
  std::optional<double> live, store;
};
struct Reconciled {
  Instant as_of{}, from{}, to{};
  std::size_t minutes = 0;
  std::vector<ReconcileDifference> differences;
};

enum SystemTile { rate_tile, refused_tile, backlog_tile, lag_tile, commit_tile, memory_tile, horizon_tile, socket_tile, system_tiles_count };
inline constexpr std::array<std::string_view, system_tiles_count> system_tile_names{
    "ingest_rate", "refused_share", "store_backlog", "store_lag", "commit_p99", "memory_used", "dedup_horizon", "sockets"};

std::array<TileState, system_tiles_count> system_tiles(const SystemFigures& figures);
// Events a second between samples: accepted, duplicates, refused.
ChartSeries ingest_series(const SystemFigures& figures);

}  // namespace aybiza
