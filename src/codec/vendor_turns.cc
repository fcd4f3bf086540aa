#include "codec/vendor_turns.h"

#include <algorithm>

#include "base/limits.h"
#include "codec/json_writer.h"
#include "codec/utf8.h"

namespace aybiza {
namespace {

std::optional<double> known(std::optional<double> ms) { return ms && *ms >= 0 ? ms : std::nullopt; }

std::string tools_json(const std::vector<ToolUse>& tools, Arena& arena) {
  std::string out;
  JsonWriter json(out);
  json.begin_array();
  for (const ToolUse& tool : tools) {
    if (tool.name.empty() || out.size() > limits::webhook_ext_bytes) continue;
    json.begin_object().member("name", clean_text(cut_text(tool.name, limits::id_bytes), arena));
    if (const auto ms = known(tool.ms)) json.member("ms", *ms);
    if (tool.error) json.member("error", *tool.error);
    json.end_object();
  }
  json.end_array();
  return out;
}

ToolUse* find_tool(std::vector<ToolUse>& tools, std::string_view id, std::string_view name) {
  for (ToolUse& tool : tools)
    if (!id.empty() ? tool.id == id : (!name.empty() && tool.name == name && !tool.ms)) return &tool;
  return nullptr;
}

}  // namespace

SpokenTurn& Conversation::say(SpokenTurn turn) {
  if (turn.agent) {
    turn.tools.insert(turn.tools.end(), waiting_.begin(), waiting_.end());
    waiting_.clear();
  }
  return turns_.emplace_back(std::move(turn));
}

void Conversation::tool_result(std::string_view id, std::string_view name, std::optional<Instant> at, std::optional<double> ms,
                               std::optional<bool> error) {
  ToolUse* tool = find_tool(waiting_, id, name);
  for (std::size_t i = turns_.size(); !tool && i-- > 0;) tool = find_tool(turns_[i].tools, id, name);
  if (!tool) return call_tool({.id = id, .name = name, .called = {}, .ms = ms, .error = error});
  if (ms) tool->ms = ms;
  else if (at && tool->called && *at >= *tool->called) tool->ms = double((*at - *tool->called).count()) / 1e3;
  if (error) tool->error = error;
}

void Conversation::emit(VendorEvent& event, Rank rank, std::string_view call, std::string_view sid, Instant otherwise,
                        Instant version, std::size_t newest) {
  const auto last_agent = std::find_if(turns_.rbegin(), turns_.rend(), [](const SpokenTurn& turn) { return turn.agent; });
  if (last_agent != turns_.rend()) {
    last_agent->tools.insert(last_agent->tools.end(), waiting_.begin(), waiting_.end());
    waiting_.clear();
  }
  const std::size_t count = std::min(turns_.size(), limits::turns_per_call);
  Arena arena;  // of the tools' texts: what json() takes is copied
  for (std::size_t i = count - std::min(count, newest); i < count; ++i) {
    const SpokenTurn& turn = turns_[i];
    event.start(EventType::turn, rank, turn.started.value_or(otherwise), call).twilio(sid);
    event.number(Field::turn_number, double(i)).word(Field::speaker, turn.agent ? "agent" : "caller");
    event.text(Field::text_content, turn.text).time(Field::started_at, turn.started).time(Field::ended_at, turn.ended);
    event.number(Field::response_time_ms, known(turn.response_ms)).number(Field::stt_latency_ms, known(turn.stt_ms));
    event.number(Field::llm_latency_ms, known(turn.llm_ms)).number(Field::tts_latency_ms, known(turn.tts_ms));
    event.number(Field::endpointing_ms, known(turn.endpointing_ms)).number(Field::confidence_score, turn.confidence);
    event.flag(Field::interrupted, turn.interrupted);
    if (!turn.tools.empty()) event.json(Field::tools, tools_json(turn.tools, arena));
    event.finish(fmt::format("turn:{}", i), version);
  }
}

}  // namespace aybiza
