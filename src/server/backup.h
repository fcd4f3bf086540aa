// A backup of a data directory beside its use: what the store has, the log from there on, live state, keys and settings.
//
// Shape    the order is what makes it consistent: segments are held; the snapshot's files are opened; the store is checkpointed
//          at an offset that is not below the snapshot's; the dedup log is copied at rest, so that it knows no event that the log
//          copied after it lacks; then the log as far as it is acknowledged; then small files. The store's file is read while
//          rows go on. So a restored directory is one in which every acknowledged event up to manifest.log_last counts once.
// Errors   conflict: the folder exists, or another backup runs; unavailable: called off, the hold broke, or readers were in the
//          way of a checkpoint. What was written is removed then.
// Threads  one at a time, any; progress as in backup_files.h.
// Source   docs/backup.md; reliability.md U-4.
#pragma once

#include <filesystem>

#include "server/backup_files.h"
#include "server/pipeline.h"

namespace aybiza {

Result<BackupManifest> back_up(Pipeline& pipeline, const std::filesystem::path& data, const std::filesystem::path& folder, BackupProgress& progress);

struct RestoreOptions {
  std::filesystem::path from, data;
  std::filesystem::path forgotten;  // privacy_audit of the directory it stands in for: whom it forgot since is forgotten here too
};
// Into a directory that is empty or not there; nothing is there before every checksum was found right.
Result<BackupManifest> restore(const RestoreOptions& options, BackupProgress& progress);

}  // namespace aybiza
