// A question answered by an engine that speaks SQL, from the published tables, exactly; long ranges from rollups where these
// can say it (rollup_answer.h).
//
// Shape    one statement per entity (calls, turns, usage, …), joined by (bucket, group) in here; a column per measure.
// Errors   Refusal unavailable when the engine fails or the deadline passes; its text names the engine's reason.
// Cost     reads the columns it needs of the rows in range; quantiles sort.
// Threads  any; each call uses its own connection of the store.
// Source   docs/metrics.md; docs/sql.md for tables and units.
#pragma once

#include "query/answer.h"
#include "store/store.h"

namespace aybiza {

Answered<Answer> answer_from_sql(const Question& question, Store& store, Instant as_of, Duration deadline);

}  // namespace aybiza
