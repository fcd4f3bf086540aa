#include "assemble/assembled_call.h"

#include <algorithm>

#include "base/limits.h"

namespace aybiza {
namespace {

// Fields that say something about the call itself; those of turns and usage belong to them alone.
bool about_call(EventType type) { return type != EventType::turn && type != EventType::usage; }

constexpr unsigned idle_flag = 16, weight_flag = 32;  // of the byte before the orders; the lower ones say which there are

Number mean(std::int64_t sum, std::int64_t count) {
  return count == 0 ? Number{} : Number(mul_div_half_even(sum, 1, count));
}
Number either(const Number& reported, const Number& otherwise) { return reported ? reported : otherwise; }

void move_sum(std::int64_t& sum, std::int64_t& count, const Number& value, int sign) {
  if (!value) return;
  sum += sign * *value;
  count += sign;
}

}  // namespace

void CallSums::add(const TurnFacts& facts, bool agent_speaks, int sign) {
  turns += sign;
  if (agent_speaks) move_sum(response, response_n, facts.response_us, sign);
  else move_sum(sentiment_e4, sentiment_n, facts.sentiment_e4, sign);
  move_sum(stt, stt_n, facts.stt_us, sign);
  move_sum(llm, llm_n, facts.llm_us, sign);
  move_sum(tts, tts_n, facts.tts_us, sign);
}

void CallSums::add_usage(const Number& cost, std::int64_t all_tokens, int sign) {
  usages += sign;
  if (cost) cost_nano += sign * *cost;
  else unknown_costs += sign;
  tokens += sign * all_tokens;
}

AssembledCall::Change AssembledCall::merge(const Event& event, Instant received) {
  Change change;
  const Order order = order_of(event);
  bool moved = false;  // something that derive() reads
  if (event.time < first_) { first_ = event.time; moved = true; }
  if (event.time > last_) { last_ = event.time; change.any = true; }
  last_received_ = std::max(last_received_, received);
  if (idle_) { idle_ = false; change.any = true; }
  if (event.type == EventType::call_started && (!started_ || *started_ < order)) { started_ = order; change.any = true; }
  if (event.type == EventType::call_ended && (!ended_ || *ended_ < order)) { ended_ = order; change.any = true; }
  if (!external_order_ || order < *external_order_) {
    external_order_ = order;
    external_ = event.text(Field::call_id);
    change.any = true;
  }
  static_assert(std::size_t(Field::sample_weight) + 1 == field_count);  // so that it comes last
  const bool weighs = !event.values.empty() && event.values.back().field == Field::sample_weight;
  const auto weight = std::uint16_t(weighs ? std::clamp<std::int64_t>(event.values.back().number, 1, limits::sampling_calls_one_in) : 1);
  // Rules may have changed while it went on. The laxer of two keeps what the stricter one keeps, and its weight is that of
  // what was kept by either.
  if (weight_ == 0 || weight < weight_) change.any |= weight_ != 0, weight_ = weight;
  const bool all = about_call(event.type);
  moved |= all;
  bool names_customer = false;
  for (const Value& value : event.values) {
    const bool dimension = std::size_t(value.field) < dimension_field_count;
    if (!dimension && !all) break;  // sorted: dimensions come first
    if (value.field == Field::call_id || value.field == Field::intervention_kind || value.field == Field::actor ||
        value.field == Field::error_events || value.field == Field::sample_weight)
      continue;
    names_customer |= value.field == Field::customer_id;
    if (!slots_.merge(value, order)) continue;
    change.any = true;
    change.dimensions |= dimension;
    if (value.field == Field::agent_id) agent_ = event.agent;
  }
  if (!names_customer && !event.customer.empty() && (!implied_order_ || *implied_order_ < order)) {
    implied_order_ = order;
    if (implied_customer_ != event.customer) {
      implied_customer_ = event.customer;
      change.any = change.dimensions = true;
    }
  }
  if (all && !event.ext.empty() && slots_.merge(FieldSlots::ext, order, 0, event.ext)) change.any = true;
  if (moved) derive();
  change.any |= moved;
  return change;
}

std::string_view AssembledCall::customer() const {
  if (const auto named = slots_.text(Field::customer_id); !named.empty()) return named;
  return implied_customer_.empty() ? std::string_view("default") : implied_customer_;
}

std::string_view AssembledCall::call_outcome() const {
  const auto known = slots_.text(Field::call_outcome);
  return known.empty() && idle_ && !ended_ ? std::string_view("unknown") : known;
}

std::string_view AssembledCall::end_reason() const {
  const auto known = slots_.text(Field::end_reason);
  return known.empty() && idle_ && !ended_ ? std::string_view("idle") : known;
}

void AssembledCall::derive() {
  reports_cost_ = slots_.known(Field::cost_usd);
  const Number at = slots_.number(Field::started_at), duration = slots_.number(Field::total_duration_ms);
  if (at) start_ = from_micros(*at);
  else if (started_) start_ = started_->time;
  else if (ended_ && duration) start_ = ended_->time - Duration(*duration);
  else start_ = first_;
}

std::optional<Instant> AssembledCall::ended_at() const {
  if (!ended_ && !idle_) return std::nullopt;
  const Instant begin = start();
  if (!ended_) return std::max(last_, begin);
  if (const Number duration = slots_.number(Field::total_duration_ms)) return begin + Duration(*duration);
  return std::max(ended_->time, begin);
}

CallFigures AssembledCall::figures(const CallSums& sums) const {
  CallFigures call;
  const Number duration = slots_.number(Field::total_duration_ms);
  call.start = start();
  call.duration_us = duration;
  call.ended = ended_at();
  call.state = call.ended ? CallState::ended : CallState::active;
  // An end of which nobody told a beginning, and before which nothing came, says nothing of how long it was.
  const bool begins = started_ || slots_.known(Field::started_at);
  if (ended_ && !duration && (begins || *call.ended > call.start)) call.duration_us = (*call.ended - call.start).count();
  call.call_outcome = call_outcome();
  call.resolution_status = slots_.text(Field::resolution_status);
  call.escalated_flag = slots_.number(Field::escalated).value_or(0) != 0;
  call.voice_latency_us = either(slots_.number(Field::voice_processing_latency_ms), mean(sums.response, sums.response_n));
  call.stt_latency_us = either(slots_.number(Field::stt_latency_ms), mean(sums.stt, sums.stt_n));
  call.llm_latency_us = either(slots_.number(Field::llm_latency_ms), mean(sums.llm, sums.llm_n));
  call.tts_latency_us = either(slots_.number(Field::tts_latency_ms), mean(sums.tts, sums.tts_n));
  call.audio_quality_e4 = slots_.number(Field::audio_quality_score);
  call.conversation_quality_e4 = slots_.number(Field::conversation_quality_score);
  call.satisfaction_e4 = slots_.number(Field::customer_satisfaction_score);
  call.error_count = either(slots_.number(Field::error_count), sums.errors < 0 ? Number{} : Number(sums.errors));
  call.turns = sums.turns;
  call.cost_nano = slots_.number(Field::cost_usd);
  if (call.cost_nano) call.cost_source = CostSource::reported;
  else if (sums.usages > 0 && sums.unknown_costs == 0) call.cost_nano = sums.cost_nano, call.cost_source = CostSource::priced;
  call.tokens_consumed = slots_.number(Field::tokens_consumed);
  if (!call.tokens_consumed && sums.usages > 0) call.tokens_consumed = sums.tokens;
  call.quality_e4 = quality_of(call, sums.sentiment_e4, sums.sentiment_n);
  call.efficiency_e4 = efficiency_of(call);
  return call;
}

CallRow AssembledCall::row(const Id& id, const CallSums& sums) const {
  const CallFigures known = figures(sums);
  CallRow row;
  row.call_id = id;
  row.start = known.start;
  row.agent_id = agent_;
  row.external_call_id = external_;
  for (std::size_t i = 0; i < dimension_field_count; ++i) row.dims[Field(i)] = dimension(Field(i));
  row.state = known.state;
  row.ended = known.ended;
  row.updated = last_;
  row.phone_number = slots_.text(Field::phone_number);
  row.caller_number = slots_.text(Field::caller_number);
  row.call_outcome = known.call_outcome;
  row.resolution_status = known.resolution_status;
  row.end_reason = end_reason();
  row.ext = slots_.text(FieldSlots::ext);
  row.duration_us = known.duration_us;
  row.voice_latency_us = known.voice_latency_us;
  row.stt_latency_us = known.stt_latency_us;
  row.llm_latency_us = known.llm_latency_us;
  row.tts_latency_us = known.tts_latency_us;
  row.audio_quality_e4 = known.audio_quality_e4;
  row.conversation_quality_e4 = known.conversation_quality_e4;
  row.stt_confidence_e4 = slots_.number(Field::stt_confidence_avg);
  row.satisfaction_e4 = known.satisfaction_e4;
  row.nps = slots_.number(Field::nps);
  row.cost_nano = known.cost_nano;
  row.tokens_consumed = known.tokens_consumed;
  row.error_count = known.error_count;
  row.cost_source = known.cost_source;
  row.escalated_flag = known.escalated_flag;
  row.interventions = sums.interventions;
  row.turns = sums.turns;
  row.quality_e4 = known.quality_e4;
  row.efficiency_e4 = known.efficiency_e4;
  if (weight_ > 1) row.sample_weight = weight_;
  return row;
}

CallFacts AssembledCall::facts(const CallSums& sums) const {
  const CallFigures known = figures(sums);
  const auto is_known = [](std::string_view word) { return !word.empty() && word != "unknown"; };
  CallFacts facts;
  facts.weight = std::uint16_t(weight());
  facts.known_outcome = is_known(known.call_outcome);
  facts.successful = known.call_outcome == "successful";
  facts.known_resolution = is_known(known.resolution_status);
  facts.resolved = known.resolution_status == "resolved";
  facts.escalated = known.escalated_flag || known.resolution_status == "escalated" || known.call_outcome == "transferred";
  facts.intervened = sums.interventions > 0;
  facts.errors = known.error_count.value_or(0);
  facts.satisfaction_e4 = known.satisfaction_e4;
  facts.quality_e4 = known.quality_e4;
  facts.efficiency_e4 = known.efficiency_e4;
  facts.duration_us = known.duration_us;
  facts.voice_latency_us = known.voice_latency_us;
  facts.cost_nano = known.cost_nano;
  if (known.cost_source == CostSource::reported) facts.reported_cost_nano = known.cost_nano;
  return facts;
}

std::size_t AssembledCall::heap_bytes() const {
  const auto of = [](const std::string& text) { return text.capacity() > 15 ? text.capacity() + 1 : 0; };
  return slots_.heap_bytes() + of(external_) + of(implied_customer_);
}

void AssembledCall::write(bytes::Writer& out) const {
  OrderPlaces orders;
  slots_.write(out, orders);
  out.text(implied_customer_);
  out.text(external_);
  const std::optional<Order>* const told[] = {&external_order_, &implied_order_, &started_, &ended_};
  unsigned flags = (idle_ ? idle_flag : 0u) | (weight_ > 1 ? weight_flag : 0u);
  for (std::size_t i = 0; i < std::size(told); ++i) flags |= *told[i] ? 1u << i : 0u;
  out.byte(std::uint8_t(flags));
  for (const auto* order : told)
    if (*order) orders.write(out, **order);
  if (weight_ > 1) out.count(weight_);
  out.id(agent_);
  out.instant(first_);
  out.instant(last_, first_);
  out.instant(last_received_, last_);
}

bool AssembledCall::read(bytes::Reader& in) {
  OrderPlaces orders;
  if (!slots_.read(in, orders)) return false;
  implied_customer_ = in.text();
  external_ = in.text();
  const unsigned flags = in.byte();
  idle_ = (flags & idle_flag) != 0;
  std::optional<Order>* const told[] = {&external_order_, &implied_order_, &started_, &ended_};
  for (std::size_t i = 0; i < std::size(told); ++i) {
    told[i]->reset();
    if ((flags >> i & 1) != 0) *told[i] = orders.read(in);
  }
  weight_ = (flags & weight_flag) != 0 ? std::uint16_t(in.count()) : 1;
  if (weight_ == 0 || weight_ > limits::sampling_calls_one_in) return false;
  agent_ = in.id();
  first_ = in.instant();
  last_ = in.instant(first_);
  last_received_ = in.instant(last_);
  derive();
  return !in.bad();
}

}  // namespace aybiza
