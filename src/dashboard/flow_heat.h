// Two pictures of the Chart hook that are neither lines nor bars: where conversations go, and when the fleet is busy.
//
// Shape    options and their changes as in chart_options.h; the tables behind them.
// Threads  pure.
// Source   Apache ECharts 5 option format: sankey, heatmap.
#pragma once

#include <string>

#include "dashboard/texts.h"
#include "live/heat.h"
#include "liveview/html.h"
#include "query/state_flow.h"

namespace aybiza::dashboard {

struct FlowState {
  Instant as_of{};
  Flow flow;
  std::string error;
};

std::string flow_option(const FlowState& state, const Texts& t);
std::string flow_data(const FlowState& state, const Texts& t);
liveview::Node flow_table(const FlowState& state, const Texts& t);

std::string heat_option(const Heat& heat, const Texts& t);
std::string heat_data(const Heat& heat);
liveview::Node heat_table(const Heat& heat, const Texts& t);

}  // namespace aybiza::dashboard
