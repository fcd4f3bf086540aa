#include "server/snapshot_file.h"

#include <fcntl.h>
#include <unistd.h>
#include <zstd.h>

#include <fstream>
#include <utility>

#include "base/limits.h"

namespace aybiza {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view magic = "aybiza-snapshot-2";
constexpr std::size_t frame_head = 8, frame_max = 256 * limits::MiB;
constexpr int packing_level = -3;
constexpr std::string_view name = "live.snapshot";
constexpr std::uint64_t writeback_bytes = 8 * limits::MiB;  // handed to the disk as they come, so that the sync finds little

fs::path part_of(const fs::path& directory, std::uint64_t offset, std::size_t shard) {
  return directory / fmt::format("{}.{}.{}", name, offset, shard);
}

std::unexpected<Error> failed(const std::string& path) {
  return fail(Code::io, "cannot write {}: {}", path, std::generic_category().message(errno));
}

Status write_all(int file, std::string_view bytes, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(file, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return failed(path);
    bytes.remove_prefix(std::size_t(written));
  }
  return {};
}

Status sync_directory(const fs::path& directory) {
  const int dir = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (dir < 0) return failed(directory.string());
  const bool synced = ::fsync(dir) == 0;
  ::close(dir);
  return synced ? Status() : failed(directory.string());
}

void put(char* out, std::uint32_t value) {
  for (int i = 0; i < 4; ++i) out[i] = char(value >> (8 * i));
}

std::uint32_t get(const char* from) {
  std::uint32_t value = 0;
  for (int i = 3; i >= 0; --i) value = value << 8 | static_cast<unsigned char>(from[i]);
  return value;
}

void remove_parts_but(const fs::path& directory, std::uint64_t offset) {
  const std::string wanted = fmt::format("{}.{}.", name, offset), prefix = fmt::format("{}.", name);
  std::error_code ignored;  // what cannot be removed now is tried again with the next snapshot
  for (const auto& entry : fs::directory_iterator(directory, ignored))
    if (const std::string file = entry.path().filename().string(); file.starts_with(prefix) && !file.starts_with(wanted))
      fs::remove(entry.path(), ignored);
}

}  // namespace

SnapshotPart::SnapshotPart(SnapshotPart&& other) noexcept
    : file_(std::exchange(other.file_, -1)), bytes_(other.bytes_), started_(other.started_), path_(std::move(other.path_)),
      state_(std::move(other.state_)) {}

SnapshotPart::~SnapshotPart() {
  if (file_ >= 0) ::close(file_);
}

void SnapshotPart::open(const fs::path& directory, std::uint64_t offset, std::size_t shard) { open(part_of(directory, offset, shard)); }

void SnapshotPart::open(const fs::path& file) {
  path_ = file.string();
  file_ = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (file_ < 0) state_ = failed(path_);
}

void SnapshotPart::append(std::string_view piece) {
  if (!state_ || piece.empty()) return;
  packed_.resize(frame_head + ZSTD_compressBound(piece.size()));
  const std::size_t size = ZSTD_compress(packed_.data() + frame_head, packed_.size() - frame_head, piece.data(), piece.size(), packing_level);
  if (ZSTD_isError(size) != 0 || piece.size() > frame_max) {
    state_ = fail(Code::io, "cannot pack {}: {}", path_, ZSTD_getErrorName(size));
    return;
  }
  put(packed_.data(), std::uint32_t(size));
  put(packed_.data() + 4, std::uint32_t(piece.size()));
  state_ = write_all(file_, std::string_view(packed_).substr(0, frame_head + size), path_);
  bytes_ += frame_head + size;
  if (bytes_ - started_ < writeback_bytes) return;
  ::sync_file_range(file_, off64_t(started_), off64_t(bytes_ - started_), SYNC_FILE_RANGE_WRITE);  // a hint; sync() is what counts
  started_ = bytes_;
}

Status SnapshotPart::sync() {
  if (state_ && ::fdatasync(file_) != 0) state_ = failed(path_);
  return state_;
}

Status publish_snapshot(const fs::path& directory, std::uint64_t offset, std::vector<SnapshotPart>& parts) {
  std::string head = fmt::format("{}\n{} {}\n", magic, offset, parts.size());
  for (SnapshotPart& part : parts) {
    AYBIZA_TRY(part.sync());
    head += fmt::format("{}\n", part.bytes());
  }
  const fs::path file = directory / name;
  const std::string fresh = file.string() + ".new";
  const int out = ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (out < 0) return failed(fresh);
  Status written = write_all(out, head, fresh);
  if (written && ::fdatasync(out) != 0) written = failed(fresh);
  ::close(out);
  AYBIZA_TRY(written);
  AYBIZA_TRY(sync_directory(directory));  // the parts' names before the name that needs them
  std::error_code error;
  fs::rename(fresh, file, error);
  if (error) return fail(Code::io, "cannot replace {}: {}", file.string(), error.message());
  AYBIZA_TRY(sync_directory(directory));
  remove_parts_but(directory, offset);
  return {};
}

fs::path snapshot_file(const fs::path& directory) { return directory / name; }
fs::path snapshot_part_file(const fs::path& directory, const Snapshot& snapshot, std::size_t shard) { return part_of(directory, snapshot.offset, shard); }

Result<std::string> load_part(const fs::path& directory, const Snapshot& snapshot, std::size_t shard) {
  return load_frames(part_of(directory, snapshot.offset, shard), snapshot.sizes[shard]);
}

Result<std::string> load_frames(const fs::path& file, std::uint64_t bytes) {
  std::ifstream in(file, std::ios::binary);
  if (!in) return fail(Code::corrupt, "cannot read {}", file.string());
  const auto damaged = [&] { return fail(Code::corrupt, "{} is damaged or cut off", file.string()); };
  std::string whole, packed;
  for (std::uint64_t left = bytes; left > 0;) {
    char head[frame_head];
    if (left < frame_head || !in.read(head, frame_head)) return damaged();
    const std::uint32_t packed_size = get(head), size = get(head + 4);
    if (packed_size > left - frame_head || size > frame_max) return damaged();
    packed.resize(packed_size);
    if (!in.read(packed.data(), packed_size)) return damaged();
    const std::size_t at = whole.size();
    whole.resize(at + size);
    if (ZSTD_decompress(whole.data() + at, size, packed.data(), packed.size()) != size) return damaged();
    left -= frame_head + packed_size;
  }
  if (in.peek() != std::ifstream::traits_type::eof()) return damaged();
  return whole;
}

Result<Snapshot> load_snapshot(const fs::path& directory) {
  const fs::path file = directory / name;
  std::ifstream in(file);
  if (!in) return fail(Code::not_found, "no snapshot at {}", file.string());
  std::string word;
  if (!(in >> word) || word != magic) return fail(Code::unsupported, "{} is of another version", file.string());
  Snapshot snapshot;
  std::size_t count = 0;
  if (!(in >> snapshot.offset >> count) || count == 0 || count > 256) return fail(Code::corrupt, "{} is damaged", file.string());
  for (std::size_t i = 0; i < count; ++i) {
    std::uint64_t size = 0;
    if (!(in >> size)) return fail(Code::corrupt, "{} is damaged", file.string());
    snapshot.sizes.push_back(size);
  }
  return snapshot;
}

}  // namespace aybiza
