// Gauges whose names everybody knows, as columns of system_performance_metrics.
//
// Shape    a name (or its end, or a part of it) and the unit say which column a value belongs to and by what it is multiplied
//          to become memory's integer. A series that is only a part of what its name says (one core, one state) is none.
// Errors   nullopt for every other name, and for values that no column holds.
// Cost     a dozen comparisons for each new series.
// Threads  constant data; any.
// Source   ingest-formats.md 8.4; docs/generic-metrics.md "Well-known names".
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "model/rows.h"

namespace aybiza {

struct WellKnown {
  Number SystemRow::*column = nullptr;
  double scale = 1;                      // from the sender's unit to memory's
  double max = 0;                        // of the sender's value; the least is 0
  std::string region;                    // "unknown" where no tag tells
  std::optional<std::int64_t> in_memory(double value) const;
};

// `tags` is the flat JSON object of MetricSeries.
std::optional<WellKnown> well_known(std::string_view name, std::string_view unit, std::string_view tags);

}  // namespace aybiza
