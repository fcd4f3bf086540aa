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

// What of an answer is an estimate, because it rests on sampled points.
struct Estimates {
  std::vector<bool> measures;                                      // those with any estimate among their figures
  std::map<CellKey, std::vector<std::optional<double>>> errors;    // standard errors by measure, where they are known
  void note(const Question& question, const CellKey& key, std::size_t measure, std::optional<double> error);
};

struct Answer {
  std::vector<std::string> columns;
  std::vector<std::vector<Figure>> rows;
  Instant as_of{};
  std::string source;                                 // live, store
  std::vector<std::optional<double>> relative_error;  // per column; empty = exact
  std::vector<bool> estimate;                         // per column; empty: no column has an estimate
  std::vector<std::vector<std::optional<double>>> standard_error;  // per row and column, where known; empty likewise
  std::vector<std::string> notes;                     // e.g. "topics are many per turn …"
  bool truncated = false;                             // more rows than limit
};

// 0 for a count nobody contributed to, unknown for everything else, [] for a histogram.
Figure nothing(const Measure& measure);

Answer finish(const Question& question, const Grid& grid, Cells cells, Instant as_of, std::string source, const Estimates& estimates = {});

std::string to_json(const Answer& answer);
std::string to_json(const Refusal& refusal);  // {"error":{"code","parameter","message"}}

}  // namespace aybiza
