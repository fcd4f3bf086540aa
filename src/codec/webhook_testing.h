// What tests of webhooks share: one decode with its identities, and the life of a call as each vendor tells it.
//
// Shape    a life is bodies in the order they would be sent. Times are written as $ms[1200], $s[4], $iso[63.5], $rfc2822[63]
//          and $ns[4]: seconds (of $ms: milliseconds) after the start that expand() is given.
// Threads  functions of their arguments.
#pragma once

#include <charconv>
#include <chrono>
#include <string>
#include <vector>

#include "codec/event_to_json.h"
#include "codec/webhook.h"

namespace aybiza::testing {

inline const Instant life_start = *parse_rfc3339("2026-11-21T09:00:00Z");
inline const Instant life_received = *parse_rfc3339("2026-11-21T10:00:00Z");

inline std::string rfc2822(Instant at) {
  using namespace std::chrono;
  const sys_seconds s{seconds(to_micros(at) / 1'000'000)};
  const year_month_day date{floor<days>(s)};
  const hh_mm_ss clock{s - floor<days>(s)};
  constexpr std::string_view names[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  return fmt::format("Sat, {:02} {} {} {:02}:{:02}:{:02} +0000", unsigned(date.day()), names[unsigned(date.month()) - 1], int(date.year()),
                     clock.hours().count(), clock.minutes().count(), clock.seconds().count());
}

inline std::string expand(std::string_view text, Instant start = life_start) {
  std::string out;
  while (!text.empty()) {
    const std::size_t dollar = std::min(text.find('$'), text.size());
    out += text.substr(0, dollar);
    text.remove_prefix(dollar);
    if (text.empty()) break;
    const std::size_t open = text.find('['), close = text.find(']');
    const std::string_view unit = text.substr(1, open - 1), number = text.substr(open + 1, close - open - 1);
    double value = 0;
    std::from_chars(number.data(), number.data() + number.size(), value);
    const Instant at = start + Duration(std::llrint(value * (unit == "ms" ? 1e3 : 1e6)));
    if (unit == "ms") out += std::to_string(to_micros(at) / 1'000);
    else if (unit == "s") out += std::to_string(to_micros(at) / 1'000'000);
    else if (unit == "ns") out += std::to_string(to_micros(at) * 1'000);
    else if (unit == "rfc2822") out += rfc2822(at);
    else out += format_rfc3339(at);
    text.remove_prefix(close + 1);
  }
  return out;
}

inline const Instant september = *parse_rfc3339("2026-09-21T15:00:00Z");  // when the examples of the format notes are received

// A number as it was sent; -1: there is none.
inline double wire(const Event& event, Field field) {
  const auto number = event.number(field);
  return number ? to_wire(field, *number) : -1;
}

struct Hook {
  Vendor vendor;
  std::string body;
  std::vector<std::pair<std::string, std::string>> form = {};  // instead of the body
};

struct DecodedHook {
  VendorBatch batch;
  Status status;
  const Event* find(EventType type, std::size_t nth = 0) const {
    for (const Event& event : batch.events.events)
      if (event.type == type && nth-- == 0) return &event;
    return nullptr;
  }
  std::size_t count(EventType type) const {
    std::size_t out = 0;
    for (const Event& event : batch.events.events) out += event.type == type ? 1 : 0;
    return out;
  }
};

inline DecodedHook decode_hook(const Hook& hook, std::string_view customer = "acme", Instant received = life_received) {
  DecodedHook out;
  WebhookDecoder decoder;
  const VendorContext context{.customer = customer, .received = received};
  out.status = hook.form.empty() ? decoder.decode(hook.vendor, hook.body, context, out.batch)
                                 : decoder.decode_form(hook.form, context, out.batch);
  assign_vendor_ids(out.batch, hook.vendor, customer);
  return out;
}

inline const std::string twilio_call = "CA0123456789abcdef0123456789abcdef";

inline std::vector<Hook> vapi_life(Instant start = life_start, std::string id = "7420f27a-30fd-4f49-a995-5549ae7cc00d") {
  const std::string call = R"("call":{"id":")" + id + R"(","type":"inboundPhoneCall","assistantId":"a6ee9ab1-31c8-45b7-a54b-2ac45b6d4bb5",)"
      R"("phoneCallProvider":"twilio","phoneCallProviderId":")" + twilio_call + R"("},"customer":{"number":"+14155550100"},"phoneNumber":{"number":"+14155550101"})";
  const std::string greeting = R"({"role":"system","message":"You are kind."},{"role":"bot","message":"Hello, how can I help?","time":$ms[1200],"endTime":$ms[3000]},)"
      R"({"role":"user","message":"Move my visit, please.","time":$ms[4000],"endTime":$ms[5600],"metadata":{"wordLevelConfidence":[{"confidence":0.9},{"confidence":0.7}]}})";
  const std::string rest = R"(,{"role":"tool_calls","time":$ms[6000],"toolCalls":[{"id":"t1","function":{"name":"find_slot","arguments":"{}"}}]},)"
      R"({"role":"tool_call_result","time":$ms[6400],"toolCallId":"t1","name":"find_slot","result":"ok"},)"
      R"({"role":"bot","message":"Tuesday at nine?","time":$ms[6650],"endTime":$ms[8000]},{"role":"user","message":"Yes, thank you.","time":$ms[9000],"endTime":$ms[9900]})";
  const std::string report = R"({"message":{"type":"end-of-call-report","timestamp":$ms[@],"endedReason":"customer-ended-call","startedAt":"$iso[0]","endedAt":"$iso[63.5]",)"
      R"("artifact":{"messages":[)" + greeting + rest + R"(],"performanceMetrics":{"turnLatencies":[{"modelLatency":420,"voiceLatency":180,"transcriberLatency":150,)"
      R"("endpointingLatency":300,"turnLatency":1050}],"modelLatencyAverage":420,"voiceLatencyAverage":180,"transcriberLatencyAverage":150,"turnLatencyAverage":1050}},)" + call;
  const std::string analysis = R"(,"analysis":{"summary":"Caller moved the visit.","successEvaluation":"true","structuredData":{"intent":"reschedule"}})";
  const std::string costs = R"(,"cost":0.1042,"costs":[{"type":"transport","provider":"twilio","minutes":1.06,"cost":0.0085},)"
      R"({"type":"transcriber","transcriber":{"provider":"deepgram","model":"nova-3"},"minutes":1.06,"cost":0.0105},)"
      R"({"type":"model","model":{"provider":"openai","model":"gpt-4.1"},"promptTokens":4210,"completionTokens":212,"cachedPromptTokens":3072,"cost":0.0071},)"
      R"({"type":"voice","voice":{"provider":"11labs"},"characters":690,"cost":0.0251},{"type":"vapi","subType":"normal","minutes":1.06,"cost":0.053}])";
  const auto at = [&](std::string text, const char* ms) { return text.replace(text.find('@'), 1, ms); };
  std::vector<std::string> bodies = {
      R"({"message":{"type":"status-update","status":"ringing","timestamp":$ms[-2000],)" + call + "}}",
      R"({"message":{"type":"status-update","status":"in-progress","timestamp":$ms[0],)" + call + "}}",
      R"({"message":{"type":"conversation-update","timestamp":$ms[5700],"messages":[)" + greeting + "]," + call + "}}",
      R"({"message":{"type":"speech-update","status":"started","role":"user","turn":1,"timestamp":$ms[4000],)" + call + "}}",
      R"({"message":{"type":"conversation-update","timestamp":$ms[10000],"messages":[)" + greeting + rest + "]," + call + "}}",
      R"({"message":{"type":"status-update","status":"ended","endedReason":"customer-ended-call","timestamp":$ms[63600],)" + call + "}}",
      at(report, "70123") + "}}", at(report, "300000") + analysis + "}}", at(report, "900000") + analysis + costs + "}}"};
  std::vector<Hook> out;
  for (const std::string& body : bodies) out.push_back({Vendor::vapi, expand(body, start)});
  return out;
}

inline std::vector<Hook> retell_life(Instant start = life_start) {
  const std::string head = R"("call_id":"call_0123","agent_id":"agent_77","agent_version":4,"agent_name":"Front desk","call_type":"phone_call","direction":"inbound",)"
      R"("from_number":"+14155550100","to_number":"+14155550101","start_timestamp":$ms[0],"telephony_identifier":{"twilio_call_sid":")" + twilio_call + R"("})";
  const std::string said = R"("transcript_with_tool_calls":[{"role":"agent","content":"Hello!","words":[{"word":"Hello!","start":0.7,"end":1.1}]},)"
      R"({"role":"user","content":"Is it open?","words":[{"word":"Is","start":2.0,"end":2.1},{"word":"open?","start":2.2,"end":2.6}]})";
  const std::string more = R"(,{"role":"tool_call_invocation","tool_call_id":"x","name":"opening_hours","arguments":"{}"},{"role":"tool_call_result","tool_call_id":"x","content":"9-5","successful":true},)"
      R"({"role":"agent","content":"From nine to five.","words":[{"word":"From","start":3.4,"end":3.6},{"word":"five.","start":4.0,"end":4.4}]})";
  const std::string ended = head + R"(,"call_status":"ended","end_timestamp":$ms[63500],"duration_ms":63500,"disconnection_reason":"user_hangup",)"
      R"("latency":{"e2e":{"p50":980,"values":[980,1620,700]},"llm":{"p50":410,"values":[410,540,380]},"asr":{"p50":90},"tts":{"p50":160,"values":[]}},)"
      R"("llm_token_usage":{"average":812,"num_requests":3,"values":[700,810,926]},)" + said + more + "]";
  const std::string analysis = R"(,"call_analysis":{"call_successful":true,"call_summary":"Asked for hours.","user_sentiment":"Neutral","in_voicemail":false,"custom_analysis_data":{}})";
  const std::string cost = R"(,"call_cost":{"combined_cost":12.7,"total_duration_seconds":64,"product_costs":[{"product":"elevenlabs_tts","cost":7.47},{"product":"gpt_4_1","cost":5.23}]})";
  std::vector<std::string> bodies = {
      R"({"event":"call_started","call":{)" + head + R"(,"call_status":"ongoing"}})",
      R"({"event":"transcript_updated","call":{)" + head + R"(,"call_status":"ongoing",)" + said + "]}}",
      R"({"event":"transcript_updated","call":{)" + head + R"(,"call_status":"ongoing",)" + said + more + "]}}",
      R"({"event":"call_ended","call":{)" + ended + "}}", R"({"event":"call_analyzed","call":{)" + ended + analysis + "}}",
      R"({"event":"call_analyzed","call":{)" + ended + analysis + cost + "}}"};
  std::vector<Hook> out;
  for (const std::string& body : bodies) out.push_back({Vendor::retell, expand(body, start)});
  return out;
}

inline std::vector<Hook> elevenlabs_life(Instant start = life_start) {
  const std::string head = R"("agent_id":"agent_7101","agent_name":"Orders","conversation_id":"conv_3901","status":"done")";
  const std::string said = R"(,"transcript":[{"role":"agent","message":"Hello, how can I help?","time_in_call_secs":0,"interrupted":false,"conversation_turn_metrics":{"metrics":{"convai_tts_service_ttfb":{"elapsed_time":0.22}}}},)"
      R"({"role":"user","message":"Where is my order?","time_in_call_secs":4,"conversation_turn_metrics":{"metrics":{"convai_asr_trailing_service_latency":{"elapsed_time":0.14}}}},)"
      R"({"role":"agent","message":null,"time_in_call_secs":5,"tool_calls":[{"request_id":"r1","tool_name":"track"}],"tool_results":[{"request_id":"r1","tool_name":"track","is_error":false,"tool_latency_secs":0.4}]},)"
      R"({"role":"agent","message":"It ships today.","time_in_call_secs":6,"interrupted":true,"llm_usage":{"model_usage":{"claude-sonnet-4-5":{"input":{"tokens":900,"price":0.0027},"input_cache_read":{"tokens":512,"price":0.00015},"input_cache_write":{"tokens":0,"price":0},"output_total":{"tokens":24,"price":0.00036}}}},)"
      R"("conversation_turn_metrics":{"metrics":{"convai_llm_service_ttfb":{"elapsed_time":0.61},"convai_tts_service_ttfb":{"elapsed_time":0.19},"convai_ttf_audio_since_silence":{"elapsed_time":1.12}}}}])";
  const std::string metadata = R"(,"metadata":{"start_time_unix_secs":$s[0],"call_duration_secs":63,"cost":420,@"charging":{"llm_price":0.0032,"tts_usage":{"total_characters":38},"asr_usage":{"total_audio_input_seconds":11.2}},)"
      R"("phone_call":{"type":"twilio","direction":"inbound","agent_number":"+14155550101","external_number":"+14155550100","call_sid":")" + twilio_call +
      R"("},"termination_reason":"client disconnected","main_language":"en","feedback":{"likes":1,"dislikes":0,"rating":5}})";
  const std::string analysis = R"(,"analysis":{"call_successful":"success","transcript_summary":"Order status given.","evaluation_criteria_results":{},"data_collection_results":{}})";
  const auto with = [&](std::string text, const char* cost) { return text.replace(text.find('@'), 1, cost); };
  const std::string span = R"({"startTimeUnixNano":"$ns[0]","endTimeUnixNano":"$ns[62]","name":"elevenlabs.conversation","attributes":[]},)"
      R"({"startTimeUnixNano":"$ns[0.1]","endTimeUnixNano":"$ns[2]","name":"elevenlabs.recv.agent_response","attributes":[{"key":"elevenlabs.agent.text","value":{"stringValue":"Hello, how can I help?"}}]},)"
      R"({"startTimeUnixNano":"$ns[4]","endTimeUnixNano":"$ns[5]","name":"elevenlabs.recv.user_transcript","attributes":[{"key":"elevenlabs.user.text","value":{"stringValue":"Where is my order?"}}]})";
  std::vector<std::string> bodies = {
      R"({"type":"post_call_transcription_otel","event_timestamp":$s[70],"data":{"otlp_traces":{"resourceSpans":[{"resource":{"attributes":[{"key":"elevenlabs.conversation_id","value":{"stringValue":"conv_3901"}},{"key":"agent_id","value":{"stringValue":"agent_7101"}}]},"scopeSpans":[{"spans":[)" + span + "]}]}]}}}",
      R"({"type":"post_call_transcription","event_timestamp":$s[75],"data":{)" + head + said + with(metadata, "") + "}}",
      R"({"type":"post_call_transcription","event_timestamp":$s[300],"data":{)" + head + said + with(metadata, "") + analysis + "}}",
      R"({"type":"post_call_transcription","event_timestamp":$s[900],"data":{)" + head + said + with(metadata, R"("cost_fiat":0.0812,)") + analysis + "}}",
      R"({"type":"post_call_audio","event_timestamp":$s[901],"data":{"conversation_id":"conv_3901","full_audio":"AAAA"}})"};
  std::vector<Hook> out;
  for (const std::string& body : bodies) out.push_back({Vendor::elevenlabs, expand(body, start)});
  return out;
}

