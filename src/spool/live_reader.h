// The reader of a running spool; Spool::read_from is how others get one.
//
// Threads  as reader.h.
#pragma once

#include <memory>

#include "spool/reader.h"
#include "spool/segment_set.h"

namespace aybiza::spool {

Result<std::unique_ptr<Reader>> read_live(std::shared_ptr<Log> log, Offset from);

}  // namespace aybiza::spool
