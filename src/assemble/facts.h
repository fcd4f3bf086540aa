// What one call, one turn and one usage contribute to the measures: the integers that panes add up and take back.
//
// Shape    derived from the merged state of a call (call_state.h) and nothing else, so that the same events give the
//          same facts in any order. A pane that holds old facts is corrected by retract(old), add(fresh).
// Units    microseconds, nano-USD, x 10^4.
// Threads  values; none.
// Source   docs/metrics.md "Columns of a call that are derived", "Measures".
#pragma once

#include <cstdint>

#include "base/units.h"
#include "model/rows.h"

namespace aybiza {

struct CallFacts {
  bool known_outcome = false, successful = false, known_resolution = false, resolved = false, escalated = false,
       intervened = false;
  std::uint16_t weight = 1;   // how many calls it stands for
  std::int64_t errors = 0;
  Number satisfaction_e4, quality_e4, efficiency_e4, duration_us, voice_latency_us, cost_nano;
  Number reported_cost_nano;  // counts as usage, at the call's start, under the call's model
  friend bool operator==(const CallFacts&, const CallFacts&) = default;
};

struct TurnFacts {
  bool interrupted = false;
  Number sentiment_e4, sentiment_confidence_e4;  // of caller turns only
  Number response_us, stt_us, llm_us, tts_us;
  friend bool operator==(const TurnFacts&, const TurnFacts&) = default;
};

enum class TokenKind : std::uint8_t { input, cache_read, cache_write, output, reasoning, audio_input, audio_output };
inline constexpr std::size_t token_kinds = 7;

struct UsageFacts {
  Number tokens[token_kinds];
  Number cost_nano;           // empty: no price known, or the call's reported cost counts instead
  bool cost_unknown = false;  // no price known and the call reports no cost
  friend bool operator==(const UsageFacts&, const UsageFacts&) = default;
};

CallFacts facts_of(const CallRow& call);
TurnFacts facts_of(const TurnRow& turn);
UsageFacts facts_of(const UsageRow& usage, bool call_reports_cost);

}  // namespace aybiza