inline std::vector<Hook> twilio_life(Instant start = life_start) {
  const auto callback = [&](const char* status, const char* sequence, const char* at, const char* duration) {
    Hook hook{.vendor = Vendor::twilio, .body = {}, .form = {{"CallSid", twilio_call}, {"AccountSid", "AC00000000000000000000000000000001"},
              {"From", "+14155550100"}, {"To", "+14155550101"}, {"CallStatus", status}, {"Direction", "inbound"}, {"FromCountry", "US"},
              {"Timestamp", expand(at, start)}, {"SequenceNumber", sequence}, {"CallbackSource", "call-progress-events"}}};
    if (duration) hook.form.emplace_back("CallDuration", duration);
    return hook;
  };
  const std::string summary = R"([{"specversion":"1.0","id":"EZ@","source":"/v1","time":"$iso[#]","type":"com.twilio.voice.insights.call-summary.@","data":{"call_sid":")" + twilio_call +
      R"(","call_type":"carrier","call_state":"completed","processing_state":"@","start_time":"$iso[0]","end_time":"$iso[63]","duration":63,"properties":{"direction":"inbound","disconnected_by":"caller"},)"
      R"("carrier_edge":{"metrics":{"inbound":{"mos":{"avg":4.31,"min":3.9,"max":4.4}}},"properties":{"edge_location":"ashburn"}},"sdk_edge":{"metrics":{"inbound":{"mos":{"avg":4.1}}}}}}])";
  const auto fill = [&](std::string text, const char* stage, const char* at) {
    for (std::size_t place; (place = text.find('@')) != std::string::npos;) text.replace(place, 1, stage);
    return Hook{Vendor::twilio, expand(text.replace(text.find('#'), 1, at), start)};
  };
  return {callback("initiated", "0", "$rfc2822[-3]", nullptr), callback("ringing", "1", "$rfc2822[-3]", nullptr),
          callback("in-progress", "2", "$rfc2822[0]", nullptr), callback("completed", "3", "$rfc2822[63]", "63"),
          fill(summary, "partial", "600"), fill(summary, "complete", "1800")};
}

