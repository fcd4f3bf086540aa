#include "codec/livekit_recording.h"

#include <algorithm>
#include <cctype>

#include "base/limits.h"
#include "codec/json_writer.h"
#include "codec/protobuf.h"

namespace aybiza {
namespace {

bool same_letters(char a, char b) { return std::tolower(static_cast<unsigned char>(a)) == std::tolower(static_cast<unsigned char>(b)); }
std::size_t find_folded(std::string_view text, std::string_view word) {
  const auto at = std::search(text.begin(), text.end(), word.begin(), word.end(), same_letters);
  return at == text.end() ? std::string_view::npos : std::size_t(at - text.begin());
}

// The value of a parameter: `name=value` or `name="value"`; empty when it is not there.
std::string_view parameter(std::string_view header, std::string_view name) {
  std::string key(name);
  key += '=';
  for (std::size_t at = 0; (at = header.find(';', at)) != std::string_view::npos;) {
    ++at;
    while (at < header.size() && (header[at] == ' ' || header[at] == '\t')) ++at;
    const std::string_view rest = header.substr(at);
    if (rest.size() <= key.size() || !std::equal(key.begin(), key.end(), rest.begin(), same_letters)) continue;
    std::string_view value = rest.substr(key.size());
    if (value.starts_with('"')) return value.substr(1, std::min(value.find('"', 1), value.size()) - 1);
    return value.substr(0, value.find_first_of("; \t\r\n"));
  }
  return {};
}

// visit(name, content) for each part.
template <typename Visit>
void each_part(std::string_view body, std::string_view boundary, Visit&& visit) {
  const std::string delimiter = "\r\n--" + std::string(boundary), first = "--" + std::string(boundary);
  if (!body.starts_with(first)) return;
  body.remove_prefix(first.size());
  for (std::size_t parts = 0; parts < limits::multipart_parts && !body.starts_with("--"); ++parts) {
    const std::size_t head_end = body.find("\r\n\r\n");
    if (head_end == std::string_view::npos) return;
    const std::string_view head = body.substr(0, head_end);
    body.remove_prefix(head_end + 4);
    const std::size_t end = body.find(delimiter);
    if (end == std::string_view::npos) return;  // cut off: what has no end is no part
    if (const std::size_t at = find_folded(head, "content-disposition:"); at != std::string_view::npos) {
      const std::string_view line = head.substr(at);
      visit(parameter(line.substr(0, line.find("\r\n")), "name"), body.substr(0, end));
    }
    body.remove_prefix(end + delimiter.size());
  }
}

std::string room_of(std::string_view header) {
  std::string room;
  try {
    protobuf::Reader reader(header.data(), header.size());
    while (reader.next())
      if (reader.tag_and_type() == protobuf::bytes(1)) room = reader.get_string();
      else reader.skip();
  } catch (const protozero::exception&) {
    return {};
  }
  return room;
}

}  // namespace

Result<std::string> logs_of_recording(std::string_view content_type, std::string_view body, Instant received) {
  const std::string_view boundary = parameter(content_type, "boundary");
  if (find_folded(content_type, "multipart/form-data") != 0 || boundary.empty() || boundary.size() > 70)
    return fail(Code::invalid, "Content-Type must be multipart/form-data with a boundary");
  std::string room;
  std::string_view history;
  each_part(body, boundary, [&](std::string_view name, std::string_view content) {
    if (name == "header") room = room_of(content);
    if (name == "chat_history") history = content;
  });
  if (room.empty() || room.size() > limits::id_bytes) return fail(Code::invalid, "the part `header` names no room");
  if (history.empty()) return std::string(R"({"resourceLogs":[]})");
  std::string out = R"({"resourceLogs":[{"scopeLogs":[{"scope":{"name":"chat_history"},"logRecords":[{"timeUnixNano":")";
  append_json_integer(out, to_micros(received));
  out += R"(000","body":{"stringValue":"session recording"},"attributes":[{"key":"room_id","value":{"stringValue":)";
  append_json_string(out, room);
  out += R"(}},{"key":"chat_history","value":{"stringValue":)";
  append_json_string(out, history);
  out += "}}]}]}]}]}";
  return out;
}

}  // namespace aybiza
