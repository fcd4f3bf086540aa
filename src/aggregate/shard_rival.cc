#include "aggregate/shard_rival.h"

#include <algorithm>
#include <tuple>

#include "base/limits.h"
#include "text/analyze.h"

namespace aybiza::testing {
namespace {

using F = Field;

std::int64_t falling(std::int64_t v, std::int64_t good, std::int64_t bad) {
  return v <= good ? 10'000 : v >= bad ? 0 : (bad - v) * 10'000 / (bad - good);
}

}  // namespace

RivalCall Rival::one(std::vector<Arrival> events, Instant received_now) {
  std::sort(events.begin(), events.end(), [](const Arrival& a, const Arrival& b) {
    return std::tuple(a.event.rank, a.event.time, a.event.id) < std::tuple(b.event.rank, b.event.time, b.event.id);
  });
  RivalCall call;
  std::map<F, Number> numbers;
  std::map<F, std::string> texts, dims;
  std::string implied;
  std::optional<Instant> started, ended;
  Instant first = Instant::max(), last = Instant::min(), heard = Instant::min();
  std::map<std::int64_t, std::vector<const Event*>> turns;
  for (const Arrival& arrival : events) {
    const Event& e = arrival.event;
    first = std::min(first, e.time), last = std::max(last, e.time), heard = std::max(heard, arrival.received);
    for (const Value& v : e.values) {
      const std::string text = info(v.field).kind == Kind::word ? std::string(info(v.field).words[std::size_t(v.number)]) : std::string(v.text);
      if (std::size_t(v.field) < dimension_field_count) dims[v.field] = text;
      else if (e.type != EventType::turn && e.type != EventType::usage) numbers[v.field] = v.number, texts[v.field] = text;
    }
    if (!e.find(F::customer_id) && !e.customer.empty()) implied = e.customer;
    if (e.type == EventType::call_started) started = e.time;
    if (e.type == EventType::call_ended) ended = e.time;
    if (e.type == EventType::call_intervened) call.intervened = true;
    if (e.type == EventType::turn) turns[*e.number(F::turn_number)].push_back(&e);
  }
  if (dims[F::customer_id].empty()) dims[F::customer_id] = implied.empty() ? "default" : implied;
  const Number duration = numbers[F::total_duration_ms];
  call.start = numbers[F::started_at] ? from_micros(*numbers[F::started_at]) : started ? *started : ended && duration ? *ended - Duration(*duration) : first;
  call.outcome = texts[F::call_outcome];
  call.resolution = texts[F::resolution_status];
  std::string reason = texts[F::end_reason];
  if (ended) {
    call.end = duration ? call.start + Duration(*duration) : std::max(*ended, call.start);
    const bool begins = started || numbers[F::started_at];
    call.duration = duration ? duration : begins || *call.end > call.start ? Number((*call.end - call.start).count()) : Number{};
  } else {
    call.duration = duration;
    if (received_now - heard > Duration(limits::call_idle_timeout)) {
      call.end = std::max(last, call.start);
      if (call.outcome.empty()) call.outcome = "unknown";
      if (reason.empty()) reason = "idle";
    }
  }
  std::vector<std::int64_t> voice, moods;
  for (const auto& [n, parts] : turns) {
    RivalTurn turn;
    std::map<F, Value> known;
    for (const Event* e : parts) {
      turn.time = e->time;
      for (const Value& v : e->values) known[v.field] = v;
    }
    const auto num = [&](F f) { return known.contains(f) ? Number(known[f].number) : Number{}; };
    turn.agent = num(F::speaker) == 1;
    turn.interrupted = num(F::interrupted).value_or(0) != 0;
    turn.response = num(F::response_time_ms), turn.stt = num(F::stt_latency_ms), turn.llm = num(F::llm_latency_ms), turn.tts = num(F::tts_latency_ms);
    turn.sentiment = num(F::sentiment_score);
    turn.state = known[F::state].text, turn.intent = known[F::intent].text, turn.emotion = known[F::emotion].text;
    if (const auto text = known[F::text_content].text; !text.empty()) {
      const TextResult found = analyze(text);
      if (!turn.sentiment) turn.sentiment = found.sentiment_e4, turn.confidence = found.confidence_e4;
      if (turn.emotion.empty()) turn.emotion = to_string(found.emotion);
      if (turn.intent.empty()) turn.intent = to_string(found.intent);
      for (int i = 0; i < topic_count; ++i)
        if (found.has(Topic(i))) turn.topics.emplace_back(to_string(Topic(i)));
    }
    if (turn.agent && turn.response) voice.push_back(*turn.response);
    if (!turn.agent && turn.sentiment) moods.push_back(*turn.sentiment);
    call.turns.push_back(turn);
  }
  if (!voice.empty()) {
    std::int64_t sum = 0;
    for (const auto v : voice) sum += v;
    call.voice = mul_div_half_even(sum, 1, std::int64_t(voice.size()));
  }
  bool all_known = true, any = false;
  std::int64_t cost = 0, tokens = 0;
  for (const Arrival& arrival : events) {
    const Event& e = arrival.event;
    if (e.type != EventType::usage) continue;
    any = true;
    UsageRow row;
    row.time = e.time;
    row.model = e.text(F::model).empty() ? dims[F::model_used] : std::string(e.text(F::model));
    row.input_tokens = e.number(F::input_tokens), row.cache_read_tokens = e.number(F::cache_read_tokens), row.output_tokens = e.number(F::output_tokens);
    row.stt_us = e.number(F::stt_seconds);
    const Number given = e.number(F::cost_usd);
    RivalUsage usage{e.time, row.model, {row.input_tokens, row.cache_read_tokens, {}, row.output_tokens, {}, {}, {}}, given};
    if (!given) usage.cost = PriceBook::built_in().cost_of(row, PriceContext{.provider_stt = dims[F::provider_stt]});
    all_known &= usage.cost.has_value();
    cost += usage.cost.value_or(0);
    for (const Number& kind : usage.tokens) tokens += kind.value_or(0);
    call.usage.push_back(usage);
  }
  call.cost = numbers[F::cost_usd];
  call.reported = call.cost.has_value();
  if (!call.cost && any && all_known) call.cost = cost;
  if (any) call.all_tokens = tokens;
  call.errors = numbers[F::error_count].value_or(0);
  call.satisfaction = numbers[F::customer_satisfaction_score];
  call.escalated = call.resolution == "escalated" || call.outcome == "transferred";
  const auto known = [](const std::string& w) { return !w.empty() && w != "unknown"; };
  std::int64_t sum = 0, weight = 0;
  const auto part = [&](std::int64_t w, std::int64_t v) { sum += w * v, weight += w; };
  const Number cq = numbers[F::conversation_quality_score], aq = numbers[F::audio_quality_score];
  if (known(call.outcome) || known(call.resolution) || call.satisfaction || cq) {
    if (known(call.outcome)) part(30, call.outcome == "successful" ? 10'000 : 0);
    if (known(call.resolution)) part(20, call.resolution == "resolved" ? 10'000 : 0);
    if (call.satisfaction) part(20, (*call.satisfaction - 10'000) / 4);
    if (!moods.empty()) {
      std::int64_t mood = 0;
      for (const auto m : moods) mood += m + 10'000;
      part(10, mood / (2 * std::int64_t(moods.size())));
    }
    if (call.voice) part(10, falling(*call.voice, 800'000, 4'000'000));
    if (cq) part(5, *cq / 5);
    if (aq) part(5, (*aq - 10'000) / 4);
    call.quality = sum / weight;
  }
  sum = weight = 0;
  if (call.end && (known(call.outcome) || known(call.resolution))) {
    part(40, (known(call.resolution) ? call.resolution == "resolved" : call.outcome == "successful") ? 10'000 : 0);
    if (call.duration) part(20, falling(*call.duration, 60'000'000, 600'000'000));
    if (call.cost) part(20, falling(*call.cost, 0, 1'000'000'000));
    if (!call.turns.empty()) part(10, falling(std::int64_t(call.turns.size()), 8, 48));
    if (numbers[F::error_count]) part(10, call.errors == 0 ? 10'000 : 0);
    call.efficiency = sum / weight;
  }
  call.dims = {{Dimension::customer_id, dims[F::customer_id]}, {Dimension::region, dims[F::region]},
               {Dimension::agent_type, dims[F::agent_type]}, {Dimension::model_used, dims[F::model_used]},
               {Dimension::agent_id, dims[F::agent_id]}, {Dimension::direction, dims[F::direction]},
               {Dimension::call_outcome, call.outcome}, {Dimension::resolution_status, call.resolution},
               {Dimension::end_reason, reason}};
  return call;
}

std::map<LiveKey, Exact> answer(const std::vector<std::pair<Id, RivalCall>>& calls, const LiveQuestion& question) {
  std::map<LiveKey, Exact> cells;
  const auto text_value = [](const std::string& s) { return s.empty() ? std::optional<std::string>{} : std::optional(s); };
  using Values = std::vector<std::optional<std::string>>;
  const auto values = [&](Dimension d, const RivalCall& call, const RivalTurn* turn, const RivalUsage* usage) -> Values {
    switch (d) {
      case Dimension::emotion: return {text_value(turn->emotion)};
      case Dimension::state: return {text_value(turn->state)};
      case Dimension::intent: return {text_value(turn->intent)};
      case Dimension::speaker: return {turn->agent ? "agent" : "caller"};
      case Dimension::sentiment_class:
        return {!turn->sentiment ? std::nullopt : std::optional<std::string>(*turn->sentiment > 1000 ? "positive" : *turn->sentiment < -1000 ? "negative" : "neutral")};
      case Dimension::topic: {
        Values found(turn->topics.begin(), turn->topics.end());
        if (found.empty()) found.emplace_back();
        return found;
      }
      case Dimension::model_used:
        if (usage) return {text_value(usage->model)};
        break;
      default: break;
    }
    return {text_value(call.dims.at(d))};
  };
  const auto into = [&](Instant t, const RivalCall& call, const RivalTurn* turn, const RivalUsage* usage, auto&& add) {
    for (const LiveFilter& f : question.where) {
      bool any = false, all = true;
      for (const auto& v : values(f.dimension, call, turn, usage)) {
        const bool kept = f.keeps(v ? std::optional<std::string_view>(*v) : std::nullopt);
        any |= kept, all &= kept;
      }
      if (!(f.negated ? all : any)) return;
    }
    const auto edge = std::upper_bound(question.edges.begin(), question.edges.end(), t);
    if (edge == question.edges.begin() || edge == question.edges.end()) return;
    std::vector<LiveGroup> groups = {{}};
    for (const Dimension d : question.by) {
      std::vector<LiveGroup> longer;
      for (const auto& g : groups)
        for (const auto& v : values(d, call, turn, usage)) longer.push_back(g), longer.back().push_back(v);
      groups = longer;
    }
    for (const auto& g : groups) add(cells[LiveKey{std::size_t(edge - question.edges.begin()) - 1, g}]);
  };
  for (const auto& [id, call] : calls) {
    const auto known = [](const std::string& w) { return !w.empty() && w != "unknown"; };
    CallFacts facts{known(call.outcome), call.outcome == "successful", known(call.resolution), call.resolution == "resolved",
                    call.escalated, call.intervened, 1, call.errors, call.satisfaction, call.quality, call.efficiency,
                    call.duration, call.voice, call.cost, call.reported ? call.cost : Number{}};
    if (question.calls || (question.usage && call.reported))
      into(call.start, call, nullptr, nullptr, [&](Exact& e) {
        if (question.usage && call.reported) e.counts.add_reported_cost(*call.cost);
        if (!question.calls) return;
        e.counts.add(facts);
        e.sample(Quantity::duration_ms, call.duration), e.sample(Quantity::voice_latency_ms, call.voice), e.sample(Quantity::cost_usd, call.cost);
      });
    if (question.turns)
      for (const RivalTurn& turn : call.turns)
        into(turn.time, call, &turn, nullptr, [&](Exact& e) {
          e.counts.add(TurnFacts{turn.interrupted, turn.agent ? Number{} : turn.sentiment, turn.agent ? Number{} : turn.confidence,
                                 turn.response, turn.stt, turn.llm, turn.tts});
          e.sample(Quantity::response_time_ms, turn.response), e.sample(Quantity::stt_latency_ms, turn.stt);
          e.sample(Quantity::llm_latency_ms, turn.llm), e.sample(Quantity::tts_latency_ms, turn.tts);
        });
    if (question.usage)
      for (const RivalUsage& usage : call.usage)
        into(usage.time, call, nullptr, &usage, [&](Exact& e) {
          UsageFacts used;
          for (std::size_t i = 0; i < token_kinds; ++i) used.tokens[i] = usage.tokens[i];
          if (!call.reported) used.cost_nano = usage.cost, used.cost_unknown = !usage.cost;
          e.counts.add(used);
        });
  }
  return cells;
}

}  // namespace aybiza::testing
