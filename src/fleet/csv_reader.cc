#include "fleet/csv_reader.h"

#include <fmt/format.h>

namespace aybiza {

CsvReader::CsvReader(std::string_view text, char separator) : rest_(text), separator_(separator) {
  if (rest_.starts_with("\xEF\xBB\xBF")) rest_.remove_prefix(3);
  CsvRow first;
  if (read(first)) header_ = std::move(first.cells);
}

// One record. An open quote takes the rest of the file with it, so it ends at the line it began on instead.
bool CsvReader::read(CsvRow& row) {
  while (!rest_.empty() && (rest_.front() == '\n' || rest_.starts_with("\r\n"))) {
    rest_.remove_prefix(rest_.front() == '\n' ? 1 : 2);
    ++line_;
  }
  if (rest_.empty()) return false;
  row = {.line = line_, .cells = {}, .wrong = {}};
  std::size_t at = 0, lines = 0;
  bool ended = false;
  const auto bad = [&](std::string said) {
    const std::size_t end = rest_.find('\n');
    row.wrong = std::move(said);
    rest_.remove_prefix(end == std::string_view::npos ? rest_.size() : end + 1);
    ++line_;
    return true;
  };
  while (!ended) {
    std::string& cell = row.cells.emplace_back();
    if (row.cells.size() > limits::import_cells) return bad(fmt::format("more than {} cells", limits::import_cells));
    if (at < rest_.size() && rest_[at] == '"') {
      for (++at;; ++at) {
        if (at >= rest_.size() || at > limits::import_line_bytes) return bad("a quote is opened and not closed");
        if (rest_[at] == '"' && (at + 1 >= rest_.size() || rest_[at + 1] != '"')) break;
        if (rest_[at] == '"') ++at;
        if (rest_[at] == '\n') ++lines;
        cell += rest_[at];
      }
      ++at;
    } else {
      while (at < rest_.size() && rest_[at] != separator_ && rest_[at] != '\n') cell += rest_[at++];
      if (cell.ends_with('\r') && (at >= rest_.size() || rest_[at] == '\n')) cell.pop_back();
      if (cell.find('"') != std::string::npos) return bad("a quote stands inside a cell that does not begin with one");
    }
    if (at < rest_.size() && rest_[at] == '\r' && (at + 1 >= rest_.size() || rest_[at + 1] == '\n')) ++at;
    if (at > limits::import_line_bytes) return bad(fmt::format("longer than {} bytes", limits::import_line_bytes));
    if (at >= rest_.size()) ended = true;
    else if (rest_[at] == '\n') ended = true, ++at;
    else if (rest_[at] == separator_) ++at;
    else return bad("text follows the quote that closes a cell");
  }
  rest_.remove_prefix(at);
  line_ += lines + 1;
  return true;
}

bool CsvReader::next(CsvRow& row) {
  if (!read(row)) return false;
  if (row.wrong.empty() && row.cells.size() != header_.size()) row.wrong = fmt::format("{} cells, the header has {}", row.cells.size(), header_.size());
  return true;
}

}  // namespace aybiza
