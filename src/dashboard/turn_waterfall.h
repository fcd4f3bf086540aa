// Where the time of a response goes, as a waterfall: hearing begins where the caller has ended, thinking follows it, speaking ends where
// the answer begins, and what none of them explains (network, tools, waiting) lies between.
//
// Shape    only lengths are told, and stages overlap: none begins before the caller's end or lasts beyond the answer's begin.
// Errors   a stage nobody told has no part; what is left over is unknown unless the response and all three were told.
// Threads  pure.
// Source   interface.md "Conversations"; docs/metrics.md "stages".
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "base/units.h"
#include "liveview/html.h"
#include "model/rows.h"

namespace aybiza::dashboard {

struct StageTimes {  // of one response, or means of many
  Number response_us, stt_us, llm_us, tts_us;
};
struct WaterfallPart {
  std::string_view kind;  // stt, llm, other, tts
  std::int64_t from_us = 0, lasts_us = 0;
};
StageTimes stages_of(const TurnRow& turn);
Number other_us(const StageTimes& times);  // 0: they explain it all, or overlap
std::vector<WaterfallPart> waterfall_of(const StageTimes& times);

// A line for each part, drawn to the scale of the longest response of the call; empty: nobody told a stage.
std::optional<liveview::Node> waterfall_lane(const TurnRow& turn, std::int64_t longest_us, std::string_view label);
std::int64_t longest_response_us(const std::vector<TurnRow>& turns);

}  // namespace aybiza::dashboard
