// Live state against the store, minute by minute: the audit behind /api/v1/audit/reconcile.
//
// Shape    the same question, step one minute, answered by both; every minute that has closed (allowed lateness) and
//          that live state covers is compared, count by count, money by money.
// Errors   Refusal of the question that failed.
// Threads  any; waits for the store to have what was durable at the call.
// Source   reliability.md 0.2 point 3, 2.3 A-6; decisions.md 1.
#pragma once

#include <string>

#include "live/system.h"
#include "server/pipeline.h"

namespace aybiza {

Answered<Reconciled> reconcile(Pipeline& pipeline, std::chrono::minutes closed_after, const std::vector<Filter>& where);
// {"as_of","from","to","minutes","mismatches","differences":[{"time","measure","live","store"}]}
std::string to_json(const Reconciled& reconciled);

}  // namespace aybiza
