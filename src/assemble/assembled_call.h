// One call put together from its events, whatever order they come in.
//
// Shape    merge() takes every event of the call for what it says about the call itself; what its turns and usage add up
//          to is kept beside, as integer sums that CallSums moves. row() derives the published columns.
// Errors   a call without call.ended is active until end_idle(); an event after that revives it.
// Cost     merge about 10 ns a field; a call of 20 known fields takes about 600 bytes.
// Threads  none: owned by one shard.
// Source   docs/metrics.md "Columns of a call that are derived"; decisions.md 3, 4, 6, 7.
#pragma once

#include <algorithm>
#include <optional>
#include <string>

#include "assemble/facts.h"
#include "assemble/field_slots.h"

namespace aybiza {

// Which columns of a call are means or sums over its turns and usage.
struct CallSums {
  std::int64_t turns = 0, interventions = 0;
  std::int64_t response = 0, response_n = 0, stt = 0, stt_n = 0, llm = 0, llm_n = 0, tts = 0, tts_n = 0;
  std::int64_t sentiment_e4 = 0, sentiment_n = 0;  // of caller turns
  std::int64_t usages = 0, unknown_costs = 0, cost_nano = 0, tokens = 0;
  std::int64_t errors = -1;  // events that told of one; -1: nobody would have told

  void add(const TurnFacts& facts, bool agent_speaks, int sign);
  void add_usage(const Number& cost, std::int64_t all_tokens, int sign);
  friend bool operator==(const CallSums&, const CallSums&) = default;
};

// The columns of a call that are numbers, and the words they depend on; views into the call.
struct CallFigures {
  Instant start{};
  std::optional<Instant> ended;
  CallState state = CallState::active;
  std::string_view call_outcome, resolution_status;
  bool escalated_flag = false;
  Number duration_us, voice_latency_us, stt_latency_us, llm_latency_us, tts_latency_us, audio_quality_e4,
      conversation_quality_e4, satisfaction_e4, cost_nano, tokens_consumed, error_count;
  CostSource cost_source = CostSource::unknown;
  std::int64_t turns = 0;
  Number quality_e4, efficiency_e4;
};
Number quality_of(const CallFigures& call, std::int64_t sentiment_sum_e4, std::int64_t sentiment_count);
Number efficiency_of(const CallFigures& call);

class AssembledCall {
 public:
  struct Change {
    bool any = false;         // some column may differ now
    bool dimensions = false;  // a common dimension differs now
  };
  Change merge(const Event& event, Instant received);
  void end_idle() { idle_ = true; }

  bool ended() const { return ended_ || idle_; }
  bool idle() const { return idle_; }
  bool reports_cost() const { return reports_cost_; }
  Instant last_received() const { return last_received_; }
  Instant first_event() const { return first_; }
  Instant last_event() const { return last_; }
  Instant start() const { return start_; }
  std::optional<Instant> ended_at() const;
  std::string_view customer() const;  // "default" when nobody told
  std::string_view dimension(Field field) const { return field == Field::customer_id ? customer() : slots_.text(field); }
  std::string_view text(Field field) const { return slots_.text(field); }
  std::string_view call_outcome() const;  // `unknown` and `idle` for a call that ended by silence
  std::string_view end_reason() const;
  const Id& agent() const { return agent_; }
  std::int64_t weight() const { return std::max<std::int64_t>(weight_, 1); }  // how many calls it stands for

  CallFigures figures(const CallSums& sums) const;
  CallRow row(const Id& id, const CallSums& sums) const;  // all but stored_start
  CallFacts facts(const CallSums& sums) const;            // == facts_of(row(id, sums))

  std::size_t heap_bytes() const;
  void shrink() { slots_.shrink(); external_.shrink_to_fit(); }
  void write(bytes::Writer& out) const;
  bool read(bytes::Reader& in);

 private:
  void derive();                 // what is asked too often to be looked up

  FieldSlots slots_;
  std::string implied_customer_; // of the key, from the event of greatest order that names no customer itself
  std::string external_;         // the call's id as the event of least order sent it
  std::optional<Order> external_order_, implied_order_, started_, ended_;  // of call.started, call.ended: its time is the order's
  Id agent_{};
  Instant first_ = Instant::max(), last_ = Instant::min(), last_received_ = Instant::min();
  Instant start_{};
  bool idle_ = false, reports_cost_ = false;
  std::uint16_t weight_ = 0;     // the least that an event told, which is 1 where it told none; 0 before the first
};

}  // namespace aybiza
