// History in a PostgreSQL server, 15 or newer, plain or with extensions.
//
// Shape    our tables in the first schema of the connection's search path. One writing connection behind a lock, a bounded pool
//          of reading ones (their transactions are read-only). The writer holds an advisory lock of its node for as long as it is
//          connected, so that a second server of the same node is refused; `applied` moves in the transaction of the rows.
//          Which rollups wait is remembered beside the writer and read again with each connection: one node writes to a schema.
// Units    see docs/sql.md.
// Errors   unavailable: not reachable, hung, restarting, read-only, full; the next call connects anew. A commit whose answer was
//          lost is looked up then, and the batch, told again, is taken as done. conflict: another server of this node writes there.
//          unsupported: an older server, another encoding than UTF8, Citus beside TimescaleDB, or tables of a newer version.
//          A row the server refuses for what it holds is set aside in poison_rows and counted; the rest is written.
// Cost     bench/store_bench.cc postgres; a commit is one fsync of the server's.
// Threads  see store.h.
// Source   reliability.md 3.1 rules 6, 7; storage.md 1, 3.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "store/store.h"

namespace aybiza {

struct PostgresOptions {
  std::string url;             // postgres://user@host/database, or libpq's key=value; passwords by ~/.pgpass or PGPASSWORD too
  std::string node = "local";  // whose offsets these are
  const Clock* clock = nullptr;
  std::string scratch = {};    // for Parquet files on their way out; empty: the system's
  std::string archive = {};    // where retention puts Parquet files; empty: nothing is archived
};

bool is_postgres_url(std::string_view text);

// What the server brings and what each of it is used for, in lines; whether it will do. Changes nothing.
struct PostgresReport {
  std::vector<std::string> lines;
  Status fit;
};
Result<PostgresReport> examine_postgres(const std::string& url, const Clock& clock);

// REQUIRES: options.clock outlives the store.
Result<std::unique_ptr<Store>> open_postgres_store(const PostgresOptions& options);

}  // namespace aybiza
