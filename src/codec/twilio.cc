#include "codec/twilio.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <functional>

#include "base/limits.h"
#include "codec/utf8.h"
#include "codec/vendor_turns.h"

namespace aybiza {
namespace {

using Lookup = std::function<std::string_view(std::string_view)>;

std::optional<int> parse_int(std::string_view text) {
  int out = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), out);
  return text.empty() || failure != std::errc{} || end != text.data() + text.size() ? std::nullopt : std::optional(out);
}

std::string_view next_word(std::string_view& text) {
  text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
  const std::size_t end = std::min(text.find(' '), text.size());
  const std::string_view word = text.substr(0, end);
  text.remove_prefix(end);
  return word;
}

std::string_view channel_of(std::string_view far_end) {
  return far_end.starts_with("sip:") ? "sip" : far_end.starts_with("client:") ? "web" : "phone";
}

bool is_final(std::string_view status) {
  for (const std::string_view word : {"completed", "busy", "failed", "no-answer", "canceled", "fail", "noanswer"})
    if (status == word) return true;
  return false;
}

Status status_callback(const Lookup& of, std::optional<Instant> told, std::string_view record,
                       const VendorContext& context, VendorBatch& batch) {
  const std::string_view sid = of("CallSid"), parent = of("ParentCallSid"), status = of("CallStatus");
  if (sid.empty() || sid.size() > limits::id_bytes) return fail(Code::invalid, "CallSid is missing or longer than {} bytes", limits::id_bytes);
  const auto stamp = parse_rfc2822(of("Timestamp"));
  const Instant at = stamp ? *stamp : told.value_or(context.received);
  if (!in_range(context, at)) return fail(Code::invalid, "timestamp_out_of_range: Timestamp is {}", format_rfc3339(at));
  const int sequence = std::clamp(parse_int(of("SequenceNumber")).value_or(0), 0, 999);
  const Instant version = at + Duration(sequence);
  const std::string name = record.empty() ? fmt::format("status:{}:{}", short_id(status, 24), sequence) : std::string(record);
  const bool leg = is_twilio_sid(parent), final = is_final(status) && !leg;
  VendorEvent event(batch, context, Vendor::twilio);
  if (leg) {
    event.start(EventType::call_updated, Rank::carrier, at, parent).twilio(parent);
    event.ext("leg_call_sid", sid).ext("leg_status", status).ext("leg_to", of("To")).finish(fmt::format("leg:{}:{}", sid, name), version);
    return {};
  }
  const bool outbound = of("Direction").starts_with("outbound");
  event.start(final ? EventType::call_ended : EventType::call_started, Rank::carrier, at, sid);
  event.twilio(sid).text(Field::carrier, "twilio").word(Field::direction, outbound ? "outbound" : "inbound");
  event.text(Field::phone_number, of(outbound ? "From" : "To")).text(Field::caller_number, of(outbound ? "To" : "From"));
  event.word(Field::channel, channel_of(of(outbound ? "To" : "From")));
  event.text(Field::region, of(outbound ? "ToCountry" : "FromCountry"));
  const bool machine = of("AnsweredBy").starts_with("machine");
  if (final) {
    CallEnd end = call_end_of(Vendor::twilio, status, {});
    if (machine) end.call_outcome = "voicemail";
    event.end(end, status);
    const auto seconds = parse_number(of("CallDuration"));
    if (seconds && *seconds >= 0 && *seconds < 1e7) {
      event.number(Field::total_duration_ms, *seconds * 1e3);
      event.time(Field::started_at, at - Duration(std::llrint(*seconds * 1e6)));
    }
  } else if (status == "in-progress") {
    event.time(Field::started_at, at);
  }
  for (const std::string_view member : {"AccountSid", "AnsweredBy", "SipResponseCode", "ForwardedFrom", "RecordingSid"})
    event.ext(member, of(member));
  event.finish(name, version);
  return {};
}

std::optional<double> lowest_mos(const JsonNode& data) {
  std::optional<double> lowest;
  for (const std::string_view edge : {"carrier_edge", "client_edge", "sdk_edge", "sip_edge"}) {
    const auto mos = data[edge]["metrics"]["inbound"]["mos"]["avg"].number_or_text();
    if (mos && (!lowest || *mos < *lowest)) lowest = mos;
  }
  return lowest ? lowest : data["annotation"]["call_score"].number_or_text();
}

