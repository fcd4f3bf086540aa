// Opening a directory: what is on disk becomes the state the committer goes on from.
//
// Shape    format and headers are looked at before anything is touched; then the lock, the dedup log, the records behind
//          it, the end of the last segment. What is torn off was never acknowledged; everything else is kept.
// Errors   unsupported (newer format), conflict (locked; another node's files), corrupt (no way to know the node), io.
// Threads  none: before there are any.
// Source   reliability.md 3.1 rule 4.
#pragma once

#include <memory>

#include "spool/dedup.h"
#include "spool/dedup_log.h"
#include "spool/segment_set.h"
#include "spool/spool.h"

namespace aybiza::spool {

struct Opened {
  std::unique_ptr<File> lock;
  Recovery recovery;
  Offset next;               // of the next event
  std::uint64_t next_number = 1;
  Offset covered;            // by the dedup log; the changes since are in `unsaved`
  DedupChanges unsaved;
  Instant last_received;
};

// Finds or gives the node and takes the lock.
Result<Opened> claim_directory(Fs& fs, const std::string& directory, Id& node);
// Fills log.segments, log.spares, dedup.
Status recover(Log& log, DedupLog& dedup_log, Dedup& dedup, std::size_t segment_bytes, Opened& opened);

// The number of bytes behind the last record, at `from`, that somebody wrote and nobody was promised.
Result<std::uint64_t> torn_bytes(Fs& fs, const Segment& segment, std::uint64_t from);

// The keys one record stands for, into the sets.
void remember(Dedup& dedup, const RecordView& record);

// The batch key as it is kept: scoped by customer.
Id batch_key(const Dedup& dedup, std::uint64_t customer, const Id& key);

}  // namespace aybiza::spool
