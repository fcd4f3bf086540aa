#include "server/backup_files.h"

#include <fcntl.h>
#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <set>

#include "auth/file.h"
#include "base/limits.h"

namespace aybiza {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view manifest_name = "manifest.json", digest_name = "manifest.blake2b";
constexpr std::string_view cancelled = "it was called off";

std::unexpected<Error> failed(std::string_view doing, const fs::path& path) {
  const int error = errno;
  return fail(error == ENOENT ? Code::not_found : Code::io, "{} {}: {}", doing, path.string(), std::generic_category().message(error));
}

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const { return fd_; }

 private:
  int fd_;
};

class Digest {
 public:
  Digest() { crypto_generichash_init(&state_, nullptr, 0, crypto_generichash_BYTES); }
  void add(std::string_view bytes) { crypto_generichash_update(&state_, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size()); }
  std::string hex() {
    unsigned char out[crypto_generichash_BYTES];
    crypto_generichash_final(&state_, out, sizeof out);
    std::string text;
    for (const unsigned char byte : out) text += fmt::format("{:02x}", byte);
    return text;
  }

 private:
  crypto_generichash_state state_;
};

std::string digest_of(std::string_view bytes) {
  Digest digest;
  digest.add(bytes);
  return digest.hex();
}

ByteSource source_of(int fd, const fs::path& path) {
  return [fd, path](std::span<char> into, std::uint64_t at) -> Result<std::size_t> {
    for (;;) {
      const ssize_t got = ::pread(fd, into.data(), into.size(), off_t(at));
      if (got >= 0) return std::size_t(got);
      if (errno != EINTR) return failed("reading", path);
    }
  };
}

// Pieces of a source, hashed on the way to `take`; answers how many bytes there were.
Result<std::uint64_t> pump(std::uint64_t bytes, const ByteSource& source, Digest& digest, BackupProgress& progress, const std::function<Status(std::string_view, std::uint64_t)>& take) {
  std::string piece(limits::backup_piece_bytes, '\0');
  std::uint64_t at = 0;
  while (at < bytes) {
    if (progress.cancelled) return fail(Code::unavailable, "{}", cancelled);
    const auto got = source(std::span(piece).first(std::size_t(std::min<std::uint64_t>(piece.size(), bytes - at))), at);
    if (!got) return std::unexpected(got.error());
    if (*got == 0) break;
    const std::string_view part = std::string_view(piece).substr(0, *got);
    digest.add(part);
    if (take) AYBIZA_TRY(take(part, at));
    at += *got;
    progress.done_bytes += *got;
  }
  return at;
}

Status write_at(int fd, std::string_view bytes, std::uint64_t at, const fs::path& path) {
  while (!bytes.empty()) {
    const ssize_t wrote = ::pwrite(fd, bytes.data(), bytes.size(), off_t(at));
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) return failed("writing", path);
    bytes.remove_prefix(std::size_t(wrote));
    at += std::uint64_t(wrote);
  }
  return {};
}

Status make_directories(const fs::path& path) {
  std::error_code error;
  if (fs::is_directory(path, error)) return {};
  if (path.has_parent_path()) AYBIZA_TRY(make_directories(path.parent_path()));
  if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) return failed("making", path);
  return {};
}

