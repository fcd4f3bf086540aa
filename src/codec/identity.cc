#include "codec/identity.h"

namespace aybiza {
namespace {

constexpr std::size_t known_slots = 512;

template <typename T>
void append_raw(std::string& out, const T& value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}
void append_text(std::string& out, std::string_view text) {  // with its length, so that no two lists look alike
  append_raw(out, std::uint32_t(text.size()));
  out += text;
}

}  // namespace

Id Identity::external(std::vector<Known>& known, std::string_view scope, std::string_view kind, std::string_view text) {
  if (text.empty()) return {};
  Known& slot = known[hash64(text) % known_slots];
  if (slot.text != text) slot = {text, external_id(scope, kind, "events", text)};
  return slot.id;
}

Id Identity::of_id(const Event& event) {
  buffer_.clear();
  append_text(buffer_, event.scope);
  append_text(buffer_, event.source);
  append_text(buffer_, event.id_text);
  return hash128(buffer_);
}

Id Identity::of_content(const Event& event, Duration shift) {
  buffer_.clear();
  append_text(buffer_, event.scope);
  append_text(buffer_, event.source);
  append_text(buffer_, event.type == EventType::other ? event.type_text : to_string(event.type));
  append_raw(buffer_, to_micros(event.time - shift));
  for (const Value& value : event.values) {
    if (value.field == Field::text_sealed) continue;  // differs each time that it is encrypted
    append_text(buffer_, name_of(value.field));
    append_raw(buffer_, value.number - (info(value.field).kind == Kind::time ? shift.count() : 0));
    append_text(buffer_, value.text);
  }
  append_text(buffer_, event.ext);
  const Id content = hash128(buffer_);
  buffer_.clear();
  append_raw(buffer_, content.high);
  append_raw(buffer_, content.low);
  append_raw(buffer_, equal_[content]++);
  return hash128(buffer_, 1);
}

void Identity::assign(EventBatch& batch, std::string_view customer) {
  calls_.assign(known_slots, {});
  agents_.assign(known_slots, {});
  equal_.clear();
  for (Event& event : batch.events) {
    event.customer = customer.empty() ? event.text(Field::customer_id) : customer;
    if (event.call.empty()) event.call = external(calls_, event.scope, "call", event.text(Field::call_id));
    event.agent = external(agents_, event.scope, "agent", event.text(Field::agent_id));
    if (!event.id.empty()) continue;
    event.id = event.id_text.empty() ? of_content(event, batch.shift) : of_id(event);
  }
}

}  // namespace aybiza
