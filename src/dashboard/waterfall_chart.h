// The chart of where the time of responses goes: a bar for each stage where it lies in the mean response, and what is left over.
//
// Units    milliseconds.
// Threads  pure.
// Source   interface.md "Conversations"; turn_waterfall.h.
#pragma once

#include <string>
#include <vector>

#include "dashboard/texts.h"
#include "live/conversations.h"
#include "liveview/html.h"

namespace aybiza::dashboard {

std::string waterfall_option(const Texts& t, const std::vector<Stage>& stages, Instant as_of);
std::string waterfall_data(const Texts& t, const std::vector<Stage>& stages, Instant as_of);
liveview::Node stages_table(const Texts& t, const std::vector<Stage>& stages);  // with quantiles

}  // namespace aybiza::dashboard
