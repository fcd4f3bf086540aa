// Live state against a rival that keeps every event, sorts, and computes everything anew when asked.
#include "aggregate/shard.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "aggregate/random_events.h"
#include "base/limits.h"
#include "text/analyze.h"

namespace aybiza {
namespace {

using namespace std::chrono_literals;
using testing::Arrival;
using testing::Stream;
using F = Field;

// ---------------------------------------------------------------- the rival

std::int64_t falling(std::int64_t v, std::int64_t good, std::int64_t bad) {
  return v <= good ? 10'000 : v >= bad ? 0 : (bad - v) * 10'000 / (bad - good);
}

struct RivalTurn {
  Instant time{};
  bool agent = false, interrupted = false;
  Number sentiment, confidence, response, stt, llm, tts;
  std::string state, intent, emotion;
  std::vector<std::string> topics;
};
struct RivalUsage {
  Instant time{};
  std::string model;
  Number tokens[token_kinds], cost;
};
struct RivalCall {
  std::map<Dimension, std::string> dims;
  Instant start{};
  std::optional<Instant> end;
  bool reported = false, escalated = false, intervened = false;
  std::string outcome, resolution;
  std::int64_t errors = 0;
  Number satisfaction, quality, efficiency, duration, voice, cost, all_tokens;
  std::vector<RivalTurn> turns;
  std::vector<RivalUsage> usage;
};

class Rival {
 public:
  void add(const Arrival& arrival) {
    if (seen_.insert(arrival.event.id).second) events_[arrival.event.call].push_back(arrival);
  }
  std::vector<std::pair<Id, RivalCall>> calls(Instant received_now) const {
    std::vector<std::pair<Id, RivalCall>> out;
    for (const auto& [id, events] : events_) out.emplace_back(id, one(events, received_now));
    return out;
  }

