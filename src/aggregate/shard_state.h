// The inside of a Shard: its tables, and the operations that keep panes and calls in step.
//
// Shape    split by what is done: shard_fold.cc folds events, shard_spans.cc those of spans, shard_collect.cc hands out rows, shard_ask.cc answers,
//          shard_prices.cc prices, shard_image.cc writes itself, shard_snapshot.cc reads.
// Threads  none: owned by one shard.
#pragma once

#include <bit>
#include <bitset>
#include <deque>
#include <unordered_map>

#include "aggregate/call_record.h"
#include "aggregate/cold_calls.h"
#include "aggregate/extents.h"
#include "aggregate/flight_totals.h"
#include "aggregate/metric_table.h"
#include "aggregate/moving_parts.h"
#include "aggregate/shard.h"
#include "aggregate/shard_image.h"
#include "assemble/price_order.h"
#include "assemble/price_shelf.h"
#include "model/sentiment.h"

namespace aybiza {

class OpenQuestion;  // open_question.h

struct Shard::State {
  explicit State(ShardOptions given);

  ShardOptions options;
  Labels labels;
  SeriesTable series;
  Label sentiment_labels[3]{}, speaker_labels[2]{}, topic_labels[32]{};

  // Calls.
  std::vector<std::unique_ptr<CallRecord>> calls;  // by slot
  struct Frozen {
    std::unique_ptr<char[]> bytes;                 // CallRecord::freeze()
    std::uint32_t size = 0, written = 0;
    std::string_view all() const { return {bytes.get(), size}; }
  };
  std::vector<Frozen> frozen;                      // by slot: calls that ended a while ago, instead of their records
  std::vector<Slot> free_slots, in_flight;
  // Brought up to date when somebody asks, by the calls whose flight_facts are not those of now.
  mutable FlightTotals flight;                     // by place in in_flight
  mutable std::vector<Slot> flight_changed;
  Extents extents;                                 // by slot: of calls that have ended, none of those in flight
  FlatIndex by_id;
  struct Ended { Slot slot; Id id; };
  std::deque<Ended> ended;                         // in order of their end; the oldest is let go first
  std::deque<Ended> to_pack;                       // ended calls that still hold texts, oldest first
  ColdCalls cold;                                  // those let go
  std::vector<JoinedCall> joined;                  // in order; cut to the bound when it is twice as long
  std::size_t told_bytes = 0;                      // of all calls' `told`
  Instant calls_since = Instant::min();            // every contribution at or after it is still held by some call
  Instant exact_since = Instant::min();            // panes miss nothing at or after it

  // Time.
  Instant newest = never, received = never, idle_check = never;
  std::int64_t newest_minute = INT64_MIN;
  Floors floors[axis_count];
  std::uint32_t floors_moved = 1;                  // counts changes of floors
  std::uint32_t sweep = 0;                         // the series whose floors are moved next
  std::uint64_t applied = 0, stored_until = 0;
  bool settled = true;                             // no replay below stored_until is under way

  std::unique_ptr<ShardImage> image;               // a snapshot under way: whoever changes a call or a series tells it before
  struct Asked { std::uint64_t number; std::shared_ptr<OpenQuestion> question; };
  std::vector<Asked> under_way;                    // questions: likewise
  std::uint64_t asked = 0;
  struct Collecting {                              // a collection under way
    RowBatch* out;
    Shard::What what;
    Instant received{};                            // when it was begun
    std::vector<Slot> list;
    std::vector<bool> waits{}, due{};              // by slot: listed and not handed out; its row had waited long enough
    std::size_t next = 0;
  };
  std::unique_ptr<Collecting> collecting;
  void keep(Slot slot) {
    if (image) [[unlikely]] image->before_call(slot);
    if (collecting && slot < collecting->waits.size() && collecting->waits[slot]) [[unlikely]] collect_one(slot);
    if (!under_way.empty()) [[unlikely]] keep_for_open(slot);
  }
  void keep_for_open(Slot slot);
  void keep_series(std::uint32_t id) {
    if (image) [[unlikely]] image->before_series(id);
  }

  // What changed.
  struct Deferred { Slot slot; Id id; Instant due; };
  std::vector<Slot> touched;                       // for the next collect
  std::deque<Deferred> deferred;                   // rows for the first collect at or after due, in its order
  struct HotPane { std::uint32_t series; Level level; std::int64_t index; };
  std::vector<HotPane> hot;
  std::size_t cooling_at = 0, cooled_to = 0;       // a pass over it under way: what lies between is gone
  bool cooling = false;
  RowBatch pending;                                // rows that need no merging
  std::unordered_map<Id, AgentStatusRow> agent_status;
  std::uint64_t events = 0, late_events = 0, turns = 0, woken = 0;
  MetricTable metrics;                             // generic metrics, apart from the calls
  LearningTable learning;                          // what agents learn, and changes
  PriceShelf shelf;
  MovingParts moving_parts;
  ShardSizes sizes, counting;                      // as last gone through; under way
  std::size_t counted_calls = 0, counted_series = 0;

