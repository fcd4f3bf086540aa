#include "aggregate/random_events.h"

#include <algorithm>
#include <utility>

namespace aybiza::testing {

using namespace std::chrono_literals;
using F = Field;

Event Stream::make(EventType type, std::string_view call, Instant time, std::vector<std::pair<Field, std::string>> texts,
                   std::vector<std::pair<Field, std::int64_t>> numbers, std::string_view customer) {
  auto& values = values_.emplace_back();
  if (!call.empty()) texts.emplace_back(F::call_id, std::string(call));
  for (auto& [field, text] : texts) {
    if (info(field).kind == Kind::word) values.push_back({field, *find_word(field, text), {}});
    else values.push_back({field, 0, keep(std::move(text))});
  }
  for (const auto& [field, number] : numbers) values.push_back({field, number, {}});
  std::sort(values.begin(), values.end(), [](const Value& a, const Value& b) { return a.field < b.field; });
  Event event;
  event.type = type;
  event.rank = native_rank(type);
  event.time = time;
  event.id = hash128(std::to_string(next_id_++), 7);
  if (!call.empty()) event.call = hash128(call, 1);
  event.customer = customer.empty() ? std::string_view{} : keep(std::string(customer));
  event.values = values;
  if (const std::string_view agent = event.text(F::agent_id); !agent.empty()) event.agent = hash128(agent, 2);
  return event;
}

std::vector<Arrival> Stream::calls(const Shape& shape) {
  std::vector<Arrival> out;
  for (std::size_t i = 0; i < shape.calls; ++i) one_call(shape, i, out);
  std::sort(out.begin(), out.end(), [](const Arrival& a, const Arrival& b) {
    return std::pair(a.received, a.event.id) < std::pair(b.received, b.event.id);
  });
  return out;
}

void Stream::one_call(const Shape& shape, std::size_t index, std::vector<Arrival>& out) {
  static constexpr const char* regions[] = {"us-east", "eu-west", "ap-south"};
  static constexpr const char* models[] = {"claude-sonnet-4-5-20250929", "claude-haiku-4-5", "mystery-1"};
  static constexpr const char* states[] = {"greeting", "intent_detection", "resolution", "farewell"};
  static constexpr const char* words[] = {"I was charged twice, this is terrible", "Thank you, that is wonderful", "hm",
                                          "My account does not work", ""};
  static constexpr const char* outcomes[] = {"successful", "failed", "transferred", "abandoned", "unknown"};
  static constexpr const char* resolutions[] = {"resolved", "unresolved", "escalated", "unknown"};
  const auto pick = [&](const auto& list) { return std::string(list[std::size_t(number(0, std::int64_t(std::size(list)) - 1))]); };
  const std::string call = "call-" + std::to_string(index), customer = "customer-" + std::to_string(number(1, std::int64_t(shape.customers)));
  const Instant start = shape.begin + Duration(number(0, shape.spread.count()));
  const auto emit = [&](EventType type, Instant time, std::vector<std::pair<Field, std::string>> texts,
                        std::vector<std::pair<Field, std::int64_t>> numbers) {
    const bool tells = !shape.late_dimensions || chance(80);
    out.push_back({make(type, call, time, std::move(texts), std::move(numbers), tells ? customer : std::string()),
                   time + Duration(number(0, 20'000'000))});
  };
  const std::string agent = "agent-" + std::to_string(number(1, std::int64_t(shape.agents)));
  if (chance(85)) {
    std::vector<std::pair<Field, std::string>> dims = {{F::agent_id, agent}, {F::caller_number, "tok_" + call}};
    if (!shape.late_dimensions || chance(70)) dims.emplace_back(F::region, pick(regions));
    if (chance(60)) dims.emplace_back(F::model_used, pick(models));
    if (chance(50)) dims.emplace_back(F::agent_type, "sales");
    if (chance(50)) dims.emplace_back(F::direction, chance(50) ? "inbound" : "outbound");
    emit(EventType::call_started, start, std::move(dims), {});
  }
  Instant t = start;
  const std::int64_t turns = number(0, std::int64_t(shape.turns_max));
  for (std::int64_t n = 0; n < turns; ++n) {
    t += Duration(number(500'000, 20'000'000));
    const bool agent_speaks = n % 2 == 1;
    std::vector<std::pair<Field, std::string>> texts = {{F::speaker, agent_speaks ? "agent" : "caller"}};
    std::vector<std::pair<Field, std::int64_t>> numbers = {{F::turn_number, n}};
    if (chance(90)) texts.emplace_back(F::text_content, pick(words));
    if (chance(70)) texts.emplace_back(F::state, pick(states));
    if (chance(20)) texts.emplace_back(F::emotion, "happy");
    if (chance(10)) numbers.emplace_back(F::sentiment_score, number(-10'000, 10'000));
    if (agent_speaks && chance(80)) {
      numbers.emplace_back(F::response_time_ms, number(200'000, 5'000'000));
      numbers.emplace_back(F::llm_latency_ms, number(0, 2'000'000));
      numbers.emplace_back(F::interrupted, number(0, 1));
    }
    if (chance(50)) numbers.emplace_back(F::stt_latency_ms, number(50'000, 400'000));
    emit(EventType::turn, t, std::move(texts), std::move(numbers));
    if (chance(15))  // the same turn again, with a second opinion
      emit(EventType::turn, t + Duration(number(-2'000'000, 2'000'000)), {{F::speaker, agent_speaks ? "agent" : "caller"}, {F::intent, "pay"}},
           {{F::turn_number, n}, {F::tts_latency_ms, number(1, 900'000)}});
    if (agent_speaks) {
      std::vector<std::pair<Field, std::string>> own;
      if (chance(60)) own.emplace_back(F::model, pick(models));
      std::vector<std::pair<Field, std::int64_t>> used = {{F::input_tokens, number(0, 3'000)}, {F::output_tokens, number(0, 300)}};
      if (chance(50)) used.emplace_back(F::cache_read_tokens, number(0, 9'000));
      if (chance(20)) used.emplace_back(F::cost_usd, number(0, 5'000'000));
      if (chance(30)) used.emplace_back(F::stt_seconds, number(0, 9'000'000));
      emit(EventType::usage, t, std::move(own), std::move(used));
    }
  }
  if (chance(10)) emit(EventType::call_intervened, t, {{F::intervention_kind, "whisper"}, {F::actor, "lead"}}, {});
  if (shape.late_dimensions && chance(40)) {
    std::vector<std::pair<Field, std::string>> dims;
    if (chance(60)) dims.emplace_back(F::region, pick(regions));
    if (chance(40)) dims.emplace_back(F::customer_id, customer);
    if (chance(40)) dims.emplace_back(F::model_used, pick(models));
    if (chance(40)) dims.emplace_back(F::provider_stt, "deepgram");
    emit(EventType::call_updated, t + 1s, std::move(dims), {});
  }
  if (chance(80)) {
    std::vector<std::pair<Field, std::string>> texts;
    std::vector<std::pair<Field, std::int64_t>> numbers;
    if (chance(80)) texts.emplace_back(F::call_outcome, pick(outcomes));
    if (chance(70)) texts.emplace_back(F::resolution_status, pick(resolutions));
    if (chance(30)) texts.emplace_back(F::end_reason, "hangup");
    if (chance(50)) numbers.emplace_back(F::total_duration_ms, number(1'000'000, 900'000'000));
    if (shape.moved_starts && chance(20)) numbers.emplace_back(F::started_at, to_micros(start - Duration(number(0, 90'000'000))));
    if (chance(30)) numbers.emplace_back(F::cost_usd, number(0, 900'000'000));
    if (chance(40)) numbers.emplace_back(F::error_count, number(0, 3));
    if (chance(30)) numbers.emplace_back(F::audio_quality_score, number(10'000, 50'000));
    if (chance(30)) numbers.emplace_back(F::conversation_quality_score, number(0, 50'000));
    emit(EventType::call_ended, t + 2s, std::move(texts), std::move(numbers));
  }
  if (shape.ratings && chance(40))
    out.push_back({make(EventType::call_rated, call, t + 1h, {}, {{F::customer_satisfaction_score, number(1, 5) * 10'000}}, customer),
                   t + 1h + 3s});
}

}  // namespace aybiza::testing
