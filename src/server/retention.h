// Retention at work: what its rules say goes, in slices, in the background.
//
// Shape    look() takes one pass: per rule, whole days (UTC) that are older than its days, oldest first, one transaction a day, or an
//          hour where a day has many rows. Of calls, turns and usage only days whose rollups are made; before rows are deleted,
//          DIR/retention.gone says so, durably, and the store's floors with it, so that no answer takes them for none.
//          archive moves rows instead (Store::archive); <archive>/manifest.tsv then tells files, rows, sizes and checksums.
// Errors   said once per state, in status() and on stderr, and tried again with the next pass.
// Cost     a slice holds the store's writer as long as its transaction takes; between two the writer has its turn.
// Threads  any; one pass at a time. REQUIRES: the pipeline outlives it.
// Source   docs/retention.md.
#pragma once

#include <atomic>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "runtime/periodic.h"
#include "server/pipeline.h"
#include "server/retention_rules.h"

namespace aybiza {

struct RetentionPreview {
  RetentionRule rule;
  Instant before{};                     // what is older goes
  std::uint64_t rows = 0, days = 0;     // that would go now
  std::optional<Instant> oldest;
  std::optional<std::uint64_t> bytes;   // about; unknown where the engine does not say
  std::string waits;                    // why less goes than the rule says; empty: nothing waits
};

struct RetentionStatus {
  std::uint64_t passes = 0, rows_deleted = 0, rows_archived = 0;
  bool running = false;
  std::string error;
};

class Retention {
 public:
  Retention(Pipeline& pipeline, std::filesystem::path data);
  ~Retention() { stop(); }
  Retention(const Retention&) = delete;

  Status begin();  // what went before this start is known to the store; then passes begin
  void stop();
  void nudge();    // a pass now
  void look();
  Result<std::vector<RetentionPreview>> preview(const std::vector<RetentionRule>& rules);
  RetentionStatus status() const;

 private:
  struct Cut {
    Instant before{};
    std::string waits;
  };
  Cut cut_of(const RetentionRule& rule) const;
  Result<Instant> make_minutes(Instant before);
  Status apply(const RetentionRule& rule);
  Status take(const RetentionRule& rule, Instant from, Instant to);
  Status note_gone(const RetentionRule& rule, Instant before);
  Status write_manifest(const ArchivedSlice& slice) const;
  Result<std::optional<Instant>> oldest(const RetentionRule& rule, Instant before) const;
  Result<std::uint64_t> count(const RetentionRule& rule, Instant from, Instant to) const;

  Pipeline& pipeline_;
  const std::filesystem::path data_;
  std::atomic<bool> stopping_{false};
  std::mutex pass_;                     // held for a pass
  mutable std::mutex mutex_;            // guards status_
  RetentionStatus status_;
  std::unique_ptr<Periodic> periodic_;  // last: what it calls outlives it
};

}  // namespace aybiza
