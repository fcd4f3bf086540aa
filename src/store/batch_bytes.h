// A RowBatch as bytes, whole, and back: what is folded and waits on disk while the store takes nothing (server/unwritten.h).
//
// Shape    "AYROWS" version | from to | each table's rows, member by member (assemble/bytes.h) | XXH3-64 of all before. Both directions
//          read one list of members a row (batch_bytes.cc), so they cannot differ.
// Errors   corrupt: damaged or cut off. unsupported: of another version, which never meets it: such files end with their process.
// Cost     linear, one copy of each text; the bytes are a part of the rows' memory.
// Threads  values; none.
#pragma once

#include <string>
#include <string_view>

#include "base/status.h"
#include "model/rows.h"

namespace aybiza {

std::string batch_bytes(const RowBatch& batch);
Result<RowBatch> read_batch_bytes(std::string_view bytes);

}  // namespace aybiza
