// One tile: its states are designed once here, and every page uses them.
//
// Shape    a tile is a LiveView component, so that a tick sends only what changed in it. kpi() is a number with trend,
//          sparkline and age; chart() holds a Chart hook and a real table of the same figures.
// Errors   a figure that could not be computed makes its tile say why: one tile breaks, not the page.
// Threads  pure.
// Source   interface.md "A tile"; web/css/app.css.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "dashboard/address.h"
#include "dashboard/definitions.h"
#include "live/overview.h"
#include "liveview/html.h"

namespace aybiza::dashboard {

struct KpiInput {
  std::string_view name;                    // of the definition
  const TileState* state = nullptr;         // null: still loading
  const std::vector<std::optional<double>>* spark = nullptr;
  const TileState* tabled = nullptr;        // what the table shows, which need not move with every tick; null: as `state`
  Instant as_of{};                          // epoch: its age is not shown
  const Filters& filters;
  std::string_view unknown = {};            // what is said when there is no value; default: which filter to widen
  std::string beside = {};                  // said after the sample size: "31 % answered"
  Duration every{};                         // how seldom it is computed: only an age beyond that is stale
};
liveview::Node kpi(const KpiInput& input);

struct ChartInput {
  std::string_view name;                    // of the definition; the chart's id is "chart-<name>"
  std::string_view size;                    // "w-6 h-4"
  bool loading = false, empty = false;
  std::string error;
  Instant as_of{};
  std::string n;                            // "1 204 calls"
  std::optional<double> relative_error;
  bool estimate = false;                    // rests on sampled calls
  const Filters& filters;
  std::function<liveview::Node()> table;    // a <table>; made when it is looked at
  std::string_view map = {};                // "world": the chart needs its shapes
  std::optional<liveview::Node> beside = std::nullopt;  // what the chart cannot show
  std::string_view unknown = {};            // what is said when it is empty; default: which filter to widen
  Duration every{};                         // as a figure's
};
liveview::Node chart(ChartInput input);

// A table that is the tile's picture.
struct TableInput {
  std::string_view name, size;              // of the definition; "w-6 h-4"
  const Texts& texts;
  bool loading = false;
  std::string error, empty;                 // why there is none; not empty: said instead of the table
  Instant as_of{};                          // epoch: its age is not shown
  std::string n;
  liveview::Node table;                     // a <table>
  Duration every{};                         // as a chart's
  bool fills = false;                       // a picture that may fill the screen
};
liveview::Node table_tile(TableInput input);
liveview::Node picture_tile(TableInput input);  // the same around what scrolls nowhere: `table` is the picture; it stays, hidden, while there is nothing to show

// Counts by kind since a moment, in one line: those above zero, or that there are none.
struct CountsInput {
  std::string_view name;                    // of the definition
  const std::vector<std::pair<std::string, std::uint64_t>>* counts = nullptr;  // null: still loading
  std::string_view since;                   // "21 Nov 14:20"
  const Filters& filters;
};
liveview::Node counts_line(const CountsInput& input);

// What a tile can be taken away as; by itself for one whose picture is a table.
liveview::Node give_buttons(const Texts& t, std::string_view title);
liveview::Node full_button(const Texts& t, std::string_view title);  // shows the tile alone on the screen
// The table behind a picture, under a button; `name` is unique on the page. It is made, and sent, while it is open (Filters::tables): behind a dozen
// closed buttons would stand most of a page's elements, and of what a tick changes.
liveview::Node as_table(const Filters& filters, std::string_view name, std::string_view title, const std::function<liveview::Node()>& table);

// What stands where a table of the page's whole width will be.
liveview::Node loading_table(const Texts& t);

// "No calls of acme in eu-west in the last 1 h. Widen the range, or clear the region filter."
std::string why_empty(std::string_view what, const Filters& filters);

struct TrendShown {
  std::string_view tone;  // good, bad, flat
  std::string text, word; // "▲ 3.1 %", "better than the period before"
};
// The difference itself, where figures are compared: "+123", "−1.2 pt"; empty: one of the two is unknown.
std::string difference_of(const TileState& state, Format format, const Texts& t);
liveview::Node age(Instant as_of, const Texts& t, Duration every = {});  // how old a figure is; the browser keeps it
// "w-12 h-3": as high as its rows need, from two rows of the grid to `most`.
std::string sized(std::string_view width, std::size_t rows, std::size_t most);
std::optional<TrendShown> trend_of(const TileState& state, Format format, const Texts& t);
std::string spark_path(const std::vector<std::optional<double>>& values);

}  // namespace aybiza::dashboard
