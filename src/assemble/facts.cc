#include "assemble/facts.h"

namespace aybiza {
namespace {

bool known(const std::string& word) { return !word.empty() && word != "unknown"; }

}  // namespace

CallFacts facts_of(const CallRow& call) {
  CallFacts facts;
  facts.weight = std::uint16_t(call.sample_weight.value_or(1));
  facts.known_outcome = known(call.call_outcome);
  facts.successful = call.call_outcome == "successful";
  facts.known_resolution = known(call.resolution_status);
  facts.resolved = call.resolution_status == "resolved";
  facts.escalated = call.escalated();
  facts.intervened = call.interventions > 0;
  facts.errors = call.error_count.value_or(0);
  facts.satisfaction_e4 = call.satisfaction_e4;
  facts.quality_e4 = call.quality_e4;
  facts.efficiency_e4 = call.efficiency_e4;
  facts.duration_us = call.duration_us;
  facts.voice_latency_us = call.voice_latency_us;
  facts.cost_nano = call.cost_nano;
  if (call.cost_source == CostSource::reported) facts.reported_cost_nano = call.cost_nano;
  return facts;
}

TurnFacts facts_of(const TurnRow& turn) {
  TurnFacts facts;
  facts.interrupted = turn.interrupted.value_or(false);
  if (!turn.agent_speaks) {
    facts.sentiment_e4 = turn.sentiment_e4;
    facts.sentiment_confidence_e4 = turn.sentiment_confidence_e4;
  }
  facts.response_us = turn.response_time_us;
  facts.stt_us = turn.stt_latency_us;
  facts.llm_us = turn.llm_latency_us;
  facts.tts_us = turn.tts_latency_us;
  return facts;
}

UsageFacts facts_of(const UsageRow& usage, bool call_reports_cost) {
  UsageFacts facts;
  const Number* kinds[token_kinds] = {&usage.input_tokens, &usage.cache_read_tokens, &usage.cache_write_tokens,
                                      &usage.output_tokens, &usage.reasoning_tokens, &usage.audio_input_tokens,
                                      &usage.audio_output_tokens};
  for (std::size_t i = 0; i < token_kinds; ++i) facts.tokens[i] = *kinds[i];
  if (!call_reports_cost) {
    facts.cost_nano = usage.cost_nano;
    facts.cost_unknown = !usage.cost_nano;
  }
  return facts;
}

}  // namespace aybiza
