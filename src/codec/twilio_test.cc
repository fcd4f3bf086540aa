#include "codec/twilio.h"

#include <gtest/gtest.h>

#include "codec/webhook_testing.h"

namespace aybiza {
namespace {

using namespace aybiza::testing;
using F = Field;
using Form = std::vector<std::pair<std::string, std::string>>;

const std::string sid = "CA00000000000000000000000000000001";
DecodedHook twilio(Form form) { return decode_hook({Vendor::twilio, {}, std::move(form)}, "acme", september); }
DecodedHook events(std::string body) { return decode_hook({Vendor::twilio, std::move(body)}, "acme", september); }

const Form completed = {{"CallSid", sid}, {"AccountSid", "AC1"}, {"From", "+14155550100"}, {"To", "+14155550101"}, {"CallStatus", "completed"},
                        {"Direction", "inbound"}, {"CallDuration", "63"}, {"Timestamp", "Mon, 21 Sep 2026 14:14:23 +0000"}, {"SequenceNumber", "3"}};

Form with(Form form, std::string name, std::string value) {
  for (auto& one : form)
    if (one.first == name) return one.second = std::move(value), form;
  form.emplace_back(std::move(name), std::move(value));
  return form;
}

TEST(Twilio, ACompletedCall) {
  const DecodedHook got = twilio(completed);
  ASSERT_TRUE(got.status) << got.status.error().message;
  ASSERT_EQ(got.batch.events.events.size(), 1u);
  const Event& call = got.batch.events.events[0];
  EXPECT_EQ(call.call, external_id("acme", "call", "twilio", sid));
  EXPECT_EQ(call.type, EventType::call_ended);
  EXPECT_EQ(call.rank, Rank::carrier);
  EXPECT_EQ(wire(call, F::total_duration_ms), 63'000);
  EXPECT_EQ(from_micros(*call.number(F::started_at)), *parse_rfc3339("2026-09-21T14:13:20Z"));
  EXPECT_EQ(call.text(F::phone_number), "+14155550101");
  EXPECT_EQ(call.text(F::call_outcome), "unknown");  // a carrier does not judge
  EXPECT_EQ(call.text(F::direction), "inbound");
  EXPECT_EQ(got.batch.names[0].twilio_sid, sid);
}

TEST(Twilio, Statuses) {
  const auto check = [](std::string status, std::string answered_by, EventType type, std::string_view outcome) {
    const DecodedHook got = twilio(with(with(completed, "CallStatus", status), "AnsweredBy", answered_by));
    EXPECT_EQ(got.batch.events.events[0].type, type) << status;
    EXPECT_EQ(got.batch.events.events[0].text(F::call_outcome), outcome) << status;
  };
  check("queued", "", EventType::call_started, "");
  check("initiated", "", EventType::call_started, "");
  check("ringing", "", EventType::call_started, "");
  check("in-progress", "human", EventType::call_started, "");
  check("completed", "human", EventType::call_ended, "unknown");
  check("completed", "machine_end_beep", EventType::call_ended, "voicemail");
  check("busy", "", EventType::call_ended, "busy");
  check("no-answer", "", EventType::call_ended, "no_answer");
  check("failed", "", EventType::call_ended, "failed");
  check("canceled", "", EventType::call_ended, "canceled");
}

TEST(Twilio, OutboundNumbersAreSwapped) {
  const DecodedHook got = twilio(with(completed, "Direction", "outbound-api"));
  EXPECT_EQ(got.batch.events.events[0].text(F::phone_number), "+14155550100");
  EXPECT_EQ(got.batch.events.events[0].text(F::direction), "outbound");
}

TEST(Twilio, ALegBelongsToItsParent) {
  const DecodedHook got = twilio(with(with(completed, "ParentCallSid", sid), "CallSid", "CA00000000000000000000000000000002"));
  const Event& leg = got.batch.events.events[0];
  EXPECT_EQ(leg.type, EventType::call_updated);
  EXPECT_EQ(leg.text(F::call_id), sid);
  EXPECT_FALSE(leg.number(F::total_duration_ms));
}

TEST(Twilio, CallbacksOfOneSecondKeepTheirOrder) {
  const auto life = twilio_life();
  const DecodedHook initiated = decode_hook(life[0]), ringing = decode_hook(life[1]);
  EXPECT_EQ(initiated.batch.events.events[0].time, ringing.batch.events.events[0].time);
  EXPECT_LT(initiated.batch.events.events[0].id, ringing.batch.events.events[0].id);
}

TEST(Twilio, TheCallSummary) {
  const DecodedHook got = decode_hook(twilio_life()[5]);
  ASSERT_TRUE(got.status) << got.status.error().message;
  ASSERT_EQ(got.batch.events.events.size(), 2u);
  const Event &call = got.batch.events.events[0], &quality = got.batch.events.events[1];
  EXPECT_EQ(call.rank, Rank::carrier);
  EXPECT_EQ(wire(call, F::total_duration_ms), 63'000);
  EXPECT_EQ(wire(quality, F::audio_quality_score), 4.1);  // the worse edge
  EXPECT_EQ(quality.rank, Rank::final_report);            // nobody else measures it
  EXPECT_EQ(quality.text(F::region), "ashburn");
}

TEST(Twilio, AnAgentSession) {
  const DecodedHook got = events(R"([{"type":"com.twilio.voice.insights.call-summary.complete","id":"E","time":"2026-09-21T14:30:00Z","data":{"call_sid":")" + sid +
      R"(","call_state":"completed","duration":"63","annotation":{"call_score":3},"agent_session_summary":{"stt_latency_ms":{"avg":120},"time_to_first_audio_ms":{"avg":900},"application_latency_ms":{"avg":500}}}}])");
  const Event& call = got.batch.events.events[0];
  EXPECT_EQ(wire(call, F::stt_latency_ms), 120);
  EXPECT_EQ(wire(call, F::voice_processing_latency_ms), 900);
  EXPECT_EQ(wire(call, F::llm_latency_ms), 500);
  EXPECT_NE(call.ext.find("application_latency_ms.avg"), std::string_view::npos);
  EXPECT_EQ(wire(got.batch.events.events[1], F::audio_quality_score), 3);
}

