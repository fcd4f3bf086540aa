#include "codec/elevenlabs.h"

#include <gtest/gtest.h>

#include "codec/webhook_testing.h"

namespace aybiza {
namespace {

using namespace aybiza::testing;
using F = Field;

DecodedHook elevenlabs(std::string body) { return decode_hook({Vendor::elevenlabs, std::move(body)}, "acme", september); }

// The example of the format notes, 7.3.
const std::string transcription = R"({"type":"post_call_transcription","event_timestamp":1790000075,"data":{"agent_id":"agent_7101","conversation_id":"conv_3901","status":"done",
 "transcript":[{"role":"agent","message":"Hello, how can I help?","time_in_call_secs":0,"interrupted":false,"conversation_turn_metrics":{"metrics":{"convai_tts_service_ttfb":{"elapsed_time":0.22}}}},
  {"role":"user","message":"Where is my order?","time_in_call_secs":4,"conversation_turn_metrics":{"metrics":{"convai_asr_trailing_service_latency":{"elapsed_time":0.14}}}},
  {"role":"agent","message":"It ships today.","time_in_call_secs":6,"interrupted":false,"llm_usage":{"model_usage":{"claude-sonnet-4-5":{"input":{"tokens":900,"price":0.0027},"input_cache_read":{"tokens":512,"price":0.00015},"input_cache_write":{"tokens":0,"price":0},"output_total":{"tokens":24,"price":0.00036}}}},
   "conversation_turn_metrics":{"metrics":{"convai_llm_service_ttfb":{"elapsed_time":0.61},"convai_tts_service_ttfb":{"elapsed_time":0.19},"convai_ttf_audio_since_silence":{"elapsed_time":1.12}}}}],
 "metadata":{"start_time_unix_secs":1790000000,"call_duration_secs":63,"cost":420,"cost_fiat":0.0812,"charging":{"llm_price":0.0032,"tts_usage":{"total_characters":38},"asr_usage":{"total_audio_input_seconds":11.2}},"phone_call":{"type":"twilio","direction":"inbound","agent_number":"+14155550101","external_number":"+14155550100","phone_number_id":"phnum_1","stream_sid":"MZ1","call_sid":"CA00000000000000000000000000000001"},"termination_reason":"client disconnected","feedback":{"likes":1,"dislikes":0,"rating":5}},
 "analysis":{"call_successful":"success","transcript_summary":"Order status given.","evaluation_criteria_results":{},"data_collection_results":{}}}})";

