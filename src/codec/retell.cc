#include "codec/retell.h"

#include <algorithm>
#include <array>

#include "base/limits.h"
#include "codec/vendor_turns.h"

namespace aybiza {
namespace {

constexpr std::array<std::string_view, 18> call_known = {
    "call_id", "agent_id", "agent_version", "agent_name", "call_type", "direction", "from_number", "to_number", "call_status",
    "start_timestamp", "end_timestamp", "duration_ms", "disconnection_reason", "transcript", "access_token", "scrubbed_transcript",
    "public_log_url", "recording_url"};

struct Message {
  const JsonNode& call;
  const VendorContext& context;
  std::string_view event, call_id, sid;
  std::optional<Instant> started, ended;
  Instant at, version;
};

std::optional<double> latency(const JsonNode& one) {
  ListMean mean;
  one["values"].items([&](const JsonNode& value) { mean.add(value.number()); });
  return mean.value() ? mean.value() : one["p50"].number();
}

bool names_a_model(std::string_view product) {
  for (const std::string_view family : {"gpt", "claude", "gemini", "llama", "deepseek", "mistral", "qwen"})
    if (product.starts_with(family)) return true;
  return false;
}

void add_common(VendorEvent& event, const Message& m) {
  const JsonNode& call = m.call;
  const bool outbound = call["direction"].text() == "outbound";
  event.text(Field::agent_id, call["agent_id"].text()).text(Field::agent_name, call["agent_name"].text());
  if (const auto version = call["agent_version"].number()) event.text(Field::agent_version, fmt::format("{}", *version));
  event.word(Field::direction, call["direction"].text());
  if (call["call_type"].text() == "phone_call") event.word(Field::channel, "phone");
  if (call["call_type"].text() == "web_call") event.word(Field::channel, "web");
  event.text(Field::phone_number, call[outbound ? "from_number" : "to_number"].text());
  event.text(Field::caller_number, call[outbound ? "to_number" : "from_number"].text());
  event.time(Field::started_at, m.started).twilio(m.sid);
}

// The richest transcript there is; one that the vendor has masked already is preferred (ingest-formats.md 11).
JsonNode transcript_of(const JsonNode& call) {
  for (const std::string_view name : {"scrubbed_transcript_with_tool_calls", "scrubbed_transcript_object", "transcript_with_tool_calls",
                                      "transcript_object"})
    if (const JsonNode found = call[name]; found.size() > 0) return found;
  return {};
}

Conversation read_turns(const Message& m) {
  Conversation out;
  std::optional<double> caller_ended;  // seconds from the start
  const auto time_at = [&](std::optional<double> s) -> std::optional<Instant> {
    if (!s || !m.started || !(std::abs(*s) < 1e7)) return std::nullopt;
    return usable(m.context, *m.started + Duration(std::llrint(*s * 1e6)));
  };
  transcript_of(m.call).items([&](const JsonNode& one) {
    const std::string_view role = one["role"].text();
    if (role == "tool_call_invocation") {
      out.call_tool({.id = one["tool_call_id"].text(), .name = one["name"].text(), .called = time_at(one["time_sec"].number()), .ms = {}, .error = {}});
    } else if (role == "tool_call_result") {
      const auto successful = one["successful"].flag();
      out.tool_result(one["tool_call_id"].text(), one["name"].text(), time_at(one["time_sec"].number()), {},
                      successful ? std::optional(!*successful) : std::nullopt);
    } else if (role == "agent" || role == "user") {  // a transfer target is neither
      std::optional<double> first, last;
      one["words"].items([&](const JsonNode& word) {
        if (!first) first = word["start"].number();
        if (const auto end = word["end"].number()) last = end;
      });
      SpokenTurn turn{.agent = role == "agent", .text = one["content"].text(), .started = time_at(first), .ended = time_at(last)};
      if (turn.agent && first && caller_ended && *first >= *caller_ended) turn.response_ms = (*first - *caller_ended) * 1e3;
      caller_ended = turn.agent ? std::nullopt : last;
      out.say(std::move(turn));
    }
  });
  return out;
}

void last_word(VendorEvent& event, const Message& m) {
  const JsonNode &call = m.call, latencies = call["latency"], analysis = call["call_analysis"], cost = call["call_cost"];
  read_turns(m).emit(event, Rank::final_report, m.call_id, m.sid, m.started.value_or(m.at), m.version);
  std::optional<double> tokens;
  call["llm_token_usage"]["values"].items([&](const JsonNode& value) {
    if (const auto count = value.number()) tokens = tokens.value_or(0) + *count;
  });
  std::string_view model;
  cost["product_costs"].items([&](const JsonNode& one) {
    if (model.empty() && names_a_model(one["product"].text())) model = one["product"].text();
  });
  const std::string_view reason = call["disconnection_reason"].text();
  CallEnd end = call_end_of(Vendor::retell, reason, analysis["call_successful"].flag());
  if (analysis["in_voicemail"].flag() == true) end.call_outcome = "voicemail";

  event.start(EventType::call_ended, Rank::final_report, m.at, m.call_id);
  add_common(event, m);
  event.end(end, reason).text(Field::model_used, model);
  auto duration = call["duration_ms"].number();
  if (!duration && m.started && m.ended && *m.ended >= *m.started) duration = double((*m.ended - *m.started).count()) / 1e3;
  event.number(Field::total_duration_ms, duration);
  const auto e2e = latency(latencies["e2e"]);
  event.number(Field::voice_processing_latency_ms, e2e ? e2e : latency(latencies["s2s"]));
  event.number(Field::stt_latency_ms, latency(latencies["asr"])).number(Field::llm_latency_ms, latency(latencies["llm"]));
  event.number(Field::tts_latency_ms, latency(latencies["tts"]));
  if (const auto cents = cost["combined_cost"].number()) event.number(Field::cost_usd, *cents / 100);
  event.number(Field::tokens_consumed, tokens);  // no split by kind, so no usage: it could not be priced
  event.ext("user_sentiment", analysis["user_sentiment"]).ext("summary", analysis["call_summary"]);
  event.ext("custom_analysis", analysis["custom_analysis_data"]).ext("metadata", call["metadata"]);
  event.ext("network_rtt_ms", latency(latencies["llm_websocket_network_rtt"])).ext("product_costs", cost["product_costs"]);
  event.rest(call, call_known).finish(m.event, m.version);
}

}  // namespace

Status decode_retell(const JsonNode& root, std::size_t body_bytes, const VendorContext& context, VendorBatch& batch) {
  const JsonNode call = root["call"];
  Message m{.call = call, .context = context, .event = root["event"].text(), .call_id = call["call_id"].text(),
            .sid = call["telephony_identifier"]["twilio_call_sid"].text(), .started = instant_of_ms(call["start_timestamp"].number()),
            .ended = instant_of_ms(call["end_timestamp"].number()), .at = {}, .version = {}};
  if (m.event.empty()) return fail(Code::invalid, "event is missing");
  const bool first = m.event == "call_started" || m.event == "transcript_updated", last = m.event == "call_ended" || m.event == "call_analyzed";
  const bool is_known = first || last || m.event.starts_with("transfer_");
  if (is_known && (!call.is_object() || m.call_id.empty() || m.call_id.size() > limits::id_bytes))
    return fail(Code::invalid, "call.call_id is missing or longer than {} bytes", limits::id_bytes);
  for (const auto& time : {m.started, m.ended})
    if (time && to_micros(*time) != 0 && !in_range(context, *time))
      return fail(Code::invalid, "timestamp_out_of_range: {}", format_rfc3339(*time));
  m.started = usable(context, m.started);
  m.ended = usable(context, m.ended);
  const auto known = first || !m.ended ? m.started : m.ended;
  m.at = known.value_or(context.received);  // a call that never connected has no times at all
  // Later stages and, within one, longer bodies have the last word.
  const int stage = m.event == "call_analyzed" ? 3 : m.event == "call_ended" ? 2 : 1;
  m.version = known.value_or(Instant{}) + stage * std::chrono::seconds(40) + Duration(std::int64_t(body_bytes));

  VendorEvent event(batch, context, Vendor::retell);
  if (m.event == "call_started") {
    event.start(EventType::call_started, Rank::live, m.at, m.call_id);
    add_common(event, m);
    event.rest(call, call_known).finish(m.event, m.version);
  } else if (last) {
    last_word(event, m);
  } else if (is_known) {
    event.start(EventType::call_updated, Rank::live, m.at, m.call_id);
    add_common(event, m);
    if (m.event == "transfer_bridged") event.flag(Field::escalated, true);
    event.finish(m.event, m.version);
    read_turns(m).emit(event, Rank::live, m.call_id, m.sid, m.started.value_or(m.at), m.version, limits::webhook_live_turns);
  } else {
    event.start(EventType::other, Rank::live, m.at, m.call_id).twilio(m.sid).rest(call.is_object() ? call : root, {});
    event.finish_unknown(m.event, m.version);
  }
  return {};
}

}  // namespace aybiza
