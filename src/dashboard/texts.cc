#include "dashboard/texts.h"

#include <algorithm>

#include "dashboard/text_file.h"

namespace aybiza::dashboard {

// Made by layer.cmake: of data/texts, English first, and of docs/metrics.md.
extern const TextFile text_files[];
extern const std::size_t text_file_count;
extern const std::string_view metrics_document;

namespace {

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ') || text.ends_with('\r')) text.remove_suffix(1);
  return text;
}

// Of a table's row, the cell before the next bar, and that bar; "\\|" is a bar within a cell.
std::string_view next_cell(std::string_view& row, std::string& with_bars) {
  with_bars.clear();
  for (; !row.empty() && row.front() != '|'; row.remove_prefix(1)) {
    if (row.starts_with("\\|")) row.remove_prefix(1);
    with_bars += row.front();
  }
  row.remove_prefix(std::min<std::size_t>(1, row.size()));
  return trimmed(with_bars);
}

std::span<const Texts> languages() {
  static const std::vector<Texts> all = [] {
    std::vector<Texts> out;
    out.reserve(text_file_count);  // addresses stay: the others fall back on the first
    for (std::size_t i = 0; i < text_file_count;) {
      std::string whole;  // of one language
      const int language = text_files[i].language;
      for (; i < text_file_count && text_files[i].language == language; ++i) whole.append(text_files[i].text).push_back('\n');
      out.emplace_back(whole, out.empty() ? nullptr : &out.front(), out.empty() ? metrics_document : std::string_view());
    }
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

Texts::Texts(std::string_view file, const Texts* otherwise, std::string_view metrics) : otherwise_(otherwise) {
  add_figures(metrics);
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

// Rows of the table that begins with "| figure |".
void Texts::add_figures(std::string_view metrics) {
  constexpr std::string_view head = "\n| figure | title |", parts[] = {"", ".text", ".formula", ".source", ".unit", ".counted"};
  const std::size_t table = metrics.find(head);
  if (table == metrics.npos) return;
  metrics.remove_prefix(metrics.find('\n', metrics.find('\n', table + 1) + 1) + 1);  // its head and the line below
  std::string cell;
  while (metrics.starts_with("| `")) {
    std::string_view row = metrics.substr(1, metrics.find('\n') - 1);
    metrics.remove_prefix(std::min(metrics.find('\n') + 1, metrics.size()));
    std::string_view name = next_cell(row, cell);
    name.remove_prefix(1), name.remove_suffix(1);  // its ticks
    const std::string key = "figure." + std::string(name);
    for (const std::string_view part : parts)
      if (const std::string_view text = next_cell(row, cell); !text.empty()) texts_.emplace(key + std::string(part), text);
  }
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