TEST(ElevenLabs, TheTranscription) {
  const DecodedHook got = elevenlabs(transcription);
  ASSERT_TRUE(got.status) << got.status.error().message;
  const Event* call = got.find(EventType::call_ended);
  ASSERT_TRUE(call);
  EXPECT_EQ(call->agent, external_id("acme", "agent", "elevenlabs", "agent_7101"));
  EXPECT_EQ(from_micros(*call->number(F::started_at)), from_micros(1'790'000'000'000'000));
  EXPECT_EQ(wire(*call, F::total_duration_ms), 63'000);
  EXPECT_EQ(call->number(F::cost_usd), 81'200'000);  // dollars; credits are no money
  EXPECT_NE(call->ext.find(R"("credits":420)"), std::string_view::npos);
  EXPECT_EQ(wire(*call, F::customer_satisfaction_score), 5);
  EXPECT_EQ(call->text(F::call_outcome), "successful");
  EXPECT_EQ(call->text(F::end_reason), "client disconnected");
  EXPECT_EQ(call->text(F::caller_number), "+14155550100");
  EXPECT_EQ(call->text(F::carrier), "twilio");
  ASSERT_EQ(got.count(EventType::turn), 3u);
  const Event *asked = got.find(EventType::turn, 1), *reply = got.find(EventType::turn, 2);
  EXPECT_EQ(wire(*asked, F::stt_latency_ms), 140);
  EXPECT_EQ(wire(*reply, F::llm_latency_ms), 610);
  EXPECT_EQ(wire(*reply, F::tts_latency_ms), 190);
  EXPECT_EQ(wire(*reply, F::response_time_ms), 1120);
  ASSERT_EQ(got.count(EventType::usage), 2u);
  const Event *model = got.find(EventType::usage, 0), *speech = got.find(EventType::usage, 1);
  EXPECT_EQ(model->text(F::model), "claude-sonnet-4-5");
  EXPECT_EQ(wire(*model, F::input_tokens), 900);
  EXPECT_EQ(wire(*model, F::cache_read_tokens), 512);
  EXPECT_EQ(model->number(F::cost_usd), 3'210'000);
  EXPECT_EQ(wire(*speech, F::tts_characters), 38);
  EXPECT_EQ(wire(*speech, F::stt_seconds), 11.2);
}

TEST(ElevenLabs, WithoutCostFiatTheCostIsUnknown) {
  const DecodedHook got = decode_hook(elevenlabs_life()[1]);
  ASSERT_TRUE(got.status);
  EXPECT_FALSE(got.find(EventType::call_ended)->number(F::cost_usd));
}

TEST(ElevenLabs, AStepOfToolsIsNoTurn) {
  const DecodedHook got = decode_hook(elevenlabs_life()[1]);
  ASSERT_EQ(got.count(EventType::turn), 3u);
  EXPECT_EQ(got.find(EventType::turn, 2)->text(F::tools), R"([{"name":"track","ms":400,"error":false}])");
  EXPECT_EQ(got.find(EventType::turn, 2)->number(F::interrupted), 1);
}

TEST(ElevenLabs, TheOtelFormNamesTheSameTurnsBelow) {
  const auto life = elevenlabs_life();
  const DecodedHook otel = decode_hook(life[0]), json = decode_hook(life[1]);
  ASSERT_TRUE(otel.status) << otel.status.error().message;
  ASSERT_EQ(otel.count(EventType::turn), 2u);
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(otel.find(EventType::turn, i)->call, json.find(EventType::turn, i)->call);
    EXPECT_EQ(otel.find(EventType::turn, i)->text(F::text_content), json.find(EventType::turn, i)->text(F::text_content));
    EXPECT_LT(otel.find(EventType::turn, i)->rank, json.find(EventType::turn, i)->rank);
  }
}

TEST(ElevenLabs, OlderSamplesLackALevel) {
  const DecodedHook got = elevenlabs(R"({"type":"post_call_transcription","event_timestamp":1790000075,"data":{"conversation_id":"c","transcript":[{"role":"agent","message":"Hi","conversation_turn_metrics":{"convai_llm_service_ttfb":{"elapsed_time":0.5}}}]}})");
  ASSERT_EQ(got.count(EventType::turn), 1u);
  EXPECT_EQ(wire(*got.find(EventType::turn), F::llm_latency_ms), 500);
}

TEST(ElevenLabs, ACallThatCouldNotBegin) {
  const auto check = [](std::string reason, std::string_view outcome) {
    const DecodedHook got = elevenlabs(R"({"type":"call_initiation_failure","event_timestamp":1790000000,"data":{"agent_id":"a","conversation_id":"c","failure_reason":")" +
                                       reason + R"(","metadata":{"type":"twilio","body":{"CallSid":"CA00000000000000000000000000000001"}}}})");
    ASSERT_TRUE(got.status);
    EXPECT_EQ(got.find(EventType::call_ended)->text(F::call_outcome), outcome) << reason;
    EXPECT_EQ(got.batch.names[0].twilio_sid, "CA00000000000000000000000000000001");
  };
  check("busy", "busy");
  check("no-answer", "no_answer");
  check("unknown", "failed");
}

TEST(ElevenLabs, WhatIsTakenAndWhatNot) {
  const auto check = [](std::string body, bool taken, std::size_t ignored = 0, std::size_t unknown = 0) {
    const DecodedHook got = elevenlabs(body);
    EXPECT_EQ(got.status.has_value(), taken) << body;
    EXPECT_EQ(got.batch.ignored.size(), ignored) << body;
    EXPECT_EQ(got.batch.unknown.size(), unknown) << body;
  };
  check("{}", false);
  check(R"({"type":"post_call_transcription","event_timestamp":1790000000,"data":{}})", false);
  check(R"({"type":"post_call_transcription","event_timestamp":17,"data":{"conversation_id":"c"}})", false);
  check(R"({"type":"post_call_audio","event_timestamp":1790000000,"data":{"full_audio":"AAAA"}})", true, 1);
  check(R"({"type":"post_call_dance","event_timestamp":1790000000,"data":{"conversation_id":"c"}})", true, 0, 1);
  check(R"({"type":"voice_removed","event_timestamp":1790000000,"data":{"voice_id":"v"}})", true, 0, 1);  // of no call, but of the same hook
  check(R"({"type":"voice_removed"})", true, 0, 1);
  check(R"({"type":"post_call_transcription","event_timestamp":1790000000})", false);
  check(R"({"type":"post_call_transcription_otel","data":{"otlp_traces":{}}})", false);
}

}  // namespace
}  // namespace aybiza
