// The dedup sets on disk: files that only grow, one per slice, so that each id is written once and forgetting is unlink.
//
// Shape    `dedup/event-<slice>` and `dedup/batch-<slice>` hold chunks, each on a sector:
//            magic u32 | crc u32 of the rest | kind u32 | count u32 | slice u64 | start i64 | last i64 | from u64 | to u64 | entries
//          The last chunk of a save says that everything in [from, to) of the log is now here; what comes after `to` is
//          read from the log again. A save is therefore batches first, events last.
// Errors   save: io or unavailable; the caller keeps the changes and tries again. load: a chunk that is damaged ends
//          the cover there, and the log is read from that place on.
// Threads  save: the housekeeper. load: before there are threads.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/status.h"
#include "spool/dedup.h"
#include "spool/fs.h"
#include "spool/record.h"

namespace aybiza::spool {

struct DedupSave {
  DedupChanges changes;
  Offset from, to;                      // the part of the log they come from
  std::uint64_t oldest_event_slice = 0, oldest_batch_slice = 0;  // files below are removed
};

class DedupLog {
 public:
  DedupLog(Fs& fs, std::string directory) : fs_(fs), directory_(std::move(directory)) {}

  struct Loaded {
    Offset covered;                  // everything below is in the sets; 0: nothing is known
    std::uint64_t damaged_chunks = 0;
  };
  Result<Loaded> load(Dedup& into);
  Status save(const DedupSave& save);

 private:
  Status append(const std::string& name, std::string_view chunk);
  Status remove_below(std::string_view kind, std::uint64_t slice);

  Fs& fs_;
  std::string directory_;
  std::map<std::string, std::uint64_t> tails_;  // name -> bytes of whole chunks
};

}  // namespace aybiza::spool
