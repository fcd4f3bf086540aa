#include "auth/file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace aybiza::auth {
namespace {

std::unexpected<Error> system_failure(std::string_view doing, const std::filesystem::path& file) {
  const int error = errno;
  return fail(error == ENOENT ? Code::not_found : Code::io, "{} {}: {}", doing, file.string(), std::strerror(error));
}

struct Descriptor {
  int fd;
  ~Descriptor() {
    if (fd >= 0) ::close(fd);
  }
};

Status write_all(int fd, std::string_view bytes, const std::filesystem::path& file) {
  while (!bytes.empty()) {
    const ssize_t wrote = ::write(fd, bytes.data(), bytes.size());
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) return system_failure("writing", file);
    bytes.remove_prefix(static_cast<std::size_t>(wrote));
  }
  return {};
}

Status sync_directory(const std::filesystem::path& directory) {
  const Descriptor d{::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (d.fd < 0 || ::fsync(d.fd) != 0) return system_failure("syncing", directory);
  return {};
}

}  // namespace

Result<std::string> read_file(const std::filesystem::path& file) {
  const Descriptor d{::open(file.c_str(), O_RDONLY | O_CLOEXEC)};
  if (d.fd < 0) return system_failure("opening", file);
  std::string out;
  char buffer[16384];
  for (;;) {
    const ssize_t got = ::read(d.fd, buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return system_failure("reading", file);
    if (got == 0) return out;
    out.append(buffer, static_cast<std::size_t>(got));
  }
}

Status replace_file(const std::filesystem::path& file, std::string_view bytes, unsigned mode) {
  auto beside = file;
  beside += ".new";
  {
    const Descriptor d{::open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode)};
    if (d.fd < 0) return system_failure("making", beside);
    if (::fchmod(d.fd, mode) != 0) return system_failure("protecting", beside);
    AYBIZA_TRY(write_all(d.fd, bytes, beside));
    if (::fsync(d.fd) != 0) return system_failure("syncing", beside);
  }
  if (::rename(beside.c_str(), file.c_str()) != 0) return system_failure("renaming", beside);
  return sync_directory(file.parent_path());
}

Result<FileLock> FileLock::acquire(const std::filesystem::path& file) {
  const int fd = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) return system_failure("opening", file);
  while (::flock(fd, LOCK_EX) != 0) {
    if (errno == EINTR) continue;
    auto failure = system_failure("locking", file);
    ::close(fd);
    return failure;
  }
  return FileLock(fd);
}

FileLock::~FileLock() {
  if (fd_ >= 0) ::close(fd_);  // closing unlocks
}

}  // namespace aybiza::auth
