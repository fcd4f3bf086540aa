// The snapshot of live state on disk: all shards at one offset, replaced as a whole.
//
// Shape    one file: magic, version, offset, shard count, sizes, bytes, and a hash of all of it. Written beside, synced,
//          renamed: a crash leaves the old one.
// Errors   load: not_found without a file, corrupt when the hash differs, unsupported for a newer version.
// Threads  functions of their arguments.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/status.h"

namespace aybiza {

struct SnapshotFile {
  std::uint64_t offset = 0;
  std::vector<std::string> shards;
};

Result<SnapshotFile> load_snapshot(const std::filesystem::path& file);
Status save_snapshot(const std::filesystem::path& file, std::uint64_t offset, const std::vector<std::string>& shards);

}  // namespace aybiza
