#include "codec/vapi.h"

#include <gtest/gtest.h>

#include "base/limits.h"
#include "codec/webhook_testing.h"

namespace aybiza {
namespace {

using namespace aybiza::testing;
using F = Field;

DecodedHook vapi(std::string body, Instant received = september) { return decode_hook({Vendor::vapi, std::move(body)}, "acme", received); }

// The example of the format notes, 5.2.
const std::string report = R"({"message":{"type":"end-of-call-report","timestamp":1790000070123,"endedReason":"customer-ended-call",
 "startedAt":"2026-09-21T14:13:20.000Z","endedAt":"2026-09-21T14:14:23.500Z","cost":0.1042,
 "costs":[{"type":"transport","provider":"twilio","minutes":1.06,"cost":0.0085},
          {"type":"transcriber","transcriber":{"provider":"deepgram","model":"nova-3"},"minutes":1.06,"cost":0.0105},
          {"type":"model","model":{"provider":"openai","model":"gpt-4.1"},"promptTokens":4210,"completionTokens":212,"cachedPromptTokens":3072,"cost":0.0071},
          {"type":"voice","voice":{"provider":"11labs"},"characters":690,"cost":0.0251},
          {"type":"vapi","subType":"normal","minutes":1.06,"cost":0.053}],
 "analysis":{"summary":"Caller moved the visit.","successEvaluation":"true","structuredData":{"intent":"reschedule"}},
 "artifact":{"transcript":"User: Hi…","messages":[
   {"role":"bot","message":"Hello, how can I help?","time":1790000001200,"endTime":1790000003000,"secondsFromStart":1.2},
   {"role":"user","message":"Move my visit, please.","time":1790000004000,"endTime":1790000005600,"secondsFromStart":4.0}],
  "performanceMetrics":{"turnLatencies":[{"modelLatency":420,"voiceLatency":180,"transcriberLatency":150,"endpointingLatency":300,"turnLatency":1050}],
   "modelLatencyAverage":420,"voiceLatencyAverage":180,"transcriberLatencyAverage":150,"endpointingLatencyAverage":300,"turnLatencyAverage":1050,"numUserInterrupted":0,"numAssistantInterrupted":1}},
 "customer":{"number":"+14155550100"},"phoneNumber":{"number":"+14155550101"},
 "call":{"id":"7420f27a-30fd-4f49-a995-5549ae7cc00d","type":"inboundPhoneCall","assistantId":"a6ee9ab1-31c8-45b7-a54b-2ac45b6d4bb5","phoneCallProviderId":"CA00000000000000000000000000000001"}}})";

