// The SQL of measures and dimensions: which column, which aggregate, which rows.
//
// Shape    rows of an entity stand under fixed names: c call_analytics, t conversation_turns, u usage_events, m metric rows.
// Errors   a measure that is computed apart has no text: "".
// Threads  pure functions; any.
#pragma once

#include <string>
#include <string_view>

#include "model/measure.h"
#include "query/question.h"

namespace aybiza {

std::string_view call_column(Dimension dimension);  // of call_analytics. REQUIRES: a dimension of calls
std::string_view turn_column(Dimension dimension);  // of conversation_turns. REQUIRES: of_turn(dimension), not topic
std::string_view column_of(Quantity quantity);

// The measure as one aggregate expression over its entity's rows.
std::string measure_sql(const Measure& measure);

struct Rowset {  // one entity: where its rows come from
  std::string_view from, time;
};
Rowset rowset(Entity entity);

}  // namespace aybiza
