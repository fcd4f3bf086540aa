// A PostgreSQL store of one question, with what was archived: its reading functions, and nothing of its writing ones.
//
// Shape    speaks DuckDB's SQL: a reader of the archive (store/postgres_archive) is made when the first answer is asked for.
// Errors   as the reader's; writing is refused.
// Threads  one at a time.
// Source   docs/retention.md.
#pragma once

#include <memory>

#include "store/postgres_archive.h"
#include "store/store.h"

namespace aybiza {

// REQUIRES: store and archive outlive it. The server's rows of [from, to) are looked at, with a reach.
std::shared_ptr<Store> postgres_with_archive(Store& store, PostgresArchive& archive, Instant from, Instant to);

}  // namespace aybiza