TEST(Vapi, TheFinalReport) {
  const DecodedHook got = vapi(report);
  ASSERT_TRUE(got.status) << got.status.error().message;
  EXPECT_EQ(got.count(EventType::turn), 2u);
  EXPECT_EQ(got.count(EventType::usage), 4u);  // the platform's own fee is no usage of anything
  const Event* call = got.find(EventType::call_ended);
  ASSERT_TRUE(call);
  EXPECT_EQ(call->rank, Rank::final_report);
  EXPECT_EQ(to_string(call->call), "7420f27a-30fd-4f49-a995-5549ae7cc00d");
  EXPECT_EQ(to_string(call->agent), "a6ee9ab1-31c8-45b7-a54b-2ac45b6d4bb5");
  EXPECT_EQ(from_micros(*call->number(F::started_at)), *parse_rfc3339("2026-09-21T14:13:20Z"));
  EXPECT_EQ(wire(*call, F::total_duration_ms), 63'500);
  EXPECT_EQ(call->number(F::cost_usd), 104'200'000);
  EXPECT_EQ(wire(*call, F::tokens_consumed), 4'422);
  EXPECT_EQ(call->text(F::model_used), "gpt-4.1");
  EXPECT_EQ(call->text(F::provider_llm), "openai");
  EXPECT_EQ(call->text(F::phone_number), "+14155550101");
  EXPECT_EQ(call->text(F::caller_number), "+14155550100");
  EXPECT_EQ(call->text(F::call_outcome), "successful");
  EXPECT_EQ(call->text(F::resolution_status), "resolved");
  EXPECT_EQ(call->text(F::end_reason), "customer-ended-call");
  EXPECT_EQ(wire(*call, F::voice_processing_latency_ms), 1050);
  EXPECT_EQ(wire(*call, F::tts_latency_ms), 180);
  EXPECT_NE(call->ext.find(R"("twilio_call_sid":"CA00000000000000000000000000000001")"), std::string_view::npos);
  EXPECT_NE(call->ext.find(R"("structured_data":{"intent":"reschedule"})"), std::string_view::npos);
  EXPECT_EQ(got.batch.names.back().twilio_sid, "CA00000000000000000000000000000001");
  const Event* model = got.find(EventType::usage, 2);
  EXPECT_EQ(wire(*model, F::input_tokens), 4210 - 3072);  // net of cache
  EXPECT_EQ(wire(*model, F::cache_read_tokens), 3072);
  EXPECT_EQ(wire(*got.find(EventType::usage, 1), F::stt_seconds), 63.6);
  EXPECT_EQ(wire(*got.find(EventType::usage, 3), F::tts_characters), 690);
}

TEST(Vapi, TheFirstGreetingAnswersNobody) {
  const DecodedHook got = decode_hook(vapi_life()[7]);
  ASSERT_TRUE(got.status);
  ASSERT_EQ(got.count(EventType::turn), 4u);
  EXPECT_FALSE(got.find(EventType::turn, 0)->number(F::response_time_ms));
  const Event* reply = got.find(EventType::turn, 2);
  EXPECT_EQ(wire(*reply, F::response_time_ms), 1050);
  EXPECT_EQ(wire(*reply, F::endpointing_ms), 300);
  EXPECT_EQ(reply->text(F::tools), R"([{"name":"find_slot","ms":400}])");
  EXPECT_EQ(reply->text(F::speaker), "agent");
  EXPECT_EQ(wire(*got.find(EventType::turn, 1), F::confidence_score), 0.8);
  EXPECT_EQ(wire(*got.find(EventType::call_ended), F::stt_confidence_avg), 0.8);
}

TEST(Vapi, LiveAndFinalNameTheSameTurns) {
  const auto life = vapi_life();
  const DecodedHook live = decode_hook(life[4]), last = decode_hook(life[8]);
  ASSERT_EQ(live.count(EventType::turn), 4u);
  for (std::size_t i = 0; i < 4; ++i) {
    const Event *a = live.find(EventType::turn, i), *b = last.find(EventType::turn, i);
    EXPECT_EQ(a->call, b->call);
    EXPECT_EQ(a->number(F::turn_number), b->number(F::turn_number));
    EXPECT_EQ(a->text(F::text_content), b->text(F::text_content));
    EXPECT_LT(a->rank, b->rank);
  }
}

TEST(Vapi, UsageHasNoVersion) {  // a report told anew is no second use
  const auto life = vapi_life();
  std::string later = life[8].body;
  const DecodedHook a = decode_hook(life[8]);
  const std::string stamp = "\"timestamp\":";
  later.replace(later.find(stamp) + stamp.size(), 13, std::to_string(to_micros(life_start) / 1000 + 950'000));
  const DecodedHook b = decode_hook({Vendor::vapi, later});
  for (std::size_t i = 0; i < 4; ++i) EXPECT_EQ(a.find(EventType::usage, i)->id, b.find(EventType::usage, i)->id);
  EXPECT_LT(a.find(EventType::call_ended)->id, b.find(EventType::call_ended)->id);  // but it has the last word
}

TEST(Vapi, Statuses) {
  const auto check = [](std::string status, EventType type) {
    const DecodedHook got = vapi(R"({"message":{"type":"status-update","timestamp":1790000000000,"status":")" + status +
                                 R"(","endedReason":"customer-busy","call":{"id":"c1"}}})");
    ASSERT_TRUE(got.status) << status;
    ASSERT_EQ(got.batch.events.events.size(), 1u);
    EXPECT_EQ(got.batch.events.events[0].type, type) << status;
    EXPECT_EQ(got.batch.events.events[0].text(F::call_outcome), type == EventType::call_ended ? "busy" : "");
  };
  check("queued", EventType::call_started);
  check("ringing", EventType::call_started);
  check("in-progress", EventType::call_started);
  check("forwarding", EventType::call_updated);
  check("ended", EventType::call_ended);
  check("scheduled", EventType::other);  // nobody calls yet
}

TEST(Vapi, WhatIsTakenAndWhatNot) {
  const auto check = [](std::string body, std::optional<Code> refused, std::size_t ignored = 0, std::size_t unknown = 0) {
    const DecodedHook got = vapi(body);
    EXPECT_EQ(got.status.has_value(), !refused.has_value()) << body;
    EXPECT_EQ(got.status ? std::nullopt : std::optional(got.status.error().code), refused) << body;
    EXPECT_EQ(got.batch.ignored.size(), ignored) << body;
    EXPECT_EQ(got.batch.unknown.size(), unknown) << body;
  };
  check("", Code::invalid);
  check("[]", Code::invalid);
  check("{\"message\":1}", Code::invalid);
  check(R"({"message":{"call":{"id":"c"}}})", Code::invalid);
  check(R"({"message":{"type":"status-update","status":"ended"}})", Code::invalid);  // no call
  check(R"({"message":{"type":"status-update","status":"ended","timestamp":1000,"call":{"id":"c"}}})", Code::invalid);
  check(R"({"message":{"type":"assistant-request","call":{"id":"c"}}})", Code::not_found);
  check(R"({"message":{"type":"tool-calls","call":{"id":"c"}}})", Code::not_found);
  check(R"({"message":{"type":"speech-update","status":"started","call":{"id":"c"}}})", {}, 1);
  check(R"({"message":{"type":"chat.created"}})", {}, 1);
  check(R"({"message":{"type":"transcript","transcriptType":"partial","role":"user","transcript":"h","timestamp":1790000000000,"call":{"id":"c"}}})", {}, 1);
  check(R"({"message":{"type":"brand-new","timestamp":1790000000000,"call":{"id":"c"}}})", {}, 0, 1);
  check(R"({"message":{"type":"brand-new"}})", {}, 0, 1);  // of no call
  check(R"({"message":{"type":"call.deleted","timestamp":1790000000000,"call":{"id":"c"}}})", {}, 0, 1);
  check(std::string(200, '[') + std::string(200, ']'), Code::invalid);  // too deep
  check("{\"message\":{\"type\":\"\xff\"}}", Code::invalid);            // no UTF-8
}

TEST(Vapi, OddValuesAreUnknownAndKept) {
  const DecodedHook got = vapi(R"({"message":{"type":"end-of-call-report","timestamp":1790000070123,"cost":-3,"durationMs":-5,"colour":"red","recordingUrl":"https://s/x",
    "call":{"id":"c1","type":"webCall"},"artifact":{"messages":[{"role":"user","message":""},{"role":"user","message":"Hi","time":5}]}}})");
  ASSERT_TRUE(got.status);
  const Event* call = got.find(EventType::call_ended);
  EXPECT_FALSE(call->number(F::cost_usd));
  EXPECT_FALSE(call->number(F::total_duration_ms));
  EXPECT_NE(call->ext.find(R"("cost_usd":-3)"), std::string_view::npos);
  EXPECT_NE(call->ext.find(R"("colour":"red")"), std::string_view::npos);
  EXPECT_EQ(call->ext.find("https"), std::string_view::npos);  // a recording's URL is a bearer secret
  EXPECT_EQ(call->text(F::channel), "web");
}

