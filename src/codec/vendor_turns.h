// A vendor's transcript as turns of ours: numbered from 0 in the order of what was said, tools with the reply they served.
//
// Shape    the number is the place among spoken turns, so that a history which is sent again and again (and its final form)
//          names the same turn the same way. A tool belongs to the agent's next turn, or to its last one.
// Units    milliseconds as the vendors' adapters found them; negative is unknown (ingest-formats.md 0.4).
// Errors   none.
// Threads  none: one per request.
// Source   ingest-formats.md 5.3, 6, 7.3.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "codec/vendor_event.h"

namespace aybiza {

struct ToolUse {
  std::string_view id, name;
  std::optional<Instant> called;
  std::optional<double> ms;
  std::optional<bool> error;
};

struct SpokenTurn {
  bool agent = false;
  std::string_view text;
  std::optional<Instant> started, ended;
  std::optional<double> response_ms, stt_ms, llm_ms, tts_ms, endpointing_ms, confidence;
  std::optional<bool> interrupted;
  std::vector<ToolUse> tools;
};

class Conversation {
 public:
  SpokenTurn& say(SpokenTurn turn);
  void call_tool(ToolUse tool) { waiting_.push_back(tool); }
  // What became of a tool that was called before.
  void tool_result(std::string_view id, std::string_view name, std::optional<Instant> at, std::optional<double> ms,
                   std::optional<bool> error);
  std::vector<SpokenTurn>& turns() { return turns_; }
  const std::vector<SpokenTurn>& turns() const { return turns_; }

  // The last `newest` of them as events. `otherwise`: the time of a turn that has none.
  void emit(VendorEvent& event, Rank rank, std::string_view call, std::string_view sid, Instant otherwise, Instant version,
            std::size_t newest = SIZE_MAX);

 private:
  std::vector<SpokenTurn> turns_;
  std::vector<ToolUse> waiting_;
};

// Mean of the numbers; nullopt: none. Adapters use it for what vendors send as lists.
class ListMean {
 public:
  void add(std::optional<double> value) {
    if (value && *value >= 0) sum_ += *value, ++count_;
  }
  std::optional<double> value() const { return count_ > 0 ? std::optional(sum_ / double(count_)) : std::nullopt; }

 private:
  double sum_ = 0;
  std::size_t count_ = 0;
};

}  // namespace aybiza
