#include "server/pipeline.h"

#include <fmt/format.h>

#include <algorithm>
#include <thread>

#include "base/check.h"
#include "base/limits.h"
#include "query/rollup_repair.h"
#include "server/retention_rules.h"
#include "server/topics.h"

namespace aybiza {
namespace {

using namespace std::chrono_literals;

constexpr Duration collect_interval = 200ms;      // how often rows go to the store when nobody waits
constexpr std::size_t collect_events = 50'000;    // or after so many events
constexpr std::size_t collect_bytes = 4 * limits::MiB;  // or so many of the log: one event may be thousands of points
constexpr double pressed_share = .75;             // of unwritten_events: then rows go to disk, before live figures would have to wait
constexpr std::size_t outstanding_max = 2;        // collections in memory on their way to the store
constexpr std::size_t chunk_events = 512;         // events handed to a shard in one message
constexpr std::size_t chunk_bytes = limits::MiB;  // or so many bytes of them
constexpr Duration idle_wait = 20ms;              // how long the router sleeps on the log
constexpr Duration store_pause_least = 50ms, store_pause_most = 1s;  // between two attempts to write what the store refused

}  // namespace

Pipeline::~Pipeline() { stop(); }

void Pipeline::stop() {
  if (std::exchange(stopped_, true)) return;
  stopping_ = true;
  if (rollups_) rollups_->stop();
  if (spool_) spool_->close();
  // The router leaves when it has read everything and handed over its last collection; then the writer drains.
  router_.request_stop();
  if (router_.joinable()) router_.join();
  if (shards_) shards_->run_all([this](std::size_t i, Shard& shard) { end_collecting(i, shard); });  // the last collection has reached the writer
  if (unwritten_) unwritten_->close();
  if (writer_.joinable()) writer_.join();
  published_.close();
  if (publisher_.joinable()) publisher_.join();
  if (shards_) shards_->stop();
}

// What cannot be made stays marked, and questions about it are answered from the rows.
void Pipeline::repair_rollups_due() {
  // Reading rows back takes from writing those that wait, and these will change the same buckets.
  if (!repair_patience_.due(store_lag(), clock_.elapsed())) return;
  const auto rules = read_retention(options_.data);  // such as cannot be read take nothing
  const Instant before = rules ? rows_go_before(*rules, clock_.now()) : Instant::min();
  const auto done = repair_rollups(*store_, {.now = clock_.now(), .elapsed = clock_.elapsed(), .minutes_before = before}, [this] { return stopping_.load(); });
  if (done) return;
  const std::lock_guard lock(mutex_);
  stats_.last_store_error = "making rollups: " + done.error().message;
}

void Pipeline::dispatch(const spool::RecordView& record) {
  received_ = std::max(received_, record.received);
  for (std::size_t i = 0; i < record.count(); ++i) {
    const auto event = record.event(i);
    routes_.route(event.bytes, event.offset.value, received_);
    bytes_since_snapshot_ += event.bytes.size();
    bytes_uncollected_ += event.bytes.size();
  }
  if (options_.screen) options_.screen->took(fed_, record.end().value - 1, record.received);
  fed_ = record.end().value - 1;
}

// The lag shown is the age of the oldest event the store lacks: remembered when the store had everything before it.
void Pipeline::note_oldest(Instant received) {
  std::lock_guard lock(mutex_);
  if (stats_.applied >= fed_) oldest_unapplied_ = received;
}

void Pipeline::flush_chunks() {
  for (std::size_t i = 0; i < routes_.shards(); ++i) {
    EventChunk chunk = routes_.take(i);
    chunk.to = fed_;
    chunk.received = received_;
    shards_->feed(i, std::move(chunk));
  }
}

void Pipeline::route(std::stop_token stop) {
  using Steady = std::chrono::steady_clock;
  std::size_t waiting = 0, waiting_bytes = 0;
  Duration last_beat = clock_.elapsed();
  for (;;) {
    auto record = reader_->next(waiting > 0 ? Steady::time_point::min() : Steady::now() + idle_wait);
    if (!record) {
      std::lock_guard lock(mutex_);
      stats_.last_store_error = "reading the log: " + record.error().message;
      if (stop.stop_requested()) break;
      continue;
    }
    if (*record) {
      before_order(**record, waiting);
      if (waiting == 0) note_oldest((*record)->received);
      dispatch(**record);
      waiting += (*record)->count();
      waiting_bytes += (*record)->length;
    }
    if (waiting >= chunk_events || waiting_bytes >= chunk_bytes || (waiting > 0 && !*record)) {
      flush_chunks();
      waiting = waiting_bytes = 0;
    }
    const Duration now = clock_.elapsed();
    if (waiting == 0 && now - last_beat >= 1s) {  // silence passes too: idle calls end, rings move
      received_ = std::max(received_, clock_.now());
      flush_chunks();
      last_beat = now;
    }
    // During a replay of what the store already has, collected_ is ahead of fed_.
    const std::uint64_t uncollected = fed_ > collected_ ? fed_ - collected_ : 0;
    const bool due = now - last_collect_ >= collect_interval || uncollected >= collect_events ||
                     bytes_uncollected_ >= collect_bytes || hurry_.load();
    if (waiting == 0 && due) collect(full() || bytes_uncollected_ >= limits::uncollected_bytes, hurry_.load());
    if (unwritten_in_memory() >= std::uint64_t(double(options_.unwritten_events) * pressed_share)) unwritten_->press();
    if (waiting == 0 && full()) wait_for_store(stop);
    if (!*record && waiting == 0 && (reader_->closed() || stop.stop_requested())) break;
  }
  collect(true, true);
}

// Events that are folded and whose rows are in memory: dirty in the shards, or collected and on their way.
std::uint64_t Pipeline::unwritten_in_memory() const {
  const std::uint64_t away = unwritten_->away();
  const std::lock_guard lock(mutex_);
  const std::uint64_t gone = std::max(away, stats_.applied);
  return fed_ > gone ? fed_ - gone : 0;
}

void Pipeline::let_write() {
  const std::lock_guard lock(mutex_);
  may_write_ = true;
  applied_changed_.notify_all();
}

void Pipeline::wait_for_store(const std::stop_token& stop) {
  let_write();
  while (full() && !stop.stop_requested()) {
    if (fed_ > collected_) collect(true, false);
    std::unique_lock lock(mutex_);
    applied_changed_.wait_for(lock, 20ms);
  }
}

// Asks every shard for what changed up to here and hands it to the writer when the last one has answered.
void Pipeline::collect(bool wait_for_room, bool whole) {
  while (outstanding_.load() >= outstanding_max || gathering_.load()) {
    if (!wait_for_room) return;
    if (!gathering_.load()) unwritten_->press();
    std::this_thread::sleep_for(1ms);
  }
  last_collect_ = clock_.elapsed();
  bytes_uncollected_ = 0;
  if (whole) hurry_ = false;
  const std::uint64_t applied_from = collected_;
  const bool anything = fed_ > collected_;
  const std::shared_ptr<Taking> taking = begin_snapshot();
  struct Gathering {
    std::mutex mutex;
    std::unique_ptr<Collection> collection = std::make_unique<Collection>();
    std::size_t left = 0;
  };
  auto gathering = std::make_shared<Gathering>();
  gathering->left = shards_->count();
  gathering->collection->rows.from = applied_from;
  gathering->collection->rows.to = std::max(fed_, collected_);
  gathering->collection->received = received_;
  gathering->collection->whole = whole;
  gathering->collection->rerate = std::exchange(rerate_, std::nullopt);
  collected_ = gathering->collection->rows.to;
  ++outstanding_;
  gathering_ = true;
  const auto gathered = [this](Gathering& all, RowBatch& part) {
    std::unique_lock lock(all.mutex);
    RowBatch& rows = all.collection->rows;
    const auto take = [](auto& to, auto& from) {
      if (to.empty()) to = std::move(from);
      else to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
    };
    take(rows.calls, part.calls), take(rows.turns, part.turns), take(rows.usage, part.usage);
    take(rows.interventions, part.interventions), take(rows.system, part.system), take(rows.agent_status, part.agent_status);
    take(rows.metric_series, part.metric_series), take(rows.metric_points, part.metric_points);
    take(rows.metric_distributions, part.metric_distributions), take(rows.raw, part.raw), take(rows.learning, part.learning), take(rows.changes, part.changes), take(rows.rollups, part.rollups), take(rows.late, part.late);
    if (--all.left != 0) return;
    auto finished = std::move(all.collection);
    lock.unlock();
    unwritten_->push(std::move(finished));
    gathering_ = false;
  };
  for (std::size_t i = 0; i < shards_->count(); ++i)
    shards_->post(i, [this, gathering, gathered, i, taking, anything, what = whole ? Shard::What::all : Shard::What::due](Shard& shard) {
      auto part = std::make_shared<RowBatch>();
      part->from = gathering->collection->rows.from;
      part->to = gathering->collection->rows.to;
      if (i == 0) gathering->collection->prices = shard.prices();
      if (anything || shard.dirty(what)) shard.begin_collect(*part, what);
      collecting_[i] = [gathering, gathered, part] { gathered(*gathering, *part); };
      if (!taking) return shards_->in_turns(i, [this, i](Shard& at) { return go_on_collecting(i, at, Shard::collected_calls); });
      end_collecting(i, shard);  // a snapshot is of calls that were handed out
      take_snapshot(shard, i, taking);
    });
}

// On the shard's thread; false: none is under way any more.
bool Pipeline::go_on_collecting(std::size_t index, Shard& shard, std::size_t some) {
  if (!collecting_[index]) return false;
  if (shard.next_of_collect(some)) return true;
  std::exchange(collecting_[index], nullptr)();
  return false;
}

void Pipeline::end_collecting(std::size_t index, Shard& shard) {
  while (go_on_collecting(index, shard, SIZE_MAX)) {
  }
}

void Pipeline::write(std::stop_token) {
  {  // a start folds first: nobody sees anything before, and rows wait as they do behind a slow store
    std::unique_lock lock(mutex_);
    while (!may_write_ && !stopping_) applied_changed_.wait_for(lock, 100ms);
  }
  bool broken_off = false;  // shutting down: the log has the rest, and the next start takes it from there
  while (!unwritten_->finished()) {
    auto next = unwritten_->pop(1s, !stopping_);
    if (!next) {
      note_store_error(next.error().message);
      std::this_thread::sleep_for(1s);
      continue;
    }
    if (!next->collection) continue;
    broken_off = broken_off || (next->was_spilled && stopping_);
    if (!broken_off) broken_off = !write_one(*next->collection);
    if (!next->was_spilled) --outstanding_;
  }
}

void Pipeline::note_store_error(const std::string& what) {
  const std::lock_guard lock(mutex_);
  ++stats_.store_failures;
  stats_.last_store_error = what;
}

// Until the store has it; false: this ends first.
bool Pipeline::write_one(Collection& collection) {
  for (Duration pause = store_pause_least;; pause = std::min(pause * 2, store_pause_most)) {
    const Status done = apply(collection);
    if (done && pause > store_pause_least) fmt::print(stderr, "aybiza: the store takes rows again\n");
    if (done) return true;
    note_store_error(done.error().message);
    if (pause == store_pause_least) fmt::print(stderr, "aybiza: the store refuses rows, they wait in the log: {}\n", done.error().message);
    for (Duration left = pause; left > 0ms && !stopping_; left -= store_pause_least) std::this_thread::sleep_for(store_pause_least);
    if (stopping_) return false;
  }
}

void Pipeline::use_topics(std::shared_ptr<const TopicModel> model) {
  std::lock_guard lock(mutex_);
  topics_ = std::move(model);
}

Status Pipeline::apply(Collection& collection) {
  store_->use_prices(collection.prices);
  if (collection.rerate) AYBIZA_TRY(rerate(collection));
  const RowBatch& rows = collection.rows;
  std::uint64_t applied;
  std::shared_ptr<const TopicModel> topics;
  {
    std::lock_guard lock(mutex_);
    applied = stats_.applied;
    topics = topics_;
  }
  if (topics) add_topics(*topics, collection.rows.turns);
  const Duration began = clock_.elapsed();
  if (rows.to > applied || (!rows.empty() && rows.to == applied)) {
    if (auto done = store_->apply(rows); !done) return done;
  }
  const Duration committed = clock_.elapsed();
  {
    std::lock_guard lock(mutex_);
    stats_.applied = std::max(applied, rows.to);
    if (collection.whole) whole_ = rows.to;
    oldest_unapplied_ = std::max(oldest_unapplied_, collection.received);  // what is left came after this
    ++stats_.collections;
    stats_.last_commit_ms = double((committed - began).count()) / 1000;
  }
  applied_changed_.notify_all();
  std::unique_lock lock(mutex_);
  const std::uint64_t below = std::min({stats_.applied, stats_.snapshot, store_->stats().checkpointed}) + 1;
  lock.unlock();
  spool_->release(spool::Offset{below});
  return {};
}

bool Pipeline::wait_folded(Duration patience) { return shards_->wait_folded(spool_->visible().value, patience); }

bool Pipeline::wait_applied(Duration patience) {
  const std::uint64_t target = spool_->visible().value;
  std::unique_lock lock(mutex_);
  const auto until = clock_.elapsed() + patience;
  while (whole_ < target) {
    hurry_ = true;
    if (clock_.elapsed() >= until) return false;
    applied_changed_.wait_for(lock, 10ms);
  }
  return true;
}

PipelineStats Pipeline::stats() const {
  std::unique_lock lock(mutex_);
  PipelineStats stats = stats_;
  const Instant oldest = oldest_unapplied_;
  lock.unlock();
  stats.durable = spool_->visible().value;
  stats.folded = shards_->folded();
  stats.unwritten = unwritten_->stats();
  stats.undecodable = shards_->undecodable();
  stats.snapshot_hold_ms = snapshot_hold_ms_.load();
  if (stats.applied < stats.durable) stats.store_lag_seconds = double((clock_.now() - oldest).count()) / 1e6;
  return stats;
}

}  // namespace aybiza
