#include "server/backup.h"

#include <fcntl.h>
#include <unistd.h>

#include <thread>

#include "auth/file.h"
#include "base/limits.h"
#include "server/restore_forgotten.h"
#include "server/snapshot_file.h"
#include "store/migrate.h"

namespace aybiza {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

// The newest snapshot, open: its parts may lose their names while they are read.
class OpenSnapshot {
 public:
  OpenSnapshot() = default;
  OpenSnapshot(const OpenSnapshot&) = delete;
  OpenSnapshot& operator=(const OpenSnapshot&) = delete;
  ~OpenSnapshot() { close(); }

  void open(const fs::path& data) {
    // Another one may take its place between the look at its name and the last of its parts.
    for (int tries = 0; tries < 10 && !try_open(data); ++tries) close();
  }
  std::uint64_t bytes() const {
    std::uint64_t sum = head_.size();
    for (const Part& part : parts_) sum += part.bytes;
    return sum;
  }
  Status add_to(BackupWriter& writer) const {
    if (parts_.empty()) return {};
    for (const Part& part : parts_) {
      const auto read = [&](std::span<char> into, std::uint64_t at) -> Result<std::size_t> {
        const ssize_t got = ::pread(part.file, into.data(), into.size(), off_t(at));
        if (got < 0) return fail(Code::io, "reading {}: {}", part.name, std::generic_category().message(errno));
        return std::size_t(got);
      };
      AYBIZA_TRY(writer.add(part.name, part.bytes, read));
    }
    return writer.add("live.snapshot", head_.size(), [&](std::span<char> into, std::uint64_t at) -> Result<std::size_t> {
      return head_.copy(into.data(), into.size(), std::size_t(at));
    });
  }

 private:
  struct Part {
    std::string name;
    std::uint64_t bytes = 0;
    int file = -1;
  };
  bool try_open(const fs::path& data) {
    const auto head = auth::read_file(snapshot_file(data));
    const auto snapshot = load_snapshot(data);
    if (!head || !snapshot) return !head && head.error().code == Code::not_found;
    head_ = *head;
    for (std::size_t i = 0; i < snapshot->sizes.size(); ++i) {
      const fs::path path = snapshot_part_file(data, *snapshot, i);
      const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
      if (file < 0) return false;
      parts_.push_back({path.filename().string(), snapshot->sizes[i], file});
    }
    const auto still = auth::read_file(snapshot_file(data));
    return still && *still == head_;
  }
  void close() {
    for (const Part& part : parts_) ::close(part.file);
    parts_.clear();
  }
  std::string head_;
  std::vector<Part> parts_;
};

// What is not copied as it lies there: it is copied in its own way, or is nobody's tomorrow.
bool left_out(const std::string& path) {
  const auto ends = [&](std::string_view suffix) { return path.ends_with(suffix); };
  return path == "spool" || path == "cold" || path == "store.tmp" || path.starts_with("store.duckdb") || path.starts_with("live.snapshot") || path == "prices.orders" ||
         ends(".lock") || ends(".new") || ends(".tmp") || ends(".partial");
}

Result<std::unique_ptr<StoreCopy>> copy_of(Pipeline& pipeline, const BackupProgress& progress) {
  for (int tries = 1;; ++tries) {
    auto copy = pipeline.store().begin_copy();
    const bool again = !copy && copy.error().code != Code::unsupported && copy.error().code != Code::conflict;
    if (!again || tries == limits::backup_checkpoint_tries || progress.cancelled) return copy;
    std::this_thread::sleep_for(250ms);
  }
}

Status inside(const fs::path& folder, const fs::path& data) {
  std::error_code error;
  const fs::path place = fs::weakly_canonical(folder, error), home = fs::weakly_canonical(data, error);
  const auto [of_home, of_place] = std::mismatch(home.begin(), home.end(), place.begin(), place.end());
  if (of_home != home.end()) return {};
  return fail(Code::invalid, "{} lies in the data directory: a backup belongs on another disk", folder.string());
}

}  // namespace

Result<BackupManifest> back_up(Pipeline& pipeline, const fs::path& data, const fs::path& folder, BackupProgress& progress) {
  AYBIZA_TRY(inside(folder, data));
  auto writer = BackupWriter::begin(folder, progress);
  if (!writer) return std::unexpected(writer.error());
  spool::Spool& log = pipeline.spool();
  const spool::Spool::Hold hold = log.hold();
  const fs::path spool = data / "spool";
  BackupManifest manifest{.created = format_rfc3339(pipeline.clock().now()), .engine = pipeline.store().stats().engine, .files = {}};

  // Orders that the log copied later does not hold must not be told of.
  AYBIZA_TRY(writer->add_file("prices.orders", data / "prices.orders"));
  OpenSnapshot snapshot;
  snapshot.open(data);
  const auto store = copy_of(pipeline, progress);
  if (!store && store.error().code != Code::unsupported) return std::unexpected(store.error());
  std::error_code error;
  if (fs::is_directory(spool / "dedup", error)) AYBIZA_TRY(log.at_rest([&] { return writer->add_tree(data, "spool/dedup", left_out); }));
  const auto parts = log.parts();
  if (!parts) return std::unexpected(parts.error());
  manifest.log_first = parts->first.value, manifest.log_last = parts->last.value;
  progress.total_bytes = progress.done_bytes + snapshot.bytes() + (store ? (*store)->bytes() : 0);
  for (const auto& part : parts->segments) progress.total_bytes += part.bytes;

  AYBIZA_TRY(writer->add_tree(data, "", left_out));
  AYBIZA_TRY(snapshot.add_to(*writer));
  AYBIZA_TRY(writer->add_file("spool/format", spool / "format"));
  if (fs::is_directory(spool / "quarantine", error)) AYBIZA_TRY(writer->add_tree(data, "spool/quarantine", left_out));
  if (store) {
    manifest.applied = (*store)->applied(), manifest.schema = duckdb_migrations().back().version;
    AYBIZA_TRY(writer->add(std::string((*store)->name()), (*store)->bytes(), [&](std::span<char> into, std::uint64_t at) { return (*store)->read(into, at); }));
    AYBIZA_TRY((*store)->intact());
  }
  for (const auto& part : parts->segments) AYBIZA_TRY(writer->add_file("spool/" + part.name, spool / part.name, part.bytes));
  if (!*hold) return fail(Code::unavailable, "the log grew too much while it was copied, so the copy was given up: copy to a faster disk");
  AYBIZA_TRY(writer->publish(manifest));
  return manifest;
}

Result<BackupManifest> restore(const RestoreOptions& options, BackupProgress& progress) {
  const auto manifest = check_backup(options.from, progress);
  if (!manifest) return manifest;
  if (manifest->schema > duckdb_migrations().back().version)
    return fail(Code::unsupported, "the store of this backup is of version {}, this program knows {}: restore it with the program that made it, or a newer one", manifest->schema,
                duckdb_migrations().back().version);
  AYBIZA_TRY(copy_backup(options.from, *manifest, options.data, progress, [&](const fs::path& restored) -> Status {
    return options.forgotten.empty() ? Status{} : forget_again(restored, options.forgotten, manifest->created);
  }));
  return manifest;
}

}  // namespace aybiza
