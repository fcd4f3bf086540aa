// A table of texts and figures: what a page shows beside, or instead of, a picture.
//
// Threads  pure.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "liveview/html.h"

namespace aybiza::dashboard {

struct TableHead {
  std::string_view title;
  bool figure = true;             // right-aligned, in tabular figures
};
struct TableRow {
  std::string key;                // unique among the rows
  std::vector<std::string> cells; // one per head; the first names the row
  std::string link = {};          // where the row leads; empty: nowhere
};
liveview::Node plain_table(std::string_view caption, std::span<const TableHead> heads, const std::vector<TableRow>& rows);

}  // namespace aybiza::dashboard