  // shard_fold.cc
  void apply(const Event& event, Instant received_at, std::string_view kept);
  void advance(Instant received_at);
  void fold_call_event(const Event& event, Instant received_at, std::string_view kept);
  void fold_turn(CallRecord& record, const Event& event);
  void merge_turn(CallRecord& record, const Event& event, std::int64_t number);
  void fold_usage(CallRecord& record, const Event& event);
  void fold_intervention(CallRecord& record, const Event& event);
  void fold_other(const Event& event);
  void fold_metric(const Event& event);
  void fold_late(const Event& event, Number turn_number = {});  // of a turn that does not name its own
  std::vector<StateTransition> flow(std::string_view customer, Instant from, Instant to) const;
  std::optional<CallDetail> detail(const Id& id) const;
  ShardStats stats() const;
  void count(ShardSizes& into, std::size_t slot) const;            // one call
  void count(ShardSizes& into, const Series& one) const;
  std::uint64_t bytes_other() const;
  void count_on();                                                 // a share of them
  void see_time(Instant time);
  void cool_panes(std::size_t some);

  // shard_calls.cc
  // Where what it contributes lies. REQUIRES: held(slot)
  bool reaches(Slot slot, Instant from, Instant to) const {
    const CallRecord* record = calls[slot].get();
    return record && record->flight_place != UINT32_MAX ? record->high >= from && record->low < to : extents[slot].meets(from, to);
  }
  bool held(Slot slot) const { return slot < calls.size() && (calls[slot] || frozen[slot].bytes); }
  bool holds(Slot slot, const Id& id) const { return held(slot) && id_at(slot) == id; }
  Id id_at(Slot slot) const;                       // REQUIRES: held(slot)
  std::optional<Slot> slot_of(const Id& id) const;
  CallRecord* find(const Id& id);                  // to change it
  const CallRecord& look(Slot slot, std::optional<CallRecord>& room) const;  // of a frozen one a copy. REQUIRES: held(slot)
  Slot new_slot();
  CallRecord& create(const Id& id);
  void freeze(Slot slot);                          // if it can be
  CallRecord& thaw(Slot slot);                     // REQUIRES: it is frozen
  bool was_evicted(const Event& event) const;
  void evict(Slot slot);
  CallRecord* wake(const Id& id);                  // one let go, as it was; nullptr: its bytes are gone, or too old to matter
  void bound_calls();
  void pack_calls(Instant received_at);
  void unpack(CallRecord& record);

  // shard_spans.cc
  void fold_keyed_turn(CallRecord& record, const Event& event);
  void move_numbers(CallRecord& record, std::vector<TurnKeys::Move> moves);
  void drop_turn(CallRecord& record, LiveTurn& turn);
  bool admit_usage(CallRecord& record, const Event& event);  // false: the usage of the whole call is known
  void note_error(CallRecord& record, const Event& event);
  std::string give_up(const JoinedCall& join);
  void remove(CallRecord& record);                 // and from the store

  // Contributions. `sign` +1 adds, -1 takes back; `axes` says on which series.
  using Axes = std::bitset<axis_count>;
  Pane* pane(std::uint32_t id, Instant t);         // nullptr: older than every ring
  Pane* total_pane(Instant t);                     // REQUIRES: a region's pane at t changes in the same way
  // Changes a pane; with a region's, the total's.
  template <typename Change>
  void change(std::uint32_t id, Instant t, Change&& with) {
    Pane* into = pane(id, t);
    if (into) with(into->warm());
    if (series[id].axis != Axis::region) return;
    if (Pane* all = total_pane(t)) with(all->warm());
  }
  void list(Pane& pane, std::uint32_t id, Level level, std::int64_t index);
  template <typename Visit>
  void each_series(const CallRecord& record, const LiveTurn& turn, const Axes& axes, Visit&& visit);
  template <typename Visit>
  void each_series(const CallRecord& record, const LiveUsage& usage, const Axes& axes, Visit&& visit);
  void move_turn(const CallRecord& record, const LiveTurn& turn, int sign, const Axes& axes);
  void move_usage(const CallRecord& record, const LiveUsage& usage, bool reports_cost, int sign, const Axes& axes);
  void move_parts(const CallRecord& record, bool reports_cost, int sign, const Axes& axes);  // all turns and usage
  void move_shared(const CallRecord& record, Axis axis, int sign);
  void move_turn_axes(const CallRecord& record, int sign, const Axes& axes);
  void move_call(std::uint32_t id, Instant start, const CallFacts& facts, int sign);
  void amend_call(std::uint32_t id, Instant start, const CallFacts& old, const CallFacts& fresh);
  void refresh_dimensions(CallRecord& record, bool reported_before);  // after one changed: what is counted moves with it
  // shard_prices.cc
  void fold_prices(const Event& event);
  void rerate(const Rerate& order);
  void rerate(CallRecord& record, const Rerate& order);
  void reprice(CallRecord& record, bool reported_before);
  void reprice(CallRecord& record, LiveUsage& usage, bool reported_before);
  Number price(const CallRecord& record, const LiveUsage& usage) const;

