#include "dashboard/turn_waterfall.h"

#include <fmt/format.h>

#include <algorithm>

namespace aybiza::dashboard {

using namespace liveview;

namespace {

std::int64_t whole_of(const StageTimes& times) { return times.response_us.value_or(times.stt_us.value_or(0) + times.llm_us.value_or(0) + times.tts_us.value_or(0)); }

}  // namespace

StageTimes stages_of(const TurnRow& turn) { return {turn.response_time_us, turn.stt_latency_us, turn.llm_latency_us, turn.tts_latency_us}; }

Number other_us(const StageTimes& times) {
  if (!times.response_us || !times.stt_us || !times.llm_us || !times.tts_us) return std::nullopt;
  return std::max<std::int64_t>(0, *times.response_us - *times.stt_us - *times.llm_us - *times.tts_us);
}

std::vector<WaterfallPart> waterfall_of(const StageTimes& times) {
  std::vector<WaterfallPart> out;
  const std::int64_t whole = whole_of(times);
  const auto part = [&](std::string_view kind, std::int64_t from, std::int64_t lasts) {
    from = std::clamp<std::int64_t>(from, 0, whole);
    if (lasts = std::min(lasts, whole - from); lasts > 0) out.push_back({kind, from, lasts});
  };
  const std::int64_t stt = times.stt_us.value_or(0), llm = times.llm_us.value_or(0), tts = times.tts_us.value_or(0);
  const std::int64_t heard = std::min(stt, whole), thought = std::min(heard, whole - llm);
  part("stt", 0, stt), part("llm", thought, llm), part("other", heard + llm, other_us(times).value_or(0)), part("tts", whole - tts, tts);
  return out;
}

std::int64_t longest_response_us(const std::vector<TurnRow>& turns) {
  std::int64_t longest = 0;
  for (const TurnRow& turn : turns) longest = std::max(longest, whole_of(stages_of(turn)));
  return longest;
}

std::optional<Node> waterfall_lane(const TurnRow& turn, std::int64_t longest_us, std::string_view label) {
  const auto parts = waterfall_of(stages_of(turn));
  if (parts.empty() || longest_us <= 0) return std::nullopt;
  const auto scaled = [&](std::int64_t us) { return 1000.0 * double(us) / double(longest_us); };
  const Node rects = each(parts, [](const WaterfallPart& p) { return p.kind; }, [&](const WaterfallPart& p) {
    const std::string_view y = p.kind == "stt" ? "0" : p.kind == "llm" ? "6" : p.kind == "other" ? "12" : "18";
    return html<"<rect class=\"stage {}\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"5\"/>">(p.kind, fmt::format("{:.1f}", scaled(p.from_us)), y, fmt::format("{:.1f}", std::max(2.0, scaled(p.lasts_us))));
  });
  return html<"<svg class=\"lane waterfall\" viewBox=\"0 0 1000 23\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"{}\"><rect class=\"track\" width=\"{}\" height=\"23\"/>{}</svg>">(
      label, fmt::format("{:.1f}", scaled(whole_of(stages_of(turn)))), rects);
}

}  // namespace aybiza::dashboard