TEST(Twilio, EventStreams) {
  const DecodedHook got = events(R"([{"type":"com.twilio.voice.status-callback.call.completed","id":"E1","time":"2026-09-21T14:14:23Z","data":{"request":{"parameters":{"CallSid":")" + sid +
      R"(","CallStatus":"completed","CallDuration":"5"}}}},{"type":"com.twilio.voice.insights.call-metrics.gateway","id":"E2","data":{}},{"type":"com.twilio.brand.new","id":"E3","data":{"a":1}},)" +
      R"({"type":"com.twilio.voice.insights.call-summary.complete","id":"E4","data":{}},{"type":"com.twilio.voice.status-callback.amd.detected","id":"E5","data":{"request":{"parameters":{"CallSid":")" + sid + R"(","AnsweredBy":"machine_start"}}}}])");
  ASSERT_TRUE(got.status);
  EXPECT_EQ(got.count(EventType::call_ended), 1u);
  EXPECT_EQ(got.batch.ignored.size(), 1u);
  EXPECT_EQ(got.batch.unknown.size(), 1u);
  EXPECT_EQ(got.batch.events.rejected_total(), 1u);  // one bad event costs itself
  EXPECT_EQ(got.find(EventType::call_updated)->text(F::call_outcome), "voicemail");
}

TEST(Twilio, WhatIsTakenAndWhatNot) {
  EXPECT_FALSE(twilio({{"CallStatus", "completed"}}).status);
  EXPECT_FALSE(twilio(with(completed, "Timestamp", "Mon, 21 Sep 1970 14:14:23 +0000")).status);
  EXPECT_FALSE(twilio(with(completed, "ForwardedFrom", "\xff")).status);  // found by the fuzzer
  EXPECT_FALSE(events("3").status);
  EXPECT_TRUE(events("[]").status);
  EXPECT_FALSE(events(R"([{"id":"x"}])").status);
}

TEST(Twilio, Rfc2822) {
  const auto check = [](std::string_view text, std::string_view expected) {
    const auto got = parse_rfc2822(text);
    EXPECT_EQ(got ? format_rfc3339(*got) : "", expected) << text;
  };
  check("Mon, 21 Sep 2026 14:14:23 +0000", "2026-09-21T14:14:23.000Z");
  check("21 Sep 2026 14:14:23 GMT", "2026-09-21T14:14:23.000Z");
  check("Mon, 21 Sep 2026 14:14:23 -0700", "2026-09-21T21:14:23.000Z");
  check("Mon, 1 Feb 2026 04:14:23 +0000", "2026-02-01T04:14:23.000Z");
  check("Mon, 30 Feb 2026 04:14:23 +0000", "");
  check("21 Foo 2026 14:14:23 +0000", "");
  check("21 Sep 2026", "");
  check("", "");
}

}  // namespace
}  // namespace aybiza
