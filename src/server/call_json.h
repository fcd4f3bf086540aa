// Calls, turns, usage and interventions as the API shows them: the columns of the published tables, in wire units.
//
// Errors   none; unknown is null.
// Threads  functions of their arguments.
// Source   decisions.md 24, 26.
#pragma once

#include "codec/json_writer.h"
#include "model/rows.h"

namespace aybiza {

void write_call(JsonWriter& json, const CallRow& call);
void write_turn(JsonWriter& json, const TurnRow& turn);
void write_usage(JsonWriter& json, const UsageRow& usage);
void write_intervention(JsonWriter& json, const InterventionRow& intervention);

}  // namespace aybiza
