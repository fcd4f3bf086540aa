// A call as a shard holds it: its assembled state, its turns and usage, and where all of them are counted.
//
// Shape    turns and usage are vectors while the call may still talk; pack() turns them into a few dozen bytes each once
//          it has been silent for limits::turn_texts_kept after its end, unpack() brings their figures back. The whole
//          becomes bytes then (freeze), until somebody wants to change it.
// Cost     a frozen call of 25 turns and 13 usages takes about 1.5 KB; 1 us to thaw.
// Threads  none: owned by one shard.
#pragma once

#include <array>
#include <memory>
#include <utility>
#include <vector>

#include "aggregate/sampled_tally.h"
#include "aggregate/series.h"
#include "assemble/assembled_call.h"
#include "assemble/price_book.h"
#include "assemble/turn_keys.h"
#include "assemble/turn_state.h"

namespace aybiza {

inline constexpr Instant never = Instant::min();

struct LiveTurn {
  TurnState state;
  Label turn_state = null_label, intent = null_label, emotion = null_label;
  Instant stored = never;   // the time under which the store has it
  bool dirty = false;
};

struct LiveUsage {
  Id id{};
  Instant time{};
  std::array<std::int64_t, 10> amount{};  // token kinds, then stt us, tts characters, telephony us; -1 unknown
  std::int64_t cost_nano = -1;
  Label model = null_label;               // its own
  std::uint32_t book = 0;                 // by which it is priced (assemble/price_shelf.h)
  bool reported = false, dirty = false;
  bool stored = false;                    // the store has it
  bool preliminary = false;               // counts until the usage of the whole call is told

  UsageRow row(const Id& call, const Labels& labels) const;
  UsageFacts facts(bool call_reports_cost) const;
  Number cost() const { return cost_nano < 0 ? Number{} : Number(cost_nano); }
  std::int64_t all_tokens() const;
};
LiveUsage usage_of(const Event& event, Labels& labels);

// What a call has that spans told.
struct CallSpans {
  TurnKeys keys;
  std::vector<std::uint64_t> errors;  // events that told of one, by hash of their id
  bool errors_told = false, usage_is_final = false;
};

struct CallRecord {
  // What every event touches lies together, from the end of `call` to `high`: Shard::foresee() fetches just that.
  AssembledCall call;
  Id id{};
  CallSums sums;
  std::vector<LiveTurn> turns;      // by number
  std::vector<LiveUsage> usage;     // as they came while they are few, by id from usage_sorted on
  std::uint64_t usage_met = 0;      // a bit for each of their ids: most that come are seen to be new by it alone
  std::uint32_t open_turns = 0, open_usage = 0;  // dirty ones
  std::uint32_t slot = 0, flight_place = UINT32_MAX;  // its own, and in the list of calls in flight
  bool is_packed = false, retained = false;  // retained: it is in the queue of ended calls
  bool touched = false;             // since the last collect
  bool waiting = false;             // its row (not its parts) is to be written later
  bool stored_ended = false;        // as the store has it
  bool counted = false;             // its turns and usage are in panes: once it has ended
  bool in_panes = false;            // and so are pane_facts, at pane_start
  bool flight_facts = false;        // while in flight: pane_facts are those of now
  Instant low = Instant::max(), high = never;  // everything it contributes lies in [low, high]

  std::unique_ptr<std::vector<InterventionRow>> interventions;
  std::unique_ptr<CallSpans> spans; // of calls that have any
  std::string packed;               // turns and usage, instead of the vectors
  std::string told;                 // its events, while it may turn out to be part of another call and all of them are here
  bool untold = false;              // some are not, and never will be
  Instant stored_start = never;
  Instant pane_start{};
  CallFacts pane_facts;
  std::array<Label, shared_axes> labels{};           // its value on each shared axis, as counted now
  std::array<std::uint32_t, shared_axes> series{};
  std::array<std::uint32_t, call_axes - shared_axes> outcome_series{};  // when in_panes

  Label customer() const { return labels[std::size_t(Axis::customer)]; }
  LiveTurn* find_turn(std::int64_t number);
  static constexpr std::size_t usage_sorted = 32;
  bool knows_usage(const Id& of) const;
  void add_usage(const LiveUsage& one);  // REQUIRES: not known
  CallSpans& spans_of_call();
  std::int64_t errors() const { return spans && spans->errors_told ? std::int64_t(spans->errors.size()) : -1; }
  void open(LiveTurn& turn) { open_turns += std::exchange(turn.dirty, true) ? 0u : 1u; }
  void open(LiveUsage& one) { open_usage += std::exchange(one.dirty, true) ? 0u : 1u; }
  // What turns and usage of a call come to that stands for `weight` calls; nullopt: for itself alone. REQUIRES: not packed.
  std::optional<SampledCall> sampled(std::int64_t weight, bool reports_cost) const;
  void keep_told(std::string_view event, Instant received);
  void pack();
  void forget_texts();              // what pack() gives up
  bool unpack();                    // false: the bytes are not what pack() wrote
  const CallRecord& opened(CallRecord& room) const;  // with turns and usage: itself, or `room`, which then has nothing else
  std::size_t heap_bytes() const;

  void write(bytes::Writer& out) const;
  bool read(bytes::Reader& in);     // all but what the series table knows
  // A call that has ended, has no texts any more and owes the store nothing, as bytes alone, appended: what write() writes when it
  // is packed, and behind it where it is counted. REQUIRES of the second: what the first wrote.
  std::size_t freeze(std::string& out) const;  // how much of it is write()'s
  void thaw(std::string_view frozen);
  bool can_freeze() const { return in_panes && counted && retained && !touched && !waiting && call.ended(); }

 private:
  bool read_parts(bytes::Reader& in);
  void write_head(bytes::Writer& out, bool packs) const;
  void write_tail(bytes::Writer& out) const;
};

}  // namespace aybiza
