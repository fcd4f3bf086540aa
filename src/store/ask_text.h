// What a store answers a SQL question with, as text: cells parted by blanks, rows by lines; the error's message where there is one. For tests.
//
// Threads  None: owned by one test.
#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>
#include <vector>

#include "store/store.h"

namespace aybiza {

inline std::string ask(Store& store, std::string_view text, const std::vector<Param>& params = {}) {
  auto rows = store.sql(text, params);
  if (!rows) return rows.error().message;
  std::string out;
  for (;;) {
    const auto more = (*rows)->next();
    if (!more) return more.error().message;
    if (!*more) return out;
    for (std::size_t row = 0; row < (*rows)->row_count(); ++row) {
      for (std::size_t column = 0; column < (*rows)->columns().size(); ++column) {
        const Cell cell = (*rows)->cell(row, column);
        if (column > 0) out += ' ';
        if (const auto* word = std::get_if<std::string_view>(&cell)) out += *word;
        else if (const auto* decimal = std::get_if<Decimal>(&cell)) out += to_string(*decimal);
        else if (const auto* time = std::get_if<Instant>(&cell)) out += format_rfc3339(*time);
        else if (const auto* id = std::get_if<Id>(&cell)) out += to_string(*id);
        else if (const auto integer = as_integer(cell)) out += fmt::format("{}", *integer);
        else if (const auto real = as_real(cell)) out += fmt::format("{}", *real);
        else out += is_null(cell) ? "NULL" : fmt::format("blob of {}", std::get<Blob>(cell).bytes.size());
      }
      out += '\n';
    }
  }
}

}  // namespace aybiza
