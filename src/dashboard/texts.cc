#include "dashboard/texts.h"

#include <algorithm>

namespace aybiza::dashboard {

// Made of data/texts by layer.cmake, English first.
extern const std::string_view text_files[];
extern const std::size_t text_file_count;

namespace {

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ') || text.ends_with('\r')) text.remove_suffix(1);
  return text;
}

std::span<const Texts> languages() {
  static const std::vector<Texts> all = [] {
    std::vector<Texts> out;
    out.reserve(text_file_count);  // addresses stay: the others fall back on the first
    for (std::size_t i = 0; i < text_file_count; ++i) out.emplace_back(text_files[i], i == 0 ? nullptr : &out.front());
    return out;
  }();
  return all;
}

// "1.234,5" says "." and ","; what says nothing is English.
Notation notation_in(std::string_view written, std::string_view usd) {
  const std::size_t two = written.find("234"), five = written.rfind('5');
  if (!written.starts_with('1') || two == written.npos || five == written.npos || five <= two + 3) return {"\u202f", ".", ", ", "${}"};
  const std::string_view decimal = written.substr(two + 3, five - two - 3);
  return {std::string(written.substr(1, two - 1)), std::string(decimal), decimal == "," ? "; " : ", ", std::string(usd)};
}

}  // namespace

Texts::Texts(std::string_view file, const Texts* otherwise) : otherwise_(otherwise) {
  while (!file.empty()) {
    const std::size_t end = std::min(file.find('\n'), file.size());
    const std::string_view line = trimmed(file.substr(0, end));
    file.remove_prefix(std::min(end + 1, file.size()));
    const std::size_t equals = line.find(" = ");
    if (line.empty() || line.starts_with('#') || equals == line.npos) continue;
    texts_.emplace(trimmed(line.substr(0, equals)), trimmed(line.substr(equals + 3)));
  }
  notation_ = notation_in((*this)("number.written"), (*this)("number.usd"));
}

const std::string* Texts::find(std::string_view key) const {
  const auto at = texts_.find(key);
  if (at != texts_.end()) return &at->second;
  return otherwise_ ? otherwise_->find(key) : nullptr;
}

std::string_view Texts::operator()(std::string_view key) const {
  if (const std::string* text = find(key)) return *text;
  thread_local std::string missing;
  missing = fmt::format("[[{}]]", key);
  return missing;
}

std::string Texts::filled(std::string_view text, const std::vector<std::string>& with) {
  std::string out;
  for (const std::string& value : with) {
    const std::size_t hole = text.find("{}");
    if (hole == text.npos) break;
    out.append(text.substr(0, hole)).append(value);
    text.remove_prefix(hole + 2);
  }
  return out.append(text);
}

std::vector<std::string_view> Texts::keys() const {
  std::vector<std::string_view> out;
  for (const auto& [key, text] : texts_) out.push_back(key);
  return out;
}

const Texts& texts_of(std::string_view code) {
  const auto all = languages();
  const auto at = std::ranges::find(all, code, &Texts::language);
  return at == all.end() ? all.front() : *at;
}

std::span<const Texts* const> all_texts() {
  static const std::vector<const Texts*> all = [] {
    std::vector<const Texts*> out;
    for (const Texts& texts : languages()) out.push_back(&texts);
    return out;
  }();
  return all;
}

}  // namespace aybiza::dashboard