 private:
  static RivalCall one(std::vector<Arrival> events, Instant received_now) {
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
      call.duration = duration ? duration : Number((*call.end - call.start).count());
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

  std::map<Id, std::vector<Arrival>> events_;
  std::set<Id> seen_;
};

using Figures = std::map<std::string, double>;

std::vector<Measure> measures_of(Entity entity) {
  std::vector<Measure> measures;
  for (const std::string& word : all_measures()) {
    if (word.starts_with("ma_") || word.starts_with("metric") || word.starts_with("hist_")) continue;
    const auto measure = parse_measure(word);
    if (measure->what == What::active_calls || measure->what == What::active_agents || measure->what == What::utilization) continue;
    if (entity_of(*measure) == entity) measures.push_back(*measure);
  }
  return measures;
}

// Exact values kept one by one, finished like the tally's but from sorted samples.
struct Exact {
  Tally counts;  // without its sketches' say: quantiles come from the samples
  std::map<Quantity, std::vector<std::int64_t>> samples;
  void sample(Quantity q, const Number& v) { if (v) samples[q].push_back(*v); }
};

double percentile(std::vector<std::int64_t> v, double q) {
  std::sort(v.begin(), v.end());
  const double rank = q * double(v.size() - 1);
  const auto low = std::size_t(rank);
  const double part = rank - double(low);
  return double(v[low]) + (low + 1 < v.size() ? part * double(v[low + 1] - v[low]) : 0);
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

void expect_same(const std::map<LiveKey, Exact>& want, LivePartial got, const LiveQuestion& question, const std::string& about) {
  std::erase_if(got.cells, [](const auto& cell) { return cell.second.empty(); });
  std::vector<LiveKey> want_keys, got_keys;
  for (const auto& [key, cell] : want) want_keys.push_back(key);
  for (const auto& [key, cell] : got.cells) got_keys.push_back(key);
  const auto text = [](const std::vector<LiveKey>& keys) {
    std::string out;
    for (const LiveKey& key : keys) {
      out += fmt::format(" {}", key.bucket);
      for (const auto& value : key.group) out += fmt::format("/{}", value.value_or("(null)"));
    }
    return out;
  };
  ASSERT_EQ(text(want_keys), text(got_keys)) << about;
  for (const auto& [key, exact] : want) {
    const Tally& tally = got.cells.at(key);
    for (const Entity entity : {Entity::call, Entity::turn, Entity::usage}) {
      if (entity == Entity::call ? !question.calls : entity == Entity::turn ? !question.turns : !question.usage) continue;
      for (const Measure& m : measures_of(entity)) {
        const auto got_value = value_of(m, tally);
        const auto where = fmt::format("{} {} bucket {} group {}", about, m.text, key.bucket, key.group.empty() ? "" : key.group[0].value_or("(null)"));
        if (m.what != What::statistic) {
          EXPECT_EQ(got_value, value_of(m, exact.counts)) << where;
          continue;
        }
        const auto at = exact.samples.find(m.quantity);
        if (at == exact.samples.end()) {
          EXPECT_EQ(got_value, std::nullopt) << where;
          continue;
        }
        ASSERT_TRUE(got_value) << where;
        const auto& v = at->second;
        double sum = 0;
        for (const auto x : v) sum += double(x);
        double exact_value = 0;
        switch (m.statistic) {
          case Statistic::avg: exact_value = sum / double(v.size()); break;
          case Statistic::p50: exact_value = percentile(v, .5); break;
          case Statistic::p90: exact_value = percentile(v, .9); break;
          case Statistic::p95: exact_value = percentile(v, .95); break;
          case Statistic::p99: exact_value = percentile(v, .99); break;
          case Statistic::min: exact_value = percentile(v, 0); break;
          default: exact_value = percentile(v, 1); break;
        }
        const double error = relative_error_of(m, tally).value_or(1e-12) * 1.0001;
        EXPECT_NEAR(*got_value, exact_value / unit_of(m.quantity), error * exact_value / unit_of(m.quantity)) << where;
      }
    }
  }
}

// ---------------------------------------------------------------- shards fed and asked

struct Fleet {
  std::vector<Shard> shards;
  std::uint64_t offset = 0;
  explicit Fleet(unsigned count, ShardOptions options = {}) {
    for (unsigned i = 0; i < count; ++i) {
      options.index = i, options.count = count;
      shards.emplace_back(options);
    }
  }
  void feed(const std::vector<Arrival>& arrivals) {
    for (const Arrival& a : arrivals) shards[shard_of(a.event, unsigned(shards.size()))].apply(a.event, ++offset, a.received);
  }
  void advance(Instant t) { for (Shard& s : shards) s.advance(t); }
  LivePartial ask(const LiveQuestion& q, Instant now) const {
    LivePartial out;
    for (const Shard& s : shards) {
      EXPECT_TRUE(s.covers(q, now).covered) << s.covers(q, now).text;
      out.merge(s.ask(q, now));
    }
    return out;
  }
};

std::vector<LiveQuestion> questions(Instant begin, Duration spread) {
  const Instant hour = floor_to(begin, 1h) - 1h, end = floor_to(begin + spread, 1h) + 3h;
  std::vector<Instant> hours, unaligned = {begin + 7s + 333us, begin + 21min + 1us, begin + spread / 2 + 41ms, end + 5ms}, minutes;
  for (Instant t = hour; t <= end; t += 1h) hours.push_back(t);
  for (Instant t = hour; t <= end; t += 10min) minutes.push_back(t);
  const std::vector<Instant> whole = {hour - 24h, end + 24h};
  std::vector<LiveQuestion> out;
  for (const auto& edges : {whole, hours, minutes, unaligned}) {
    out.push_back({.edges = edges});
    out.push_back({.by = {Dimension::customer_id}, .edges = edges});
    for (const Dimension d : {Dimension::region, Dimension::agent_type, Dimension::model_used, Dimension::agent_id, Dimension::direction}) {
      out.push_back({.by = {d}, .edges = edges});
      out.push_back({.by = {d}, .where = {{Dimension::customer_id, false, {"customer-1", "customer-2"}, false}}, .edges = edges});
    }
    out.push_back({.by = {Dimension::customer_id, Dimension::region}, .where = {{Dimension::region, true, {"us-east"}, false}}, .edges = edges});
    out.push_back({.where = {{Dimension::region, false, {"eu-west"}, true}}, .edges = edges});
    out.push_back({.by = {Dimension::region, Dimension::model_used}, .edges = edges});
    out.push_back({.where = {{Dimension::model_used, false, {"claude-haiku-4-5"}, false}, {Dimension::region, true, {}, true}}, .edges = edges});
    for (const Dimension d : {Dimension::call_outcome, Dimension::resolution_status, Dimension::end_reason})
      out.push_back({.by = {d}, .edges = edges, .turns = false, .usage = false});
    for (const Dimension d : {Dimension::emotion, Dimension::topic, Dimension::intent, Dimension::state, Dimension::speaker, Dimension::sentiment_class})
      out.push_back({.by = {d}, .edges = edges, .calls = false, .usage = false});
    out.push_back({.by = {Dimension::state, Dimension::region}, .where = {{Dimension::topic, true, {"billing"}, false}}, .edges = edges, .calls = false, .usage = false});
  }
  return out;
}

void compare(const Fleet& fleet, const Rival& rival, Instant received, const Stream::Shape& shape, const std::string& about) {
  const auto calls = rival.calls(received);
  std::size_t n = 0;
  for (const LiveQuestion& question : questions(shape.begin, shape.spread)) {
    expect_same(answer(calls, question), fleet.ask(question, received), question, fmt::format("{} question {}", about, n++));
    if (::testing::Test::HasFailure()) return;
  }
}

class Agreement : public ::testing::TestWithParam<unsigned> {};

TEST_P(Agreement, any_order_with_duplicates_answers_like_the_rival) {
  Stream stream(GetParam());
  const Stream::Shape shape;
  auto arrivals = stream.calls(shape);
  Rival rival;
  for (const Arrival& a : arrivals) rival.add(a);
  const Instant end = arrivals.back().received + 2h;
  for (int round = 0; round < 3; ++round) {
    Fleet fleet(unsigned(round) + 1);
    fleet.feed(arrivals);
    fleet.advance(end);
    compare(fleet, rival, end, shape, fmt::format("seed {} round {}", GetParam(), round));
    if (HasFailure()) return;
    std::shuffle(arrivals.begin(), arrivals.end(), stream.random());
    for (int i = 0; i < 30; ++i) arrivals.push_back(arrivals[std::size_t(stream.number(0, std::int64_t(arrivals.size()) - 1))]);
  }
}

TEST_P(Agreement, while_calls_are_in_flight_and_texts_are_forgotten) {
  Stream stream(GetParam() + 1000);
  Stream::Shape shape;
  shape.calls = 30;
  const auto arrivals = stream.calls(shape);
  Rival rival;
  Fleet fleet(2);
  std::size_t i = 0;
  for (const Arrival& a : arrivals) {
    rival.add(a);
    fleet.feed({a});
    if (++i % 7 == 0) {
      fleet.advance(a.received);
      RowBatch rows;
      for (Shard& s : fleet.shards) s.collect(rows);
    }
    if (i % 149 == 0) {
      fleet.advance(a.received);
      compare(fleet, rival, a.received, shape, fmt::format("seed {} after {}", GetParam(), i));
      if (HasFailure()) return;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(seeds, Agreement, ::testing::Range(1u, 4u));

}  // namespace
}  // namespace aybiza
