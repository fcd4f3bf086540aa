// Rows as CSV or NDJSON, in pieces, for people and for other programs.
//
// Shape    a header line and RFC 4180 rows; or one JSON object a line with every column, unknown as null.
// Units    DECIMALs with all their digits, instants as RFC 3339, UUIDs as text, bytes in hexadecimal.
// Errors   what the rows or the sink answer ends the export.
// Threads  none.
// Source   RFC 4180; decisions.md 26 (only text cells are neutralised: -0.5 stays a number).
#pragma once

#include <string_view>
#include <vector>

#include "store/select.h"
#include "store/store.h"

namespace aybiza {

Status write_csv(Rows& rows, const ByteSink& sink);
Status write_ndjson(Rows& rows, const ByteSink& sink);

// Which rows of a published table or view are meant. invalid: there is none of that name, or it has no times to choose by.
Result<Where> export_range(std::string_view table, Instant from, Instant to);
std::vector<std::string_view> exportable_tables();

// One text as a CSV cell: a leading apostrophe where a spreadsheet would read a formula, quotes where they must be.
void append_csv_text(std::string& out, std::string_view text);
void append_json_text(std::string& out, std::string_view text);

}  // namespace aybiza
