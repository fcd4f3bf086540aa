#include "dashboard/reasons.h"

#include <algorithm>
#include <cctype>
#include <optional>
#include <vector>

namespace aybiza::dashboard {
namespace {

constexpr std::string_view prefix = "reason.", fields = "reason.field.";
constexpr int deepest = 4;  // "tiles[2].formula: at character 3: …"

// What stands in the places of `shape` in `text`; nothing: it is no text of that shape.
std::optional<std::vector<std::string_view>> places(std::string_view text, std::string_view shape) {
  std::vector<std::string_view> out;
  std::size_t hole = shape.find("{}");
  if (!text.starts_with(shape.substr(0, hole))) return std::nullopt;
  if (hole == shape.npos) return text == shape ? std::optional(out) : std::nullopt;
  text.remove_prefix(hole);
  while (hole != shape.npos) {
    shape.remove_prefix(hole + 2);
    hole = shape.find("{}");
    const std::string_view next = shape.substr(0, hole);
    const bool last = hole == shape.npos;
    if (last && !text.ends_with(next)) return std::nullopt;
    const std::size_t end = last ? text.size() - next.size() : text.find(next);
    if (end == text.npos) return std::nullopt;
    out.push_back(text.substr(0, end));
    text.remove_prefix(end + next.size());
  }
  return out;
}

std::string said(const Texts& t, std::string_view english, int depth);

std::string filled(const Texts& t, std::string_view shape, const std::vector<std::string_view>& with, int depth) {
  std::string out;
  for (const std::string_view one : with) {
    const std::size_t hole = std::min(shape.find("{}"), shape.size());
    out.append(shape.substr(0, hole)).append(said(t, one, depth + 1));
    shape.remove_prefix(std::min(hole + 2, shape.size()));
  }
  return out.append(shape);
}

bool names_a_field(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](unsigned char c) { return std::islower(c) || std::isdigit(c) || c == '_' || c == '.' || c == '[' || c == ']'; });
}

std::string said(const Texts& t, std::string_view english, int depth) {
  if (depth > deepest) return std::string(english);
  const Texts& own = texts_of("en");
  for (const std::string_view key : own.keys())
    if (key.starts_with(prefix) && !key.starts_with(fields))
      if (const auto with = places(english, own(key))) return filled(t, t(key), *with, depth);
  const std::size_t colon = english.find(": ");
  if (colon == english.npos || !names_a_field(english.substr(0, colon))) return std::string(english);
  const std::string field(english.substr(0, colon)), *word = t.find(std::string(fields) + field);
  return (word ? *word : field) + ": " + said(t, english.substr(colon + 2), depth + 1);
}

}  // namespace

std::string reason_of(const Texts& t, std::string_view english) { return t.language() == "en" ? std::string(english) : said(t, english, 0); }

}  // namespace aybiza::dashboard
