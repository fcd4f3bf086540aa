#include "codec/vapi.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "base/limits.h"
#include "codec/vendor_turns.h"

namespace aybiza {
namespace {

constexpr std::array<std::string_view, 8> asks_for_answer = {
    "assistant-request", "tool-calls", "function-call", "transfer-destination-request",
    "handoff-destination-request", "knowledge-base-request", "voice-request", "call.endpointing.request"};
constexpr std::array<std::string_view, 12> of_no_use = {
    "hang", "transfer-update", "model-output", "voice-input", "language-change-detected", "language-changed",
    "assistant.speechStarted", "assistant.started", "phone-call-control", "speech-update", "user-interrupted", "transcript"};
constexpr std::array<std::string_view, 20> message_known = {
    "type", "timestamp", "status", "endedReason", "startedAt", "endedAt", "cost", "durationMs", "durationSeconds",
    "durationMinutes", "role", "transcript", "transcriptType", "turn", "summary", "inboundPhoneCallDebuggingArtifacts",
    "stereoRecordingUrl", "recordingUrl", "isFiltered", "turnId"};

template <typename List>
bool is_one_of(const List& list, std::string_view text) { return std::find(list.begin(), list.end(), text) != list.end(); }

JsonNode first_of(JsonNode a, JsonNode b) { return a ? a : b; }
std::string_view first_of(std::string_view a, std::string_view b) { return a.empty() ? b : a; }

std::optional<Instant> time_of(const JsonNode& node) {
  if (const auto ms = node.number()) return instant_of_ms(ms);
  return parse_rfc3339(node.text());
}

struct Message {
  const JsonNode& message;
  const VendorContext& context;
  std::string_view type, call_id, sid;
  JsonNode call, assistant, artifact;
  Instant at;  // when it was said: event time and version
  std::optional<Instant> started, ended;
};

void add_common(VendorEvent& event, const Message& m) {
  const std::string_view kind = m.call["type"].text();
  if (kind == "inboundPhoneCall") event.word(Field::direction, "inbound");
  if (kind == "outboundPhoneCall") event.word(Field::direction, "outbound");
  const JsonNode customer = first_of(m.message["customer"], m.call["customer"]);
  const JsonNode phone = first_of(m.message["phoneNumber"], m.call["phoneNumber"]);
  if (kind.ends_with("PhoneCall")) event.word(Field::channel, customer["sipUri"] ? "sip" : "phone");
  else if (kind == "webCall" || kind == "vapi.websocketCall") event.word(Field::channel, "web");
  event.text(Field::phone_number, phone["number"].text());
  event.text(Field::caller_number, first_of(customer["number"].text(), customer["sipUri"].text()));
  const std::string_view name = m.assistant["name"].text();
  event.text(Field::agent_id, first_of(first_of(m.call["assistantId"].text(), m.assistant["id"].text()), name));
  event.text(Field::agent_name, name);
  event.text(Field::carrier, m.call["phoneCallProvider"].text());
  event.text(Field::model_used, m.assistant["model"]["model"].text());
  event.text(Field::provider_llm, m.assistant["model"]["provider"].text());
  event.text(Field::provider_tts, m.assistant["voice"]["provider"].text());
  event.text(Field::provider_stt, m.assistant["transcriber"]["provider"].text());
  event.text(Field::language, m.assistant["transcriber"]["language"].text());
  event.time(Field::started_at, m.started);
  event.twilio(m.sid);
}

std::optional<double> confidence_of(const JsonNode& words) {
  ListMean mean;
  words.items([&](const JsonNode& word) { mean.add(word["confidence"].number()); });
  return mean.value();
}

Conversation read_messages(const JsonNode& messages, const JsonNode& latencies, const Message& m) {
  Conversation out;
  std::vector<JsonNode> replies;
  latencies.items([&](const JsonNode& one) { replies.push_back(one); });
  std::size_t next_reply = 0;
  bool caller_spoke = false;
  messages.items([&](const JsonNode& one) {
    const std::string_view role = one["role"].text();
    const auto at = usable(m.context, time_of(one["time"]));
    if (role == "tool_calls" || role == "tool-calls") {
      one["toolCalls"].items([&](const JsonNode& tool) {
        out.call_tool({.id = tool["id"].text(), .name = tool["function"]["name"].text(), .called = at, .ms = {}, .error = {}});
      });
    } else if (role == "tool_call_result") {
      out.tool_result(one["toolCallId"].text(), one["name"].text(), at, {}, {});
    } else if (role == "user" || role == "bot" || role == "assistant") {
      SpokenTurn turn{.agent = role != "user", .text = first_of(one["message"].text(), one["content"].text()), .started = at};
      turn.ended = usable(m.context, time_of(one["endTime"]));
      turn.confidence = confidence_of(one["metadata"]["wordLevelConfidence"]);
      if (turn.agent && caller_spoke && next_reply < replies.size()) {  // the greeting answers nobody
        const JsonNode& reply = replies[next_reply++];
        turn.response_ms = reply["turnLatency"].number();
        turn.llm_ms = reply["modelLatency"].number();
        turn.tts_ms = reply["voiceLatency"].number();
        turn.stt_ms = reply["transcriberLatency"].number();
        turn.endpointing_ms = reply["endpointingLatency"].number();
      }
      caller_spoke = !turn.agent;
      out.say(std::move(turn));
    }
  });
  return out;
}

void add_usage(VendorEvent& event, const Message& m, const JsonNode& costs) {
  std::array<std::size_t, 4> seen{};
  costs.items([&](const JsonNode& cost) {
    constexpr std::array<std::string_view, 4> kinds = {"model", "transcriber", "voice", "transport"};
    const auto kind = std::size_t(std::find(kinds.begin(), kinds.end(), cost["type"].text()) - kinds.begin());
    if (kind == kinds.size()) return;
    event.start(EventType::usage, Rank::final_report, m.ended.value_or(m.at), m.call_id).twilio(m.sid);
    event.number(Field::cost_usd, cost["cost"].number());
    const auto minutes = cost["minutes"].number();
    const auto seconds = minutes ? std::optional(*minutes * 60) : std::nullopt;
    if (kind == 0) {
      const auto prompt = cost["promptTokens"].number(), cached = cost["cachedPromptTokens"].number();
      // Whether the prompt holds the cached part is not documented: it does where it can (ingest-formats.md 13.3).
      const bool gross = prompt && cached && *cached <= *prompt;
      event.text(Field::model, cost["model"]["model"].text()).text(Field::provider_llm, cost["model"]["provider"].text());
      event.number(Field::input_tokens, gross ? std::optional(*prompt - *cached) : prompt);
      event.number(Field::cache_read_tokens, cached).number(Field::output_tokens, cost["completionTokens"].number());
    } else if (kind == 1) {
      event.text(Field::model, cost["transcriber"]["model"].text()).text(Field::provider_stt, cost["transcriber"]["provider"].text());
      event.number(Field::stt_seconds, seconds);
    } else if (kind == 2) {
      event.text(Field::model, cost["voice"]["model"].text()).text(Field::provider_tts, cost["voice"]["provider"].text());
      event.number(Field::tts_characters, cost["characters"].number());
    } else {
      event.text(Field::carrier, cost["provider"].text()).number(Field::telephony_seconds, seconds);
    }
    // Without a version: a report that comes again, even told anew, is no second use.
    event.finish(fmt::format("usage:{}:{}", kinds[kind], seen[kind]++), Instant{});
  });
}

void end_of_call(VendorEvent& event, const Message& m) {
  const JsonNode& message = m.message;
  const JsonNode performance = m.artifact["performanceMetrics"], analysis = first_of(message["analysis"], m.call["analysis"]);
  Conversation turns = read_messages(first_of(m.artifact["messages"], message["messages"]), performance["turnLatencies"], m);
  turns.emit(event, Rank::final_report, m.call_id, m.sid, m.started.value_or(m.at), m.at);
  const JsonNode costs = first_of(message["costs"], m.call["costs"]);
  add_usage(event, m, costs);

  std::optional<double> tokens;
  std::string_view model, provider;
  costs.items([&](const JsonNode& cost) {
    if (cost["type"].text() != "model") return;
    tokens = tokens.value_or(0) + cost["promptTokens"].number().value_or(0) + cost["completionTokens"].number().value_or(0);
    model = first_of(cost["model"]["model"].text(), model);
    provider = first_of(cost["model"]["provider"].text(), provider);
  });
  ListMean confidence;
  for (const SpokenTurn& turn : turns.turns()) confidence.add(turn.confidence);
  const JsonNode plan = m.assistant["analysisPlan"];
  const JsonNode evaluation = analysis["successEvaluation"];
  const std::string_view rubric = first_of(plan["successEvaluationPlan"]["rubric"].text(), plan["successEvaluationRubric"].text());
  std::string text(evaluation.text());
  if (const auto flag = evaluation.flag()) text = *flag ? "true" : "false";
  const VapiJudgement judgement = judge_vapi(text, rubric);
  const std::string_view reason = first_of(message["endedReason"].text(), m.call["endedReason"].text());

  event.start(EventType::call_ended, Rank::final_report, m.ended.value_or(m.at), m.call_id);
  add_common(event, m);
  event.text(Field::model_used, model).text(Field::provider_llm, provider);
  event.end(call_end_of(Vendor::vapi, reason, judgement.successful), reason);
  auto duration = message["durationMs"].number();
  if (const auto seconds = message["durationSeconds"].number(); !duration && seconds) duration = *seconds * 1e3;
  if (!duration && m.started && m.ended && *m.ended >= *m.started) duration = double((*m.ended - *m.started).count()) / 1e3;
  event.number(Field::total_duration_ms, duration);
  event.number(Field::cost_usd, first_of(first_of(message["cost"], m.call["cost"]), m.call["costBreakdown"]["total"]).number());
  event.number(Field::tokens_consumed, tokens);
  event.number(Field::voice_processing_latency_ms, performance["turnLatencyAverage"].number());
  event.number(Field::stt_latency_ms, performance["transcriberLatencyAverage"].number());
  event.number(Field::llm_latency_ms, performance["modelLatencyAverage"].number());
  event.number(Field::tts_latency_ms, performance["voiceLatencyAverage"].number());
  event.number(Field::stt_confidence_avg, confidence.value());
  event.number(Field::conversation_quality_score, judgement.quality);
  event.ext("success_evaluation", evaluation).ext("summary", first_of(analysis["summary"], message["summary"]));
  event.ext("structured_data", analysis["structuredData"]);
  event.ext("user_interruptions", performance["numUserInterrupted"]);
  event.ext("assistant_interruptions", performance["numAssistantInterrupted"]);
  event.ext("endpointing_ms", performance["endpointingLatencyAverage"]);
  event.ext("cost_breakdown", first_of(message["costBreakdown"], m.call["costBreakdown"]));
  event.rest(message, message_known);
  event.finish("end-of-call-report", m.at);
}

void status_update(VendorEvent& event, const Message& m) {
  const std::string_view status = m.message["status"].text();
  const bool ended = status == "ended";
  const EventType type = ended                                                                     ? EventType::call_ended
                         : status == "queued" || status == "ringing" || status == "in-progress" ? EventType::call_started
                                                                                                   : EventType::call_updated;
  event.start(type, Rank::live, m.at, m.call_id);
  if (status == "scheduled") return event.ext("status", status).finish_other("vapi.scheduled", "scheduled", m.at);  // nobody calls yet
  add_common(event, m);
  if (ended) {
    const std::string_view reason = first_of(m.message["endedReason"].text(), m.call["endedReason"].text());
    event.end(call_end_of(Vendor::vapi, reason, {}), reason);
  }
  event.ext("status", status).rest(m.message, message_known);
  event.finish(fmt::format("status-update:{}", short_id(status, 32)), m.at);
}

// The history so far; a message that brings none only says that the call lives.
void history(VendorEvent& event, const Message& m, VendorBatch& batch) {
  const JsonNode messages = first_of(m.message["messages"], m.artifact["messages"]);
  if (messages.size() == 0) return batch.ignored.emplace_back(m.type), void();
  event.start(EventType::call_updated, Rank::live, m.at, m.call_id);
  add_common(event, m);
  event.finish("call", m.at);
  read_messages(messages, m.artifact["performanceMetrics"]["turnLatencies"], m)
      .emit(event, Rank::live, m.call_id, m.sid, m.started.value_or(m.at), m.at, limits::webhook_live_turns);
}

}  // namespace

VapiJudgement judge_vapi(std::string_view evaluation, std::string_view rubric) {
  std::string text;
  for (const char c : evaluation)
    if (!std::isspace(static_cast<unsigned char>(c))) text += char(std::tolower(static_cast<unsigned char>(c)));
  for (const std::string_view yes : {"true", "pass", "passed", "yes", "success", "successful"})
    if (text == yes) return {.successful = true, .quality = {}};
  for (const std::string_view no : {"false", "fail", "failed", "no", "failure", "unsuccessful"})
    if (text == no) return {.successful = false, .quality = {}};
  if (text.ends_with('%')) text.pop_back();
  const auto number = parse_number(text);
  if (number && rubric == "NumericScale" && *number >= 1 && *number <= 10) return {.successful = {}, .quality = *number / 2};
  if (number && rubric == "PercentageScale" && *number >= 0 && *number <= 100) return {.successful = {}, .quality = *number / 20};
  return {};
}

Status decode_vapi(const JsonNode& root, const VendorContext& context, VendorBatch& batch) {
  const JsonNode message = root["message"];
  if (!message.is_object()) return fail(Code::invalid, "a Vapi server message is an object with a member message");
  const JsonNode call = message["call"], assistant = first_of(message["assistant"], call["assistant"]);
  Message m{.message = message, .context = context, .type = message["type"].text(), .call_id = call["id"].text(),
            .sid = call["phoneCallProviderId"].text(), .call = call, .assistant = assistant,
            .artifact = first_of(message["artifact"], call["artifact"]), .at = {}, .started = {}, .ended = {}};
  if (m.type.empty()) return fail(Code::invalid, "message.type is missing");
  if (m.type.starts_with("transcript[")) m.type = "transcript";
  if (is_one_of(asks_for_answer, m.type))
    return fail(Code::not_found, "{} asks for an answer and this is not the place that knows it: leave it out of serverMessages here", m.type);
  const bool with_history = m.type == "conversation-update" || (m.type == "transcript" && message["transcriptType"].text() != "partial");
  if ((is_one_of(of_no_use, m.type) && !with_history) || m.type.starts_with("session.") || m.type.starts_with("chat."))
    return batch.ignored.emplace_back(m.type), Status{};
  const bool is_known = with_history || m.type == "status-update" || m.type == "end-of-call-report";
  if (is_known && (m.call_id.empty() || m.call_id.size() > limits::id_bytes))
    return fail(Code::invalid, "message.call.id is missing or longer than {} bytes", limits::id_bytes);
  m.started = time_of(first_of(message["startedAt"], call["startedAt"]));
  m.ended = usable(context, time_of(first_of(message["endedAt"], call["endedAt"])));
  const auto said = time_of(message["timestamp"]);
  m.at = said ? *said : m.ended ? *m.ended : usable(context, m.started).value_or(context.received);
  if (!in_range(context, m.at))
    return fail(Code::invalid, "timestamp_out_of_range: message.timestamp is {}", format_rfc3339(m.at));
  m.started = usable(context, m.started);

  VendorEvent event(batch, context, Vendor::vapi);
  if (m.type == "status-update") status_update(event, m);
  else if (m.type == "end-of-call-report") end_of_call(event, m);
  else if (with_history) history(event, m, batch);
  else {
    event.start(EventType::other, Rank::live, m.at, m.call_id).twilio(m.sid).rest(message, {});
    event.finish_unknown(m.type, m.at);
  }
  return {};
}

}  // namespace aybiza
