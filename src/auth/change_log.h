// Who changed what: one line of JSON a change, appended and synced, so that it outlives the server and the command line, which both write it.
//
// Shape    <data>/audit/changes.jsonl; beyond its bound it becomes changes.1.jsonl, that one changes.2.jsonl, and so on; the oldest goes.
//          {"time","who","what","target","customer"}: customer is whom it is about, "" for everybody.
// Errors   record: io; the change itself has been made all the same, and the caller says so. Reading skips a line that is not whole.
// Cost     record() locks, appends and syncs: some milliseconds. recent() reads the newest files, a few hundred kilobytes.
// Threads  any, and any process: a lock file orders them.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "base/units.h"

namespace aybiza::auth {

inline constexpr std::size_t change_text_bytes = 512, change_file_bytes = 1024 * 1024, change_files = 8;

struct ChangeRecord {
  Instant time{};
  std::string who;       // "user ada", "key ingest-eu", "command line (root)"
  std::string what;      // "budget set"
  std::string target;    // of what: a name, never a secret
  std::string customer;  // "": everybody
  friend bool operator==(const ChangeRecord&, const ChangeRecord&) = default;
};

class ChangeLog {
 public:
  explicit ChangeLog(const std::filesystem::path& data_dir) : folder_(data_dir / "audit") {}

  // Texts longer than change_text_bytes are cut.
  Status record(const ChangeRecord& change) const;
  // The newest first, at most `limit`.
  std::vector<ChangeRecord> recent(std::size_t limit) const;

 private:
  std::filesystem::path file(std::size_t age) const;
  void rotate() const;

  std::filesystem::path folder_;
};

std::string to_json(const ChangeRecord& change);

}  // namespace aybiza::auth
