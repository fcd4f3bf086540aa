// The treemap of spend: region > kind of agent > model, size the cost, colour the efficiency it bought.
//
// Shape    JSON texts for chart:<id> and chart-data:<id> (chart_options.h). A branch has the efficiency of its calls, weighted. The scale reaches from
//          the least efficient part to the most; one of which nothing is known is grey, in no place of it.
// Threads  pure.
// Source   interface.md "Costs"; Apache ECharts 5 treemap.
#pragma once

#include <string>

#include "dashboard/texts.h"
#include "live/costs.h"

namespace aybiza::dashboard {

std::string cost_map_option(const CostsState& state, const Texts& t);
// The figures alone where the map has the parts it had `from`, a tenth of the bytes; null: the page has another map.
std::string cost_map_data(const CostsState* from, const CostsState& state, const Texts& t);
std::string efficiency_words(const CostsState& state, const Texts& t);  // what the colours mean: "efficiency 71.0 % faint, 92.4 % strong"

}  // namespace aybiza::dashboard
