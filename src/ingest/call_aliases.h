// Which call an external id names when several sources tell of one call: a carrier's CallSid and a platform's own id.
//
// Shape    a table (scope, source, external id) -> call, the elder's external text beside it, in the order of first sight;
//          the oldest entries leave at the limit. resolve() decides and remembers; what it remembered is on disk after sync().
//          One file, `<data>/call_aliases`, a checksummed line per entry, written anew when half of it is history. Ids stand
//          there hashed; texts are masked before they come here.
// Errors   open: io. A torn or damaged line is left out and counted. sync: io; resolve never fails.
// Cost     about 150 bytes an entry; one fdatasync for all entries since the last.
// Threads  any; a lock is held for the look-up, another for the file.
// Source   ingest-formats.md 0.2 "One call, several sources".
#pragma once

#include <cstdint>
#include <deque>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/ids.h"
#include "base/limits.h"
#include "base/status.h"
#include "base/units.h"

namespace aybiza {

class CallAliases {
 public:
  static Result<std::unique_ptr<CallAliases>> open(const std::filesystem::path& data_dir, std::size_t limit = limits::call_aliases);
  ~CallAliases();
  CallAliases(const CallAliases&) = delete;  // share a reference
  CallAliases& operator=(const CallAliases&) = delete;

  struct Names {
    std::string_view scope, source, external;  // "acme", "vapi", the vendor's id
    std::string_view twilio_sid;               // empty: the record does not name it
    Id own;                                    // the call by the external id alone
    bool stays = false;                        // what its source told is never told again: of two calls its own is kept
  };
  struct Call {
    Id id;
    std::string external;
  };
  struct Known {
    Id call;
    std::string external;         // the elder's
    std::optional<Call> younger;  // of resolve(): existed besides, and is to be counted no more
  };
  // Whether any of the names is known. Remembers nothing.
  std::optional<Known> find(const Names& names) const;
  // The call these names mean: the elder of those they are known by, else their own.
  Known resolve(const Names& names, Instant now);

  // Everything that was remembered until now is on disk.
  Status sync();
  bool durable() const;                // nothing waits for sync()
  std::uint64_t conflicts() const;     // records that named two calls which both existed: docs/ingest.md, "One call, several sources"
  std::uint64_t damaged_lines() const { return damaged_; }
  std::size_t size() const;

 private:
  struct Entry {
    Id call;
    Instant seen;
    std::string external;
  };
  CallAliases(std::filesystem::path file, std::size_t limit) : file_(std::move(file)), limit_(limit) {}
  Status load();
  Status rewrite();  // REQUIRES: file_mutex_ held
  Status append(const std::string& lines);
  const Entry* look(const Id& key) const;
  void put(const Id& key, Entry entry);

  const std::filesystem::path file_;
  const std::size_t limit_;
  mutable std::mutex mutex_;  // guards what follows
  std::unordered_map<Id, Entry> entries_;
  std::deque<Id> order_;      // of first sight
  std::string pending_;       // lines that are not on disk
  std::uint64_t remembered_ = 0, conflicts_ = 0;
  std::uint64_t synced_ = 0;
  std::uint64_t damaged_ = 0;  // written by open alone
  std::mutex file_mutex_;      // guards the file; taken before mutex_
  int fd_ = -1;
  std::size_t lines_ = 0;
};

}  // namespace aybiza
