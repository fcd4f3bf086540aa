#include "picture/devtools.h"

#include <simdjson.h>
#include <sodium.h>

#include "codec/json_writer.h"

namespace aybiza {

std::string to_json(const DevtoolsCommand& command) {
  std::string out;
  JsonWriter json(out);
  json.begin_object().member("id", command.id).member("method", command.method).key("params").raw(command.params);
  if (!command.session.empty()) json.member("sessionId", command.session);
  json.end_object();
  return out;
}

Result<DevtoolsMessage> parse_devtools(std::string_view message, const char* pointer) {
  simdjson::dom::parser parser;
  simdjson::dom::element root, found;
  if (parser.parse(message.data(), message.size()).get(root) != simdjson::SUCCESS || !root.is_object()) return fail(Code::corrupt, "the browser said what is no DevTools message ({} bytes)", message.size());
  DevtoolsMessage out;
  if (root["id"].get(out.id) != simdjson::SUCCESS) out.id = 0;
  std::string_view text;
  if (root["error"].get(found) == simdjson::SUCCESS) out.error = found["message"].get(text) == simdjson::SUCCESS ? std::string(text) : "it gave no reason";
  if (out.id == 0 || *pointer == '\0' || root.at_pointer(pointer).get(found) != simdjson::SUCCESS) return out;
  out.value = found.get(text) == simdjson::SUCCESS ? std::string(text) : simdjson::minify(found);
  return out;
}

Result<std::string> from_base64(std::string_view text, std::size_t most) {
  if (text.size() / 4 * 3 > most + 3) return fail(Code::too_large, "{} bytes of base64 are more than {} bytes", text.size(), most);
  std::string out(text.size() / 4 * 3 + 3, '\0');
  std::size_t bytes = 0;
  const int done = sodium_base642bin(reinterpret_cast<unsigned char*>(out.data()), out.size(), text.data(), text.size(), nullptr, &bytes, nullptr, sodium_base64_VARIANT_ORIGINAL);
  if (done != 0) return fail(Code::invalid, "{} bytes are not base64", text.size());
  if (bytes > most) return fail(Code::too_large, "{} bytes are more than {}", bytes, most);
  out.resize(bytes);
  return out;
}

}  // namespace aybiza
