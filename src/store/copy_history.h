// The history of one store into another, empty one: how a deployment moves from DuckDB to PostgreSQL or back.
//
// Shape    rows go by quarters of an hour, each in one transaction that counts on in the new store's `applied`; so a copy that was
//          cut off goes on where it was when it is called again. The last step sets `applied` to the old store's. Rollups are made anew
//          by the new store; those whose rows retention has deleted are copied.
// Errors   conflict: the new store has a history of its own. unsupported: one of them speaks no SQL, or fewer events than steps.
// Threads  the caller's; nobody else may write to either.
#pragma once

#include <functional>

#include "store/store.h"

namespace aybiza {

struct CopyReport {
  std::size_t steps = 0, of = 0;
  std::uint64_t rows = 0;
};

Result<CopyReport> copy_history(Store& from, Store& to, const std::function<void(const CopyReport&)>& progress = {});

}  // namespace aybiza
