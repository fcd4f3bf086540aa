// Folding: one event at a time into calls, panes and rows.
#include <algorithm>

#include "aggregate/members_json.h"
#include "aggregate/shard_state.h"
#include "base/check.h"
#include "text/analyze.h"

namespace aybiza {
namespace {

// Of the panes that cool down, with each step: so many at least, or their share of all, so that a pass ends however fast time goes by.
constexpr std::size_t cooled_at_once = 64, cooling_steps = 64;

constexpr bool of_calls(EventType type) { return type <= EventType::usage; }

std::string customer_of(const Event& event) {
  return event.customer.empty() ? std::string("default") : std::string(event.customer);
}

std::string word(const Event& event, Field field) {
  const Value* value = event.find(field);
  return value ? std::string(text_of(*value)) : std::string();
}

}  // namespace

Shard::State::State(ShardOptions given)
    : options(std::move(given)), series(0),
      cold({.directory = options.cold, .ids_max = limits::calls_evicted_known / std::max(options.count, 1u),
            .bytes_max = limits::cold_bytes / std::max(options.count, 1u), .free_bytes = limits::cold_free_bytes}),
      metrics(options.series_per_dimension == 0 ? limits::series_per_customer : options.series_per_dimension, options.metrics_since),
      learning(options.covered_since), shelf(options.prices) {
  CHECK(options.count > 0 && options.index < options.count);
  if (options.calls_retained == 0) options.calls_retained = std::max<std::size_t>(limits::calls_retained / options.count, 1);
  if (options.series_per_dimension == 0) options.series_per_dimension = limits::series_per_customer;
  series = SeriesTable(options.series_per_dimension);
  exact_since = calls_since = options.covered_since;
  constexpr std::string_view classes[] = {"negative", "neutral", "positive"}, speakers[] = {"caller", "agent"};
  for (std::size_t i = 0; i < 3; ++i) sentiment_labels[i] = labels.intern(classes[i]);
  for (std::size_t i = 0; i < 2; ++i) speaker_labels[i] = labels.intern(speakers[i]);
  for (int i = 0; i < topic_count; ++i) topic_labels[i] = labels.intern(to_string(Topic(i)));
  for (std::size_t i = 0; i < axis_count; ++i) floors[i] = floors_of(Axis(i), newest);
}

void Shard::State::apply(const Event& event, Instant received_at, std::string_view kept) {
  if (event.type == EventType::prices) return fold_prices(event);
  ++events;
  received = std::max(received, received_at);
  see_time(event.time);
  if (of_calls(event.type) && !event.call.empty()) fold_call_event(event, received_at, kept);
  else fold_other(event);
}

void Shard::State::see_time(Instant time) {
  if (time <= newest) return;
  newest = time;
  const std::int64_t minute = index_of(Level::minute, newest);
  if (minute == newest_minute) return;
  newest_minute = minute;
  for (std::size_t i = 0; i < axis_count; ++i) floors[i] = floors_of(Axis(i), newest);
  ++floors_moved;
  if (!std::exchange(cooling, true)) cooling_at = cooled_to = 0;
}

// Panes that are not written any more become bytes, a share of them with each step: with a minute those of ten thousand agents
// come due at once. Two minutes of grace spare those that late turns still reach.
void Shard::State::cool_panes(std::size_t some) {
  if (!cooling) return;
  const Instant line = start_of(Level::minute, newest_minute) - std::chrono::minutes(2);
  const std::size_t end = cooling_at + std::min(some, hot.size() - cooling_at);
  for (; cooling_at < end; ++cooling_at) {
    const HotPane entry = hot[cooling_at];
    if (entry.level != Level::hour && start_of(entry.level, entry.index) >= line) {
      hot[cooled_to++] = entry;
    } else if (Pane* pane = series[entry.series].ring(entry.level).find(entry.index)) {
      pane->cool();
      pane->unlist();
    }
  }
  if (cooling_at < hot.size()) return;
  hot.resize(cooled_to);
  cooling = false;
}

void Shard::State::advance(Instant received_at) {
  received = std::max(received, received_at);
  // Each step a share of the series lets its old panes leave, so that no single step pays for all of them.
  const auto share = std::uint32_t(std::min<std::size_t>(series.size(), 64));
  for (std::uint32_t i = 0; i < share; ++i) {
    sweep = sweep + 1 < series.size() ? sweep + 1 : 0;
    Series& one = series[sweep];
    if (one.moved == floors_moved) continue;
    keep_series(sweep);
    one.move_to(floors[std::size_t(one.axis)]);
    one.moved = floors_moved;
  }
  if (received > idle_check) {
    Instant oldest = received;
    for (std::size_t i = in_flight.size(); i-- > 0;) {
      CallRecord& record = *calls[in_flight[i]];
      if (received - record.call.last_received() <= Duration(limits::call_idle_timeout)) {
        oldest = std::min(oldest, record.call.last_received());
        continue;
      }
      keep(in_flight[i]);
      record.call.end_idle();
      refresh_panes(record);
      mark(record);
      update_flight(record);  // removes place i and moves the last one there, which was looked at already
    }
    idle_check = oldest + Duration(limits::call_idle_timeout);
  }
  cool_panes(std::max(cooled_at_once, hot.size() / cooling_steps));
  pack_calls(received);
  bound_calls();
  metrics.advance(received);
  count_on();
}

void Shard::State::fold_call_event(const Event& event, Instant received_at, std::string_view kept) {
  CallRecord* known = find(event.call);
  if (!known && was_evicted(event)) {
    known = wake(event.call);
    if (!known) return fold_late(event);
  }
  CallRecord& record = known ? *known : create(event.call);
  const bool reported_before = record.call.reports_cost();
  uncount_sampled(record);
  const AssembledCall::Change change = record.call.merge(event, received_at);
  if (change.dimensions || !known) refresh_dimensions(record, reported_before);
  if (change.dimensions || reported_before != record.call.reports_cost()) reprice(record, reported_before);
  if (event.type == EventType::turn) fold_turn(record, event);
  else if (event.type == EventType::usage) fold_usage(record, event);
  else if (event.type == EventType::call_intervened) fold_intervention(record, event);
  else note_error(record, event);
  const std::size_t told = record.told.size();
  record.keep_told(told_bytes < limits::told_bytes / options.count ? kept : std::string_view(), received_at);
  told_bytes = told_bytes - told + record.told.size();
  refresh_panes(record);
  mark(record);
  update_flight(record);
}

void Shard::State::fold_late(const Event& event, Number turn_number) {
  ++late_events;
  if (event.find(Field::turn_key) && !turn_number) {  // no row of the store is known to be its own
    pending.raw.push_back({event.id, event.time, customer_of(event), std::string(to_string(event.type)), std::string(event.source),
                           std::string(event.id_text), members_json(event)});
    return;
  }
  LateRow row{.id = event.id, .call_id = event.call, .time = event.time, .type = event.type, .rank = event.rank};
  for (const Value& value : event.values) {
    const Kind kind = info(value.field).kind;
    if (std::size_t(value.field) < dimension_field_count) row.dims[value.field] = text_of(value);
    else if (is_number(kind)) row.numbers.emplace_back(value.field, value.number);
    else row.texts.emplace_back(value.field, text_of(value));
  }
  if (turn_number) row.numbers.emplace_back(Field::turn_number, *turn_number);
  row.ext = event.ext;
  pending.late.push_back(std::move(row));
  // The call lay before calls_since; its turns and usage lie where the event says.
  const bool own_time = event.type == EventType::turn || event.type == EventType::usage;
  exact_since = std::max({exact_since, calls_since, own_time ? event.time + Duration(1) : Instant::min()});
}

void Shard::State::fold_turn(CallRecord& record, const Event& event) {
  unpack(record);
  if (event.find(Field::turn_key)) return fold_keyed_turn(record, event);
  merge_turn(record, event, event.number(Field::turn_number).value_or(0));
}

void Shard::State::merge_turn(CallRecord& record, const Event& event, std::int64_t number) {
  const Axes all = Axes().set();
  const auto name = [&](LiveTurn& turn) {
    const TurnState::Labels texts = turn.state.labels();
    turn.turn_state = labels.intern(texts.state);
    turn.intent = labels.intern(texts.intent);
    turn.emotion = labels.intern(texts.emotion);
  };
  LiveTurn* turn = record.find_turn(number);
  if (!turn) {
    if (record.turns.size() >= limits::turns_per_call) return fold_late(event, number);
    auto place = record.turns.end();
    if (!record.turns.empty() && number < record.turns.back().state.number())
      place = std::upper_bound(record.turns.begin(), record.turns.end(), number,
                               [](std::int64_t n, const LiveTurn& other) { return n < other.state.number(); });
    if (record.turns.size() < record.turns.capacity()) {
      turn = &*record.turns.emplace(place);
    } else {
      const auto at = place - record.turns.begin();
      record.turns.reserve(std::max<std::size_t>(8, record.turns.size() * 2));
      turn = &*record.turns.emplace(record.turns.begin() + at);
    }
    turn->state.merge(event, std::int32_t(number));
    turn->turn_state = labels.intern(event.text(Field::state));
    const std::string_view intent = event.text(Field::intent), emotion = event.text(Field::emotion);
    turn->intent = labels.intern(intent.empty() ? turn->state.found_intent() : intent);
    turn->emotion = labels.intern(emotion.empty() ? turn->state.found_emotion() : emotion);
    if (record.counted) move_turn(record, *turn, 1, all);
    record.sums.add(turn->state.facts(), turn->state.agent_speaks(), 1);
    record.open(*turn);
    ++turns;
    return;
  }
  if (!turn->state.has_texts()) fold_late(event, number);  // the store holds its texts: it merges the row itself
  else record.open(*turn);
  const LiveTurn old = *turn;
  if (!turn->state.merge(event, std::int32_t(number))) return;
  if (turn->state.has_texts()) name(*turn);
  record.sums.add(old.state.facts(), old.state.agent_speaks(), -1);
  record.sums.add(turn->state.facts(), turn->state.agent_speaks(), 1);
  if (!record.counted) return;
  std::vector<std::uint32_t> before, after;
  each_series(record, old, all, [&](std::uint32_t id) { before.push_back(id); });
  each_series(record, *turn, all, [&](std::uint32_t id) { after.push_back(id); });
  if (before == after && old.state.time() == turn->state.time()) {
    for (const std::uint32_t id : after)
      change(id, turn->state.time(), [&](Tally& tally) { tally.amend(old.state.facts(), turn->state.facts()); });
    return;
  }
  move_turn(record, old, -1, all);
  move_turn(record, *turn, 1, all);
}

void Shard::State::fold_usage(CallRecord& record, const Event& event) {
  unpack(record);
  if (!admit_usage(record, event)) return;
  if (record.usage.empty()) record.usage.reserve(8);
  if (record.knows_usage(event.id)) return;
  if (record.usage.size() >= limits::turns_per_call) return fold_late(event);
  LiveUsage usage = usage_of(event, labels);
  usage.book = shelf.current();
  if (!usage.reported) usage.cost_nano = price(record, usage).value_or(-1);
  record.open(usage);
  record.sums.add_usage(usage.cost(), usage.all_tokens(), 1);
  if (record.counted) move_usage(record, usage, record.call.reports_cost(), 1, Axes().set());
  record.add_usage(usage);
}

void Shard::State::fold_intervention(CallRecord& record, const Event& event) {
  if (!record.interventions) record.interventions = std::make_unique<std::vector<InterventionRow>>();
  auto& rows = *record.interventions;
  const auto place = std::lower_bound(rows.begin(), rows.end(), event.id,
                                      [](const InterventionRow& row, const Id& id) { return row.id < id; });
  if ((place != rows.end() && place->id == event.id) || rows.size() >= limits::turns_per_call) return;
  InterventionRow row{event.id, event.call, event.time, word(event, Field::intervention_kind), word(event, Field::actor)};
  pending.interventions.push_back(row);
  rows.insert(place, std::move(row));
  record.sums.interventions = std::int64_t(rows.size());
}

void Shard::State::fold_other(const Event& event) {
  switch (event.type) {
    case EventType::agent_status: {
      AgentStatusRow row{event.id, event.agent, event.time, customer_of(event), word(event, Field::agent_id),
                         word(event, Field::status), word(event, Field::region), word(event, Field::agent_type),
                         event.number(Field::capacity)};
      auto& newest_row = agent_status[event.agent];
      if (newest_row.id.empty() || std::tie(newest_row.time, newest_row.id) < std::tie(row.time, row.id)) newest_row = row;
      pending.agent_status.push_back(std::move(row));
      return;
    }
    case EventType::system: {
      SystemRow row;
      row.id = event.id;
      row.time = event.time;
      row.customer = customer_of(event);
      row.region = word(event, Field::region);
      row.concurrent_calls = event.number(Field::concurrent_calls);
      row.cpu_e4 = event.number(Field::cpu_utilization_pct);
      row.memory_e4 = event.number(Field::memory_utilization_pct);
      row.network_latency_us = event.number(Field::network_latency_ms);
      row.error_rate_e4 = event.number(Field::error_rate);
      row.availability_e4 = event.number(Field::availability_pct);
      row.sla_e4 = event.number(Field::sla_compliance_pct);
      row.max_capacity = event.number(Field::max_capacity);
      row.utilization_e4 = event.number(Field::utilization_pct);
      row.queue_depth = event.number(Field::queue_depth);
      pending.system.push_back(std::move(row));
      return;
    }
    case EventType::learning_pattern: case EventType::learning_knowledge: case EventType::learning_improvement:
      return learning.add(pending.learning.emplace_back(learning_row(event)));
    case EventType::change: return learning.add(pending.changes.emplace_back(change_row(event)));
    case EventType::metric: return fold_metric(event);
    case EventType::metric_points: return;  // decoded by who feeds the shard: Shard::apply_points
    default: {
      const std::string_view type = event.type == EventType::other ? event.type_text : to_string(event.type);
      pending.raw.push_back({event.id, event.time, customer_of(event), std::string(type), std::string(event.source),
                             std::string(event.id_text), members_json(event)});
    }
  }
}

// One point of POST /v1/events: a batch of one.
void Shard::State::fold_metric(const Event& event) {
  MetricSeries of_event{.name = event.text(Field::name), .unit = event.text(Field::unit), .tags = event.text(Field::tags)};
  of_event.kind = parse_metric_kind(word(event, Field::metric_kind)).value_or(MetricKind::counter);
  if (of_event.kind == MetricKind::last_value) of_event.temporality = Temporality::cumulative;  // the value itself
  if (const Number rate = event.number(Field::sample_rate)) of_event.sample_rate = to_wire(Field::sample_rate, *rate);
  MetricBatch batch;
  batch.adopt_series(of_event);
  batch.points.push_back({.time = event.time, .value = to_wire(Field::value, event.number(Field::value).value_or(0))});
  metrics.fold(event.customer, batch, received, pending);
}

void Shard::State::mark(CallRecord& record) {
  const Instant start = record.call.start();
  record.low = std::min({record.low, start, record.call.first_event()});
  record.high = std::max({record.high, start, record.call.last_event()});
  if (record.call.ended()) record.high = std::max(record.high, *record.call.ended_at());
  if (std::exchange(record.touched, true)) return;
  touched.push_back(record.slot);
}

void Shard::State::leave_flight(CallRecord& record) {
  flight.leave(record.flight_place);
  const Slot last = in_flight.back();
  in_flight[record.flight_place] = last;
  calls[last]->flight_place = record.flight_place;
  in_flight.pop_back();
  record.flight_place = UINT32_MAX;
}

void Shard::State::update_flight(CallRecord& record) {
  const bool listed = record.flight_place != UINT32_MAX;
  if (!record.call.ended()) {
    if (listed) return;
    extents.clear(record.slot);
    record.flight_place = std::uint32_t(in_flight.size());
    in_flight.push_back(record.slot);
    flight.enter();
    record.flight_facts = false;
    flight_changed.push_back(record.slot);
    if (flight_changed.size() > 4096 + 2 * in_flight.size()) sync_flight();  // nobody asks: the list stays bounded all the same
    return;
  }
  extents.set(record.slot, {record.low, record.high});
  if (listed) leave_flight(record);
  if (record.retained) return;
  record.retained = true;
  ended.push_back({record.slot, record.id});
  to_pack.push_back({record.slot, record.id});
}

}  // namespace aybiza