inline std::vector<Hook> livekit_life(Instant start = life_start) {
  const std::string room = R"("room":{"sid":"RM_abc","name":"call-1","creationTime":"$s[-2]","creationTimeMs":"$ms[-2000]"})";
  const std::string caller = R"("participant":{"sid":"PA_1","identity":"sip_14155550100","kind":"SIP","joinedAt":"$s[0]","region":"us-east","attributes":{"sip.callID":"SCL_1","sip.trunkPhoneNumber":"+14155550101","sip.phoneNumber":"+14155550100","sip.twilio.callSid":")" + twilio_call + "\"";
  const std::string job = R"("job":{"id":"AJ_1","agentName":"desk",)" + room;
  std::vector<std::string> bodies = {
      R"({"event":"room_started",)" + room + R"(,"id":"EV_1","createdAt":"$s[-2]"})",
      R"({"event":"agent_job_started",)" + job + R"(,"state":{"status":"JS_RUNNING","startedAt":"$ns[-1]"}},"id":"EV_2","createdAt":"$s[-1]"})",
      R"({"event":"participant_joined",)" + room + "," + caller + R"(}},"id":"EV_3","createdAt":"$s[0]"})",
      R"({"event":"participant_joined",)" + room + R"(,"participant":{"sid":"PA_2","identity":"agent-AJ_1","kind":"AGENT","joinedAt":"$s[0]","attributes":{"lk.agent_name":"desk"}},"id":"EV_4","createdAt":"$s[0]"})",
      R"({"event":"track_published",)" + room + R"(,"id":"EV_5","createdAt":"$s[1]"})",
      R"({"event":"participant_left",)" + room + "," + caller + R"(},"disconnectReason":"CLIENT_INITIATED"},"id":"EV_6","createdAt":"$s[63]"})",
      R"({"event":"agent_job_ended",)" + job + R"(,"state":{"status":"JS_SUCCESS","startedAt":"$ns[-1]","endedAt":"$ns[64]"}},"id":"EV_7","createdAt":"$s[64]"})",
      R"({"event":"room_finished",)" + room + R"(,"id":"EV_8","createdAt":"$s[84]"})"};
  std::vector<Hook> out;
  for (const std::string& body : bodies) out.push_back({Vendor::livekit, expand(body, start)});
  return out;
}

}  // namespace aybiza::testing
