// A tile that somebody has built: what it asks, and what it shows, as numbers.
//
// Shape    a formula over measures, by a dimension or over time, of what its filters leave. The question is made by parse_question() of the same
//          words as in /api/v1/query, so every figure is one of the API's, or computed of those.
// Units    wire units.
// Errors   question_of_tile refuses what the API would refuse. A question that fails leaves its tile with the reason, alone.
// Cost     one question; two for a number, for its trend.
// Threads  pure; `ask` may be slow and is called on a live thread.
// Source   interface.md "A tile"; docs/boards.md.
#pragma once

#include "live/overview.h"
#include "query/formula.h"

namespace aybiza {

enum class Picture : std::uint8_t { number, line, bar, pie, table };
inline constexpr Picture all_pictures[] = {Picture::number, Picture::line, Picture::bar, Picture::pie, Picture::table};
std::string_view to_string(Picture picture);
std::optional<Picture> parse_picture(std::string_view word);

struct TileSpec {
  std::string title, formula;      // "errors / calls"
  std::string by;                  // a dimension, or empty: over time, but for a number
  std::vector<std::string> where;  // filters, as in /api/v1/query
  Picture picture = Picture::number;
  std::string format;              // number, share, ms, usd; empty: as its measure
  int width = 3, height = 2;       // in columns (1..12) and rows (1..8) of the grid
  friend bool operator==(const TileSpec&, const TileSpec&) = default;
};

struct NamedValue {
  std::string name;  // "" = unknown
  std::optional<double> value;
  friend bool operator==(const NamedValue&, const NamedValue&) = default;
};

struct BuiltTile {
  std::string error;
  std::optional<double> value, previous;  // of a number
  ChartSeries series;                     // over time; one name per group
  std::vector<NamedValue> rows;           // by the dimension, greatest first
  std::size_t found = 0;                  // groups before the cut
  std::string source;
  std::optional<double> relative_error;   // the largest of its measures
  bool estimate = false;
};

inline constexpr std::size_t built_lines = 6, built_bars = 12, built_slices = 8, built_rows = 50;

// What a tile of these words asks in [from, to); over time with the step.
Answered<Question> question_of_tile(const TileSpec& spec, const Formula& formula, const ViewScope& scope, const Range& range, bool over_time);
// Whether it could be asked at all, and how.
Answered<Formula> checked_tile(const TileSpec& spec);

BuiltTile compute_built_tile(const Ask& ask, const ViewScope& scope, const TileSpec& spec, Instant now);

}  // namespace aybiza
