// The wiring, in the order data flows: spool -> router -> shards -> collector -> writer -> store, and back for questions.
//
// Shape    open() recovers (spool, store, snapshot), replays what the snapshot lacks and starts the threads; it returns
//          when live state has caught up with what was durable at its start, while the store may still be behind.
//          Router: reads the log, hands events to shards, and, every collect_interval, asks all shards for what changed.
//          Writer: one transaction per collection; those that it cannot keep up with wait on disk (server/unwritten). Rollups: what of them is due, every few seconds. Snapshot: the shards write their parts when one is due, a thread of its
//          own syncs and names them once the rows up to there are applied. The spool is released below
//          min(applied, snapshot, the store's checkpoint).
// Errors   open: one line for the operator. Later failures of the store are retried and shown (stats), never dropped.
// Threads  open, stop, destroy by one owner; everything else from any thread.
// Source   architecture.md 2; decisions.md 16, 19; reliability.md 3.1 rules 1, 6.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "base/clock.h"
#include "base/limits.h"
#include "base/status.h"
#include "live/screen_latency.h"
#include "query/answer.h"
#include "runtime/mailbox.h"
#include "runtime/periodic.h"
#include "runtime/thread.h"
#include "server/event_router.h"
#include "server/live_shards.h"
#include "server/snapshot_file.h"
#include "server/store_patience.h"
#include "server/unwritten.h"
#include "spool/spool.h"
#include "store/store.h"
#include "text/topic_model.h"

namespace aybiza {

struct PipelineOptions {
  std::filesystem::path data;
  unsigned shards = 2;  // of a new directory; an old one keeps its own
  const Clock* clock = nullptr;
  std::string store_url = {};  // of a PostgreSQL; empty: DuckDB in the data directory
  std::string archive = {};    // where retention puts Parquet files; empty: in the data directory
  std::size_t store_memory_bytes = 0, dedup_memory_bytes = 0, calls_retained = 0;  // 0: the parts' own defaults
  ScreenLatency* screen = nullptr;  // is told what was received when; it outlives the pipeline
  std::size_t unwritten_events = limits::uncollected_events;  // folded and neither in the store nor on disk: then live figures wait; three quarters of it send rows to disk
};

// When a data directory was first opened; max: it does not say (an older version made it).
Instant data_began(const std::filesystem::path& data);

// The book in force before the event at `offset`: the last that was ordered before it, of which DIR/prices.orders knows also
// when the log has let it go; else the list the directory began with, whatever the program ships today; else that.
Result<PriceBook> prices_before(const std::filesystem::path& data, std::uint64_t offset);

struct PipelineStats {
  std::uint64_t durable = 0, folded = 0, applied = 0, snapshot = 0;
  std::uint64_t collections = 0, store_failures = 0, snapshots = 0, undecodable = 0;
  double store_lag_seconds = 0;       // age of the oldest event that is durable and not applied
  double last_commit_ms = 0, last_snapshot_ms = 0;
  double snapshot_hold_ms = 0;        // the longest a shard did nothing but take one
  std::uint64_t snapshot_bytes = 0;
  Unwritten::Stats unwritten;         // collections on their way to the store
  std::string last_store_error;
};

class Pipeline {
 public:
  static Result<std::unique_ptr<Pipeline>> open(const PipelineOptions& options);
  ~Pipeline();
  Pipeline(const Pipeline&) = delete;

  spool::Spool& spool() { return *spool_; }
  Store& store() { return *store_; }
  LiveShards& shards() { return *shards_; }
  const Clock& clock() const { return clock_; }

  // What was durable now is in live state / in the store; false: not within the patience.
  bool wait_folded(Duration patience);
  bool wait_applied(Duration patience);

  // Answers a question from where its source says; `auto` takes live state when it covers the question.
  Answered<Answer> ask(const Question& question);
  // The same for pages: never waits for the store to catch up, nor for long while it is behind (store_patience.h).
  Answered<Answer> glance(const Question& question);
  // Several at one moment, which the shards are asked together: one wait for them, and not one for each.
  std::vector<Answered<Answer>> glance(std::span<const Question> questions);

  // Until when a page may wait for what it asks the store itself, on the clock's elapsed axis.
  Duration page_deadline() const;

  // Rows of learning and changes, in order: live where live state has them all, otherwise the store's. `source` says which.
  Answered<LearningPartial> learning(const LearningQuestion& question, Source& source);
  // The same for pages: as live state and store are, without waiting.
  Answered<LearningPartial> learning_now(const LearningQuestion& question);

  // Puts an order into the log, where every fold finds it at the same place; answers its offset when it is on disk.
  Result<std::uint64_t> order_prices(const PriceOrder& order);
  // The book in force where the log ends, as folded by now.
  PriceBook prices();
  // What pricing anew by the order at `offset` changed in the store; nullopt: not done within the patience.
  std::optional<RerateReport> wait_rerated(std::uint64_t offset, Duration patience);