TEST(Vapi, ExtIsBounded) {
  std::string body = R"({"message":{"type":"status-update","status":"ended","timestamp":1790000000000,"call":{"id":"c1"})";
  for (int i = 0; i < 300; ++i) body += fmt::format(R"(,"member{}":"{}")", i, std::string(100, 'x'));
  const DecodedHook got = vapi(body + "}}");
  ASSERT_TRUE(got.status);
  EXPECT_LE(got.batch.events.events[0].ext.size(), limits::webhook_ext_bytes + 1);
  EXPECT_GT(got.batch.cut_members, 200u);
}

TEST(Vapi, Judgement) {
  const auto check = [](std::string_view text, std::string_view rubric, std::optional<bool> successful, std::optional<double> quality) {
    const VapiJudgement got = judge_vapi(text, rubric);
    EXPECT_EQ(got.successful, successful) << text;
    EXPECT_EQ(got.quality, quality) << text;
  };
  check("true", "", true, {});
  check(" Pass ", "PassFail", true, {});
  check("FAIL", "", false, {});
  check("8", "NumericScale", {}, 4.0);
  check("8", "", {}, {});  // of what?
  check("90%", "PercentageScale", {}, 4.5);
  check("Excellent", "DescriptiveScale", {}, {});
  check("", "", {}, {});
  check("11", "NumericScale", {}, {});
}

}  // namespace
}  // namespace aybiza