// A new file of mode 0600 with what the source gives; synced.
Result<BackupFile> copy(const fs::path& to, const std::string& name, std::uint64_t bytes, const ByteSource& source, BackupProgress& progress) {
  AYBIZA_TRY(make_directories(to.parent_path()));
  const Descriptor out(::open(to.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (out.get() < 0) return failed("making", to);
  Digest digest;
  const auto copied = pump(bytes, source, digest, progress, [&](std::string_view part, std::uint64_t at) { return write_at(out.get(), part, at, to); });
  if (!copied) return std::unexpected(copied.error());
  if (::fsync(out.get()) != 0) return failed("syncing", to);
  return BackupFile{name, *copied, digest.hex()};
}

Status sync_directory(const fs::path& path) {
  const Descriptor directory(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (directory.get() < 0 || ::fsync(directory.get()) != 0) return failed("syncing", path);
  return {};
}

Status sync_tree(const fs::path& top) {
  std::error_code error;
  for (fs::recursive_directory_iterator at(top, error), end; !error && at != end; at.increment(error))
    if (at->is_directory()) AYBIZA_TRY(sync_directory(at->path()));
  if (error) return fail(Code::io, "reading {}: {}", top.string(), error.message());
  return sync_directory(top);
}

fs::path beside(fs::path path, std::string_view suffix) {
  path += suffix;
  return path;
}

fs::path parent_of(const fs::path& path) { return path.has_parent_path() ? path.parent_path() : fs::path("."); }

// Into its place as a whole: afterwards it is there by this name, or nothing is.
Status move_into_place(const fs::path& from, const fs::path& to) {
  AYBIZA_TRY(sync_tree(from));
  if (::rename(from.c_str(), to.c_str()) != 0) return failed("renaming to", to);
  return sync_directory(parent_of(to));
}

}  // namespace

BackupWriter::BackupWriter(fs::path folder, BackupProgress& progress)
    : folder_(std::move(folder)), partial_(beside(folder_, ".partial")), progress_(&progress) {}

BackupWriter::BackupWriter(BackupWriter&& other) noexcept
    : folder_(other.folder_), partial_(other.partial_), progress_(other.progress_), files_(std::move(other.files_)), open_(std::exchange(other.open_, false)) {}

BackupWriter::~BackupWriter() {
  std::error_code ignored;  // the next backup of this name removes it
  if (open_) fs::remove_all(partial_, ignored);
}

Result<BackupWriter> BackupWriter::begin(const fs::path& folder, BackupProgress& progress) {
  std::error_code error;
  if (fs::exists(folder, error)) return fail(Code::conflict, "{} exists already: choose a name that is free, a backup never overwrites one", folder.string());
  if (!fs::is_directory(parent_of(folder), error)) return fail(Code::not_found, "there is no directory {}: make it first", parent_of(folder).string());
  BackupWriter writer(folder, progress);
  fs::remove_all(writer.partial_, error);
  if (error) return fail(Code::io, "{}: {}", writer.partial_.string(), error.message());
  if (::mkdir(writer.partial_.c_str(), 0700) != 0) return failed("making", writer.partial_);
  if (::mkdir((writer.partial_ / "data").c_str(), 0700) != 0) return failed("making", writer.partial_ / "data");
  return writer;
}

Status BackupWriter::add(const std::string& path, std::uint64_t bytes, const ByteSource& source) {
  auto file = copy(partial_ / "data" / path, path, bytes, source, *progress_);
  if (!file) return std::unexpected(file.error());
  files_.push_back(std::move(*file));
  return {};
}

Status BackupWriter::add_file(const std::string& path, const fs::path& file, std::uint64_t bytes) {
  const Descriptor in(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  if (in.get() < 0 && errno == ENOENT) return {};
  if (in.get() < 0) return failed("reading", file);
  return add(path, bytes, source_of(in.get(), file));
}

Status BackupWriter::add_tree(const fs::path& data, const std::string& below, const std::function<bool(const std::string&)>& leave) {
  std::error_code error;
  std::set<std::string> names;  // in order, and not while others add to it
  for (const auto& entry : fs::directory_iterator(data / below, error)) names.insert(entry.path().filename().string());
  if (error) return fail(Code::io, "reading {}: {}", (data / below).string(), error.message());
  for (const std::string& name : names) {
    const std::string path = below.empty() ? name : below + "/" + name;
    if (leave(path)) continue;
    const fs::file_status status = fs::symlink_status(data / path, error);
    if (fs::is_directory(status)) AYBIZA_TRY(add_tree(data, path, leave));
    else if (fs::is_regular_file(status)) AYBIZA_TRY(add_file(path, data / path));
  }
  return {};
}

Status BackupWriter::publish(BackupManifest manifest) {
  manifest.files = std::move(files_);
  const std::string text = to_json(manifest);
  AYBIZA_TRY(auth::replace_file(partial_ / manifest_name, text, 0600));
  AYBIZA_TRY(auth::replace_file(partial_ / digest_name, digest_of(text) + "\n", 0600));
  if (progress_->cancelled) return fail(Code::unavailable, "{}", cancelled);
  AYBIZA_TRY(move_into_place(partial_, folder_));
  open_ = false;
  return {};
}

Result<BackupFile> file_digest(const fs::path& file) {
  const Descriptor in(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  if (in.get() < 0) return failed("reading", file);
  Digest digest;
  BackupProgress nobody;
  const auto bytes = pump(~std::uint64_t(0), source_of(in.get(), file), digest, nobody, {});
  if (!bytes) return std::unexpected(bytes.error());
  return BackupFile{file.string(), *bytes, digest.hex()};
}

Result<BackupManifest> check_backup(const fs::path& folder, BackupProgress& progress) {
  const auto text = auth::read_file(folder / manifest_name), digest = auth::read_file(folder / digest_name);
  if (!text) return fail(Code::not_found, "{} is no backup: {}", folder.string(), text.error().message);
  if (!digest || digest_of(*text) + "\n" != *digest) return fail(Code::corrupt, "{} is damaged: its checksum is not that of {}", manifest_name, digest_name);
  auto manifest = parse_backup_manifest(*text);
  if (!manifest) return manifest;
  progress.total_bytes = 0;
  for (const BackupFile& file : manifest->files) progress.total_bytes += file.bytes;
  progress.done_bytes = 0;
  for (const BackupFile& file : manifest->files) {
    const fs::path path = folder / "data" / file.path;
    const Descriptor in(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (in.get() < 0) return fail(Code::corrupt, "data/{} of the backup is missing", file.path);
    Digest found;
    const auto bytes = pump(~std::uint64_t(0), source_of(in.get(), path), found, progress, {});
    if (!bytes) return std::unexpected(bytes.error());
    if (*bytes != file.bytes) return fail(Code::corrupt, "data/{} of the backup has {} bytes, its manifest says {}", file.path, *bytes, file.bytes);
    if (found.hex() != file.digest) return fail(Code::corrupt, "data/{} of the backup is damaged: its checksum is not that of the manifest", file.path);
  }
  return manifest;
}

Status copy_backup(const fs::path& folder, const BackupManifest& manifest, const fs::path& target, BackupProgress& progress,
                   const std::function<Status(const fs::path&)>& before_it_is_there) {
  std::error_code error;
  if (fs::exists(target, error) && (!fs::is_directory(target, error) || !fs::is_empty(target, error)))
    return fail(Code::conflict, "{} is not empty: restore into a new directory, nothing is ever overwritten", target.string());
  const fs::path partial = beside(target, ".partial");
  fs::remove_all(partial, error);  // of a restore that was killed
  AYBIZA_TRY(make_directories(parent_of(target)));
  if (::mkdir(partial.c_str(), 0700) != 0) return failed("making", partial);
  progress.done_bytes = 0;
  for (const BackupFile& file : manifest.files) {
    const fs::path path = folder / "data" / file.path;
    const Descriptor in(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (in.get() < 0) return failed("reading", path);
    const auto copied = copy(partial / file.path, file.path, file.bytes, source_of(in.get(), path), progress);
    if (!copied) return std::unexpected(copied.error());
    if (copied->bytes != file.bytes || copied->digest != file.digest) return fail(Code::corrupt, "data/{} changed while it was restored", file.path);
  }
  AYBIZA_TRY(before_it_is_there(partial));
  return move_into_place(partial, target);
}

}  // namespace aybiza
