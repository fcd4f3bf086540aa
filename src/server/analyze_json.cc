#include "server/analyze_json.h"

#include <fmt/format.h>

#include <optional>
#include <vector>

#include "base/limits.h"
#include "codec/json_node.h"
#include "codec/json_writer.h"
#include "privacy/mask.h"
#include "text/analysis_json.h"
#include "text/lexicon.h"

namespace aybiza {
namespace {

constexpr std::string_view example = R"(send {"text": "..."} or {"texts": ["...", "..."]})";

std::unexpected<Refusal> refuse(std::string_view code, std::string_view parameter, std::string message) {
  return std::unexpected(Refusal{std::string(code), std::string(parameter), std::move(message)});
}

void write_analysis(JsonWriter& json, std::string_view text) {
  std::string masked, out;
  mask_text(text, masked);
  append_analysis_json(text, masked, out);
  json.begin_object().member("masked", masked);
  json.raw(std::string_view(out).substr(1, out.size() - 2));  // its members, without the braces
  json.end_object();
}

struct Asked {
  std::vector<std::string_view> texts;
  bool several = false;
  std::string_view language;
};

std::expected<std::string_view, Refusal> text_of(const JsonNode& node, const std::string& name) {
  if (!node.is_scalar() || node.flag() || node.number()) return refuse("invalid_type", name, fmt::format("{} is a text; {}", name, example));
  const std::string_view text = node.text();
  if (text.size() > limits::text_content_bytes)
    return refuse("too_large", name, fmt::format("{} has {} bytes, a turn at most {}: send it in parts", name, text.size(), limits::text_content_bytes));
  return text;
}

std::expected<Asked, Refusal> read_many(const JsonNode& many, Asked asked) {
  asked.several = true;
  if (!many.is_array()) return refuse("invalid_type", "texts", fmt::format("texts is a list of texts; {}", example));
  if (many.size() > limits::analyze_texts)
    return refuse("too_large", "texts", fmt::format("texts has {} members, one question at most {}: send the rest in another", many.size(), limits::analyze_texts));
  std::optional<Refusal> wrong;
  many.items([&](const JsonNode& node) {
    const auto text = text_of(node, fmt::format("texts[{}]", asked.texts.size()));
    if (!text && !wrong) wrong = text.error();
    asked.texts.push_back(text.value_or(std::string_view()));
  });
  if (wrong) return std::unexpected(*wrong);
  return asked;
}

std::expected<Asked, Refusal> read(const JsonNode& root) {
  Asked asked;
  if (!root.is_object()) return refuse("invalid_type", "body", fmt::format("the body is a JSON object; {}", example));
  std::string unknown;
  root.members([&](std::string_view name, const JsonNode&) {
    if (name != "text" && name != "texts" && name != "language") unknown = name;
  });
  if (!unknown.empty()) return refuse("unknown_member", unknown.substr(0, 64), fmt::format("known are text, texts and language; {}", example));
  if (const JsonNode language = root["language"]) {
    asked.language = language.text();
    if (asked.language.empty() || asked.language.size() > limits::id_bytes)
      return refuse("invalid_type", "language", R"(language is a tag such as "en" or "en-US"; leave it out if it is not known)");
  }
  const JsonNode one = root["text"], many = root["texts"];
  if (bool(one) == bool(many)) return refuse("missing_field", one ? "texts" : "text", fmt::format("one of text and texts is asked for; {}", example));
  if (many) return read_many(many, std::move(asked));
  const auto text = text_of(one, "text");
  if (!text) return std::unexpected(text.error());
  asked.texts.push_back(*text);
  return asked;
}

bool english(std::string_view language) {
  return language.empty() || (language.size() >= 2 && (language[0] | 0x20) == 'e' && (language[1] | 0x20) == 'n' && (language.size() == 2 || language[2] == '-'));
}

}  // namespace

std::expected<std::string, Refusal> analyze_json(std::string_view body) {
  simdjson::dom::parser parser;
  simdjson::dom::element root;
  if (parser.parse(body.data(), body.size()).get(root) != simdjson::SUCCESS) return refuse("invalid_json", "body", fmt::format("the body is not JSON; {}", example));
  const auto asked = read(JsonNode(root));
  if (!asked) return std::unexpected(asked.error());
  std::string out;
  JsonWriter json(out);
  json.begin_object().key(asked->several ? "results" : "result");
  if (asked->several) json.begin_array();
  for (const std::string_view text : asked->texts) write_analysis(json, text);
  if (asked->several) json.end_array();
  const Lexicon& lexicon = Lexicon::current();
  json.key("lexicon").begin_object().member("name", lexicon.name()).member("hash", lexicon.hash()).end_object();
  if (!english(asked->language)) json.member("note", "the built-in lists are English: what they do not know is neutral, with little confidence");
  json.end_object();
  return out;
}

}  // namespace aybiza
