#include "liveview/frame.h"

#include "liveview/text.h"

namespace aybiza::liveview {
namespace {

constexpr std::size_t ref_bytes_max = 32, topic_bytes_max = 256;

bool read_ref(const Json& from, Ref& to) {
  if (from.is_null()) return true;
  to = std::string(from.text());
  return from.is_text() && to->size() <= ref_bytes_max;
}

void append_ref(std::string& out, const Ref& ref) {
  if (ref) {
    append_json_string(out, *ref);
  } else {
    out += "null";
  }
}

}  // namespace

Result<Message> parse_message(std::string_view text) {
  const auto json = parse_json(text);
  if (!json) return fail(Code::corrupt, "{}", json.error().message);
  const Json::Array* fields = json->array();
  if (fields == nullptr || fields->size() < 5) return fail(Code::invalid, "not an array of five");
  const Json& topic = (*fields)[2];
  const Json& event = (*fields)[3];
  Message message;
  if (!read_ref((*fields)[0], message.join_ref) || !read_ref((*fields)[1], message.ref) || !topic.is_text() ||
      !event.is_text() || topic.text().size() > topic_bytes_max) {
    return fail(Code::invalid, "refs, topic or event of a wrong type");
  }
  message.topic = topic.text();
  message.event = event.text();
  message.payload = (*fields)[4];
  return message;
}

void Outbox::push(const Ref& join_ref, const Ref& ref, std::string_view topic, std::string_view event,
                  std::string_view payload) {
  std::string out = "[";
  out.reserve(payload.size() + topic.size() + 64);
  append_ref(out, join_ref);
  out += ',';
  append_ref(out, ref);
  out += ',';
  append_json_string(out, topic);
  out += ',';
  append_json_string(out, event);
  out += ',';
  out += payload;
  out += ']';
  bytes_ += out.size();
  frames_.push_back(std::move(out));
}

void Outbox::reply(const Message& to, bool ok, std::string_view response) {
  std::string payload = ok ? R"({"status":"ok","response":)" : R"({"status":"error","response":)";
  payload += response;
  payload += '}';
  push(to.join_ref, to.ref, to.topic, "phx_reply", payload);
}

std::optional<std::string> Outbox::pop() {
  if (frames_.empty()) return std::nullopt;
  std::string frame = std::move(frames_.front());
  frames_.pop_front();
  bytes_ -= frame.size();
  return frame;
}

void Outbox::clear() {
  frames_.clear();
  bytes_ = 0;
}

}  // namespace aybiza::liveview