std::string_view edge_of(const JsonNode& data) {
  for (const std::string_view edge : {"carrier_edge", "sip_edge", "client_edge", "sdk_edge"})
    for (const std::string_view name : {"edge_location", "edge", "region"})
      if (const auto text = data[edge]["properties"][name].text(); !text.empty()) return text;
  return {};
}

std::string_view far_number(const JsonNode& side) {
  for (const std::string_view name : {"number", "caller", "callee"})
    if (const auto text = side[name].text(); !text.empty()) return text;
  return side.text();
}

Status call_summary(const JsonNode& data, std::string_view type, Instant told, const VendorContext& context, VendorBatch& batch) {
  const std::string_view sid = data["call_sid"].text();
  if (!is_twilio_sid(sid)) return fail(Code::invalid, "data.call_sid is missing or no CallSid");
  const std::string_view state = data["call_state"].text(), direction = data["properties"]["direction"].text();
  const bool outbound = direction.starts_with("outbound") || direction.starts_with("trunking_terminating");
  const auto started = usable(context, parse_rfc3339(data["start_time"].text())), ended = usable(context, parse_rfc3339(data["end_time"].text()));
  const JsonNode session = data["agent_session_summary"];
  VendorEvent event(batch, context, Vendor::twilio);
  event.start(is_final(state) ? EventType::call_ended : EventType::call_updated, Rank::carrier, ended.value_or(told), sid).twilio(sid);
  event.text(Field::carrier, "twilio").time(Field::started_at, started);
  if (!direction.empty()) event.word(Field::direction, outbound ? "outbound" : "inbound");
  event.text(Field::phone_number, far_number(data[outbound ? "from" : "to"]));
  event.text(Field::caller_number, far_number(data[outbound ? "to" : "from"]));
  event.word(Field::channel, data["call_type"].text() == "client" ? "web" : data["call_type"].text() == "sip" ? "sip" : "phone");
  if (is_final(state)) {
    CallEnd end = call_end_of(Vendor::twilio, state, {});
    if (data["answered_by"].text().starts_with("machine")) end.call_outcome = "voicemail";
    event.end(end, state);
  }
  if (const auto seconds = data["duration"].number_or_text()) event.number(Field::total_duration_ms, *seconds * 1e3);
  const auto average = [&](std::string_view name) { return session[name]["avg"].number_or_text(); };
  event.number(Field::stt_latency_ms, average("stt_latency_ms")).number(Field::tts_latency_ms, average("tts_latency_ms"));
  event.number(Field::voice_processing_latency_ms, average("time_to_first_audio_ms"));
  event.number(Field::llm_latency_ms, average("application_latency_ms"));
  if (average("application_latency_ms")) event.ext("llm_latency_is", std::string_view("application_latency_ms.avg"));
  event.ext("agent_session", session).ext("tags", data["tags"]).ext("disconnected_by", data["properties"]["disconnected_by"]);
  event.ext("answered_by", data["answered_by"]).ext("last_sip_response", data["properties"]["last_sip_response_num"]);
  event.ext("pdd_ms", data["properties"]["pdd_ms"]).ext("processing_state", data["processing_state"]);
  event.finish(type, told);

  const auto quality = lowest_mos(data);
  const std::string_view edge = edge_of(data);
  if (!quality && edge.empty()) return {};
  event.start(EventType::call_updated, Rank::final_report, ended.value_or(told), sid).twilio(sid);
  event.number(Field::audio_quality_score, quality).text(Field::region, edge).finish(fmt::format("quality:{}", type), told);
  return {};
}

