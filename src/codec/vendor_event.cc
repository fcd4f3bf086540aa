#include "codec/vendor_event.h"

#include <algorithm>

#include "base/limits.h"
#include "codec/json_writer.h"
#include "codec/utf8.h"

namespace aybiza {
namespace {

bool is_url_name(std::string_view name) {
  return name.ends_with("url") || name.ends_with("Url") || name.ends_with("URL") || name.ends_with("urls") || name.ends_with("Urls");
}

std::optional<Instant> instant_of_micros(double micros) {
  if (!(micros > -62'135'596'800e6 && micros < 253'402'300'799e6)) return std::nullopt;  // years 1 to 9999
  return from_micros(std::llrint(micros));
}

}  // namespace

void VendorBatch::clear() {
  events.clear();
  names.clear();
  ignored.clear();
  unknown.clear();
  cut_members = 0;
}

std::string short_id(std::string_view id, std::size_t bytes) { return id.size() <= bytes ? std::string(id) : fmt::format("{:016x}", hash64(id)); }

bool is_twilio_sid(std::string_view text) {
  return text.size() == 34 && text.starts_with("CA") && std::all_of(text.begin() + 2, text.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

bool in_range(const VendorContext& context, Instant time) {
  return time >= context.received - limits::time_past_max && time <= context.received + limits::time_future_max;
}

std::optional<Instant> usable(const VendorContext& context, std::optional<Instant> time) {
  return time && in_range(context, *time) ? time : std::nullopt;
}

std::optional<Instant> instant_of_ms(std::optional<double> ms) { return ms ? instant_of_micros(*ms * 1e3) : std::nullopt; }
std::optional<Instant> instant_of_s(std::optional<double> s) { return s ? instant_of_micros(*s * 1e6) : std::nullopt; }

VendorEvent& VendorEvent::start(EventType type, Rank rank, Instant time, std::string_view call) {
  event_ = Event{.type = type, .rank = rank, .time = time};
  call_ = call;
  sid_ = {};
  present_ = {};
  ext_.clear();
  return text(Field::call_id, call);
}

std::string_view VendorEvent::keep(std::string_view text) {
  Arena& arena = batch_.events.arena;
  const std::string_view clean = clean_text(text, arena);
  return clean.data() == text.data() ? arena.copy(clean) : clean;
}

void VendorEvent::set(Field field, std::int64_t number, std::string_view text) {
  present_.add(field);
  slots_[std::size_t(field)] = {field, number, text};
}

VendorEvent& VendorEvent::text(Field field, std::string_view text) {
  if (field == Field::text_content) text = cut_text(text, limits::text_content_bytes);
  else if (text.size() > limits::id_bytes) return ext(name_of(field), text);
  if (const std::string_view kept = keep(text); !kept.empty()) set(field, 0, kept);
  return *this;
}

VendorEvent& VendorEvent::word(Field field, std::string_view word) {
  if (word.empty()) return *this;
  if (const auto index = find_word(field, word)) set(field, *index, info(field).words[std::size_t(*index)]);
  else ext(name_of(field), word);
  return *this;
}

VendorEvent& VendorEvent::number(Field field, std::optional<double> wire) {
  if (!wire) return *this;
  if (const auto fits = from_wire(field, *wire)) set(field, *fits, {});
  else ext(name_of(field), wire);
  return *this;
}

VendorEvent& VendorEvent::flag(Field field, std::optional<bool> value) {
  if (value) set(field, *value, {});
  return *this;
}

VendorEvent& VendorEvent::time(Field field, std::optional<Instant> time) {
  if (!time) return *this;
  if (in_range(context_, *time)) set(field, to_micros(*time), {});
  else if (to_micros(*time) > 0) ext(name_of(field), format_rfc3339(*time));
  return *this;
}

VendorEvent& VendorEvent::json(Field field, std::string_view fragment) {
  if (fragment.size() > 2 && fragment.size() <= limits::ext_bytes) set(field, 0, batch_.events.arena.copy(fragment));
  return *this;
}

VendorEvent& VendorEvent::end(const CallEnd& end, std::string_view reason) {
  word(Field::call_outcome, end.call_outcome).word(Field::resolution_status, end.resolution_status);
  text(Field::end_reason, reason);
  if (end.error) number(Field::error_count, 1);
  if (end.resolution_status == "escalated") flag(Field::escalated, true);
  return *this;
}

void VendorEvent::raw_ext(std::string_view name, std::string_view json) {
  if (ext_.size() + name.size() + json.size() + 6 > limits::webhook_ext_bytes) {
    ++batch_.cut_members;
    return;
  }
  ext_ += ext_.empty() ? '{' : ',';
  append_json_string(ext_, name);
  ext_ += ':';
  ext_ += json;
}

VendorEvent& VendorEvent::ext(std::string_view name, const JsonNode& node) {
  if (!node) return *this;
  scratch_.clear();
  node.append_json(scratch_, batch_.events.arena);
  raw_ext(name, scratch_);
  return *this;
}

VendorEvent& VendorEvent::ext(std::string_view name, std::string_view text) {
  if (text.empty()) return *this;
  scratch_.clear();
  append_json_string(scratch_, clean_text(text, batch_.events.arena));
  raw_ext(name, scratch_);
  return *this;
}

VendorEvent& VendorEvent::ext(std::string_view name, std::optional<double> number) {
  if (!number) return *this;
  scratch_.clear();
  append_json_number(scratch_, *number);
  raw_ext(name, scratch_);
  return *this;
}

VendorEvent& VendorEvent::rest(const JsonNode& node, std::span<const std::string_view> known) {
  node.members([&](std::string_view name, const JsonNode& member) {
    if (!member.is_scalar() || is_url_name(name) || std::find(known.begin(), known.end(), name) != known.end()) return;
    ext(clean_text(name, batch_.events.arena), member);
  });
  return *this;
}

VendorEvent& VendorEvent::twilio(std::string_view sid) {
  if (!is_twilio_sid(sid)) return event_.type == EventType::turn || event_.type == EventType::usage ? *this : ext("carrier_call_id", sid);
  sid_ = batch_.events.arena.copy(sid);
  // Once in the call is enough.
  return event_.type == EventType::turn || event_.type == EventType::usage ? *this : ext("twilio_call_sid", sid_);
}

void VendorEvent::finish(std::string_view record, Instant version) {
  Arena& arena = batch_.events.arena;
  event_.scope = context_.scope();
  event_.source = to_string(vendor_);
  scratch_.assign(record).append("/").append(call_);
  if (scratch_.size() > limits::id_bytes) scratch_ = fmt::format("{}/{:016x}", short_id(record, limits::id_bytes - 17), hash64(call_));
  event_.id_text = keep(scratch_);
  if (!ext_.empty()) event_.ext = arena.copy(ext_ + '}');
  const auto values = arena.array<Value>(present_.size());
  std::size_t count = 0;
  for (std::size_t half = 0; half < 2; ++half)
    for (std::uint64_t bits = present_.word[half]; bits != 0; bits &= bits - 1)
      values[count++] = slots_[half * 64 + std::size_t(__builtin_ctzll(bits))];
  event_.values = values;
  batch_.events.index.push_back(std::uint32_t(batch_.events.events.size()));
  batch_.events.wire_bytes.push_back(0);
  batch_.events.events.push_back(event_);
  batch_.names.push_back({sid_, version});
}

void VendorEvent::finish_other(std::string_view type, std::string_view record, Instant version) {
  event_.type = EventType::other;
  event_.type_text = keep(cut_text(type, limits::id_bytes));
  finish(record, version);
}

void VendorEvent::finish_unknown(std::string_view type, Instant version) {
  batch_.unknown.emplace_back(type);
  std::string record = short_id(type, 64);
  if (call_.empty()) record += fmt::format(":{:016x}", context_.body);  // nothing else tells two of them apart
  finish_other(fmt::format("{}.{}", to_string(vendor_), type), record, version);
}

void assign_vendor_ids(VendorBatch& batch, Vendor vendor, std::string_view customer) {
  std::string text;
  for (std::size_t i = 0; i < batch.events.events.size(); ++i) {
    Event& event = batch.events.events[i];
    event.customer = customer;
    if (const auto call = event.text(Field::call_id); !call.empty())
      event.call = external_id(event.scope, "call", to_string(vendor), call);
    if (const auto agent = event.text(Field::agent_id); !agent.empty())
      event.agent = external_id(event.scope, "agent", to_string(vendor), agent);
    text.assign(event.scope).append("|").append(event.source).append("|").append(event.id_text);
    event.id = {.high = std::uint64_t(to_micros(batch.names[i].version)), .low = hash64(text)};
  }
}

}  // namespace aybiza