  // By which turns get their topic vectors when they are written, from now on.
  void use_topics(std::shared_ptr<const TopicModel> model);

  std::uint64_t recovered() const { return recovered_; }  // events of the log before this start
  PipelineStats stats() const;
  void begin_stop() { store_->closing(); }  // soon there is a stop(): nobody waits for a silent store for long
  void stop();

 private:
  struct Unpublished {
    std::uint64_t offset = 0;
    std::vector<SnapshotPart> parts;  // one per shard
  };
  struct Taking;  // a snapshot under way
  Pipeline(const PipelineOptions& options, const Clock& clock);
  Status recover();      // this and the next: pipeline_start.cc
  void start_threads();
  void route(std::stop_token stop);
  void write(std::stop_token stop);
  void dispatch(const spool::RecordView& record);
  void note_oldest(Instant received);
  void flush_chunks();
  void collect(bool wait_for_room, bool whole);
  bool go_on_collecting(std::size_t index, Shard& shard, std::size_t some);
  void end_collecting(std::size_t index, Shard& shard);
  std::uint64_t unwritten_in_memory() const;
  bool full() const { return unwritten_in_memory() >= options_.unwritten_events; }
  void let_write();
  void wait_for_store(const std::stop_token& stop);
  bool write_one(Collection& collection);
  void note_store_error(const std::string& what);
  Status apply(Collection& collection);
  Status keep_first_prices() const;
  void remember_order(std::uint64_t offset, const PriceOrder& order);
  Status rerate(Collection& collection);
  void before_order(const spool::RecordView& record, std::size_t& waiting);
  std::shared_ptr<Taking> begin_snapshot();  // this and the next three: pipeline_snapshot.cc
  void take_snapshot(Shard& shard, std::size_t index, const std::shared_ptr<Taking>& taking);
  void note_hold(std::chrono::steady_clock::time_point began);
  void publish(Unpublished& snapshot);
  void repair_rollups_due();
  Answered<Answer> ask_at(const Question& question, bool wait);
  Answered<Answer> ask_store(const Question& question, Instant now);
  StoreLag store_lag() const;
  Answered<Answer> live_answer(const Question& question, const AskShards& shards, Instant now);

  const PipelineOptions options_;
  const Clock& clock_;
  std::unique_ptr<spool::Spool> spool_;
  std::unique_ptr<Store> store_;
  std::unique_ptr<LiveShards> shards_;
  std::vector<std::function<void()>> collecting_;  // by shard, its thread's alone: what follows the collection under way
  std::unique_ptr<spool::Reader> reader_;
  EventRouter routes_;                   // the router's
  std::uint64_t fed_ = 0, collected_ = 0;
  std::optional<Rerate> rerate_;         // the router's: for the next collection
  std::uint64_t ordered_ = 0;            // likewise: the last order of a book that is remembered
  Instant received_{};
  Duration last_collect_{0};
  std::size_t bytes_since_snapshot_ = 0, bytes_uncollected_ = 0;
  Duration last_snapshot_at_{0};
  std::atomic<std::uint64_t> snapshot_bytes_{0};  // of the newest
  std::atomic<double> snapshot_hold_ms_{0};

  std::unique_ptr<Unwritten> unwritten_;
  StorePatience patience_;               // of pages
  RepairPatience repair_patience_;       // the rollups' thread's
  Mailbox<Unpublished> published_;
  std::atomic<bool> publishing_{false};  // a snapshot is being taken or published
  std::atomic<std::size_t> outstanding_{0};
  std::atomic<bool> gathering_{false};   // a collection is under way in the shards: one at a time
  std::atomic<bool> hurry_{false};       // somebody waits for the store to have everything
  std::atomic<bool> stopping_{false};    // what the store does not take now it takes at the next start
  mutable std::mutex mutex_;             // guards stats_, may_write_ and what applied_changed_ waits for
  std::condition_variable applied_changed_;
  PipelineStats stats_;
  bool may_write_ = false;               // a start has folded the log, or has no room to go on
  Instant oldest_unapplied_{};
  std::deque<std::pair<std::uint64_t, RerateReport>> rerated_;  // by the applied offset; the last few
  std::shared_ptr<const TopicModel> topics_;  // behind mutex_
  std::uint64_t whole_ = 0;              // up to here the store has everything, calls in flight too
  Thread router_, writer_, publisher_;
  std::unique_ptr<Periodic> rollups_;    // makes those anew whose rows have changed
  std::uint64_t recovered_ = 0;
  bool stopped_ = false;
};

}  // namespace aybiza
