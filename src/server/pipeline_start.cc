// How a pipeline comes to life: the store beside the live state, then what the log holds beyond both.
#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <future>
#include <thread>

#include "base/limits.h"
#include "server/pipeline.h"
#include "server/snapshot_file.h"
#include "store/duckdb_store.h"
#include "store/postgres_store.h"

namespace aybiza {
namespace {

using namespace std::chrono_literals;

constexpr Duration rollups_every = 5s;            // how often is looked for rollups that are due
constexpr Duration store_start_patience = 60s;    // of a start with a server that is starting itself
constexpr Duration start_pause_least = 50ms, start_pause_most = 5s;  // between two attempts to reach it

// The number of shards belongs to the directory: panes cannot be split afterwards.
Result<unsigned> shard_count(const PipelineOptions& options, const Clock& clock) {
  const auto file = options.data / "shards";
  unsigned count = 0;
  if (std::ifstream in(file); in >> count && count > 0 && count <= 256) return count;
  std::ofstream out(file);
  out << options.shards << '\n' << to_micros(clock.now()) << '\n';
  if (!out.flush()) return fail(Code::io, "cannot write {}: choose a directory that can be written with --data", file.string());
  return options.shards;
}

Result<std::unique_ptr<Store>> open_store(const PipelineOptions& options, const Clock& clock) {
  if (options.store_url.empty()) {
    DuckdbOptions duck{.directory = options.data.string(), .clock = &clock, .archive = options.archive};
    if (options.store_memory_bytes != 0) duck.memory_bytes = options.store_memory_bytes;
    return open_duckdb_store(duck);
  }
  const Duration patience = clock.elapsed() + store_start_patience;
  for (Duration pause = start_pause_least;; pause = std::min(pause * 2, start_pause_most)) {
    auto store = open_postgres_store({.url = options.store_url, .clock = &clock, .scratch = (options.data / "store.tmp").string(),
                                      .archive = std::filesystem::absolute(options.archive.empty() ? options.data / "archive" : std::filesystem::path(options.archive)).lexically_normal().string()});
    if (store || store.error().code != Code::unavailable || clock.elapsed() > patience) return store;
    if (pause == start_pause_least) fmt::print(stderr, "aybiza: {}; waiting for it\n", store.error().message);
    std::this_thread::sleep_for(pause);
  }
}

}  // namespace

Instant data_began(const std::filesystem::path& data) {
  std::ifstream in(data / "shards");
  unsigned count = 0;
  std::int64_t began = 0;
  return in >> count >> began ? from_micros(began) : Instant::max();
}

Pipeline::Pipeline(const PipelineOptions& options, const Clock& clock)
    : options_(options), clock_(clock), published_(2) {}

Result<std::unique_ptr<Pipeline>> Pipeline::open(const PipelineOptions& options) {
  std::unique_ptr<Pipeline> pipeline(new Pipeline(options, *options.clock));
  if (auto done = pipeline->recover(); !done) return std::unexpected(done.error());
  return pipeline;
}

Status Pipeline::recover() {
  std::error_code error;
  std::filesystem::create_directories(options_.data, error);
  if (error) return fail(Code::io, "cannot make {}: {}; choose another directory with --data", options_.data.string(), error.message());
  spool::Options log{.directory = (options_.data / "spool").string(), .clock = &clock_};
  if (options_.dedup_memory_bytes != 0) log.dedup_event_bytes = options_.dedup_memory_bytes;
  auto spool = spool::Spool::open(std::move(log));
  if (!spool) return std::unexpected(spool.error());
  spool_ = std::move(*spool);
  auto opening = std::async(std::launch::async, [this] { return open_store(options_, clock_); });  // beside the live state: both take a second
  const auto count = shard_count(options_, clock_);
  if (!count) return std::unexpected(count.error());
  AYBIZA_TRY(keep_first_prices());
  const auto first = prices_before(options_.data, 1);
  if (!first) return std::unexpected(first.error());
  const auto make = [&](unsigned i, Instant covered_since, const PriceBook& prices) {
    return Shard({.index = i, .count = *count, .covered_since = covered_since, .metrics_since = data_began(options_.data),
                  .calls_retained = options_.calls_retained / *count, .cold = options_.data / "cold" / std::to_string(i), .prices = prices});
  };
  std::vector<Shard> shards;
  for (unsigned i = 0; i < *count; ++i) shards.push_back(make(i, Instant::min(), *first));
  const auto snapshot = load_snapshot(options_.data);
  std::vector<std::future<Status>> restoring;
  for (unsigned i = 0; snapshot && snapshot->sizes.size() == *count && i < *count; ++i)
    restoring.push_back(std::async(std::launch::async, [&, i] {
      const auto bytes = load_part(options_.data, *snapshot, i);
      return bytes ? shards[i].restore(*bytes) : Status(std::unexpected(bytes.error()));
    }));
  auto store = opening.get();
  if (!store) return std::unexpected(store.error());
  store_ = std::move(*store);
  const auto applied = store_->applied();
  if (!applied) return std::unexpected(applied.error());

  bool usable = !restoring.empty() && snapshot->offset <= *applied;
  for (auto& part : restoring) {
    const Status restored = part.get();
    if (restored || !usable) continue;
    if (restored.error().code != Code::unsupported) return std::unexpected(restored.error());
    usable = false;
    fmt::print(stderr, "aybiza: {}; live figures begin with what the log still holds, history is complete\n", restored.error().message);
  }
  if (!usable)
    for (unsigned i = 0; i < *count; ++i) shards[i] = make(i, Instant::min(), *first);
  const std::uint64_t from = usable ? snapshot->offset + 1 : 1;
  auto reader = spool_->read_from(spool::Offset{from});
  if (!reader) reader = spool_->read_from(spool::Offset{0});  // released: live state begins where the log does
  if (!reader) return std::unexpected(reader.error());
  reader_ = std::move(*reader);
  const auto released = prices_before(options_.data, reader_->position().value);
  if (!released) return std::unexpected(released.error());
  if (!usable && reader_->position().value > 1)
    for (unsigned i = 0; i < *count; ++i) shards[i] = make(i, clock_.now(), *released);
  for (Shard& shard : shards) shard.mark_stored_until(*applied);
  if (const std::uint64_t begins = reader_->position().value; begins > *applied + 1)
    fmt::print(stderr, "aybiza: the store ends at event {} and the log begins at {}: what lies between is in neither; of a restored store, a newer copy has it\n", *applied, begins);

  stats_.applied = *applied;
  stats_.snapshot = usable ? snapshot->offset : 0;
  fed_ = std::max(from, reader_->position().value) - 1;
  collected_ = *applied;
  std::vector<JoinedCall> joined;
  for (const Shard& shard : shards) joined.insert(joined.end(), shard.joined().begin(), shard.joined().end());
  routes_.begin(*count, std::move(joined));
  shards_ = std::make_unique<LiveShards>(std::move(shards));
  collecting_.resize(shards_->count());
  const std::uint64_t target = recovered_ = spool_->visible().value;
  unwritten_ = std::make_unique<Unwritten>(options_.data / "unwritten", Unwritten::Bounds{limits::unwritten_disk_bytes, limits::unwritten_disk_left},
                                           [this] { --outstanding_; });
  start_threads();
  while (!shards_->wait_folded(target, 100ms)) {
  }
  let_write();
  return {};
}

void Pipeline::start_threads() {
  publisher_ = Thread("snapshot", [this](std::stop_token) {
    while (!published_.finished()) published_.drain_wait(1s, [this](Unpublished&& taken) { publish(taken); });
  });
  writer_ = Thread("store-writer", [this](std::stop_token stop) { write(stop); });
  router_ = Thread("router", [this](std::stop_token stop) { route(stop); });
  if (store_->keeps_rollups()) rollups_ = std::make_unique<Periodic>("rollups", rollups_every, [this] { repair_rollups_due(); });
}

}  // namespace aybiza
