#include "codec/event_to_json.h"

#include <cstring>

namespace aybiza {
namespace {

void write_value(JsonWriter& json, const Value& value) {
  const FieldInfo& about = info(value.field);
  json.key(about.name);
  switch (about.kind) {
    case Kind::label:
    case Kind::phone:
    case Kind::word:
    case Kind::text: json.string(value.text); return;
    case Kind::json: json.raw(value.text); return;
    case Kind::flag: json.boolean(value.number != 0); return;
    case Kind::count: json.integer(value.number); return;
    case Kind::time: json.string(format_rfc3339(from_micros(value.number))); return;
    case Kind::vector: {
      std::string numbers = "[";
      for (std::size_t at = 0; at + sizeof(float) <= value.text.size(); at += sizeof(float)) {
        float number;
        std::memcpy(&number, value.text.data() + at, sizeof number);
        if (at > 0) numbers += ',';
        append_json_number(numbers, number);
      }
      json.raw(numbers += ']');
      return;
    }
    default: json.number(to_wire(value.field, value.number));
  }
}

}  // namespace

void write_event_data(JsonWriter& json, const Event& event) {
  if (event.type == EventType::other) {  // ext is the whole of it; its labels are in there too
    json.raw(event.ext.empty() ? std::string_view("{}") : event.ext);
    return;
  }
  json.begin_object();
  if (event.find(Field::customer_id) == nullptr && !event.customer.empty())
    json.member(name_of(Field::customer_id), event.customer);
  for (const Value& value : event.values) write_value(json, value);
  if (event.ext.size() > 2) {  // its members, without the braces
    const std::string_view members = event.ext.substr(1, event.ext.size() - 2);
    json.raw(members);
  }
  json.end_object();
}

void write_event(JsonWriter& json, const Event& event) {
  json.begin_object();
  json.member("type", event.type == EventType::other ? event.type_text : to_string(event.type));
  if (!event.id_text.empty()) json.member("id", event.id_text);
  json.key("time").string(format_rfc3339(event.time));
  if (!event.source.empty()) json.member("source", event.source);
  json.key("data");
  write_event_data(json, event);
  json.end_object();
}

std::string event_to_json(const Event& event) {
  std::string out;
  JsonWriter json(out);
  write_event(json, event);
  return out;
}

std::string event_data_to_json(const Event& event) {
  std::string out;
  JsonWriter json(out);
  write_event_data(json, event);
  return out;
}

}  // namespace aybiza
