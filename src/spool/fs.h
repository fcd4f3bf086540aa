// The file seam: the few calls on files that the spool makes, so that a test can be a disk that fails, fills and forgets.
//
// Shape    Fs opens and names files, File reads and writes one by position. PosixFs is Linux; SimFs (sim_fs.h) is the
//          simulated disk of the tests.
// Errors   Code::unavailable "no space" for ENOSPC and EDQUOT, not_found for ENOENT, conflict for a held lock, io otherwise.
// Threads  Fs from any thread; a File from any thread, but two writers to the same bytes race.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace aybiza::spool {

class File {
 public:
  virtual ~File() = default;
  // Bytes read; fewer than asked only at the end of the file.
  virtual Result<std::size_t> pread(std::span<char> into, std::uint64_t position) const = 0;
  virtual Status pwrite(std::string_view bytes, std::uint64_t position) = 0;  // all of them, or an error
  virtual Status sync() = 0;                                                  // fdatasync
  virtual Status truncate(std::uint64_t bytes) = 0;
  virtual Result<std::uint64_t> size() const = 0;
  virtual Status lock() = 0;  // exclusive, held until the File dies; conflict when somebody else holds it
};

enum class OpenMode { read, write, create };  // create: made when absent, opened as it is when present

struct Space {
  std::uint64_t free_bytes = 0, total_bytes = 0;
};

class Fs {
 public:
  virtual ~Fs() = default;
  virtual Result<std::unique_ptr<File>> open(const std::string& path, OpenMode mode) = 0;
  virtual Status make_directory(const std::string& path) = 0;  // with its parents; present is fine
  virtual Status sync_directory(const std::string& path) = 0;
  virtual Status rename(const std::string& from, const std::string& to) = 0;
  virtual Status unlink(const std::string& path) = 0;
  virtual Result<std::vector<std::string>> list(const std::string& directory) = 0;  // names of files, sorted
  virtual Result<Space> space(const std::string& directory) = 0;
};

Fs& posix_fs();

}  // namespace aybiza::spool
