#include "server/snapshot_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>

#include "base/ids.h"

namespace aybiza {
namespace {

constexpr std::string_view magic = "AYBZSNP1";

void put(std::string& out, std::uint64_t number) {
  for (int i = 0; i < 8; ++i) out += char(number >> (8 * i) & 0xFF);
}

std::uint64_t get(std::string_view bytes) {
  std::uint64_t number = 0;
  for (int i = 7; i >= 0; --i) number = number << 8 | static_cast<unsigned char>(bytes[std::size_t(i)]);
  return number;
}

Status write_synced(const std::filesystem::path& file, std::string_view bytes) {
  const int fd = ::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0) return fail(Code::io, "cannot write {}: {}", file.string(), std::strerror(errno));
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) break;
    bytes.remove_prefix(std::size_t(written));
  }
  const bool synced = bytes.empty() && ::fdatasync(fd) == 0;
  const int reason = errno;
  ::close(fd);
  if (!synced) return fail(Code::io, "cannot write {}: {}", file.string(), std::strerror(reason));
  return {};
}

}  // namespace

Result<SnapshotFile> load_snapshot(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) return fail(Code::not_found, "no snapshot at {}", file.string());
  const std::string bytes{std::istreambuf_iterator<char>(in), {}};
  constexpr std::size_t head = 8 + 8 + 8, tail = 16;
  if (bytes.size() < head + tail || !bytes.starts_with(magic.substr(0, 7))) return fail(Code::corrupt, "{} is not a snapshot", file.string());
  if (bytes[7] != magic[7]) return fail(Code::unsupported, "{} is of a newer version", file.string());
  const std::string_view body = std::string_view(bytes).substr(0, bytes.size() - tail), end = std::string_view(bytes).substr(body.size());
  const Id hash = hash128(body);
  if (get(end) != hash.high || get(end.substr(8)) != hash.low) return fail(Code::corrupt, "{} is damaged", file.string());
  SnapshotFile snapshot{get(body.substr(8)), {}};
  const std::uint64_t count = get(body.substr(16));
  std::string_view rest = body.substr(head);
  for (std::uint64_t i = 0; i < count; ++i) {
    if (rest.size() < 8) return fail(Code::corrupt, "{} is cut off", file.string());
    const std::uint64_t size = get(rest);
    rest.remove_prefix(8);
    if (size > rest.size()) return fail(Code::corrupt, "{} is cut off", file.string());
    snapshot.shards.emplace_back(rest.substr(0, size));
    rest.remove_prefix(size);
  }
  return snapshot;
}

Status save_snapshot(const std::filesystem::path& file, std::uint64_t offset, const std::vector<std::string>& shards) {
  std::string bytes(magic);
  put(bytes, offset);
  put(bytes, shards.size());
  for (const std::string& shard : shards) {
    put(bytes, shard.size());
    bytes += shard;
  }
  const Id hash = hash128(bytes);
  put(bytes, hash.high);
  put(bytes, hash.low);
  auto fresh = file;
  fresh += ".new";
  AYBIZA_TRY(write_synced(fresh, bytes));
  std::error_code error;
  std::filesystem::rename(fresh, file, error);
  if (error) return fail(Code::io, "cannot replace {}: {}", file.string(), error.message());
  const int dir = ::open(file.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (dir >= 0) {
    ::fsync(dir);
    ::close(dir);
  }
  return {};
}

}  // namespace aybiza
