// Lives of calls as frameworks record them, sent in any order, twice, in any pieces, over restarts: the same call each time.
#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>

#include "aggregate/shard.h"
#include "codec/test_otlp.h"
#include "query/oracle.h"
#include "store/memory_store.h"
#include "store/row_text.h"

namespace aybiza {
namespace {

using namespace std::chrono_literals;
using testing::text;
using testing::WayIn;
using testing::whole;

const Instant received_first = *parse_rfc3339("2026-11-21T10:00:00Z");
constexpr std::int64_t base_ms = 1'795'254'900'000;  // 2026-11-21T09:55:00Z
constexpr std::string_view trace = "5b8efff798038103d269b633813fc60c";

std::string real(std::string_view key, double value) { return fmt::format(R"({{"key":"{}","value":{{"doubleValue":{}}}}})", key, value); }
std::string yes(std::string_view key, bool value) { return fmt::format(R"({{"key":"{}","value":{{"boolValue":{}}}}})", key, value); }

struct Recorded {  // one span or record, and the request it would travel in
  std::string resource, scope, item;
  bool log = false;
};

std::string span(std::string_view id, std::string_view parent, std::string_view name, std::int64_t from_ms, std::int64_t to_ms,
                 std::initializer_list<std::string> attributes, int status = 0) {
  return fmt::format(R"({{"traceId":"{}","spanId":"{:0>16}","parentSpanId":"{}","name":"{}","kind":1,"startTimeUnixNano":"{}000000",)"
                     R"("endTimeUnixNano":"{}000000","attributes":[{}],"status":{{"code":{}}}}})",
                     trace, id, parent.empty() ? std::string() : fmt::format("{:0>16}", parent), name, base_ms + from_ms, base_ms + to_ms,
                     fmt::join(attributes, ","), status);
}

std::string request(const std::vector<const Recorded*>& items, bool logs) {
  std::string out;
  for (const Recorded* one : items)
    out += fmt::format(R"({}{{"resource":{{"attributes":[{}]}},"{}":[{{"scope":{},"{}":[{}]}}]}})", out.empty() ? "" : ",", one->resource,
                       logs ? "scopeLogs" : "scopeSpans", one->scope, logs ? "logRecords" : "spans", one->item);
  return fmt::format(R"({{"{}":[{}]}})", logs ? "resourceLogs" : "resourceSpans", out);
}

std::vector<Recorded> pipecat_life() {
  const std::string resource = text("service.name", "clinic-bot");
  const std::string turns = R"({"name":"pipecat.turn","version":"1.7.0"})", services = R"({"name":"pipecat","version":"1.7.0"})";
  std::vector<Recorded> life;
  const auto turn = [&](auto&&... args) { life.push_back({resource, turns, span(args...)}); };
  const auto service = [&](std::string_view id, std::string_view parent, std::string_view name, std::int64_t from, std::int64_t to,
                           std::initializer_list<std::string> attributes, int status = 0) {
    life.push_back({resource, services, span(id, parent, name, from, to, attributes, status)});
  };
  // The agent greets, in two sentences.
  service("101", "a1", "tts", 500, 900, {text("gen_ai.provider.name", "cartesia"), text("text", "Hello!"), real("metrics.ttfb", 0.11), whole("metrics.character_count", 6)});
  service("102", "a1", "tts", 900, 1900, {text("gen_ai.provider.name", "cartesia"), text("text", "How can I help?"), real("metrics.ttfb", 0.2), whole("metrics.character_count", 15)});
  turn("a1", "c0", "turn", 100, 3000, std::initializer_list<std::string>{whole("turn.number", 1), text("conversation.id", "conv-77"), yes("turn.was_interrupted", false)});
  // The caller says two things; the answer needs a tool and is interrupted.
  service("201", "a2", "stt", 3100, 4200, {text("gen_ai.provider.name", "deepgram"), text("gen_ai.request.model", "nova-3"), text("transcript", "I was charged"), yes("is_final", true), text("language", "en"), real("metrics.ttfb", 0.21), real("metrics.audio_seconds", 1.1)});
  service("202", "a2", "stt", 4300, 5200, {text("gen_ai.provider.name", "deepgram"), text("transcript", "twice, please help"), real("metrics.ttfb", 0.25), real("metrics.audio_seconds", 0.9)});
  service("203", "a2", "llm", 5300, 6000, {text("gen_ai.provider.name", "anthropic"), text("gen_ai.request.model", "claude-sonnet-4-5"), whole("gen_ai.usage.input_tokens", 1200), whole("gen_ai.usage.output_tokens", 40), whole("gen_ai.usage.cache_read.input_tokens", 3000), real("metrics.ttfb", 0.41)});
  service("204", "a2", "llm", 6100, 6900, {text("gen_ai.provider.name", "anthropic"), text("gen_ai.request.model", "claude-sonnet-4-5"), whole("gen_ai.usage.input_tokens", 100), whole("gen_ai.usage.output_tokens", 85), whole("gen_ai.usage.cache_read_input_tokens", 4200), real("metrics.ttfb", 0.38)});
  service("205", "a2", "tts", 6500, 7000, {text("gen_ai.provider.name", "cartesia"), text("text", "I see it, "), real("metrics.ttfb", 0.15), whole("metrics.character_count", 10)});
  service("206", "a2", "tts", 7000, 8100, {text("gen_ai.provider.name", "cartesia"), text("text", "one moment."), real("metrics.ttfb", 0.13), whole("metrics.character_count", 11)}, 2);
  turn("a2", "c0", "turn", 3050, 8200, std::initializer_list<std::string>{whole("turn.number", 2), text("conversation.id", "conv-77"), real("turn.user_bot_latency_seconds", 0.91), yes("turn.was_interrupted", true)});
  // The call ends in the middle of the third.
  service("301", "a3", "stt", 8200, 8900, {text("gen_ai.provider.name", "deepgram"), text("transcript", "Thank you, bye"), real("metrics.ttfb", 0.2), real("metrics.audio_seconds", 0.7)});
  service("302", "a3", "tts", 9300, 9900, {text("gen_ai.provider.name", "cartesia"), text("text", "Goodbye."), real("metrics.ttfb", 0.12), whole("metrics.character_count", 8)});
  turn("a3", "c0", "turn", 8200, 10000, std::initializer_list<std::string>{whole("turn.number", 3), real("turn.user_bot_latency_seconds", 0.7), yes("turn.was_interrupted", true), yes("turn.ended_by_conversation_end", true)});
  turn("c0", "", "conversation", 0, 10100, std::initializer_list<std::string>{text("conversation.id", "conv-77"), text("conversation.type", "voice"), text("campaign", "spring"), text("agent_id", "dentist-7"), text("ward", "north"), text("caller_number", "+14155550100")});
  return life;
}

std::vector<Recorded> livekit_life(bool with_report) {
  const std::string resource = text("service.name", "livekit-agents") + "," + text("room_id", "RM_abc") + "," + text("job_id", "AJ_xyz") + "," + text("lk.agent_name", "desk");
  const std::string scope = R"({"name":"livekit-agents","version":"1.7.0"})";
  std::vector<Recorded> life;
  const auto add = [&](std::string_view id, std::string_view parent, std::string_view name, std::int64_t from, std::int64_t to,
                       std::initializer_list<std::string> attributes, int status = 0) {
    life.push_back({resource, scope, span(id, parent, name, from, to, attributes, status)});
  };
  add("11", "1", "user_turn", 2000, 3600, {text("lk.pii.user_transcript", "I need to move my appointment"), real("lk.transcript_confidence", 0.94), real("lk.transcription_delay", 0.21), real("lk.end_of_turn_delay", 0.48), text("gen_ai.provider.name", "deepgram")});
  add("12", "1", "agent_turn", 3900, 6000, {text("lk.response.text", "Sure, which day suits you?"), real("lk.e2e_latency", 1.03), yes("lk.interrupted", false), text("lk.speech_id", "speech_1")});
  add("121", "12", "llm_node", 3950, 4800, {real("lk.response.ttft", 0.38)});
  add("122", "12", "tts_node", 4300, 5900, {real("lk.response.ttfb", 0.17)});
  add("123", "121", "llm_request", 3950, 4800, {text("gen_ai.provider.name", "openai"), text("gen_ai.request.model", "gpt-4.1-mini"), whole("gen_ai.usage.input_tokens", 1450), whole("gen_ai.usage.output_tokens", 61), whole("gen_ai.usage.cache_read.input_tokens", 1024), text("lk.llm_metrics", R"({\"type\":\"llm_metrics\",\"ttft\":0.38,\"prompt_tokens\":1450,\"completion_tokens\":61,\"prompt_cached_tokens\":1024,\"cache_creation_tokens\":0})")});
  add("124", "122", "tts_request", 4300, 5900, {text("gen_ai.provider.name", "cartesia"), text("lk.tts_metrics", R"({\"type\":\"tts_metrics\",\"ttfb\":0.17,\"characters_count\":26})")});
  add("125", "12", "function_tool", 4000, 4100, {text("lk.function_tool.name", "find_slot"), yes("lk.function_tool.is_error", false)});
  add("13", "1", "user_turn", 7000, 8000, {text("lk.user_transcript", "Monday"), real("lk.transcription_delay", 0.3)});
  add("14", "1", "agent_turn", 8300, 9500, {text("lk.pii.response.text", "Done."), real("lk.e2e_latency", 0.8), yes("lk.interrupted", true)});
  add("15", "14", "llm_node", 8300, 8600, {real("lk.response.ttft", -1)}, 2);
  add("1", "0f", "agent_session", 1000, 10000, {text("lk.agent_label", "desk-agent")});
  if (!with_report) return life;
  const std::string log_scope = fmt::format(R"({{"name":"chat_history","attributes":[{},{},{}]}})", text("room_id", "RM_abc"), text("job_id", "AJ_xyz"), text("room", "call-1"));
  const auto record = [&](std::string_view name, std::string_view body, std::string_view attributes) {
    std::string of(log_scope);
    if (name != "chat_history") of.replace(of.find("chat_history"), 12, name);
    life.push_back({"", of, fmt::format(R"({{"timeUnixNano":"{}000000","severityNumber":9,"body":{{"stringValue":"{}"}},"attributes":[{}]}})", base_ms + 10'200, body, attributes), true});
  };
  const auto nested = [](std::string_view key, const std::string& members) { return fmt::format(R"({{"key":"{}","value":{{"kvlistValue":{{"values":[{}]}}}}}})", key, members); };
  const auto item = [&](std::string_view id, std::string_view role, std::string_view said, double created, const std::string& metrics) {
    record("chat_history", "chat item", nested("chat.item", nested("message", text("id", id) + "," + text("role", role) + R"(,{"key":"content","value":{"arrayValue":{"values":[{"stringValue":")" + std::string(said) + R"("}]}}},)" + real("created_at", created) + (metrics.empty() ? "" : "," + nested("metrics", metrics)))));
  };
  const double base = double(base_ms) / 1000;
  item("item_0", "system", "You are a desk.", base, "");
  item("item_1", "user", "I need to move my appointment", base + 3.7, real("started_speaking_at", base + 2.0) + "," + real("stopped_speaking_at", base + 3.6) + "," + real("transcription_delay", 0.21));
  item("item_2", "assistant", "Sure, which day suits you?", base + 4.0, real("llm_node_ttft", 0.38) + "," + real("tts_node_ttfb", 0.17) + "," + real("e2e_latency", 1.03));
  item("item_3", "user", "Monday", base + 8.0, "");
  item("item_4", "assistant", "Done.", base + 8.4, real("e2e_latency", 0.8));
  record("chat_history", "session report", text("agent_name", "desk") + R"(,{"key":"usage","value":{"arrayValue":{"values":[{"kvlistValue":{"values":[)" + text("type", "llm_usage") + "," + text("provider", "openai") + "," + text("model", "gpt-4.1-mini") + "," + whole("input_tokens", 1500) + "," + whole("input_cached_tokens", 1024) + "," + whole("output_tokens", 70) + R"(]}},{"kvlistValue":{"values":[)" + text("type", "stt_usage") + "," + text("provider", "deepgram") + "," + real("audio_duration", 21.4) + "]}}]}}}");
  record("evaluations", "outcome", nested("outcome", text("outcome", "success") + "," + text("reason", "booked")));
  return life;
}

std::string lines(const std::vector<std::string>& texts) { return fmt::format("{}", fmt::join(texts, "\n")); }

struct Told {
  std::string live, stored, oracle;
};

std::string figures(const CallRow& call, std::vector<TurnRow> turns, std::vector<UsageRow> usage, bool all) {
  std::sort(turns.begin(), turns.end(), [](const auto& a, const auto& b) { return a.turn_number < b.turn_number; });
  std::sort(usage.begin(), usage.end(), [](const auto& a, const auto& b) { return a.id < b.id; });
  const auto n = [](const Number& v) { return v ? std::to_string(*v) : std::string("-"); };
  std::string out = fmt::format("{} {} {} {}..{} {} {} cost {} tokens {} errors {} {}/{} stt {} llm {} tts {} voice {} q {} {} turns {} {} {}\n", to_string(call.call_id), call.external_call_id,
                                call.dims[Field::agent_id], to_micros(call.start), call.ended ? to_micros(*call.ended) : 0, call.state == CallState::ended, n(call.duration_us), n(call.cost_nano),
                                n(call.tokens_consumed), n(call.error_count), call.call_outcome, call.resolution_status, n(call.stt_latency_us), n(call.llm_latency_us),
                                n(call.tts_latency_us), n(call.voice_latency_us), n(call.quality_e4), n(call.efficiency_e4), call.turns, call.caller_number, call.dims[Field::model_used]);
  for (const TurnRow& t : turns)
    out += fmt::format("{} @{} {} '{}' response {} stt {} llm {} tts {} {} conf {} {}\n", t.turn_number, to_micros(t.time), t.agent_speaks ? "agent" : "caller", t.text_content, n(t.response_time_us),
                       n(t.stt_latency_us), n(t.llm_latency_us), n(t.tts_latency_us), t.interrupted ? (*t.interrupted ? "cut" : "whole") : "-", n(t.confidence_e4), n(t.sentiment_e4));
  for (const UsageRow& u : usage)
    out += fmt::format("{} {} in {} read {} out {} stt {} tts {} cost {}\n", to_string(u.id), u.model, n(u.input_tokens), n(u.cache_read_tokens), n(u.output_tokens), n(u.stt_us), n(u.tts_characters), n(u.cost_nano));
  if (all) out += lines(row_texts({.calls = {call}, .turns = turns, .usage = usage}));
  return out;
}

struct Sending {
  bool shuffled = false, twice = false, restarts = false;
  std::size_t piece = 1000;
  std::uint64_t seed = 1;
};

Told told_by(const std::vector<Recorded>& life, const Id& call, const Sending& how) {
  std::mt19937_64 random(how.seed);
  std::vector<const Recorded*> order;
  for (const Recorded& one : life) order.push_back(&one);
  if (how.twice)
    for (const Recorded& one : life) order.push_back(&one);
  if (how.shuffled) std::shuffle(order.begin(), order.end(), random);
  WayIn way;
  Shard shard;
  Oracle oracle;
  const auto store = make_memory_store();
  std::set<Id> seen;
  std::vector<Value> values;
  std::uint64_t offset = 0, applied = 0;
  Instant received = received_first;
  const auto collect = [&] {
    RowBatch rows{.from = applied, .to = offset};
    shard.collect(rows);
    EXPECT_TRUE(store->apply(rows));
    applied = offset;
  };
  for (std::size_t at = 0; at < order.size();) {
    const std::size_t end = std::min(order.size(), at + 1 + random() % how.piece);
    received += 700ms;
    for (const bool logs : {false, true}) {
      std::vector<const Recorded*> piece;
      for (std::size_t i = at; i < end; ++i)
        if (order[i]->log == logs) piece.push_back(order[i]);
      if (piece.empty()) continue;
      for (const std::string& bytes : way.events_of(request(piece, logs), logs, received)) {
        const Event event = decode_event(bytes, values)->event;
        if (how.seed % 2 == 0 && !seen.insert(event.id).second) continue;  // as the spool does; without it the fold must do
        shard.apply(event, ++offset, received);
        if (how.seed % 2 == 0 || seen.insert(event.id).second) oracle.add(event, received);
      }
    }
    at = end;
    shard.advance(received);
    if (random() % 2 == 0) collect();
    if (how.restarts && random() % 3 == 0) {
      collect();
      Shard again;
      EXPECT_TRUE(again.restore(shard.snapshot()));
      again.mark_stored_until(offset);
      shard = std::move(again);
    }
  }
  collect();
  Told out;
  const auto detail = shard.call(call);
  EXPECT_TRUE(detail);
  if (!detail) return out;
  out.live = figures(detail->call, detail->turns, detail->usage, false);
  const auto stored = store->find_call(to_string(call), "acme");
  if (stored && !stored->calls.empty()) out.stored = figures(stored->calls[0], stored->turns, stored->usage, false);
  const RowSet rows = oracle.rows(received);
  if (rows.calls.size() == 1) out.oracle = figures(rows.calls[0], rows.turns, rows.usage, false);
  return out;
}

void the_same_each_time(const std::vector<Recorded>& life, const Id& call) {
  const Told expected = told_by(life, call, {});
  EXPECT_EQ(expected.stored, expected.live);
  EXPECT_EQ(expected.oracle, expected.live);
  for (std::uint64_t seed = 2; seed < 80; ++seed) {
    const Told told = told_by(life, call, {.shuffled = seed > 4, .twice = seed % 3 != 0, .restarts = seed % 5 == 0, .piece = seed % 7 + 1, .seed = seed});
    ASSERT_EQ(told.live, expected.live) << seed;
    ASSERT_EQ(told.stored, expected.live) << seed;
    ASSERT_EQ(told.oracle, expected.live) << seed;
  }
}

CallDetail detail_of(const std::vector<Recorded>& life, const Id& call) {
  WayIn way;
  Shard shard;
  std::vector<Value> values;
  std::uint64_t offset = 0;
  for (const Recorded& one : life)
    for (const std::string& bytes : way.events_of(request({&one}, one.log), one.log, received_first)) shard.apply(decode_event(bytes, values)->event, ++offset, received_first);
  const auto detail = shard.call(call);
  return detail ? *detail : CallDetail{};
}

const Id pipecat_call = external_id("acme", "call", "trace", trace);
const Id livekit_call = external_id("acme", "call", "livekit", "RM_abc");

TEST(SpanLives, the_trace_names_the_call) { EXPECT_EQ(pipecat_call, uuid_v5("acme|call|trace|5b8efff798038103d269b633813fc60c")); }

TEST(SpanLives, pipecat_as_recorded) {
  const CallDetail detail = detail_of(pipecat_life(), pipecat_call);
  const CallRow& call = detail.call;
  EXPECT_EQ(call.external_call_id, "conv-77");
  EXPECT_EQ(call.dims[Field::agent_id], "dentist-7");
  EXPECT_EQ(call.dims[Field::campaign], "spring");
  EXPECT_EQ(call.ext, R"({"ward":"north"})");
  EXPECT_EQ(to_micros(call.start), base_ms * 1000);
  EXPECT_EQ(call.duration_us, 10'100'000);
  EXPECT_EQ(call.state, CallState::ended);
  EXPECT_EQ(call.error_count, 1);
  ASSERT_EQ(detail.turns.size(), 5u);
  const auto turn = [&](std::size_t at, std::int64_t number, bool agent, std::string_view said) {
    EXPECT_EQ(detail.turns[at].turn_number, number);
    EXPECT_EQ(detail.turns[at].agent_speaks, agent);
    EXPECT_EQ(detail.turns[at].text_content, said);
  };
  turn(0, 2, true, "Hello! How can I help?");
  turn(1, 3, false, "I was charged twice, please help");
  turn(2, 4, true, "I see it, one moment.");
  turn(3, 5, false, "Thank you, bye");
  turn(4, 6, true, "Goodbye.");
  EXPECT_EQ(detail.turns[0].tts_latency_us, 110'000);  // the first sentence's
  EXPECT_EQ(detail.turns[1].stt_latency_us, 250'000);  // the last utterance's
  EXPECT_EQ(detail.turns[2].response_time_us, 910'000);
  EXPECT_EQ(detail.turns[2].llm_latency_us, 410'000);
  EXPECT_EQ(detail.turns[2].interrupted, true);
  EXPECT_EQ(detail.turns[4].interrupted, false);  // cut by the end of the call, not by the caller
  // Anthropic's service reports input net of the cache: nothing is taken from it.
  EXPECT_EQ(call.tokens_consumed, 1200 + 40 + 3000 + 100 + 85 + 4200);
  EXPECT_EQ(call.dims[Field::model_used], "claude-sonnet-4-5");
}

TEST(SpanLives, pipecat_is_useful_while_it_runs) {
  auto life = pipecat_life();
  life.resize(8);  // up to what the caller said and the first completion of the second exchange; its turn span comes later
  const CallDetail detail = detail_of(life, pipecat_call);
  EXPECT_EQ(detail.call.state, CallState::active);
  ASSERT_EQ(detail.turns.size(), 3u);
  EXPECT_EQ(detail.turns[1].turn_number, 3);
  EXPECT_EQ(detail.turns[1].text_content, "I was charged twice, please help");
  EXPECT_EQ(detail.turns[2].text_content, "I see it, ");
  EXPECT_EQ(detail.usage.size(), 7u);
}

TEST(SpanLives, livekit_as_recorded) {
  const CallDetail detail = detail_of(livekit_life(false), livekit_call);
  ASSERT_EQ(detail.turns.size(), 4u);
  EXPECT_EQ(detail.turns[0].text_content, "I need to move my appointment");
  EXPECT_EQ(detail.turns[0].confidence_e4, 9'400);
  EXPECT_EQ(detail.turns[0].endpointing_us, 480'000);
  EXPECT_EQ(detail.turns[1].response_time_us, 1'030'000);
  EXPECT_EQ(detail.turns[1].llm_latency_us, 380'000);
  EXPECT_EQ(detail.turns[1].tts_latency_us, 170'000);
  EXPECT_EQ(detail.turns[1].tools, R"([{"name":"find_slot","ms":100,"error":false}])");
  EXPECT_EQ(detail.turns[3].llm_latency_us, std::nullopt);  // -1: there was no token
  EXPECT_EQ(detail.turns[3].interrupted, true);
  EXPECT_EQ(detail.call.duration_us, 9'000'000);
  EXPECT_EQ(detail.call.error_count, 1);
  EXPECT_EQ(detail.call.tokens_consumed, 1450 + 61);
  EXPECT_EQ(detail.call.dims[Field::agent_id], "desk");
}

TEST(SpanLives, the_report_of_livekit_takes_the_place_of_the_spans) {
  const CallDetail detail = detail_of(livekit_life(true), livekit_call);
  ASSERT_EQ(detail.turns.size(), 4u);
  EXPECT_EQ(detail.turns[2].text_content, "Monday");
  EXPECT_EQ(detail.call.tokens_consumed, 1500 + 70);  // the report's, not both
  EXPECT_EQ(detail.usage.size(), 2u);
  EXPECT_EQ(detail.call.call_outcome, "successful");
  EXPECT_EQ(detail.call.resolution_status, "resolved");
}

TEST(SpanLives, pipecat_in_any_order) { the_same_each_time(pipecat_life(), pipecat_call); }
TEST(SpanLives, livekit_spans_in_any_order) { the_same_each_time(livekit_life(false), livekit_call); }
TEST(SpanLives, livekit_with_its_report_in_any_order) { the_same_each_time(livekit_life(true), livekit_call); }

}  // namespace
}  // namespace aybiza
