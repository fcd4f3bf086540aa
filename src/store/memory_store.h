// The memory store: maps by key, every engine's rival in tests.
//
// Shape    the same seam over ordered maps; rows() is a walk with the filter applied, so questions can be answered
//          from its rows by brute force. No SQL and no export: those answer unsupported.
// Errors   conflict when a batch does not follow `applied`; a batch is taken whole or not at all.
// Threads  as the seam says, by one mutex.
#pragma once

#include <memory>

#include "store/store.h"

namespace aybiza {

std::unique_ptr<Store> make_memory_store();

}  // namespace aybiza
