#include "store/archive_files.h"

#include <fcntl.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

namespace aybiza {
namespace {

namespace fs = std::filesystem;

Status sync_path(const fs::path& path, int flags) {
  const int file = ::open(path.c_str(), flags | O_CLOEXEC);
  const bool done = file >= 0 && ::fsync(file) == 0;
  const int error = errno;
  if (file >= 0) ::close(file);
  return done ? Status{} : fail(Code::io, "{}: {}", path.string(), std::generic_category().message(error));
}

// Names of directories, too, are on disk before rows leave the table.
Status sync_up(const fs::path& file, const fs::path& top) {
  AYBIZA_TRY(sync_path(file, O_RDONLY));
  for (fs::path at = file.parent_path();; at = at.parent_path()) {
    AYBIZA_TRY(sync_path(at, O_RDONLY | O_DIRECTORY));
    if (at == top || at == at.root_path()) return sync_path(top.parent_path().empty() ? "." : top.parent_path(), O_RDONLY | O_DIRECTORY);
  }
}

Status make_private(const fs::path& directory, const fs::path& top) {
  std::error_code error;
  fs::create_directories(directory, error);
  if (error) return fail(Code::io, "cannot make {}: {}", directory.string(), error.message());
  for (fs::path at = directory;; at = at.parent_path()) {
    fs::permissions(at, fs::perms::owner_all, error);
    if (at == top || at == at.root_path()) return {};
  }
}

}  // namespace

std::vector<std::string_view> archive_keys(Table table) {
  switch (table) {
    case Table::call_analytics: return {"call_id"};
    case Table::conversation_turns: return {"call_id", "turn_number"};
    case Table::metric_values:
    case Table::metric_distributions: return {};
    default: return {"event_id"};
  }
}

std::string archive_order(Table table) {
  const auto keys = archive_keys(table);
  return keys.empty() ? "time, series, rowid" : fmt::format("time, {}", fmt::join(keys, ", "));
}

std::string same_archive_key(Table table, std::string_view old, std::string_view other) {
  std::string out;
  for (const std::string_view key : archive_keys(table)) out += fmt::format("{}{}.{} = {}.{}", out.empty() ? "" : " AND ", old, key, other, key);
  return out;
}

ArchivedSlice grown_slice(Table table, Instant from, Instant to, const std::vector<ArchivedSlice>& there) {
  ArchivedSlice out{.table = table, .from = from, .to = to, .file = {}, .rows = 0, .replaced = {}};
  for (bool grown = true; std::exchange(grown, false);)
    for (const ArchivedSlice& old : there)
      if (old.from < out.to && old.to > out.from && (old.from < out.from || old.to > out.to)) out.from = std::min(out.from, old.from), out.to = std::max(out.to, old.to), grown = true;
  for (const ArchivedSlice& old : there)
    if (old.from < out.to && old.to > out.from) out.replaced.push_back(old.file);
  return out;
}

Result<std::string> begin_archive_file(const std::string& folder, ArchivedSlice& slice) {
  const std::string stamp = format_rfc3339(slice.from);  // 2026-11-21T09:00:00Z
  const std::string day = fmt::format("{}/day={}", to_string(slice.table), stamp.substr(0, 10));
  AYBIZA_TRY(make_private(fs::path(folder) / day, folder));
  for (int n = 1; slice.file.empty() || fs::exists(fs::path(folder) / slice.file); ++n) slice.file = fmt::format("{}/{}{}-{}.parquet", day, stamp.substr(11, 2), stamp.substr(14, 2), n);
  return folder + "/" + slice.file + ".tmp";
}

Status finish_archive_file(const std::string& folder, const ArchivedSlice& slice) {
  const fs::path path = fs::path(folder) / slice.file, raw = path.string() + ".tmp";
  std::error_code error;
  fs::permissions(raw, fs::perms::owner_read | fs::perms::owner_write, error);
  if (!error) fs::rename(raw, path, error);
  if (error) return fail(Code::io, "{}: {}", raw.string(), error.message());
  return sync_up(path, folder);
}

void remove_unlisted_files(const std::string& folder, const std::vector<std::string>& known) {
  std::error_code error;
  for (fs::recursive_directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
    const std::string file = at->path().lexically_relative(folder).string();
    const bool ours = file.ends_with(".parquet") || file.ends_with(".parquet.tmp");
    std::error_code ignored;  // tried again at the next start
    if (ours && at->is_regular_file(ignored) && std::ranges::find(known, file) == known.end()) fs::remove(at->path(), ignored);
  }
}

}  // namespace aybiza
