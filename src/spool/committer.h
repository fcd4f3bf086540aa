// Turns waiting requests into one commit: deduplicates in order, encodes, writes, answers.
//
// Shape    commit(requests): decide each -> one buffer -> LogWriter -> publish -> done(). When the write fails, every request
//          of the commit fails, duplicates too (their originals may have been in it), and its ids are forgotten.
// Threads  none: owned by the committer thread. take_unsaved() is called there too.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "spool/dedup.h"
#include "spool/dedup_log.h"
#include "spool/log_writer.h"
#include "spool/spool.h"

namespace aybiza::spool {

class Committer {
 public:
  Committer(Log& log, Dedup& dedup, LogWriter& writer, Offset next, Instant last_received)
      : log_(log), dedup_(dedup), writer_(writer), next_(next), last_received_(last_received) {}

  void commit(std::span<AppendRequest> requests);

  // What the commits since the last call added to the dedup sets.
  DedupChanges take_unsaved() { return std::exchange(unsaved_, {}); }
  void keep_unsaved(DedupChanges changes) { unsaved_ = std::move(changes); }
  std::size_t unsaved_ids() const { return unsaved_.events.size() + unsaved_.batches.size(); }
  Offset next() const { return next_; }

 private:
  AppendResult decide(const AppendRequest& request);
  void mark_duplicates(const AppendRequest& request, std::uint64_t customer, AppendResult& result);
  Status write(bool sync);
  void answer(std::span<AppendRequest> requests, const Status& status);

  Log& log_;
  Dedup& dedup_;
  LogWriter& writer_;
  Offset next_;
  Instant last_received_;
  std::string buffer_;
  std::vector<AppendResult> results_;
  std::vector<Id> keys_;
  std::uint64_t records_ = 0;
  DedupChanges unsaved_;
};

}  // namespace aybiza::spool