  void refresh_panes(CallRecord& record);          // the call's own facts, once it has ended
  void uncount_sampled(CallRecord& record);        // before it changes; refresh_panes() counts it again
  void leave_panes(CallRecord& record);
  void resolve_series(CallRecord& record);
  void resolve_outcomes(const CallRecord& record, std::array<std::uint32_t, call_axes - shared_axes>& into);
  void update_flight(CallRecord& record);
  void leave_flight(CallRecord& record);           // REQUIRES: it is listed
  void mark(CallRecord& record);
  template <typename Visit>
  void each_turn_axis(const LiveTurn& turn, Visit&& visit) const;

  // shard_collect.cc
  void begin_collect(RowBatch& out, Shard::What what);  // `out` has to stay where it is until the end
  bool next_of_collect(std::size_t some);          // false: that was the end
  void collect_one(Slot slot);
  void hand_out(CallRecord& record, RowBatch& out);
  void hand_out_parts(CallRecord& record, RowBatch& out);
  void settle();
  void arrive(std::uint64_t offset);               // before anything at this place of the log changes the state
  bool dirty(Shard::What what) const;

  // shard_ask.cc
  void sync_flight() const;
  Coverage covers(const LiveQuestion& question, Instant now) const;
  LivePartial ask(const LiveQuestion& question, Instant now) const;
  std::uint64_t begin_ask(const LiveQuestion& question, Instant now);
  std::optional<LivePartial> next_of_ask(std::uint64_t number, std::size_t looks);

  // shard_snapshot.cc
  Status read(bytes::Reader& in, std::uint8_t told_version);
  bool adopt(CallRecord& record);
  bool labels_known(const CallRecord& record) const;
  static Field field_of(Axis axis);
  std::string canonical_dump() const;
};

template <typename Visit>
void Shard::State::each_series(const CallRecord& record, const LiveTurn& turn, const Axes& axes, Visit&& visit) {
  for (std::size_t i = first_paned; i < shared_axes; ++i)
    if (axes[i]) visit(record.series[i]);
  each_turn_axis(turn, [&](Axis axis, Label value) {
    if (axes[std::size_t(axis)]) visit(series.resolve(record.customer(), axis, value));
  });
}

template <typename Visit>
void Shard::State::each_series(const CallRecord& record, const LiveUsage& usage, const Axes& axes, Visit&& visit) {
  for (std::size_t i = first_paned; i < shared_axes; ++i) {
    if (!axes[i]) continue;
    const bool own = Axis(i) == Axis::model_used && usage.model != null_label;
    visit(own ? series.resolve(record.customer(), Axis::model_used, usage.model) : record.series[i]);
  }
}

// A dimension's value of a call, a turn or a usage, for those that know it.
template <typename Visit>
void Shard::State::each_turn_axis(const LiveTurn& turn, Visit&& visit) const {
  visit(Axis::emotion, turn.emotion);
  visit(Axis::intent, turn.intent);
  visit(Axis::state, turn.turn_state);
  visit(Axis::speaker, speaker_labels[turn.state.agent_speaks() ? 1 : 0]);
  const Number sentiment = turn.state.sentiment_e4();
  visit(Axis::sentiment_class, !sentiment ? null_label : sentiment_labels[sentiment_sign(*sentiment) + 1]);
  if (turn.state.topics() == 0) visit(Axis::topic, null_label);
  for (std::uint32_t bits = turn.state.topics(); bits != 0; bits &= bits - 1)
    visit(Axis::topic, topic_labels[unsigned(std::countr_zero(bits))]);
}

}  // namespace aybiza
