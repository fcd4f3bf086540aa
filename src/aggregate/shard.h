// Shard: the exact live state of a share of the calls, and the rows that follow from it.
//
// Shape    apply() folds events in any order; collect() hands out every row that changed since the last collect();
//          ask() answers questions. Calls in flight are overlaid when asked; once a call has ended, it, its turns and its
//          usage are in panes (and so in rollup rows, which are rewritten as later calls end). Ended calls are retained (limits::calls_retained) so that ratings, corrections and better starts move
//          exactly what they moved before. state = fold(apply, snapshot, log): nothing else changes it.
// Units    as in model/rows.h.
// Errors   restore refuses foreign, damaged and newer snapshots and leaves the shard empty. Events that existed passed
//          validation; what still contradicts itself is merged by rank, never refused.
// Cost     apply about 1 us; ask from panes O(panes), from retained calls O(calls that overlap the range).
// Threads  none: owned by one thread for life. Time is an argument: `received` orders arrivals and must not step back.
// Source   decisions.md 1-8, 16; reliability.md 3.1 rules 1, 6, 9-11; docs/metrics.md.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "aggregate/cold_calls.h"
#include "aggregate/learning_table.h"
#include "aggregate/live_question.h"
#include "aggregate/metric_table.h"
#include "assemble/price_book.h"
#include "base/status.h"
#include "model/event.h"
#include "model/rows.h"

namespace aybiza {

struct ShardOptions {
  unsigned index = 0, count = 1;          // of all shards; a snapshot of another layout is refused
  Instant covered_since = Instant::min(); // when the log does not reach back to its beginning
  Instant metrics_since = Instant::max(); // when the log began: totals that started later count whole
  std::size_t calls_retained = 0;         // 0: limits::calls_retained / count
  std::filesystem::path cold{};           // a folder of this shard's own, for calls let go (cold_calls.h); empty: they are gone
  std::size_t series_per_dimension = 0;   // 0: limits::series_per_customer
  PriceBook prices = PriceBook::built_in();  // until the log says another
};

struct ShardSizes {
  std::uint64_t panes = 0, bytes_calls = 0, bytes_panes = 0, bytes_other = 0;
  std::uint64_t bytes() const { return bytes_calls + bytes_panes + bytes_other; }
};

struct ShardStats {
  std::uint64_t events = 0, late_events = 0;       // late: for calls that are neither retained nor could be woken
  std::uint64_t calls_in_flight = 0, calls_ended = 0, turns = 0, series = 0;
  ShardSizes sizes;                                // of the last walk that advance() finished, a share with each call
  std::uint64_t series_folded = 0;                 // contributions that went to "__other__"
  Instant newest{}, received{};                    // newest event time; newest `received`
  MetricStats metrics;
  std::uint64_t woken = 0;                         // calls let go that an event brought back
  ColdCalls::Stats cold{};
};

// What live state tells apart on one dimension, and how near the bound that is.
struct DimensionLoad {
  std::string_view dimension;              // customer_id, region, ...
  std::uint64_t series = 0;                // of all customers, null and "__other__" among them
  std::string fullest;                     // the customer with most values, and
  std::uint64_t most = 0, bound = 0;       //   how many it has of how many it may have; customers: how many there are
  std::uint64_t folded = 0;                // contributions that went to "__other__" since the shard was made or restored
  std::optional<std::vector<std::uint64_t>> values;  // hashes of the distinct values; empty: more series than were asked for
};

// A call that has turned out to be part of another one (model/event.h).
struct JoinedCall {
  Id part{}, whole{};
  std::string name;          // of the whole, as its sender calls it
  std::uint64_t offset = 0;  // where the log says so
};

// Calls by call id, agent.status by agent, the rest by what it names.
unsigned shard_of(const Event& event, unsigned count);

class Shard {
 public:
  struct State;  // shard_state.h: this folder's own

  explicit Shard(ShardOptions options = {});
  ~Shard();
  Shard(Shard&&) noexcept;
  Shard& operator=(Shard&&) noexcept;

