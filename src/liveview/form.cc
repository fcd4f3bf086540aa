#include "liveview/form.h"

#include <algorithm>
#include <span>

#include "base/limits.h"
#include "liveview/text.h"

namespace aybiza::liveview {
namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// "user[tags][]" -> user, tags, "". A name that is not of this shape is one step.
std::vector<std::string_view> steps(std::string_view name) {
  std::vector<std::string_view> out;
  const std::size_t first = name.find('[');
  if (first == name.npos || first == 0 || name.back() != ']') return {name};
  out.push_back(name.substr(0, first));
  std::string_view rest = name.substr(first);
  while (!rest.empty()) {
    const std::size_t close = rest.find(']');
    if (rest[0] != '[' || close == rest.npos) return {name};
    out.push_back(rest.substr(1, close - 1));
    rest.remove_prefix(close + 1);
  }
  return out;
}

void put(Json& at, std::span<const std::string_view> path, const std::string& value) {
  if (path.empty()) {
    at = Json(Json::Value(value));
    return;
  }
  if (path[0].empty()) {
    Json::Array items = at.array() ? *at.array() : Json::Array();
    put(items.emplace_back(), path.subspan(1), value);
    at = Json(Json::Value(std::move(items)));
    return;
  }
  if (at.object() == nullptr) at = Json(Json::Value(Json::Object()));
  Json::Object& fields = *at.object();
  auto found = std::ranges::find(fields, path[0], [](const auto& field) -> std::string_view { return field.first; });
  if (found == fields.end()) found = fields.insert(found, {std::string(path[0]), Json()});
  put(found->second, path.subspan(1), value);
}

}  // namespace

std::string percent_decoded(std::string_view text, bool plus_is_space) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && hex_digit(text[i + 1]) >= 0 && hex_digit(text[i + 2]) >= 0) {
      out += static_cast<char>(hex_digit(text[i + 1]) * 16 + hex_digit(text[i + 2]));
      i += 2;
    } else {
      out += plus_is_space && text[i] == '+' ? ' ' : text[i];
    }
  }
  return sanitized(out);
}

Form Form::decode(std::string_view text) {
  Form form;
  while (!text.empty() && form.fields_.size() < limits::liveview_form_fields) {
    const std::string_view field = text.substr(0, text.find('&'));
    text.remove_prefix(std::min(text.size(), field.size() + 1));
    if (field.empty()) continue;
    const std::size_t equals = field.find('=');
    const std::string_view value = equals == field.npos ? std::string_view() : field.substr(equals + 1);
    form.fields_.emplace_back(percent_decoded(field.substr(0, equals), true), percent_decoded(value, true));
  }
  return form;
}

std::optional<std::string_view> Form::get(std::string_view name) const {
  for (auto field = fields_.rbegin(); field != fields_.rend(); ++field) {
    if (field->first == name) return field->second;
  }
  return std::nullopt;
}

std::vector<std::string_view> Form::all(std::string_view name) const {
  std::vector<std::string_view> out;
  for (const auto& [key, value] : fields_) {
    if (key == name) out.push_back(value);
  }
  return out;
}

bool Form::used(std::string_view name) const { return get(name) && !get("_unused_" + std::string(name)); }

Json Form::nested() const {
  Json root{Json::Value(Json::Object())};
  for (const auto& [name, value] : fields_) {
    const auto path = steps(name);
    if (!name.empty() && path.size() <= limits::json_depth) put(root, path, value);
  }
  return root;
}

void Form::set(std::string_view name, std::string_view value) {
  const auto at = std::ranges::find(fields_, name, [](const auto& field) -> std::string_view { return field.first; });
  if (at == fields_.end()) {
    fields_.emplace_back(name, value);
    return;
  }
  at->second = value;
  fields_.erase(std::remove_if(at + 1, fields_.end(), [&](const auto& field) { return field.first == name; }),
                fields_.end());
}

void Form::erase(std::string_view name) {
  std::erase_if(fields_, [&](const auto& field) { return field.first == name; });
}

std::string Form::encode() const {
  std::string out;
  for (const auto& [name, value] : fields_) {
    if (!out.empty()) out += '&';
    out += percent_encoded(name) + "=" + percent_encoded(value);
  }
  return out;
}

std::string Uri::str() const {
  const std::string query_text = query.encode();
  return query_text.empty() ? path : path + "?" + query_text;
}

std::optional<Uri> parse_uri(std::string_view text) {
  text = text.substr(0, text.find('#'));
  if (text.starts_with("http://") || text.starts_with("https://")) {
    text.remove_prefix(text.find("//") + 2);
    const std::size_t path = text.find_first_of("/?");
    text = path == text.npos ? std::string_view() : text.substr(path);
    if (text.empty() || text[0] == '?') {
      Uri root;
      root.query = Form::decode(text.empty() ? text : text.substr(1));
      return root;
    }
  }
  if (!text.starts_with('/')) return std::nullopt;
  const std::size_t question = text.find('?');
  Uri uri;
  uri.path = std::string(text.substr(0, question));
  if (question != text.npos) uri.query = Form::decode(text.substr(question + 1));
  return uri;
}

bool is_local(std::string_view target) {
  if (!target.starts_with('/') || target.starts_with("//")) return false;
  return std::ranges::none_of(target, [](char c) { return c == '\\' || static_cast<unsigned char>(c) < 0x20; });
}

}  // namespace aybiza::liveview
