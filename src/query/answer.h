// The answer to a question, and the one way from per-group values to its rows, whatever computed them.
//
// Shape    Cells maps (bucket, group values) to one value per measure. finish() adds empty buckets, fills what nothing
//          contributed to (counts 0, the rest unknown), sorts, limits and names the columns.
// Units    wire units (ms, USD, shares).
// Threads  values; none.
// Source   decisions.md 20, 21; events.md "Reading back".
#pragma once

#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "query/grid.h"
#include "query/question.h"

namespace aybiza {

struct HistogramBucket {
  double low = 0, high = 0;
  std::int64_t count = 0;
};
using Histogram = std::vector<HistogramBucket>;
using Figure = std::variant<std::monostate, double, std::string, Histogram>;  // monostate: unknown, JSON null

struct CellKey {
  std::size_t bucket = 0;
  std::vector<std::optional<std::string>> group;  // null group = unknown dimension
  friend auto operator<=>(const CellKey&, const CellKey&) = default;
};
using Cells = std::map<CellKey, std::vector<Figure>>;  // one cell per measure of the question

struct Answer {
  std::vector<std::string> columns;
  std::vector<std::vector<Figure>> rows;
  Instant as_of{};
  std::string source;                                 // live, store
  std::vector<std::optional<double>> relative_error;  // per column; empty = exact
  std::vector<std::string> notes;                     // e.g. "topics are many per turn …"
  bool truncated = false;                             // more rows than limit
};

// 0 for a count nobody contributed to, unknown for everything else, [] for a histogram.
Figure nothing(const Measure& measure);

Answer finish(const Question& question, const Grid& grid, Cells cells, Instant as_of, std::string source);

std::string to_json(const Answer& answer);
std::string to_json(const Refusal& refusal);  // {"error":{"code","parameter","message"}}

}  // namespace aybiza
