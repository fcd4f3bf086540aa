#include "codec/elevenlabs.h"

#include <array>

#include "base/limits.h"
#include "codec/vendor_turns.h"

namespace aybiza {
namespace {

constexpr std::array<std::string_view, 5> metadata_known = {
    "start_time_unix_secs", "call_duration_secs", "cost_fiat", "termination_reason", "main_language"};

struct Message {
  const JsonNode& data;
  const VendorContext& context;
  std::string_view call_id, sid;
  std::optional<Instant> started;
  Instant at, version;
};

std::optional<double> ms(std::optional<double> seconds) { return seconds ? std::optional(*seconds * 1e3) : std::nullopt; }

// Turns, and the place in the transcript each of them came from.
struct Transcript {
  Conversation turns;
  std::vector<JsonNode> items;
  bool transferred = false;
};

void read_metrics(SpokenTurn& turn, const JsonNode& metrics_of_turn) {
  const JsonNode inner = metrics_of_turn["metrics"], metrics = inner ? inner : metrics_of_turn;  // older samples lack the level
  const auto elapsed = [&](std::string_view name) { return ms(metrics[name]["elapsed_time"].number()); };
  turn.response_ms = turn.agent ? elapsed("convai_ttf_audio_since_silence") : std::nullopt;
  turn.stt_ms = elapsed("convai_asr_trailing_service_latency");
  turn.llm_ms = elapsed("convai_llm_service_ttfb");
  turn.tts_ms = elapsed("convai_tts_service_ttfb");
}

Transcript read_transcript(const Message& m) {
  Transcript out;
  m.data["transcript"].items([&](const JsonNode& item) {
    const std::string_view role = item["role"].text(), message = item["message"].text();
    if (role != "agent" && role != "user") return;
    item["tool_calls"].items([&](const JsonNode& tool) {
      out.turns.call_tool({.id = tool["request_id"].text(), .name = tool["tool_name"].text(), .called = {}, .ms = {}, .error = {}});
    });
    item["tool_results"].items([&](const JsonNode& tool) {
      const auto error = tool["is_error"].flag();
      out.turns.tool_result(tool["request_id"].text(), tool["tool_name"].text(), {}, ms(tool["tool_latency_secs"].number()), error);
      out.transferred |= tool["tool_name"].text() == "transfer_to_number" && !error.value_or(false);
    });
    out.items.push_back(item);
    if (message.empty()) return;  // a step of tools only
    SpokenTurn turn{.agent = role == "agent", .text = message};
    const auto offset = item["time_in_call_secs"].number();
    if (m.started && offset && *offset >= 0 && *offset < 1e7)  // whole seconds: the order within one is kept by a microsecond
      turn.started = usable(m.context, *m.started + Duration(std::llrint(*offset * 1e6)) + Duration(std::int64_t(out.turns.turns().size() % 1000)));
    turn.interrupted = item["interrupted"].flag();
    read_metrics(turn, item["conversation_turn_metrics"]);
    out.turns.say(std::move(turn));
  });
  return out;
}

// One usage of each model: {"<model>": {"input": {"tokens", "price"}, …}}. The four kinds do not overlap.
void add_model_usage(VendorEvent& event, const Message& m, const JsonNode& models, Instant time, std::string_view record) {
  models.members([&](std::string_view model, const JsonNode& kinds) {
    event.start(EventType::usage, Rank::final_report, time, m.call_id).twilio(m.sid).text(Field::model, model);
    std::optional<double> price;
    const auto add = [&](Field field, std::string_view name) {
      event.number(field, kinds[name]["tokens"].number());
      if (const auto one = kinds[name]["price"].number()) price = price.value_or(0) + *one;
    };
    add(Field::input_tokens, "input");
    add(Field::cache_read_tokens, "input_cache_read");
    add(Field::cache_write_tokens, "input_cache_write");
    add(Field::output_tokens, "output_total");
    event.number(Field::cost_usd, price).finish(fmt::format("{}:{}", record, short_id(model, 40)), Instant{});
  });
}

void add_usage(VendorEvent& event, const Message& m, const Transcript& transcript) {
  const JsonNode charging = m.data["metadata"]["charging"];
  bool by_turn = false;
  for (std::size_t i = 0; i < transcript.items.size() && i < limits::turns_per_call; ++i) {
    const JsonNode models = transcript.items[i]["llm_usage"]["model_usage"];
    if (!models.is_object()) continue;
    by_turn = true;
    const auto offset = transcript.items[i]["time_in_call_secs"].number();
    const bool timed = m.started && offset && *offset >= 0 && *offset < 1e7;
    const auto at = timed ? usable(m.context, *m.started + Duration(std::llrint(*offset * 1e6))) : std::nullopt;
    add_model_usage(event, m, models, at.value_or(m.at), fmt::format("usage:{}", i));
  }
  if (!by_turn) add_model_usage(event, m, charging["llm_usage"]["irreversible_generation"]["model_usage"], m.at, "usage:call");
  const auto characters = charging["tts_usage"]["total_characters"].number();
  const auto heard = charging["asr_usage"]["total_audio_input_seconds"].number();
  if (!characters && !heard) return;
  event.start(EventType::usage, Rank::final_report, m.at, m.call_id).twilio(m.sid);
  event.number(Field::tts_characters, characters).number(Field::stt_seconds, heard).finish("usage:speech", Instant{});
}

void add_common(VendorEvent& event, const Message& m) {
  const JsonNode phone = m.data["metadata"]["phone_call"];
  event.text(Field::agent_id, m.data["agent_id"].text()).text(Field::agent_name, m.data["agent_name"].text());
  event.text(Field::agent_version, m.data["version_id"].text());
  event.text(Field::phone_number, phone["agent_number"].text()).text(Field::caller_number, phone["external_number"].text());
  event.word(Field::direction, phone["direction"].text()).word(Field::channel, phone ? "phone" : "web");
  if (phone["type"].text() == "twilio") event.text(Field::carrier, "twilio");
  event.text(Field::language, m.data["metadata"]["main_language"].text());
  event.text(Field::provider_tts, "elevenlabs").time(Field::started_at, m.started).twilio(m.sid);
}

void transcription(VendorEvent& event, const Message& m) {
  const JsonNode metadata = m.data["metadata"], analysis = m.data["analysis"];
  Transcript transcript = read_transcript(m);
  transcript.turns.emit(event, Rank::final_report, m.call_id, m.sid, m.started.value_or(m.at), m.version);
  add_usage(event, m, transcript);

  const std::string_view verdict = analysis["call_successful"].text();
  const auto successful = verdict == "success" ? std::optional(true) : verdict == "failure" ? std::optional(false) : std::nullopt;
  CallEnd end = call_end_of(Vendor::elevenlabs, m.data["status"].text(), successful);
  if (transcript.transferred && !end.error) end.call_outcome = "transferred", end.resolution_status = "escalated";
  end.error |= metadata["error"].is_object();
  event.start(EventType::call_ended, Rank::final_report, m.at, m.call_id);
  add_common(event, m);
  event.end(end, metadata["termination_reason"].text());
  event.number(Field::total_duration_ms, ms(metadata["call_duration_secs"].number()));
  event.number(Field::cost_usd, metadata["cost_fiat"].number());
  event.number(Field::customer_satisfaction_score, metadata["feedback"]["rating"].number());
  event.ext("credits", metadata["cost"]).ext("feedback", metadata["feedback"]).ext("error", metadata["error"]);
  event.ext("call_success_score", analysis["call_success_score"]).ext("summary", analysis["transcript_summary"]);
  event.ext("llm_price_usd", metadata["charging"]["llm_price"]).ext("tier", metadata["charging"]["tier"]);
  event.ext("evaluation", analysis["evaluation_criteria_results"]).ext("data_collection", analysis["data_collection_results"]);
  event.ext("status", m.data["status"]).rest(metadata, metadata_known);
  event.finish("post_call_transcription", m.version);
}

void initiation_failure(VendorEvent& event, const Message& m) {
  const std::string_view reason = m.data["failure_reason"].text();
  event.start(EventType::call_ended, Rank::final_report, m.at, m.call_id);
  event.text(Field::agent_id, m.data["agent_id"].text()).word(Field::channel, "phone").twilio(m.sid);
  CallEnd end = call_end_of(Vendor::elevenlabs, reason, {});
  if (end.call_outcome == "unknown") end.call_outcome = "failed", end.error = true;  // it never began, whatever kept it
  event.end(end, reason).ext("metadata", m.data["metadata"]).finish("call_initiation_failure", m.version);
}

std::string_view attribute(const JsonNode& span, std::string_view key) {
  std::string_view found;
  span["attributes"].items([&](const JsonNode& one) {
    if (one["key"].text() == key) found = one["value"]["stringValue"].text();
  });
  return found;
}

std::optional<double> number_attribute(const JsonNode& span, std::string_view key) {
  std::optional<double> found;
  span["attributes"].items([&](const JsonNode& one) {
    if (one["key"].text() != key) return;
    const JsonNode value = one["value"];
    found = value["doubleValue"].number();
    if (!found) found = value["intValue"].number_or_text();
  });
  return found;
}

std::optional<Instant> nanos(const JsonNode& node) {
  const auto ns = node.number_or_text();
  return ns ? instant_of_ms(*ns / 1e6) : std::nullopt;
}

// The OTel form: spans in the order they began, the spoken ones numbered as in the JSON form.
Status otel_form(VendorEvent& event, const JsonNode& data, Message m) {
  struct Span {
    Instant at;
    JsonNode node;
  };
  std::vector<Span> spans;
  std::string_view agent;
  data["otlp_traces"]["resourceSpans"].items([&](const JsonNode& resource) {
    if (m.call_id.empty()) m.call_id = attribute(resource["resource"], "elevenlabs.conversation_id");
    if (agent.empty()) agent = attribute(resource["resource"], "elevenlabs.agent_id");
    if (agent.empty()) agent = attribute(resource["resource"], "agent_id");
    resource["scopeSpans"].items([&](const JsonNode& scope) {
      scope["spans"].items([&](const JsonNode& span) {
        if (const auto at = usable(m.context, nanos(span["startTimeUnixNano"])); at && spans.size() < limits::batch_events)
          spans.push_back({*at, span});
      });
    });
  });
  if (m.call_id.empty() || m.call_id.size() > limits::id_bytes) return fail(Code::invalid, "elevenlabs.conversation_id is missing");
  std::stable_sort(spans.begin(), spans.end(), [](const Span& a, const Span& b) { return a.at < b.at; });
  Conversation turns;
  std::optional<Instant> ended;
  for (const Span& span : spans) {
    const std::string_view name = span.node["name"].text();
    const auto end = usable(m.context, nanos(span.node["endTimeUnixNano"]));
    if (name == "elevenlabs.conversation") {
      m.started = span.at;
      ended = end;
    } else if (name == "elevenlabs.recv.user_transcript" || name == "elevenlabs.recv.agent_response") {
      SpokenTurn turn{.agent = name.ends_with("agent_response"), .started = span.at, .ended = end};
      turn.text = attribute(span.node, turn.agent ? "elevenlabs.agent.text" : "elevenlabs.user.text");
      turn.llm_ms = number_attribute(span.node, "elevenlabs.metric.convai_llm_service_ttfb_ms");
      turn.tts_ms = number_attribute(span.node, "elevenlabs.metric.convai_tts_service_ttfb_ms");
      if (!turn.text.empty()) turns.say(std::move(turn));
    } else if (name.starts_with("elevenlabs.tool.")) {
      const std::string_view status = attribute(span.node, "elevenlabs.tool.status");
      turns.call_tool({.id = {}, .name = name.substr(16), .called = span.at, .ms = number_attribute(span.node, "elevenlabs.tool.latency_ms"),
                       .error = status.empty() ? std::nullopt : std::optional(status == "error")});
    }
  }
  turns.emit(event, Rank::span, m.call_id, {}, m.started.value_or(m.at), m.version);
  event.start(EventType::call_ended, Rank::span, ended.value_or(m.at), m.call_id);
  event.text(Field::agent_id, agent).time(Field::started_at, m.started);
  if (m.started && ended && *ended >= *m.started) event.number(Field::total_duration_ms, double((*ended - *m.started).count()) / 1e3);
  event.finish("post_call_transcription_otel", m.version);
  return {};
}

}  // namespace

Status decode_elevenlabs(const JsonNode& root, const VendorContext& context, VendorBatch& batch) {
  const std::string_view type = root["type"].text();
  const JsonNode data = root["data"];
  if (type.empty()) return fail(Code::invalid, "type is missing");
  if (type == "post_call_audio") return batch.ignored.emplace_back(type), Status{};
  const bool is_known = type == "post_call_transcription" || type == "post_call_transcription_otel" || type == "call_initiation_failure";
  if (is_known && !data.is_object()) return fail(Code::invalid, "data is missing");
  const auto said = instant_of_s(root["event_timestamp"].number());
  if (said && !in_range(context, *said)) return fail(Code::invalid, "timestamp_out_of_range: event_timestamp is {}", format_rfc3339(*said));
  const JsonNode phone = data["metadata"]["phone_call"];
  std::string_view sid = phone["call_sid"].text();
  if (sid.empty()) sid = data["metadata"]["body"]["CallSid"].text();  // of a call that could not begin
  Message m{.data = data, .context = context, .call_id = data["conversation_id"].text(), .sid = sid,
            .started = usable(context, instant_of_s(data["metadata"]["start_time_unix_secs"].number())),
            .at = said.value_or(context.received), .version = said.value_or(Instant{})};
  VendorEvent event(batch, context, Vendor::elevenlabs);
  if (type == "post_call_transcription_otel") return otel_form(event, data, m);
  if (is_known && (m.call_id.empty() || m.call_id.size() > limits::id_bytes))
    return fail(Code::invalid, "data.conversation_id is missing or longer than {} bytes", limits::id_bytes);
  if (const auto seconds = data["metadata"]["call_duration_secs"].number(); m.started && seconds && *seconds >= 0 && *seconds < 1e7)
    m.at = usable(context, *m.started + Duration(std::llrint(*seconds * 1e6))).value_or(m.at);
  if (type == "post_call_transcription") {
    transcription(event, m);
  } else if (type == "call_initiation_failure") {
    initiation_failure(event, m);
  } else {
    event.start(EventType::other, Rank::live, m.at, m.call_id).twilio(m.sid).rest(data.is_object() ? data : root, {});
    event.finish_unknown(type, m.version);
  }
  return {};
}

}  // namespace aybiza
