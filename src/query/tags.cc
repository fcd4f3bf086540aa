#include "query/tags.h"

#include <simdjson.h>

namespace aybiza {

std::optional<std::string> tag_of(std::string_view tags, std::string_view key) {
  if (tags.empty()) return std::nullopt;
  thread_local simdjson::dom::parser parser;
  simdjson::dom::object object;
  if (parser.parse(tags.data(), tags.size()).get(object) != simdjson::SUCCESS) return std::nullopt;
  std::string_view value;
  // The rest beyond the bound of a customer's series has one tag, which stands for all.
  if (object.at_key(key).get(value) != simdjson::SUCCESS && object.at_key("__other__").get(value) != simdjson::SUCCESS) return std::nullopt;
  return std::string(value);
}

}  // namespace aybiza
