// A small text file with one entry a line that several processes read and change: keys, webhook sources.
//
// Shape    a Table is what was in the file at one moment, immutable once shared: `static Result<std::shared_ptr<const
//          Table>> read(path)`. look() notices a change at most once a second by mtime, inode and size; rewrite() takes
//          `<file>.lock`, reads afresh, and replaces the file (mode 0600, fsynced and renamed).
// Errors   of Table::read and of the change; a look() that meets one keeps the table it had, and tries again.
// Cost     look() is an atomic load, once a second a stat(2).
// Threads  any; a lock is held to copy a pointer, never during i/o.
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

#include "auth/file.h"
#include "base/status.h"
#include "base/units.h"

namespace aybiza::auth {

// Text that can stand between tabs and newlines.
bool line_text(std::string_view text, std::size_t bytes);
std::vector<std::string_view> split_line(std::string_view line);  // at its tabs

// Every line that is neither empty nor a comment; the first that `take` refuses makes the file corrupt: "… is not a <what>".
Status each_line(const std::filesystem::path& file, std::string_view bytes, std::string_view what,
                 const std::function<bool(std::string_view line)>& take);

struct FileStamp {
  std::int64_t mtime_ns = 0, bytes = 0;
  std::uint64_t inode = 0;  // 0: no file
  friend bool operator==(const FileStamp&, const FileStamp&) = default;
};
FileStamp stamp_of(const std::filesystem::path& file);

template <typename Table>
class WatchedFile {
 public:
  explicit WatchedFile(std::filesystem::path file) : file_(std::move(file)), lock_file_(file_.string() + ".lock") {}

  std::shared_ptr<const Table> table() const {
    const std::lock_guard lock(mutex_);
    return table_;
  }

  Status reload() {
    const FileStamp stamp = stamp_of(file_);  // before the read: a change in between is noticed next time
    auto fresh = Table::read(file_);
    if (!fresh) return std::unexpected(fresh.error());
    const std::lock_guard lock(mutex_);
    table_ = std::move(*fresh);
    stamp_ = stamp;
    return {};
  }

  std::shared_ptr<const Table> look(Instant now) {
    std::int64_t due = next_look_micros_.load(std::memory_order_relaxed);
    const std::int64_t micros = to_micros(now);
    // Relaxed: this only elects one thread per second; the table itself is guarded by the mutex.
    const bool early = micros < due && due - micros <= 1'000'000;
    if (!early && next_look_micros_.compare_exchange_strong(due, micros + 1'000'000, std::memory_order_relaxed) &&
        stamp_of(file_) != known_stamp())
      static_cast<void>(reload());  // a damaged file: what was good stays good, the next second tries again
    return table();
  }

  // `change` answers the file's new text for the table it is given.
  template <typename Change>
  Status rewrite(Change&& change) {
    auto lock = FileLock::acquire(lock_file_);
    if (!lock) return std::unexpected(lock.error());
    AYBIZA_TRY(reload());
    const Result<std::string> text = change(*table());
    if (!text) return std::unexpected(text.error());
    AYBIZA_TRY(replace_file(file_, *text, 0600));
    return reload();
  }

 private:
  FileStamp known_stamp() const {
    const std::lock_guard lock(mutex_);
    return stamp_;
  }

  const std::filesystem::path file_, lock_file_;
  mutable std::mutex mutex_;  // guards table_ and stamp_
  std::shared_ptr<const Table> table_;
  FileStamp stamp_;
  std::atomic<std::int64_t> next_look_micros_{INT64_MIN};
};

}  // namespace aybiza::auth
