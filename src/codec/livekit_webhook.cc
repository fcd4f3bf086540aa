#include "codec/livekit_webhook.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "base/limits.h"

namespace aybiza {
namespace {

struct Message {
  const JsonNode& root;
  const VendorContext& context;
  std::string_view event, room, sid, id;
  std::optional<Instant> created;  // of the room
  Instant at;
};

std::optional<Instant> seconds_of(const JsonNode& node) {
  const auto s = node.number_or_text();
  return s && *s > 0 ? instant_of_s(s) : std::nullopt;
}
std::optional<Instant> nanos_of(const JsonNode& node) {
  const auto ns = node.number_or_text();
  return ns && *ns > 0 ? instant_of_ms(*ns / 1e6) : std::nullopt;
}

// protojson prints the kind's name; some senders its number.
enum class Kind : unsigned char { standard, sip, agent, other };
Kind kind_of(const JsonNode& participant) {
  const std::string_view name = participant["kind"].text();
  const double number = participant["kind"].number().value_or(-1);
  if (name == "SIP" || number == 3) return Kind::sip;
  if (name == "AGENT" || number == 4) return Kind::agent;
  return name.empty() || name == "STANDARD" ? Kind::standard : Kind::other;
}

std::string_view twilio_sid(const JsonNode& attributes) {
  std::string_view found;
  attributes.members([&](std::string_view name, const JsonNode& value) {
    std::string lower(name);
    std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) { return char(std::tolower(c)); });
    if ((lower == "sip.twilio.callsid" || lower == "sip.h.x-twilio-callsid") && is_twilio_sid(value.text())) found = value.text();
  });
  return found;
}

void add_participant(VendorEvent& event, const Message& m, const JsonNode& participant) {
  const Kind kind = kind_of(participant);
  const JsonNode attributes = participant["attributes"];
  if (kind == Kind::agent) {
    const std::string_view name = attributes["lk.agent_name"].text();
    event.text(Field::agent_id, name).text(Field::agent_name, name).ext("agent_identity", participant["identity"]);
    return;
  }
  event.text(Field::region, participant["region"].text());
  if (kind == Kind::sip) {
    event.word(Field::channel, "phone").text(Field::phone_number, attributes["sip.trunkPhoneNumber"].text());
    event.text(Field::caller_number, attributes["sip.phoneNumber"].text());
    event.ext("sip_call_id", attributes["sip.callID"]).ext("sip_trunk_id", attributes["sip.trunkID"]);
    event.ext("sip_rule_id", attributes["sip.ruleID"]).ext("sip_call_status", attributes["sip.callStatus"]);
  } else if (kind == Kind::standard) {
    event.word(Field::channel, "web");
  }
  event.twilio(m.sid);
}

VendorEvent& begin(VendorEvent& event, EventType type, Rank rank, const Message& m) {
  event.start(type, rank, m.at, m.room);
  return event.ext("room_name", m.root["room"]["name"]).ext("events_dropped", m.root["numDropped"]);
}

void participant_event(VendorEvent& event, const Message& m) {
  const JsonNode participant = m.root["participant"];
  const Kind kind = kind_of(participant);
  const bool caller = kind == Kind::sip || kind == Kind::standard, left = m.event != "participant_joined";
  const auto joined = usable(m.context, seconds_of(participant["joinedAt"]));
  begin(event, left && caller ? EventType::call_ended : EventType::call_updated, Rank::live, m);
  add_participant(event, m, participant);
  if (caller) event.time(Field::started_at, joined ? joined : m.created);
  if (left && caller) {
    if (joined && m.at >= *joined) event.number(Field::total_duration_ms, double((m.at - *joined).count()) / 1e3);
    const std::string_view reason = participant["disconnectReason"].text();
    event.text(Field::end_reason, reason);
    if (m.event == "participant_connection_aborted") event.number(Field::error_count, 1);
  }
  event.finish(fmt::format("{}:{}", m.event, short_id(participant["sid"].text(), 40)), m.at);
}

