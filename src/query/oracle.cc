#include "query/oracle.h"

#include <algorithm>
#include <deque>
#include <tuple>

#include "aggregate/learning_table.h"
#include "assemble/price_order.h"
#include "base/limits.h"
#include "codec/metric_binary.h"
#include "query/oracle_metrics.h"
#include "query/oracle_turns.h"

namespace aybiza {
namespace {

Number mean_half_even(const std::vector<std::int64_t>& values) {
  if (values.empty()) return {};
  std::int64_t sum = 0;
  for (const std::int64_t value : values) sum += value;
  return mul_div_half_even(sum, 1, std::int64_t(values.size()));
}

// 1 at or below `good`, 0 at or above `bad`, linear between, floored to 1/10000.
std::int64_t falling(std::int64_t value, std::int64_t good, std::int64_t bad) {
  if (value <= good) return 10'000;
  if (value >= bad) return 0;
  return std::int64_t(static_cast<long double>(bad - value) * 10'000.0L / static_cast<long double>(bad - good));
}

struct Weighted {
  std::int64_t sum = 0, weight = 0;
  void part(std::int64_t w, std::int64_t e4) { sum += w * e4, weight += w; }
  Number score() const { return weight == 0 ? Number{} : Number(sum / weight); }
};

bool known(const std::string& word) { return !word.empty() && word != "unknown"; }

Number quality(const CallRow& call, const std::vector<std::int64_t>& caller_sentiment) {
  if (!known(call.call_outcome) && !known(call.resolution_status) && !call.satisfaction_e4 && !call.conversation_quality_e4)
    return {};
  Weighted w;
  if (known(call.call_outcome)) w.part(30, call.call_outcome == "successful" ? 10'000 : 0);
  if (known(call.resolution_status)) w.part(20, call.resolution_status == "resolved" ? 10'000 : 0);
  if (call.satisfaction_e4) w.part(20, (*call.satisfaction_e4 - 10'000) / 4);
  if (!caller_sentiment.empty()) {
    std::int64_t sum = 0;
    for (const std::int64_t s : caller_sentiment) sum += s;
    // floor((mean + 1) / 2 * 10^4) with the mean as an exact fraction; the numerator is never negative.
    const auto n = std::int64_t(caller_sentiment.size());
    w.part(10, (sum + 10'000 * n) / (2 * n));
  }
  if (call.voice_latency_us) w.part(10, falling(*call.voice_latency_us, 800'000, 4'000'000));
  if (call.conversation_quality_e4) w.part(5, *call.conversation_quality_e4 / 5);
  if (call.audio_quality_e4) w.part(5, (*call.audio_quality_e4 - 10'000) / 4);
  return w.score();
}

Number efficiency(const CallRow& call) {
  const bool resolution = known(call.resolution_status);
  if (call.state != CallState::ended || (!resolution && !known(call.call_outcome))) return {};
  Weighted w;
  w.part(40, (resolution ? call.resolution_status == "resolved" : call.call_outcome == "successful") ? 10'000 : 0);
  if (call.duration_us) w.part(20, falling(*call.duration_us, 60'000'000, 600'000'000));
  if (call.cost_nano) w.part(20, falling(*call.cost_nano, 0, 1'000'000'000));
  if (call.turns > 0) w.part(10, falling(call.turns, 8, 48));
  if (call.error_count) w.part(10, *call.error_count == 0 ? 10'000 : 0);
  return w.score();
}

}  // namespace

struct Oracle::Inner {
  std::map<Id, Events> calls;
  std::map<Id, std::pair<Id, std::string>> wholes;       // calls that are part of another, with that one's name
  RowSet others;
  OracleMetrics metrics;
  std::uint64_t events = 0;
  std::vector<PriceBook> books;                          // all there ever were
  std::vector<std::pair<std::size_t, Rerate>> rerates;   // with the book then in force; each covers what was added before it
  std::vector<std::uint64_t> rerated_at;                 // how many events had been added then

  void take(const std::optional<PriceOrder>& order);
  void join(const Id& part, const Event& whole);
  const PriceBook& book_of(const Kept& usage, const std::string& customer) const;

  void one_call(const Id& id, const Events& all_events, Instant received_now, RowSet& out) const;
};

namespace {

// As if it had been told of the call it is part of, whose beginning and end its own are not.
void rename(Kept& event, std::string_view name) {
  event.fields[Field::call_id].text = name;
  if (event.type != EventType::call_ended) return;
  event.type = EventType::call_updated;
  event.fields.erase(Field::started_at);
  event.fields.erase(Field::total_duration_ms);
}

}  // namespace

Oracle::Oracle(PriceBook first) : inner_(std::make_unique<Inner>()) { inner_->books.push_back(std::move(first)); }
Oracle::~Oracle() = default;
std::uint64_t Oracle::events() const { return inner_->events; }

void Oracle::begin(Instant log_began) { inner_->metrics.begin(log_began); }

void Oracle::add(const Event& event, Instant received) {
  ++inner_->events;
  if (const auto part = joined_call(event)) return inner_->join(*part, event);
  if (!event.call.empty() && event.type <= EventType::usage) {  // a metric that names a call is still a metric
    Kept kept = keep(event, received);
    kept.place = inner_->events, kept.book = inner_->books.size() - 1;
    const auto whole = event.source == joinable_source ? inner_->wholes.find(event.call) : inner_->wholes.end();
    if (whole != inner_->wholes.end()) rename(kept, whole->second.second);
    inner_->calls[whole != inner_->wholes.end() ? whole->second.first : event.call].push_back(std::move(kept));
    return;
  }
  if (event.type == EventType::prices) return inner_->take(decode_price_order(event.text(Field::price_order)));
  const auto text = [&](Field f) { return std::string(event.text(f)); };
  const std::string customer = event.customer.empty() ? "default" : std::string(event.customer);
  if (event.type == EventType::agent_status) {
    AgentStatusRow row{event.id, event.agent, event.time, customer, text(Field::agent_id), "", text(Field::region),
                       text(Field::agent_type), event.number(Field::capacity)};
    row.status = info(Field::status).words[std::size_t(*event.number(Field::status))];
    inner_->others.agent_status.push_back(std::move(row));
  } else if (event.type == EventType::metric) {
    MetricSeries series{.name = event.text(Field::name), .unit = event.text(Field::unit), .tags = event.text(Field::tags)};
    series.kind = *parse_metric_kind(info(Field::metric_kind).words[std::size_t(*event.number(Field::metric_kind))]);
    if (series.kind == MetricKind::last_value) series.temporality = Temporality::cumulative;
    if (const auto rate = event.number(Field::sample_rate)) series.sample_rate = to_wire(Field::sample_rate, *rate);
    MetricBatch batch;
    batch.points.push_back({.time = event.time, .value = to_wire(Field::value, *event.number(Field::value)), .series = batch.add_series(series)});
    inner_->metrics.add(customer, batch, received, inner_->others);
  } else if (event.type >= EventType::learning_pattern && event.type <= EventType::learning_improvement) {
    inner_->others.learning.push_back(learning_row(event));  // nothing to merge: an event is a row
  } else if (event.type == EventType::change) {
    inner_->others.changes.push_back(change_row(event));
  } else if (event.type == EventType::metric_points) {
    MetricBatch batch;
    if (decode_metric_batch(event.text(Field::points), batch)) inner_->metrics.add(customer, batch, received, inner_->others);
  }
}

// All that was told of the part, whenever, was told of the whole.
void Oracle::Inner::join(const Id& part, const Event& whole) {
  if (!wholes.try_emplace(part, whole.call, std::string(whole.text(Field::call_id))).second) return;
  const auto told = calls.find(part);
  if (told == calls.end() || std::ranges::any_of(told->second, [](const Kept& event) { return event.source != joinable_source; })) return;
  for (Kept& event : told->second) {
    rename(event, whole.text(Field::call_id));
    event.place = events, event.book = books.size() - 1;
    calls[whole.call].push_back(std::move(event));
  }
  calls.erase(part);
}

void Oracle::Inner::take(const std::optional<PriceOrder>& order) {
  if (!order) return;
  if (order->what == PriceOrder::What::rerate) {
    rerates.emplace_back(books.size() - 1, order->rerate);
    rerated_at.push_back(events);
  } else if (auto book = PriceBook::of(order->shipped, order->file)) {
    books.push_back(std::move(*book));
  }
}

// The last rerate that covered it, else what was in force when it came.
const PriceBook& Oracle::Inner::book_of(const Kept& usage, const std::string& customer) const {
  for (std::size_t i = rerates.size(); i-- > 0 && rerated_at[i] > usage.place;)
    if (rerates[i].second.covers(usage.time, customer)) return books[rerates[i].first];
  return books[usage.book];
}

void Oracle::Inner::one_call(const Id& id, const Events& all_events, Instant received_now, RowSet& out) const {
  std::vector<const Kept*> all, about_call;
  std::map<std::int64_t, std::vector<const Kept*>> turns;
  std::vector<const Kept*> keyed;
  std::map<Id, std::int64_t> errors;  // of events that count them
  bool usage_is_final = false;
  std::int64_t least_weight = INT64_MAX;
  std::deque<Kept> made;
  for (const Kept& event : all_events) all.push_back(&event);
  std::sort(all.begin(), all.end(), [](auto a, auto b) { return a->order() < b->order(); });

  CallRow call;
  call.call_id = id;
  std::optional<Instant> started, ended;
  Instant first = all.front()->time, last = first, last_received = all.front()->received;
  std::map<Field, const Said*> dims;
  for (const Kept* event : all) {
    first = std::min(first, event->time);
    last = std::max(last, event->time);
    last_received = std::max(last_received, event->received);
    for (const auto& [field, said] : event->fields)
      if (std::size_t(field) < dimension_field_count) {
        // A usage's or turn's own `model_used` is the call's too: any event may carry a dimension.
        dims[field] = &said;
        if (field == Field::agent_id) call.agent_id = event->agent;
      }
    if (!event->customer.empty() && !event->has(Field::customer_id)) call.dims[Field::customer_id] = event->customer;
    const std::int64_t weight = event->has(Field::sample_weight) ? event->fields.at(Field::sample_weight).number : 1;
    least_weight = std::min(least_weight, weight);
    if (event->has(Field::error_events)) errors[event->id] = event->fields.at(Field::error_events).number;
    if (event->has(Field::usage_preliminary)) usage_is_final |= event->fields.at(Field::usage_preliminary).number == 0;
    if (event->type == EventType::turn && event->has(Field::turn_key)) keyed.push_back(event);
    else if (event->type == EventType::turn) turns[event->fields.at(Field::turn_number).number].push_back(event);
    else if (event->type != EventType::usage) about_call.push_back(event);
    if (event->type == EventType::call_started) started = event->time;
    if (event->type == EventType::call_ended) ended = event->time;
  }
  if (least_weight > 1) call.sample_weight = least_weight;
  for (const auto& [field, said] : dims) call.dims[field] = said->text;
  if (call.dims[Field::customer_id].empty()) call.dims[Field::customer_id] = "default";

  if (!keyed.empty()) {  // of several vocabularies the one of the greatest rank counts
    std::erase_if(keyed, [rank = keyed.back()->rank](const Kept* event) { return event->rank != rank; });
    std::map<std::int64_t, std::vector<const Kept*>> parts;
    const auto keys = numbered_keys(keyed);
    for (const Kept* event : keyed) {
      const std::uint64_t tie = hash64(event->fields.at(Field::turn_key).text, std::uint64_t(event->rank));
      const auto key = std::find_if(keys.begin(), keys.end(), [&](const KeyOfTurns& one) { return one.tie == tie; });
      if (!event->has(Field::speaker) && !event->has(Field::text_order)) continue;  // it only numbers
      const bool caller = key->exchange && (!event->has(Field::speaker) || event->fields.at(Field::speaker).text == "caller");
      parts[key->number - (caller ? 1 : 0)].push_back(event);
    }
    for (const auto& [number, list] : parts)
      if (const auto told = with_one_text(list, made); !told.empty()) turns[number] = {&made.emplace_back(joined(told))};
  }

  const LastWord said(about_call);
  call.external_call_id = all.front()->fields.at(Field::call_id).text;
  call.call_outcome = said.text(Field::call_outcome);
  call.resolution_status = said.text(Field::resolution_status);
  call.end_reason = said.text(Field::end_reason);
  call.phone_number = said.text(Field::phone_number);
  call.caller_number = said.text(Field::caller_number);
  call.escalated_flag = said.number(Field::escalated).value_or(0) != 0;
  call.audio_quality_e4 = said.number(Field::audio_quality_score);
  call.conversation_quality_e4 = said.number(Field::conversation_quality_score);
  call.satisfaction_e4 = said.number(Field::customer_satisfaction_score);
  call.nps = said.number(Field::nps);
  call.error_count = said.number(Field::error_count);
  if (!call.error_count && !errors.empty())
    call.error_count = std::count_if(errors.begin(), errors.end(), [](const auto& entry) { return entry.second > 0; });
  call.updated = last;

  const Number duration = said.number(Field::total_duration_ms);
  if (const auto at = said.number(Field::started_at)) call.start = from_micros(*at);
  else if (started) call.start = *started;
  else if (ended && duration) call.start = *ended - Duration(*duration);
  else call.start = first;
  if (ended) {
    call.state = CallState::ended;
    call.ended = duration ? call.start + Duration(*duration) : std::max(*ended, call.start);
  } else if (received_now - last_received > Duration(limits::call_idle_timeout)) {
    call.state = CallState::ended;
    call.ended = std::max(last, call.start);
    if (call.call_outcome.empty()) call.call_outcome = "unknown";
    if (call.end_reason.empty()) call.end_reason = "idle";
  }
  call.duration_us = duration;
  const bool begins = started || said.number(Field::started_at);
  if (!duration && ended && (begins || *ended > call.start)) call.duration_us = std::max<std::int64_t>((*ended - call.start).count(), 0);

  std::vector<std::int64_t> caller_sentiment, response, stt, llm, tts;
  for (const auto& [number, ordered] : turns) {
    TurnRow turn = turn_row(id, number, ordered);
    const auto take = [](std::vector<std::int64_t>& to, const Number& v) { if (v) to.push_back(*v); };
    if (turn.agent_speaks) take(response, turn.response_time_us);
    else take(caller_sentiment, turn.sentiment_e4);
    take(stt, turn.stt_latency_us);
    take(llm, turn.llm_latency_us);
    take(tts, turn.tts_latency_us);
    out.turns.push_back(std::move(turn));
  }
  call.turns = std::int64_t(turns.size());
  const auto or_mean = [&](Field f, const std::vector<std::int64_t>& values) {
    const Number reported = said.number(f);
    return reported ? reported : mean_half_even(values);
  };
  call.voice_latency_us = or_mean(Field::voice_processing_latency_ms, response);
  call.stt_latency_us = or_mean(Field::stt_latency_ms, stt);
  call.llm_latency_us = or_mean(Field::llm_latency_ms, llm);
  call.tts_latency_us = or_mean(Field::tts_latency_ms, tts);

  std::int64_t cost = 0, tokens = 0, uses = 0;
  bool every_cost_known = true;
  for (const Kept* event : all) {
    if (event->type == EventType::call_intervened) ++call.interventions;
    if (event->type != EventType::usage) continue;
    if (usage_is_final && event->has(Field::usage_preliminary) && event->fields.at(Field::usage_preliminary).number == 1) continue;
    ++uses;
    const auto number = [&](Field f) { return event->has(f) ? Number(event->fields.at(f).number) : Number{}; };
    UsageRow row;
    row.id = event->id;
    row.call_id = id;
    row.time = event->time;
    if (event->has(Field::model)) row.model = event->fields.at(Field::model).text;
    row.input_tokens = number(Field::input_tokens);
    row.cache_read_tokens = number(Field::cache_read_tokens);
    row.cache_write_tokens = number(Field::cache_write_tokens);
    row.output_tokens = number(Field::output_tokens);
    row.reasoning_tokens = number(Field::reasoning_tokens);
    row.audio_input_tokens = number(Field::audio_input_tokens);
    row.audio_output_tokens = number(Field::audio_output_tokens);
    row.stt_us = number(Field::stt_seconds);
    row.tts_characters = number(Field::tts_characters);
    row.telephony_us = number(Field::telephony_seconds);
    row.cost_nano = number(Field::cost_usd);
    if (!row.cost_nano) row.cost_nano = book_of(*event, call.dims[Field::customer_id]).cost_of(row, call.dims);
    for (const Number& kind : {row.input_tokens, row.cache_read_tokens, row.cache_write_tokens, row.output_tokens,
                               row.reasoning_tokens, row.audio_input_tokens, row.audio_output_tokens})
      tokens += kind.value_or(0);
    every_cost_known = every_cost_known && row.cost_nano;
    cost += row.cost_nano.value_or(0);
    out.usage.push_back(std::move(row));
  }
  call.cost_nano = said.number(Field::cost_usd);
  call.cost_source = call.cost_nano ? CostSource::reported : CostSource::unknown;
  if (!call.cost_nano && uses > 0 && every_cost_known) call.cost_nano = cost, call.cost_source = CostSource::priced;
  call.tokens_consumed = said.number(Field::tokens_consumed);
  if (!call.tokens_consumed && uses > 0) call.tokens_consumed = tokens;
  call.quality_e4 = quality(call, caller_sentiment);
  call.efficiency_e4 = efficiency(call);
  out.calls.push_back(std::move(call));
}

RowSet Oracle::rows(Instant received_now) const {
  RowSet out = inner_->others;
  for (const auto& [id, events] : inner_->calls) inner_->one_call(id, events, received_now, out);
  return out;
}

}  // namespace aybiza
