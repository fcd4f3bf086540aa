#include "codec/span_events.h"

#include <gtest/gtest.h>

#include "codec/codec_testing.h"
#include "codec/livekit_recording.h"
#include "codec/otlp_decoder.h"
#include "codec/otlp_json.h"
#include "codec/otlp_testing.h"

namespace aybiza {
namespace {

using testing::test_now;

constexpr std::int64_t base_ms = 1'795'254'900'000;

struct Assembled {
  OtlpBatch batch;
  EventBatch events;
  MetricBatch metrics;
  SpanAssembler assembler;

  const Event* first(EventType type, std::size_t skip = 0) const {
    for (const Event& event : events.events)
      if (event.type == type && skip-- == 0) return &event;
    return nullptr;
  }
  std::int64_t number(EventType type, Field field) const {
    const Event* event = first(type);
    return event ? event->number(field).value_or(-1) : -2;
  }
  std::string text(EventType type, Field field, std::size_t skip = 0) const {
    const Event* event = first(type, skip);
    return event ? std::string(event->text(field)) : "no event";
  }
};

Assembled assembled(OtlpSignal signal, std::string protobuf, std::string_view customer = "acme") {
  Assembled out;
  EXPECT_TRUE(OtlpDecoder().decode(signal, std::move(protobuf), out.batch));
  out.assembler.assemble(out.batch, {.customer = customer, .source = "key", .received = test_now}, out.events, out.metrics);
  return out;
}

std::string attribute(std::string_view key, std::string_view value) {
  return fmt::format(R"({{"key":"{}","value":{{{}}}}})", key, value);
}
std::string quoted(std::string_view text) { return fmt::format(R"("stringValue":"{}")", text); }
std::string whole(std::int64_t value) { return fmt::format(R"("intValue":"{}")", value); }
std::string real(double value) { return fmt::format(R"("doubleValue":{})", value); }

Assembled one_span(std::string_view scope, std::string_view name, std::initializer_list<std::string> attributes, int status = 0,
                   std::string_view parent = "00000000000000aa", std::int64_t at_ms = base_ms) {
  const std::string json = fmt::format(
      R"({{"resourceSpans":[{{"resource":{{"attributes":[{}]}},"scopeSpans":[{{"scope":{{"name":"{}"}},"spans":[{{"traceId":"5b8efff798038103d269b633813fc60c",)"
      R"("spanId":"00000000000000bb","parentSpanId":"{}","name":"{}","startTimeUnixNano":"{}000000","endTimeUnixNano":"{}000000","attributes":[{}],"status":{{"code":{}}}}}]}}]}}]}})",
      attribute("service.name", quoted("bot")), scope, parent, name, at_ms, at_ms + 800, fmt::join(attributes, ","), status);
  auto transcoded = OtlpJson().transcode(OtlpSignal::traces, json);
  EXPECT_TRUE(transcoded && transcoded->rejected == 0) << json;
  return assembled(OtlpSignal::traces, transcoded->protobuf);
}

std::string tokens_of(std::string_view scope, std::string_view provider, std::int64_t input, std::int64_t read, std::int64_t output,
                      std::initializer_list<std::string> more = {}) {
  std::vector<std::string> all = {attribute("gen_ai.operation.name", quoted("chat")), attribute("gen_ai.provider.name", quoted(provider)),
                                  attribute("gen_ai.usage.input_tokens", whole(input)), attribute("gen_ai.usage.output_tokens", whole(output)),
                                  attribute("gen_ai.usage.cache_read.input_tokens", whole(read))};
  all.insert(all.end(), more);
  const std::string joined = fmt::format("{}", fmt::join(all, ","));
  const Assembled out = one_span(scope, "llm", {joined});
  const Event* usage = out.first(EventType::usage);
  if (!usage) return "none";
  const auto n = [&](Field field) { return usage->number(field).value_or(-1); };
  return fmt::format("{}+{}>{} reasoning {} audio {}", n(Field::input_tokens), n(Field::cache_read_tokens), n(Field::output_tokens),
                     n(Field::reasoning_tokens), n(Field::audio_input_tokens));
}

TEST(SpanEvents, the_reference_vector_is_a_completion_of_a_call) {
  // Its time is 2026-09, within the 400 days.
  const Assembled out = assembled(OtlpSignal::traces, testing::otlp_trace_vector);
  ASSERT_EQ(out.events.rejected_total(), 0u);
  ASSERT_EQ(out.events.events.size(), 2u);
  const Event& usage = out.events.events[0];
  EXPECT_EQ(usage.call, uuid_v5("acme|call|trace|5b8efff798038103d269b633813fc60c"));
  EXPECT_EQ(usage.text(Field::model), "claude-sonnet-4-5");
  EXPECT_EQ(usage.text(Field::provider_llm), "anthropic");
  EXPECT_EQ(usage.number(Field::input_tokens), 1200);
  EXPECT_EQ(usage.number(Field::output_tokens), 85);
  EXPECT_EQ(out.number(EventType::turn, Field::llm_latency_ms), 412'000);
  EXPECT_EQ(usage.rank, Rank::span);
}

TEST(SpanEvents, the_reference_log_is_an_outcome) {
  const Assembled out = assembled(OtlpSignal::logs, testing::otlp_logs_vector);
  ASSERT_EQ(out.events.events.size(), 1u);
  const Event& event = out.events.events[0];
  EXPECT_EQ(event.type, EventType::call_updated);
  EXPECT_EQ(event.rank, Rank::analysis);
  EXPECT_EQ(event.call, uuid_v5("acme|call|livekit|RM_abc"));
  EXPECT_EQ(event.text(Field::call_outcome), "successful");
  EXPECT_EQ(event.ext, R"({"outcome_reason":"booked"})");
}

TEST(SpanEvents, tokens_are_told_in_disjoint_kinds) {
  EXPECT_EQ(tokens_of("pipecat", "anthropic", 1200, 3000, 85), "1200+3000>85 reasoning -1 audio -1");        // net of the cache
  EXPECT_EQ(tokens_of("pipecat", "awsbedrock", 1200, 3000, 85), "1200+3000>85 reasoning -1 audio -1");
  EXPECT_EQ(tokens_of("pipecat", "openai", 4200, 3000, 85), "1200+3000>85 reasoning -1 audio -1");           // gross
  EXPECT_EQ(tokens_of("opentelemetry.openai", "anthropic", 4200, 3000, 85), "1200+3000>85 reasoning -1 audio -1");
  EXPECT_EQ(tokens_of("some.sdk", "anthropic", 1200, 3000, 85), "1200+3000>85 reasoning -1 audio -1");       // it cannot be gross
  EXPECT_EQ(tokens_of("pipecat", "openai", 1000, 0, 85, {attribute("gen_ai.usage.reasoning_tokens", whole(60)), attribute("gen_ai.usage.input_audio_tokens", whole(900))}),
            "100+0>25 reasoning 60 audio 900");
}

TEST(SpanEvents, deprecated_names_give_way_to_current_ones) {
  const auto model = [](std::initializer_list<std::string> attributes) {
    const Assembled out = one_span("x", "chat", attributes);
    return out.text(EventType::usage, Field::model) + " " + out.text(EventType::usage, Field::provider_llm) + " " +
           std::to_string(out.number(EventType::usage, Field::input_tokens));
  };
  const std::string chat = attribute("gen_ai.operation.name", quoted("chat"));
  EXPECT_EQ(model({chat, attribute("gen_ai.usage.prompt_tokens", whole(5)), attribute("gen_ai.request.model", quoted("m")), attribute("gen_ai.system", quoted("xai"))}), "m x_ai 5");
  EXPECT_EQ(model({chat, attribute("gen_ai.usage.prompt_tokens", whole(5)), attribute("gen_ai.usage.input_tokens", whole(7)),
                   attribute("gen_ai.request.model", quoted("m")), attribute("gen_ai.response.model", quoted("m-2"))}), "m-2  7");
}

TEST(SpanEvents, a_completion_may_come_without_its_operation) {
  const auto told = [](std::initializer_list<std::string> attributes) {
    const Assembled out = one_span("opentelemetry.instrumentation.openai.v1", "openai.chat", attributes);
    if (out.events.events.empty()) return fmt::format("{} point", out.metrics.points.size());
    return fmt::format("{} {} {}>{}, {} events, {} points", out.text(EventType::usage, Field::provider_llm), out.text(EventType::usage, Field::model),
                       out.number(EventType::usage, Field::input_tokens), out.number(EventType::usage, Field::output_tokens), out.events.events.size(), out.metrics.points.size());
  };
  const std::string system = attribute("gen_ai.system", quoted("openai")), model = attribute("gen_ai.request.model", quoted("gpt-4.1-mini")),
                    input = attribute("gen_ai.usage.prompt_tokens", whole(50)), output = attribute("gen_ai.usage.completion_tokens", whole(7));
  const auto type = [](std::string_view word) { return attribute("llm.request.type", quoted(word)); };
  constexpr std::string_view completion = "openai gpt-4.1-mini 50>7, 2 events, 0 points";
  EXPECT_EQ(told({system, model, input, output}), completion);
  EXPECT_EQ(told({attribute("gen_ai.provider.name", quoted("openai")), model, input, output}), completion);
  EXPECT_EQ(told({system, model, input, output, type("chat")}), completion);
  EXPECT_EQ(told({system, model, input, output, type("completion")}), completion);
  EXPECT_EQ(told({system, model, input, type("embedding")}), "1 point");  // an operation that is no completion
  EXPECT_EQ(told({system, model, input, attribute("gen_ai.operation.name", quoted("embeddings"))}), "1 point");
  EXPECT_EQ(told({system, model}), "1 point");
  EXPECT_EQ(told({model, input, output}), "1 point");  // whose?
}

// Its completions may know the service alone, and end before it.
TEST(SpanEvents, an_invocation_names_the_agent_of_its_conversation) {
  const std::string invoke = attribute("gen_ai.operation.name", quoted("invoke_agent")), conversation = attribute("gen_ai.conversation.id", quoted("c-1"));
  const std::string name = attribute("gen_ai.agent.name", quoted("desk"));
  const Assembled out = one_span("x", "invoke_agent desk", {invoke, conversation, name, attribute("gen_ai.agent.version", quoted("7"))});
  EXPECT_EQ(out.text(EventType::call_updated, Field::agent_name), "desk");
  EXPECT_EQ(out.text(EventType::call_updated, Field::agent_id), "desk");
  EXPECT_EQ(out.text(EventType::call_updated, Field::agent_version), "7");
  EXPECT_EQ(out.first(EventType::call_ended), nullptr);  // another trace may go on with it
  EXPECT_EQ(one_span("x", "invoke_agent", {invoke, conversation}).first(EventType::call_updated), nullptr);
  EXPECT_EQ(one_span("x", "invoke_agent", {invoke, name}, 0, "").text(EventType::call_ended, Field::agent_name), "desk");
}

TEST(SpanEvents, a_genai_completion_is_an_exchange) {
  const std::string chat = attribute("gen_ai.operation.name", quoted("chat")), conversation = attribute("gen_ai.conversation.id", quoted("c-1"));
  const std::string input = attribute("gen_ai.input.messages", quoted(R"([{\"role\":\"system\",\"parts\":[{\"type\":\"text\",\"content\":\"Be kind\"}]},{\"role\":\"user\",\"parts\":[{\"type\":\"text\",\"content\":\"Where is my order?\"}]}])"));
  const std::string output = attribute("gen_ai.output.messages", quoted(R"([{\"role\":\"assistant\",\"parts\":[{\"type\":\"text\",\"content\":\"On its way.\"}]}])"));
  const Assembled out = one_span("x", "chat m", {chat, conversation, input, output, attribute("gen_ai.response.time_to_first_chunk", real(0.25))});
  EXPECT_EQ(out.text(EventType::turn, Field::text_content), "Where is my order?");
  EXPECT_EQ(out.text(EventType::turn, Field::text_content, 1), "On its way.");
  EXPECT_EQ(out.first(EventType::turn, 1)->number(Field::llm_latency_ms), 250'000);
  EXPECT_EQ(out.events.events[0].call, uuid_v5("acme|call|events|c-1"));  // as an event with this call_id would be
  // Without a first chunk's time the whole span counts, and says so.
  const Assembled total = one_span("x", "chat m", {chat});
  EXPECT_EQ(total.number(EventType::turn, Field::llm_latency_ms), 800'000);
  EXPECT_EQ(total.first(EventType::turn)->ext, R"({"llm_latency_kind":"total"})");
}

TEST(SpanEvents, the_same_span_is_the_same_events_and_other_spans_are_not) {
  const auto ids = [](const Assembled& out) {
    std::vector<Id> list;
    for (const Event& event : out.events.events) list.push_back(event.id);
    return list;
  };
  const std::string text = attribute("text", quoted("Hello"));
  const auto one = one_span("pipecat", "tts", {text, attribute("metrics.character_count", whole(5))});
  EXPECT_EQ(ids(one).size(), 2u);
  EXPECT_NE(ids(one)[0], ids(one)[1]);
  EXPECT_EQ(ids(one), ids(one_span("pipecat", "tts", {text, attribute("metrics.character_count", whole(5))})));
}

TEST(SpanEvents, spans_of_no_call_are_points) {
  const Assembled out = one_span("http", "GET /users", {attribute("http.method", quoted("GET"))}, 2);
  EXPECT_TRUE(out.events.events.empty());
  ASSERT_EQ(out.metrics.points.size(), 1u);
  EXPECT_EQ(out.metrics.points[0].value, 800);
  EXPECT_EQ(out.metrics.series()[0].name, "span.duration");
  EXPECT_EQ(out.metrics.series()[0].tags, R"({"service":"bot","span":"GET /users","status":"error"})");
}

TEST(SpanEvents, refuses_times_out_of_range_and_other_customers_one_by_one) {
  EXPECT_EQ(one_span("pipecat", "tts", {attribute("text", quoted("x"))}, 0, "aa00000000000000", base_ms + 86'400'000).events.rejected_total(), 1u);
  EXPECT_EQ(one_span("pipecat", "tts", {attribute("text", quoted("x"))}, 0, "aa00000000000000", base_ms - 500ll * 86'400'000).events.rejected_total(), 1u);
  const Assembled other = one_span("pipecat", "conversation", {attribute("customer_id", quoted("zeta"))}, 0, "");
  EXPECT_EQ(other.events.rejected[std::size_t(RejectReason::forbidden_customer)], 1u);
  EXPECT_TRUE(other.events.events.empty());
  EXPECT_EQ(one_span("pipecat", "conversation", {attribute("customer_id", quoted("acme"))}, 0, "").events.rejected_total(), 0u);
}

TEST(SpanEvents, the_end_of_a_call_interrupts_nobody) {
  const auto cut = [](bool by_end) {
    const Assembled out = one_span("pipecat.turn", "turn", {attribute("turn.number", whole(2)), attribute("turn.was_interrupted", R"("boolValue":true)"),
                                                            attribute("turn.ended_by_conversation_end", by_end ? R"("boolValue":true)" : R"("boolValue":false)"),
                                                            attribute("turn.user_bot_latency_seconds", real(0.91))});
    return out.number(EventType::turn, Field::interrupted);
  };
  EXPECT_EQ(cut(false), 1);
  EXPECT_EQ(cut(true), 0);
}

TEST(SpanEvents, turns_of_elevenlabs_have_their_own_numbers) {
  const Assembled out = one_span("elevenlabs.convai", "elevenlabs.recv.agent_response", {attribute("elevenlabs.conversation_id", quoted("conv_3901")),
      attribute("elevenlabs.turn.index", whole(2)), attribute("elevenlabs.agent.text", quoted("It ships today.")), attribute("elevenlabs.metric.convai_llm_service_ttfb_ms", real(610))});
  EXPECT_EQ(out.number(EventType::turn, Field::turn_number), 2);
  EXPECT_EQ(out.number(EventType::turn, Field::llm_latency_ms), 610'000);
  EXPECT_EQ(out.events.events[0].call, uuid_v5("acme|call|elevenlabs|conv_3901"));
}

constexpr std::string_view report = R"("job_id":"AJ_xyz","room_id":"RM_abc","room":"call-1","timestamp":1795254963.2,"sdk_version":"1.7.0","events":[],"options":{},
 "chat_history":{"items":[
  {"id":"item_1","type":"message","role":"user","content":["I need to move","my appointment"],"transcript_confidence":0.94,"created_at":1795254904.1,"metrics":{"started_speaking_at":1795254902.0,"stopped_speaking_at":1795254903.6,"transcription_delay":0.21,"end_of_turn_delay":0.48}},
  {"id":"item_2","type":"message","role":"assistant","content":["Sure, which day suits you?"],"interrupted":false,"created_at":1795254905.0,"metrics":{"llm_node_ttft":0.38,"tts_node_ttfb":0.17,"e2e_latency":1.03}},
  {"id":"item_3","type":"function_call","name":"move","arguments":"{}"}]},
 "usage":[{"type":"llm_usage","provider":"openai","model":"gpt-4.1-mini","input_tokens":1450,"input_cached_tokens":1024,"output_tokens":61},{"type":"stt_usage","provider":"deepgram","model":"nova-3","audio_duration":21.4}])";

TEST(SpanEvents, a_posted_session_report_is_what_its_records_are) {
  auto decoded = testing::decode(R"({"type":"usage","id":"u","time":"2026-11-21T09:00:00Z","data":{"call_id":"c"}})"
                                 "\n" + [] { std::string one = testing::event_text("livekit.session_report", report); std::erase(one, '\n'); return one; }(),
                                 BodyFormat::ndjson, "acme");
  ASSERT_TRUE(decoded.status && decoded.batch.events.size() == 2);
  SpanAssembler assembler;
  assembler.expand_reports({.customer = "acme", .source = "key-1", .received = test_now}, decoded.batch);
  const auto& events = decoded.batch.events;
  ASSERT_EQ(events.size(), 6u);  // the usage, the end, two turns, two usages
  EXPECT_EQ(events[1].type, EventType::call_ended);
  EXPECT_EQ(events[1].time, from_micros(1'795'254'963'200'000));
  EXPECT_EQ(events[2].text(Field::text_content), "I need to move my appointment");
  EXPECT_EQ(events[2].rank, Rank::final_report);
  EXPECT_EQ(events[2].number(Field::confidence_score), 9'400);
  EXPECT_EQ(events[3].number(Field::response_time_ms), 1'030'000);
  EXPECT_EQ(events[4].number(Field::input_tokens), 426);
  EXPECT_EQ(events[4].number(Field::usage_preliminary), 0);
  EXPECT_EQ(events[5].number(Field::stt_seconds), 21'400'000);
  for (std::size_t i = 1; i < 6; ++i) EXPECT_EQ(events[i].call, uuid_v5("acme|call|livekit|RM_abc"));
}

// Provider, model, seconds or characters in units of their field, tokens.
std::string speech_of(const Event* usage) {
  if (!usage) return "none";
  const auto n = [&](Field field) { return usage->number(field).value_or(-1); };
  return fmt::format("{}{} {} {}/{} tokens {}", usage->text(Field::provider_stt), usage->text(Field::provider_tts), usage->text(Field::model),
                     n(Field::stt_seconds), n(Field::tts_characters), n(Field::input_tokens));
}

TEST(SpanEvents, usage_of_speech_names_its_model) {
  const auto by_span = [](std::string_view scope, std::string_view name, std::string_view provider, std::string_view model, const std::string& amount) {
    const Assembled out = one_span(scope, name, {attribute("gen_ai.provider.name", quoted(provider)), attribute("gen_ai.request.model", quoted(model)), amount});
    EXPECT_EQ(out.text(EventType::usage, Field::model_used), "");  // that is the language model
    return speech_of(out.first(EventType::usage));
  };
  const std::string minute = attribute("metrics.audio_seconds", real(60)), characters = attribute("metrics.character_count", whole(1000));
  EXPECT_EQ(by_span("pipecat", "stt", "deepgram", "nova-3-medical", minute), "deepgram nova-3-medical 60000000/-1 tokens -1");
  EXPECT_EQ(by_span("pipecat", "stt", "deepgram", "nova-2", minute), "deepgram nova-2 60000000/-1 tokens -1");
  EXPECT_EQ(by_span("pipecat", "tts", "openai", "tts-1-hd", characters), "openai tts-1-hd -1/1000 tokens -1");
  EXPECT_EQ(by_span("livekit-agents", "tts_request", "openai", "tts-1-hd", attribute("lk.tts_metrics", quoted(R"({\"characters_count\":1000})"))),
            "openai tts-1-hd -1/1000 tokens -1");
  EXPECT_EQ(by_span("livekit-agents", "tts_request", "", "", attribute("lk.tts_metrics", quoted(
                R"({\"characters_count\":7,\"metadata\":{\"model_name\":\"sonic-2\",\"model_provider\":\"cartesia\"}})"))), "cartesia sonic-2 -1/7 tokens -1");

  const auto by_report = [](std::string_view entry) {
    auto decoded = testing::decode(testing::event_text("livekit.session_report", fmt::format(R"("room_id":"RM_abc","usage":[{{{}}}])", entry)), BodyFormat::json, "acme");
    SpanAssembler().expand_reports({.customer = "acme", .source = "key-1", .received = test_now}, decoded.batch);
    return decoded.batch.events.size() < 2 ? std::string("none") : speech_of(&decoded.batch.events[1]);
  };
  EXPECT_EQ(by_report(R"("type":"stt_usage","provider":"deepgram","model":"nova-3-medical","audio_duration":60)"), "deepgram nova-3-medical 60000000/-1 tokens -1");
  EXPECT_EQ(by_report(R"("type":"stt_usage","provider":"deepgram","model":"nova-2","input_tokens":0,"output_tokens":0,"audio_duration":60)"),
            "deepgram nova-2 60000000/-1 tokens -1");
  EXPECT_EQ(by_report(R"("type":"tts_usage","provider":"openai","model":"tts-1-hd","characters_count":1000)"), "openai tts-1-hd -1/1000 tokens -1");
  EXPECT_EQ(by_report(R"("type":"stt_usage","provider":"openai","model":"gpt-4o-mini-transcribe","input_tokens":900,"output_tokens":40)"),
            "openai gpt-4o-mini-transcribe -1/-1 tokens 900");
  EXPECT_EQ(by_report(R"("type":"stt_usage","provider":"deepgram","model":"nova-3")"), "none");
}

TEST(SpanEvents, a_report_of_nothing_stays_as_it_came) {
  auto decoded = testing::decode(testing::event_text("livekit.session_report", R"("call_id":"c")"), BodyFormat::json, "acme");
  ASSERT_EQ(decoded.batch.events.size(), 1u);
  SpanAssembler().expand_reports({.customer = "acme", .source = "key-1", .received = test_now}, decoded.batch);
  EXPECT_EQ(decoded.batch.events.size(), 1u);
}

TEST(SpanEvents, an_uploaded_recording_is_its_chat_history) {
  const std::string header = testing::pb(1, "RM_abc") + testing::pb_varint(3, 63'000);
  const std::string history = R"({"items":[{"id":"item_1","type":"message","role":"user","content":["Monday"],"created_at":1795254904.1},{"id":"item_2","role":"assistant","content":["Done."],"created_at":1795254906}]})";
  const auto part = [&](std::string_view name, std::string_view content) {
    return fmt::format("--b1\r\nContent-Type: application/octet-stream\r\ncontent-disposition: form-data; name=\"{}\"; filename=\"x\"\r\n\r\n{}\r\n", name, content);
  };
  const std::string body = part("header", header) + part("chat_history", history) + part("audio", std::string("Og\0S", 4)) + "--b1--\r\n";
  auto logs = logs_of_recording("Multipart/form-data; Boundary=\"b1\"", body, test_now);
  ASSERT_TRUE(logs);
  auto transcoded = OtlpJson().transcode(OtlpSignal::logs, *logs);
  ASSERT_TRUE(transcoded && transcoded->rejected == 0);
  const Assembled out = assembled(OtlpSignal::logs, transcoded->protobuf);
  ASSERT_EQ(out.events.events.size(), 2u);
  EXPECT_EQ(out.events.events[0].call, uuid_v5("acme|call|livekit|RM_abc"));
  EXPECT_EQ(out.events.events[1].text(Field::text_content), "Done.");
  EXPECT_FALSE(logs_of_recording("multipart/form-data; boundary=b1", part("chat_history", history) + "--b1--", test_now));  // whose?
  EXPECT_FALSE(logs_of_recording("application/json", body, test_now));
  EXPECT_EQ(logs_of_recording("multipart/form-data; boundary=b1", part("header", header) + "--b1--", test_now), R"({"resourceLogs":[]})");
}

TEST(AliasTable, refuses_what_it_does_not_understand) {
  EXPECT_TRUE(AliasTable::parse("attribute\t*\ta.b\ttext\ts\n"));
  for (const char* row : {"attribute\t*\ta.b\ttext\n", "cheese\t*\ta\ttext\t-\n", "attribute\t*\ta\tcheese\t-\n", "attribute\t*\ta\ttext\tfortnight\n",
                          "span\tnobody\ta\tllm\t-\n", "span\t*\ta\tcheese\t-\n", "source\tpipecat\tpipecat*\t-\t-\n", "record\t*\ta\tcheese\t-\n"})
    EXPECT_FALSE(AliasTable::parse(row)) << row;
}

TEST(AliasTable, names_with_a_segment_pii_are_found_without_it) {
  std::string found;
  AliasTable::built_in().each_fact(SpanSource::livekit, "lk.pii.user_transcript", [&](const FactRule& rule) { found += std::to_string(int(rule.fact)); });
  EXPECT_EQ(found, std::to_string(int(Fact::text)));
}

}  // namespace
}  // namespace aybiza
