// A backup on disk: a folder with a manifest that names every file, its size and its checksum.
//
// Shape    <folder>/manifest.json, manifest.blake2b (the manifest's own checksum) and data/, laid out as a data directory. It
//          is written as <folder>.partial and renamed when every byte is on disk, so a folder of the plain name is whole; what a
//          killed writer left is removed by the next one of that name.
// Errors   begin: conflict when the folder exists. check: corrupt with the name of the file that is not what was written,
//          unsupported for a manifest of a newer version. restore: conflict when the target holds anything; it is touched only
//          after every checksum was found right.
// Cost     one pass over the bytes (BLAKE2b-256, about 1 GB/s); two to restore.
// Threads  one at a time; Progress: written by the one who works, read and cancelled by any.
// Source   RFC 7693; docs/backup.md.
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace aybiza {

inline constexpr int backup_version = 1;

struct BackupFile {
  std::string path;  // below data/
  std::uint64_t bytes = 0;
  std::string digest;  // BLAKE2b-256 in hexadecimal
};

struct BackupManifest {
  int version = backup_version;
  std::string created, engine;              // RFC 3339; duckdb, or postgres: then its rows are not in here
  int schema = 0;                           // the last migration of the store's file; 0: no store in here
  std::uint64_t applied = 0;                // rows and rollups stand for the log up to here
  std::uint64_t log_first = 0, log_last = 0;  // events in the segments; log_last is the last that the backup holds
  std::vector<BackupFile> files;
};
std::string to_json(const BackupManifest& manifest);
Result<BackupManifest> parse_backup_manifest(std::string_view json);

struct BackupProgress {
  std::atomic<std::uint64_t> done_bytes{0}, total_bytes{0};
  std::atomic<bool> cancelled{false};
};

// Reads some bytes from a place of what is copied; fewer than asked only at its end.
using ByteSource = std::function<Result<std::size_t>(std::span<char> into, std::uint64_t at)>;

class BackupWriter {
 public:
  static Result<BackupWriter> begin(const std::filesystem::path& folder, BackupProgress& progress);
  BackupWriter(BackupWriter&& other) noexcept;
  BackupWriter& operator=(BackupWriter&&) = delete;
  ~BackupWriter();  // removes what was not published

  Status add(const std::string& path, std::uint64_t bytes, const ByteSource& source);
  // A file as it is; `bytes` fewer than it has: its beginning. A file that is not there is left out.
  Status add_file(const std::string& path, const std::filesystem::path& file, std::uint64_t bytes = ~std::uint64_t(0));
  // Everything below a directory that may be in a backup, but for what `leave` names by its path in the data directory.
  Status add_tree(const std::filesystem::path& data, const std::string& below, const std::function<bool(const std::string& path)>& leave);
  Status publish(BackupManifest manifest);

 private:
  BackupWriter(std::filesystem::path folder, BackupProgress& progress);
  const std::filesystem::path folder_, partial_;
  BackupProgress* progress_;
  std::vector<BackupFile> files_;
  bool open_ = true;
};

Result<BackupFile> file_digest(const std::filesystem::path& file);  // its size and checksum

// Reads every byte of a backup and compares.
Result<BackupManifest> check_backup(const std::filesystem::path& folder, BackupProgress& progress);
// Copies a backup that was checked to `target`, which becomes there as a whole.
Status copy_backup(const std::filesystem::path& folder, const BackupManifest& manifest, const std::filesystem::path& target, BackupProgress& progress,
                   const std::function<Status(const std::filesystem::path& restored)>& before_it_is_there);

}  // namespace aybiza
