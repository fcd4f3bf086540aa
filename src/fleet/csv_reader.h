// Rows of a CSV file, one after the other, each with the number of the line it begins on.
//
// Shape    RFC 4180: cells separated by commas (or another character), quoted where they hold one, a quote or a line's end;
//          lines end in LF or CRLF; a byte order mark is passed over. The first row is the header. Blank lines are no rows.
// Errors   a row that cannot be read (an open quote, too long, another number of cells than the header) is an answer with `wrong`
//          said; the next row is read after it.
// Threads  None: owned by one import.
// Source   RFC 4180.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/limits.h"

namespace aybiza {

struct CsvRow {
  std::size_t line = 0;  // 1 is the file's first
  std::vector<std::string> cells;
  std::string wrong;     // empty: a good row
};

class CsvReader {
 public:
  explicit CsvReader(std::string_view text, char separator = ',');
  const std::vector<std::string>& header() const { return header_; }
  bool next(CsvRow& row);  // false: the end

 private:
  bool read(CsvRow& row);

  std::string_view rest_;
  const char separator_;
  std::size_t line_ = 1;
  std::vector<std::string> header_;
};

}  // namespace aybiza