Status one_event(const JsonNode& one, const VendorContext& context, VendorBatch& batch) {
  constexpr std::string_view insights = "com.twilio.voice.insights.", callback = "com.twilio.voice.status-callback.";
  const std::string_view type = one["type"].text();
  const JsonNode data = one["data"];
  if (type.empty()) return fail(Code::invalid, "type is missing: a CloudEvent has one");
  auto told = parse_rfc3339(one["time"].text());
  if (!told) told = parse_rfc3339(data["created_time"].text());
  const Instant at = told.value_or(context.received);
  if (!in_range(context, at)) return fail(Code::invalid, "timestamp_out_of_range: time is {}", format_rfc3339(at));
  if (type.starts_with(fmt::format("{}call-summary.", insights))) return call_summary(data, type.substr(insights.size()), at, context, batch);
  if (type.starts_with(fmt::format("{}call-", insights))) return batch.ignored.emplace_back(type), Status{};  // each ten seconds of a call
  const JsonNode parameters = data["request"]["parameters"];
  const Lookup of = [&](std::string_view name) { return parameters[name].text(); };
  if (type.starts_with(fmt::format("{}call.", callback)))
    return status_callback(of, told, fmt::format("event:{}", type.substr(callback.size())), context, batch);
  VendorEvent event(batch, context, Vendor::twilio);
  if (type == fmt::format("{}amd.detected", callback)) {
    const std::string_view sid = of("CallSid");
    if (!is_twilio_sid(sid)) return fail(Code::invalid, "CallSid is missing");
    event.start(EventType::call_updated, Rank::span, at, sid).twilio(sid);  // above the `unknown` of a completed call
    if (of("AnsweredBy").starts_with("machine")) event.word(Field::call_outcome, "voicemail");
    event.ext("AnsweredBy", of("AnsweredBy")).finish("amd", at);
    return {};
  }
  batch.unknown.emplace_back(type);
  event.start(EventType::other, Rank::carrier, at, {}).rest(data, {});
  event.finish_other(type, short_id(one["id"].text(), 64), at);
  return {};
}

}  // namespace

std::optional<Instant> parse_rfc2822(std::string_view text) {
  constexpr std::array<std::string_view, 12> months = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  if (const std::size_t comma = text.find(','); comma != std::string_view::npos) text.remove_prefix(comma + 1);
  const auto day = parse_int(next_word(text));
  const std::string_view month = next_word(text);
  const auto year = parse_int(next_word(text));
  const std::string_view clock = next_word(text), zone = next_word(text);
  const auto at = std::find(months.begin(), months.end(), month) - months.begin();
  if (!day || !year || *day < 1 || *day > 31 || *year < 1970 || *year > 9999 || at == 12 || clock.size() != 8) return std::nullopt;
  const bool utc = zone.empty() || zone == "GMT" || zone == "UTC" || zone == "Z";
  if (!utc && zone.size() != 5) return std::nullopt;
  const std::string offset = utc ? "Z" : fmt::format("{}:{}", zone.substr(0, 3), zone.substr(3));
  return parse_rfc3339(fmt::format("{:04}-{:02}-{:02}T{}{}", *year, at + 1, *day, clock, offset));
}

Status decode_twilio_form(FormParameters form, const VendorContext& context, VendorBatch& batch) {
  // A form is bytes; what JSON is held to by its parser is asked of it here.
  for (const auto& [name, value] : form)
    if (!is_utf8(name) || !is_utf8(value)) return fail(Code::invalid, "the form is not UTF-8");
  const Lookup of = [&](std::string_view name) {
    const auto at = std::find_if(form.begin(), form.end(), [&](const auto& one) { return one.first == name; });
    return at == form.end() ? std::string_view{} : std::string_view(at->second);
  };
  return status_callback(of, {}, {}, context, batch);
}

Status decode_twilio_events(const JsonNode& root, const VendorContext& context, VendorBatch& batch) {
  if (root.is_object()) return one_event(root, context, batch);
  if (!root.is_array()) return fail(Code::invalid, "the body is no array of CloudEvents");
  if (root.size() > limits::batch_events) return fail(Code::too_large, "more than {} events", limits::batch_events);
  std::size_t index = 0, bad = 0;
  std::string why;
  root.items([&](const JsonNode& one) {
    const auto done = one_event(one, context, batch);
    if (!done) {
      ++bad;
      why = done.error().message;
      batch.events.reject(RejectReason::missing_field, {.index = index, .id = {}, .code = {}, .field = {}, .message = why});
    }
    ++index;
  });
  if (bad > 0 && bad == index) return fail(Code::invalid, "no event of the body can be taken: {}", why);
  return {};
}

}  // namespace aybiza
