#include "codec/retell.h"

#include <gtest/gtest.h>

#include "codec/webhook_testing.h"

namespace aybiza {
namespace {

using namespace aybiza::testing;
using F = Field;

DecodedHook retell(std::string body) { return decode_hook({Vendor::retell, std::move(body)}, "acme", september); }

// The example of the format notes, 6.
const std::string analyzed = R"({"event":"call_analyzed","call":{"call_id":"call_0123","agent_id":"agent_77","agent_version":4,"call_type":"phone_call","direction":"inbound",
 "from_number":"+14155550100","to_number":"+14155550101","call_status":"ended","start_timestamp":1790000000000,"end_timestamp":1790000063500,"duration_ms":63500,
 "disconnection_reason":"user_hangup",
 "latency":{"e2e":{"p50":980,"p90":1400,"p95":1510,"p99":1600,"max":1620,"min":700,"num":3,"values":[980,1620,700]},
            "llm":{"p50":410,"p90":520,"p95":530,"p99":540,"max":540,"min":380,"num":3,"values":[410,540,380]}},
 "call_cost":{"combined_cost":12.7,"total_duration_seconds":64,"total_duration_unit_price":0.1984,"product_costs":[{"product":"elevenlabs_tts","cost":7.47,"unit_price":0.1167},{"product":"gpt_4_1","cost":5.23,"unit_price":0.0817}]},
 "llm_token_usage":{"average":812,"num_requests":3,"values":[700,810,926]},
 "transcript_object":[{"role":"agent","content":"Hello!","words":[{"word":"Hello!","start":0.7,"end":1.1}]},{"role":"user","content":"Hi.","words":[{"word":"Hi.","start":2.0,"end":2.3}]}],
 "call_analysis":{"call_successful":true,"call_summary":"Greeted.","user_sentiment":"Neutral","in_voicemail":false,"custom_analysis_data":{}},
 "telephony_identifier":{"twilio_call_sid":"CA00000000000000000000000000000001"}}})";

TEST(Retell, TheAnalyzedCall) {
  const DecodedHook got = retell(analyzed);
  ASSERT_TRUE(got.status) << got.status.error().message;
  const Event* call = got.find(EventType::call_ended);
  ASSERT_TRUE(call);
  EXPECT_EQ(call->call, external_id("acme", "call", "retell", "call_0123"));
  EXPECT_EQ(wire(*call, F::total_duration_ms), 63'500);
  EXPECT_EQ(wire(*call, F::voice_processing_latency_ms), 1100);  // the mean of the values, not a p50
  EXPECT_NEAR(wire(*call, F::llm_latency_ms), 443.333, .001);
  EXPECT_EQ(call->number(F::cost_usd), 127'000'000);  // cents
  EXPECT_EQ(wire(*call, F::tokens_consumed), 2436);
  EXPECT_EQ(call->text(F::model_used), "gpt_4_1");
  EXPECT_EQ(call->text(F::agent_version), "4");
  EXPECT_EQ(call->text(F::phone_number), "+14155550101");
  EXPECT_EQ(call->text(F::caller_number), "+14155550100");
  EXPECT_EQ(call->text(F::call_outcome), "successful");
  EXPECT_EQ(call->text(F::resolution_status), "resolved");
  EXPECT_NE(call->ext.find(R"("user_sentiment":"Neutral")"), std::string_view::npos);
  EXPECT_EQ(got.count(EventType::usage), 0u);  // tokens have no kinds: they cannot be priced
  ASSERT_EQ(got.count(EventType::turn), 2u);
  EXPECT_EQ(got.find(EventType::turn)->time, *parse_rfc3339("2026-09-21T14:13:20.7Z"));
  EXPECT_EQ(got.batch.names[0].twilio_sid, "CA00000000000000000000000000000001");
}

TEST(Retell, AReplyIsMeasuredFromTheLastWord) {
  const DecodedHook got = decode_hook(retell_life()[3]);
  ASSERT_EQ(got.count(EventType::turn), 3u);
  EXPECT_FALSE(got.find(EventType::turn, 0)->number(F::response_time_ms));
  EXPECT_NEAR(wire(*got.find(EventType::turn, 2), F::response_time_ms), 800, .01);
  EXPECT_EQ(got.find(EventType::turn, 2)->text(F::tools), R"([{"name":"opening_hours","error":false}])");
}

TEST(Retell, LaterAndLongerBodiesHaveTheLastWord) {
  const auto life = retell_life();
  for (std::size_t i = 3; i + 1 < life.size(); ++i) {
    const DecodedHook a = decode_hook(life[i]), b = decode_hook(life[i + 1]);
    const Event *before = a.find(EventType::call_ended), *after = b.find(EventType::call_ended);
    EXPECT_EQ(before->time, after->time);
    EXPECT_LT(before->id, after->id);
  }
}

TEST(Retell, WhatTheVendorHasMaskedIsPreferred) {
  const DecodedHook got = retell(R"({"event":"call_ended","call":{"call_id":"c","start_timestamp":1790000000000,"end_timestamp":1790000001000,
    "transcript_object":[{"role":"user","content":"I am Ann"}],"scrubbed_transcript_object":[{"role":"user","content":"I am [name]"}]}})");
  ASSERT_EQ(got.count(EventType::turn), 1u);
  EXPECT_EQ(got.find(EventType::turn)->text(F::text_content), "I am [name]");
}

TEST(Retell, OutboundNumbersAreSwapped) {
  const DecodedHook got = retell(R"({"event":"call_started","call":{"call_id":"c","direction":"outbound","from_number":"+1","to_number":"+2","start_timestamp":1790000000000}})");
  EXPECT_EQ(got.batch.events.events[0].text(F::phone_number), "+1");
  EXPECT_EQ(got.batch.events.events[0].text(F::caller_number), "+2");
}

TEST(Retell, WhatIsTakenAndWhatNot) {
  const auto check = [](std::string body, bool taken, std::size_t unknown = 0) {
    const DecodedHook got = retell(body);
    EXPECT_EQ(got.status.has_value(), taken) << body;
    EXPECT_EQ(got.batch.unknown.size(), unknown) << body;
  };
  check("{}", false);
  check(R"({"event":"call_ended"})", false);
  check(R"({"event":"call_ended","call":{"call_id":""}})", false);
  check(R"({"event":"call_ended","call":{"call_id":"c"}})", true);  // a call that never connected
  check(R"({"event":"call_started","call":{"call_id":"c","start_timestamp":17}})", false);
  check(R"({"event":"call_whistled","call":{"call_id":"c","start_timestamp":1790000000000}})", true, 1);
  check(R"({"event":"agent_whistled","agent":{"agent_id":"a"}})", true, 1);  // of no call: a refusal would only be sent again
  check(R"({"event":"transfer_bridged","call":{"call_id":"c","start_timestamp":1790000000000}})", true);
}

}  // namespace
}  // namespace aybiza
