#include "codec/livekit_webhook.h"

#include <gtest/gtest.h>

#include "codec/utf8.h"
#include "codec/webhook_testing.h"

namespace aybiza {
namespace {

using namespace aybiza::testing;
using F = Field;


TEST(LiveKit, EveryEventOfALife) {
  const auto life = livekit_life();
  const auto check = [&](std::size_t at, EventType type, Rank rank) -> const Event& {
    static std::vector<DecodedHook> kept;
    kept.push_back(decode_hook(life[at]));
    EXPECT_TRUE(kept.back().status) << at;
    EXPECT_EQ(kept.back().batch.events.events.size(), 1u) << at;
    const Event& event = kept.back().batch.events.events[0];
    EXPECT_EQ(event.type, type) << at;
    EXPECT_EQ(event.rank, rank) << at;
    EXPECT_EQ(event.text(F::call_id), "RM_abc") << at;
    return event;
  };
  EXPECT_EQ(from_micros(*check(0, EventType::call_started, Rank::span).number(F::started_at)), life_start - std::chrono::seconds(2));
  EXPECT_EQ(check(1, EventType::call_started, Rank::span).text(F::agent_id), "desk");
  const Event& joined = check(2, EventType::call_updated, Rank::live);
  EXPECT_EQ(joined.text(F::caller_number), "+14155550100");
  EXPECT_EQ(joined.text(F::phone_number), "+14155550101");
  EXPECT_EQ(joined.text(F::region), "us-east");
  EXPECT_NE(joined.ext.find("twilio_call_sid"), std::string_view::npos);
  check(3, EventType::call_updated, Rank::live);
  // The caller's stay tells start and duration; the room lived longer.
  const Event& left = check(5, EventType::call_ended, Rank::live);
  EXPECT_EQ(wire(left, F::total_duration_ms), 63'000);
  const Event& finished = check(7, EventType::call_ended, Rank::span);
  EXPECT_EQ(wire(finished, F::total_duration_ms), 86'000);
}

TEST(LiveKit, TheVectorOfTheNotes) {
  const DecodedHook got = decode_hook({Vendor::livekit, R"({"event":"room_finished","room":{"sid":"RM_abc","name":"call-1","creationTime":"1790000000"},"id":"EV_1","createdAt":"1790000063"})"});
  ASSERT_TRUE(got.status);
  EXPECT_EQ(wire(got.batch.events.events[0], F::total_duration_ms), 63'000);
}

TEST(LiveKit, AFailedJobIsAnError) {
  const DecodedHook got = decode_hook({Vendor::livekit, expand(R"({"event":"agent_job_ended","job":{"id":"AJ_1","room":{"sid":"RM_1"},"state":{"status":"JS_FAILED","error":"boom"}},"createdAt":"$s[3]"})")});
  ASSERT_TRUE(got.status);
  EXPECT_EQ(got.batch.events.events[0].text(F::call_outcome), "error");
  EXPECT_EQ(got.batch.events.events[0].number(F::error_count), 1);
}

TEST(LiveKit, NoTextIsCutWithinACharacter) {
  std::string id;
  for (int i = 0; i < 60; ++i) id += "\u00e9";
  for (std::size_t shift = 0; shift < 2; ++shift) {
    const DecodedHook got = decode_hook({Vendor::livekit, expand(R"({"event":"agent_job_started","job":{"id":")" + std::string(shift, 'x') + id + R"(","room":{"sid":"RM_1"}},"createdAt":"$s[3]"})")});
    ASSERT_TRUE(got.status);
    EXPECT_TRUE(is_utf8(got.batch.events.events[0].id_text));
  }
}

TEST(LiveKit, WhatIsTakenAndWhatNot) {
  const auto check = [](std::string body, bool taken, std::size_t ignored = 0, std::size_t unknown = 0) {
    const DecodedHook got = decode_hook({Vendor::livekit, expand(body)});
    EXPECT_EQ(got.status.has_value(), taken) << body;
    EXPECT_EQ(got.batch.ignored.size(), ignored) << body;
    EXPECT_EQ(got.batch.unknown.size(), unknown) << body;
  };
  check("{}", false);
  check(R"({"event":"room_started","createdAt":"$s[0]"})", false);
  check(R"({"event":"room_started","room":{"sid":"RM_1"},"createdAt":"17"})", false);
  check(R"({"event":"egress_ended","egressInfo":{},"createdAt":"$s[0]"})", true, 1);
  check(R"({"event":"room_danced","room":{"sid":"RM_1"},"createdAt":"$s[0]"})", true, 0, 1);
}

TEST(VendorOutcome, WordsOfTheTable) {
  const auto check = [](Vendor vendor, std::string_view reason, std::string_view outcome) {
    EXPECT_EQ(call_end_of(vendor, reason, {}).call_outcome, outcome) << reason;
  };
  using enum Vendor;
  check(vapi, "customer-ended-call", "unknown");
  check(vapi, "assistant-ended-call-after-message-spoken", "unknown");
  check(vapi, "pipeline-error-openai-llm-failed", "error");
  check(vapi, "call.in-progress.error-vapifault-transport-connected-but-call-not-active", "error");
  check(vapi, "call.start.error-get-phone-number", "error");
  check(vapi, "terror-of-names", "unknown");  // "error" must stand alone
  check(vapi, "call.ringing.hook-executed-transfer", "transferred");
  check(vapi, "customer-ended-call-during-transfer", "abandoned");
  check(vapi, "twilio-failed-to-connect-call", "error");
  check(vapi, "phone-call-provider-closed-websocket", "error");
  check(vapi, "silence-timed-out", "timeout");
  check(vapi, "something-new", "unknown");
  check(retell, "error_user_not_joined", "abandoned");  // the specific value before the pattern
  check(retell, "error_llm_websocket_open", "error");
  check(retell, "telephony_provider_unavailable", "error");
  check(retell, "dial_busy", "busy");
  check(twilio, "no-answer", "no_answer");
  check(elevenlabs, "failed", "error");
  check(livekit, "JS_FAILED", "error");
  EXPECT_EQ(call_end_of(vapi, "voicemail", true).call_outcome, "voicemail");  // a judgement does not undo what happened
  EXPECT_EQ(call_end_of(vapi, "customer-ended-call", true).call_outcome, "successful");
  EXPECT_EQ(call_end_of(vapi, "customer-ended-call", false).resolution_status, "unresolved");
  EXPECT_EQ(call_end_of(retell, "call_transfer", true).resolution_status, "escalated");
  EXPECT_TRUE(call_end_of(twilio, "failed", {}).error);
}

}  // namespace
}  // namespace aybiza