void job_event(VendorEvent& event, const Message& m) {
  const JsonNode job = m.root["job"], state = job["state"];
  const std::string_view name = job["agentName"].text(), status = state["status"].text();
  const bool ended = m.event == "agent_job_ended";
  // A failure stands above the `unknown` of a room that finished.
  begin(event, ended ? EventType::call_updated : EventType::call_started, ended ? Rank::live : Rank::span, m);
  // An agent without a name is told by its worker only; the room then keeps the agent unknown.
  event.text(Field::agent_id, name).text(Field::agent_name, name).ext("job_id", job["id"]);
  if (ended && status == "JS_FAILED") {
    const CallEnd end = call_end_of(Vendor::livekit, status, {});
    event.word(Field::call_outcome, end.call_outcome).number(Field::error_count, 1).ext("error", state["error"]);
  }
  if (ended) event.ext("job_status", status);
  event.finish(fmt::format("{}:{}", m.event, short_id(job["id"].text(), 40)), nanos_of(state[ended ? "endedAt" : "startedAt"]).value_or(m.at));
}

void room_event(VendorEvent& event, const Message& m) {
  const bool finished = m.event == "room_finished";
  begin(event, finished ? EventType::call_ended : EventType::call_started, Rank::span, m);
  event.time(Field::started_at, m.created);
  if (finished) {
    if (m.created && m.at >= *m.created) event.number(Field::total_duration_ms, double((m.at - *m.created).count()) / 1e3);
    const CallEnd end = call_end_of(Vendor::livekit, {}, {});
    event.word(Field::call_outcome, end.call_outcome).word(Field::resolution_status, end.resolution_status);
  }
  event.finish(m.event, m.at);
}

bool starts_with_any(std::string_view text, std::initializer_list<std::string_view> prefixes) {
  return std::any_of(prefixes.begin(), prefixes.end(), [&](std::string_view prefix) { return text.starts_with(prefix); });
}

}  // namespace

Status decode_livekit(const JsonNode& root, const VendorContext& context, VendorBatch& batch) {
  JsonNode room = root["room"];
  if (!room) room = root["job"]["room"];
  Message m{.root = root, .context = context, .event = root["event"].text(), .room = room["sid"].text(),
            .sid = twilio_sid(root["participant"]["attributes"]), .id = root["id"].text(), .created = instant_of_ms(room["creationTimeMs"].number_or_text()),
            .at = {}};
  if (m.event.empty()) return fail(Code::invalid, "event is missing");
  if (!m.created || to_micros(*m.created) <= 0) m.created = seconds_of(room["creationTime"]);
  m.created = usable(context, m.created);
  m.at = seconds_of(root["createdAt"]).value_or(context.received);
  if (!in_range(context, m.at)) return fail(Code::invalid, "timestamp_out_of_range: createdAt is {}", format_rfc3339(m.at));
  if (starts_with_any(m.event, {"track_", "egress_", "ingress_"})) return batch.ignored.emplace_back(m.event), Status{};
  VendorEvent event(batch, context, Vendor::livekit);
  const bool of_room = starts_with_any(m.event, {"room_started", "room_finished", "participant_joined", "participant_left",
                                                 "participant_connection_aborted", "agent_job_started", "agent_job_ended"});
  if (!of_room) {
    batch.unknown.emplace_back(m.event);
    event.start(EventType::other, Rank::live, m.at, m.room).rest(root, {});
    event.finish_other(fmt::format("livekit.{}", m.event), short_id(m.id, 64), m.at);
    return {};
  }
  if (m.room.empty() || m.room.size() > limits::id_bytes) return fail(Code::invalid, "room.sid is missing or longer than {} bytes", limits::id_bytes);
  if (m.event.starts_with("participant_")) participant_event(event, m);
  else if (m.event.starts_with("agent_job_")) job_event(event, m);
  else room_event(event, m);
  return {};
}

}  // namespace aybiza
