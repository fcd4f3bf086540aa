#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "spool/fs.h"

namespace aybiza::spool {
namespace {

std::unexpected<Error> refused(std::string_view call, const std::string& path) {
  const int error = errno;
  const Code code = error == ENOSPC || error == EDQUOT ? Code::unavailable
                    : error == ENOENT                  ? Code::not_found
                                                       : Code::io;
  return fail(code, "{} {}: {}", call, path, error == ENOSPC ? "no space left on the disk" : std::strerror(error));
}

class PosixFile final : public File {
 public:
  PosixFile(int descriptor, std::string path) : descriptor_(descriptor), path_(std::move(path)) {}
  ~PosixFile() override { ::close(descriptor_); }
  PosixFile(const PosixFile&) = delete;  // owns the descriptor; share it by shared_ptr
  PosixFile& operator=(const PosixFile&) = delete;

  Result<std::size_t> pread(std::span<char> into, std::uint64_t position) const override {
    std::size_t done = 0;
    while (done < into.size()) {
      const ssize_t got = ::pread(descriptor_, into.data() + done, into.size() - done, off_t(position + done));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return refused("reading", path_);
      if (got == 0) break;
      done += std::size_t(got);
    }
    return done;
  }

  Status pwrite(std::string_view bytes, std::uint64_t position) override {
    while (!bytes.empty()) {
      const ssize_t put = ::pwrite(descriptor_, bytes.data(), bytes.size(), off_t(position));
      if (put < 0 && errno == EINTR) continue;
      if (put < 0) return refused("writing", path_);
      bytes.remove_prefix(std::size_t(put));
      position += std::size_t(put);
    }
    return {};
  }

  Status sync() override {
    // EINTR included: whatever went wrong, this file's pages can no longer be trusted (reliability.md 3.1 rule 5).
    if (::fdatasync(descriptor_) != 0) return refused("flushing", path_);
    return {};
  }

  Status truncate(std::uint64_t bytes) override {
    if (::ftruncate(descriptor_, off_t(bytes)) != 0) return refused("truncating", path_);
    return {};
  }

  Result<std::uint64_t> size() const override {
    struct stat info{};
    if (::fstat(descriptor_, &info) != 0) return refused("looking at", path_);
    return std::uint64_t(info.st_size);
  }

  Status lock() override {
    if (::flock(descriptor_, LOCK_EX | LOCK_NB) == 0) return {};
    if (errno == EWOULDBLOCK) return fail(Code::conflict, "{} is locked by another process", path_);
    return refused("locking", path_);
  }

 private:
  int descriptor_;
  std::string path_;
};

class PosixFs final : public Fs {
 public:
  Result<std::unique_ptr<File>> open(const std::string& path, OpenMode mode) override {
    const int flags = mode == OpenMode::read ? O_RDONLY : mode == OpenMode::write ? O_RDWR : O_RDWR | O_CREAT;
    const int descriptor = ::open(path.c_str(), flags | O_CLOEXEC, 0600);
    if (descriptor < 0) return refused("opening", path);
    return std::make_unique<PosixFile>(descriptor, path);
  }

  Status make_directory(const std::string& path) override {
    for (std::size_t at = 1; at <= path.size(); ++at) {
      if (at != path.size() && path[at] != '/') continue;
      const std::string part = path.substr(0, at);
      if (::mkdir(part.c_str(), 0700) != 0 && errno != EEXIST) return refused("making", part);
    }
    return {};
  }

  Status sync_directory(const std::string& path) override {
    const int descriptor = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0) return refused("opening", path);
    Status status;
    if (::fsync(descriptor) != 0) status = refused("flushing", path);
    ::close(descriptor);
    return status;
  }

  Status rename(const std::string& from, const std::string& to) override {
    if (::rename(from.c_str(), to.c_str()) != 0) return refused("renaming", from);
    return {};
  }

  Status unlink(const std::string& path) override {
    if (::unlink(path.c_str()) != 0) return refused("removing", path);
    return {};
  }

  Result<std::vector<std::string>> list(const std::string& directory) override {
    DIR* const stream = ::opendir(directory.c_str());
    if (stream == nullptr) return refused("listing", directory);
    std::vector<std::string> names;
    while (const dirent* entry = ::readdir(stream)) {
      if (entry->d_type != DT_DIR) names.emplace_back(entry->d_name);
    }
    ::closedir(stream);
    std::ranges::sort(names);
    return names;
  }

  Result<Space> space(const std::string& directory) override {
    struct statvfs info{};
    if (::statvfs(directory.c_str(), &info) != 0) return refused("looking at", directory);
    return Space{std::uint64_t(info.f_bavail) * info.f_frsize, std::uint64_t(info.f_blocks) * info.f_frsize};
  }
};

}  // namespace

Fs& posix_fs() {
  static PosixFs fs;
  return fs;
}

}  // namespace aybiza::spool
