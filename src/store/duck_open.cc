#include "store/duck_open.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <filesystem>

#include "base/limits.h"
#include "store/duck_log.h"

namespace aybiza {
namespace {

namespace fs = std::filesystem;

Result<DuckDatabase> open_file(const std::string& path, const DuckOpening& options) {
  Handle<duckdb_config, duckdb_destroy_config> config;
  if (duckdb_create_config(config.out()) != DuckDBSuccess) return fail(Code::io, "no memory for the store's settings");
  const std::pair<const char*, std::string> settings[] = {
      {"memory_limit", fmt::format("{}MiB", options.memory_bytes / limits::MiB)},
      {"threads", fmt::format("{}", options.threads)},
      {"temp_directory", options.scratch},
      {"autoinstall_known_extensions", "false"},
      {"autoload_known_extensions", "false"},
      {"checkpoint_threshold", "1TB"},  // the writer checkpoints itself, so that it knows what a checkpoint holds
  };
  for (const auto& [name, value] : settings)
    if (duckdb_set_config(config.get(), name, value.c_str()) != DuckDBSuccess)
      return fail(Code::unsupported, "the store engine refuses the setting {} = {}", name, value);
  DuckDatabase database;
  char* error = nullptr;
  if (duckdb_open_ext(path.c_str(), database.out(), config.get(), &error) != DuckDBSuccess) {
    auto failure = duck_error(error, path);
    duckdb_free(error);
    return failure;
  }
  return database;
}

}  // namespace

Result<DuckDatabase> open_or_repair(const std::string& path, const DuckOpening& options, std::string& repaired) {
  const std::string log = path + ".wal";
  if (const auto cut = cut_uncommitted(log); !cut) return std::unexpected(cut.error());
  auto database = open_file(path, options);
  if (database || database.error().code != Code::corrupt || !fs::exists(log)) return database;
  std::string aside;
  for (int i = 1; aside.empty() || fs::exists(aside); ++i) aside = fmt::format("{}.damaged-{}", log, i);
  std::error_code failed;
  fs::rename(log, aside, failed);
  if (failed) return database;
  auto again = open_file(path, options);
  if (!again) {
    fs::rename(aside, log, failed);  // nothing was gained: leave everything as it was found
    return database;
  }
  repaired = fmt::format("the store's log was damaged ({}); it was moved to {} and the store opened at its last checkpoint",
                         database.error().message, aside);
  return again;
}

FileLock::~FileLock() {
  if (file_ >= 0) ::close(file_);
}

Status FileLock::take(const std::string& path) {
  file_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (file_ < 0) return fail(Code::io, "{}: {}", path, std::generic_category().message(errno));
  if (::flock(file_, LOCK_EX | LOCK_NB) != 0)
    return fail(Code::conflict, "{} is held by another process: stop it, or use another data directory", path);
  return {};
}

}  // namespace aybiza
