// The three file operations keys and secrets need: read whole, replace durably, and a lock between processes.
//
// Errors   io with the path and the system's reason; not_found when the file is not there.
// Threads  functions of the file system; none.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "base/status.h"

namespace aybiza::auth {

Result<std::string> read_file(const std::filesystem::path& file);

// Writes beside it, fsyncs, renames over it and fsyncs the directory: afterwards the old or the new file is there, whole.
Status replace_file(const std::filesystem::path& file, std::string_view bytes, unsigned mode);

// Holds an exclusive lock on `file` (made when missing) until it is destroyed. Waits for whoever holds it.
class FileLock {
 public:
  static Result<FileLock> acquire(const std::filesystem::path& file);
  FileLock(FileLock&& other) noexcept : fd_(other.fd_) { other.fd_ = -1; }
  FileLock& operator=(FileLock&&) = delete;
  ~FileLock();

 private:
  explicit FileLock(int fd) : fd_(fd) {}
  int fd_;
};

}  // namespace aybiza::auth