  // `offset` is the event's place in the log, increasing; an offset at or below the last applied is ignored (a replay
  // that overlaps the snapshot).
  // `kept`: the event's bytes, where its call may turn out to be part of another.
  void apply(const Event& event, std::uint64_t offset, Instant received, std::string_view kept = {});
  // The part leaves this shard, and the store, as if it had never been; the answer is what was told of it, in the order of the
  // log, each as its time of receipt (assemble/bytes.h) and the `kept` text: for retell() in the shard of the whole, at the same
  // place of the log. Empty, and the part stays: it is not known, or not all that was told of it was kept.
  std::string give_up(const JoinedCall& join);
  void retell(const Event& event, std::uint64_t offset, Instant received);
  std::span<const JoinedCall> joined() const;  // of parts of this shard, the last limits::joined_calls, in order
  // The same for an event of type metric_points, whose batch the caller has decoded.
  void apply_points(const Event& event, const MetricBatch& batch, std::uint64_t offset, Instant received);
  // That events of `call` come soon, in as many events as foresight[step] says: brings near what folding them will touch,
  // a step of the way each time, because each step needs what the one before it has brought. Only a hint.
  static constexpr std::size_t foresight[] = {16, 12, 8, 4};
  void foresee(const Id& call, std::size_t step) const;
  // For event i of n in hand; call_at(k) is the call of event k.
  template <typename CallAt>
  void foresee(std::size_t i, std::size_t n, CallAt&& call_at) const {
    for (std::size_t step = 0; step < std::size(foresight); ++step)
      if (i + foresight[step] < n) foresee(call_at(i + foresight[step]), step);
  }
  // Ends calls that have been silent for limits::call_idle_timeout of received time; lets rings move on.
  void advance(Instant received);

  // Rows below this offset are in the store already: a replay does not hand them out again. Call it before the replay.
  void mark_stored_until(std::uint64_t offset);
  // Appends the rows that changed since the last collect(): with `due` the row of a call that only goes on talking waits
  // for up to limits::store_deferral of received time, so that it is not written with each of its turns; `all` leaves
  // nothing. If out.to is set and at or below the stored offset, or nothing later was applied, nothing is handed out. Rows
  // handed out count as stored: a batch that could not be written must be retried, not dropped.
  enum class What : std::uint8_t { due, all };
  void collect(RowBatch& out, What what = What::all);
  // The same some calls at a time: the rows are those that collect() would have handed out when it was begun, in another order.
  // False: that was the end. `out` has to stay where it is until then. REQUIRES: none is under way.
  static constexpr std::size_t collected_calls = 16;  // a step: about a quarter of a millisecond
  void begin_collect(RowBatch& out, What what);
  bool next_of_collect(std::size_t some = collected_calls);
  bool dirty(What what = What::all) const;  // something is there to collect

  ShardSizes measure() const;  // now; walks all calls and panes

  Coverage covers(const LiveQuestion& question, Instant now) const;
  LivePartial ask(const LiveQuestion& question, Instant now) const;  // REQUIRES: covers() said yes, or approximate will do

  // The same some calls at a time, so that nobody waits for a long look: the answer is what ask() would have given when it was
  // begun, whatever the shard did in between. Null: it is not answered yet. REQUIRES: the number of one begun and not answered.
  static constexpr std::size_t asked_calls = 64;  // a step: about a quarter of a millisecond
  std::uint64_t begin_ask(const LiveQuestion& question, Instant now);
  std::optional<LivePartial> next_of_ask(std::uint64_t number, std::size_t calls = asked_calls);

  // The same for generic metrics.
  Coverage covers(const MetricQuestion& question) const;
  MetricPartial ask(const MetricQuestion& question) const;
  // And for learning and changes.
  Coverage covers(const LearningQuestion& question) const;
  LearningPartial ask(const LearningQuestion& question) const;

  // Calls in flight, newest start first. `customer` empty: any.
  std::vector<CallRow> live_calls(std::size_t limit, std::string_view customer,
                                  const std::function<bool(const CallRow&)>& filter = {}) const;
  std::optional<CallDetail> call(const Id& id) const;
  // The `k` groups of `dimension` with most calls starting (or turns, for turn dimensions) in [from, to).
  std::vector<TopEntry> top_k(Dimension dimension, std::string_view customer, Instant from, Instant to, std::size_t k,
                              Instant now) const;
  // Transitions between the states of consecutive turns (by turn number) whose later turn lies in [from, to).
  std::vector<StateTransition> flow(std::string_view customer, Instant from, Instant to) const;
  const PriceBook& prices() const;  // in force at offset()
  // The newest status of every agent this shard hears of.
  std::vector<AgentStatusRow> agents() const;

  std::string snapshot() const;
  // The same a piece at a time, so that nobody waits for all of it: what next_of_snapshot() appends is what snapshot() would have
  // given when it was begun, whatever the shard did in between. False: that was the end. REQUIRES: it is begun and not at its end.
  static constexpr std::size_t snapshot_calls = 64;       // calls or series in a piece: with its bound in bytes under a millisecond
  void begin_snapshot(std::size_t at_a_time = snapshot_calls);  // one under way is given up
  bool next_of_snapshot(std::string& piece);
  Status restore(std::string_view bytes);
  std::uint64_t offset() const;  // of the last event applied
  ShardStats stats() const;
  // By dimension; walks the series of those that have at most `walked`: about 30 ns each.
  std::vector<DimensionLoad> loads(std::size_t walked) const;
  // A text of everything the shard knows, in canonical order: two shards with equal dumps answer alike. For tests.
  std::string canonical_dump() const;

 private:
  std::unique_ptr<State> state_;
};

}  // namespace aybiza
