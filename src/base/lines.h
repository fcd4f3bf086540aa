// The lines of a text in turn, as the configuration files of this program are read: without their ends, numbered from 1.
//
// Shape    for (Lines lines(text); lines.next();) { use(lines.line(), lines.number()); }  next_told() passes over empty ones and
//          comments, which begin with '#', and counts them nevertheless.
// Errors   none; a last line needs no end.
// Cost     one pass, no copies: the text has to outlive what was taken from it.
// Threads  none: a cursor of one reader.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string_view>

namespace aybiza {

class Lines {
 public:
  explicit Lines(std::string_view text) : rest_(text) {}
  bool next() {
    if (rest_.empty()) return false;
    line_ = rest_.substr(0, rest_.find('\n'));
    rest_.remove_prefix(std::min(rest_.size(), line_.size() + 1));
    ++number_;
    return true;
  }
  bool next_told() {
    while (next())
      if (!line_.empty() && line_.front() != '#') return true;
    return false;
  }
  std::string_view line() const { return line_; }
  std::size_t number() const { return number_; }

 private:
  std::string_view rest_, line_;
  std::size_t number_ = 0;
};

}  // namespace aybiza
