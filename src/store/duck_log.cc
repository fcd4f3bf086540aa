#include "store/duck_log.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>

namespace aybiza {
namespace {

constexpr std::array<char, 8> header{0x64, 0, 0x62, 0x65, 0, 2, char(0xff), char(0xff)};  // kind 98, version 2, end
constexpr std::uint64_t entry_head = 16;      // size, checksum
constexpr std::uint64_t kind_bytes = 3;       // field 100 as two bytes, then the kind
constexpr unsigned char commit_mark = 100;

std::uint64_t little(std::span<const char> bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = 8; i-- > 0;) value = value << 8 | static_cast<unsigned char>(bytes[i]);
  return value;
}

class LogFile {
 public:
  explicit LogFile(const std::string& path) : path_(path), file_(::open(path.c_str(), O_RDWR | O_CLOEXEC)) {}
  LogFile(const LogFile&) = delete;  // one owner closes it
  LogFile& operator=(const LogFile&) = delete;
  ~LogFile() {
    if (file_ >= 0) ::close(file_);
  }
  int get() const { return file_; }
  std::unexpected<Error> failed() const { return fail(Code::io, "{}: {}", path_, std::generic_category().message(errno)); }

 private:
  const std::string& path_;
  const int file_;
};

}  // namespace

std::optional<std::uint64_t> committed_bytes(const ReadLog& read, std::uint64_t bytes) {
  std::array<char, header.size()> begin{};
  if (!read(0, begin) || begin != header) return std::nullopt;
  std::uint64_t committed = header.size();
  for (std::uint64_t at = header.size(); bytes - at > entry_head;) {
    std::array<char, entry_head + kind_bytes> head{};
    if (!read(at, head)) break;
    const std::uint64_t size = little(head);
    if (size < kind_bytes || size > bytes - at - entry_head) break;  // cut off, or nothing we know
    if (head[entry_head] != 0x64 || head[entry_head + 1] != 0) return std::nullopt;
    at += entry_head + size;
    if (static_cast<unsigned char>(head[entry_head + 2]) == commit_mark) committed = at;
  }
  return committed;
}

Result<std::uint64_t> cut_uncommitted(const std::string& log) {
  const LogFile file(log);
  if (file.get() < 0) return errno == ENOENT ? Result<std::uint64_t>(0) : file.failed();
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) return file.failed();
  const auto bytes = std::uint64_t(status.st_size);
  const auto committed = committed_bytes(
      [&](std::uint64_t at, std::span<char> into) { return ::pread(file.get(), into.data(), into.size(), off_t(at)) == ssize_t(into.size()); }, bytes);
  if (!committed || *committed == bytes) return 0;
  if (::ftruncate(file.get(), off_t(*committed)) != 0) return file.failed();
  return bytes - *committed;
}

}  // namespace aybiza
