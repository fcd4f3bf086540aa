// The snapshot of live state on disk: all shards at one offset, replaced as a whole.
//
// Shape    live.snapshot names an offset and the sizes of its parts, live.snapshot.<offset>.<shard>, which the shards
//          write themselves, a piece at a time. Parts are synced before the name is; a crash leaves the older snapshot,
//          and parts that nothing names are removed. A part is frames of zstd, each "packed size, size" (u32, little
//          endian) before it. What is inside, its checksum too, is the shard's business.
// Errors   load: not_found without one, corrupt when a part is missing or cut, unsupported for another version's.
// Cost     packing about 2 ns a byte (zstd, its fastest level), to a quarter; loading holds one whole part.
// Threads  a SnapshotPart belongs to one; the functions to whoever owns the directory.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace aybiza {

class SnapshotPart {
 public:
  SnapshotPart() = default;
  SnapshotPart(SnapshotPart&& other) noexcept;
  SnapshotPart& operator=(SnapshotPart&&) = delete;
  ~SnapshotPart();

  void open(const std::filesystem::path& directory, std::uint64_t offset, std::size_t shard);
  void open(const std::filesystem::path& file);
  void append(std::string_view piece);  // after a failure nothing more is written
  const Status& state() const { return state_; }
  std::uint64_t bytes() const { return bytes_; }
  Status sync();                        // the first failure, or that of syncing

 private:
  int file_ = -1;
  std::uint64_t bytes_ = 0, started_ = 0;  // up to here writing to the disk has begun
  std::string path_, packed_;
  Status state_;
};

// Syncs the parts and makes them the snapshot. The parts of other offsets are gone afterwards.
Status publish_snapshot(const std::filesystem::path& directory, std::uint64_t offset, std::vector<SnapshotPart>& parts);

struct Snapshot {
  std::uint64_t offset = 0;
  std::vector<std::uint64_t> sizes;  // of the parts, as they are on disk
};
Result<Snapshot> load_snapshot(const std::filesystem::path& directory);
std::filesystem::path snapshot_file(const std::filesystem::path& directory);
std::filesystem::path snapshot_part_file(const std::filesystem::path& directory, const Snapshot& snapshot, std::size_t shard);
Result<std::string> load_frames(const std::filesystem::path& file, std::uint64_t bytes);  // what append() was given; `bytes` as it says
Result<std::string> load_part(const std::filesystem::path& directory, const Snapshot& snapshot, std::size_t shard);

}  // namespace aybiza
