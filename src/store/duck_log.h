// The end of what was committed in the embedded engine's log, and the cutting off of what lies behind it.
//
// Why      DuckDB 1.5.6 leaves a transaction out that has no commit mark in its log, but not the row groups that it had
//          appended as a whole (122 880 rows and more of one table, ROW_GROUP_DATA): on opening they are merged into the table
//          and stay there, in memory, until the next start; their rows are written once more and then are read twice. A process
//          that is killed while a large batch is logged leaves such a log. Behind the last commit mark there is nothing
//          to keep: what is cut off here, the spool has.
// Shape    a header of 8 bytes that names version 2, then entries: size and checksum (8 bytes each, little endian), the body.
//          A body begins with field 100, the kind of entry; kind 100 is a commit mark.
// Errors   io: the file cannot be read or cut. A log with another header, or one that does not begin with whole entries, is left as it is.
// Cost     one small read an entry, of which there are a few hundred in 100 MiB.
// Threads  any; nobody else has the file open.
// Source   DuckDB v1.5: src/storage/write_ahead_log.cpp, wal_replay.cpp.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>

#include "base/status.h"

namespace aybiza {

// Fills `into` from `at`; false where there is less.
using ReadLog = std::function<bool(std::uint64_t at, std::span<char> into)>;

// How many of `bytes` lie up to and with the last commit mark; empty: this is no log whose entries are known here.
std::optional<std::uint64_t> committed_bytes(const ReadLog& read, std::uint64_t bytes);

// How many bytes were cut off; 0 where there is no log.
Result<std::uint64_t> cut_uncommitted(const std::string& log);

}  // namespace aybiza
