#include "aggregate/live_values.h"

namespace aybiza {

bool known_live(Dimension dimension) {
  return dimension != Dimension::hour_of_day && dimension != Dimension::day_of_week && dimension != Dimension::tag;
}

LiveValue call_value(const CallRecord& record, Dimension dimension) {
  const auto text = [](std::string_view value) { return value.empty() ? LiveValue{} : LiveValue(value); };
  const AssembledCall& call = record.call;
  switch (dimension) {
    case Dimension::customer_id: return text(call.customer());
    case Dimension::agent_id: return text(call.dimension(Field::agent_id));
    case Dimension::agent_type: return text(call.dimension(Field::agent_type));
    case Dimension::agent_version: return text(call.dimension(Field::agent_version));
    case Dimension::region: return text(call.dimension(Field::region));
    case Dimension::model_used: return text(call.dimension(Field::model_used));
    case Dimension::campaign: return text(call.dimension(Field::campaign));
    case Dimension::language: return text(call.dimension(Field::language));
    case Dimension::direction: return text(call.dimension(Field::direction));
    case Dimension::channel: return text(call.dimension(Field::channel));
    case Dimension::provider_stt: return text(call.dimension(Field::provider_stt));
    case Dimension::provider_llm: return text(call.dimension(Field::provider_llm));
    case Dimension::provider_tts: return text(call.dimension(Field::provider_tts));
    case Dimension::carrier: return text(call.dimension(Field::carrier));
    case Dimension::experiment: return text(call.dimension(Field::experiment));
    case Dimension::variant: return text(call.dimension(Field::variant));
    case Dimension::call_outcome: return text(call.call_outcome());
    case Dimension::resolution_status: return text(call.text(Field::resolution_status));
    case Dimension::end_reason: return text(call.end_reason());
    default: return {};
  }
}

}  // namespace aybiza
