#include "auth/change_log.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <simdjson.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "auth/file.h"

namespace aybiza::auth {
namespace {

namespace fs = std::filesystem;

// Cut where a character begins, so that it stays UTF-8.
std::string_view cut(std::string_view text) {
  if (text.size() <= change_text_bytes) return text;
  std::size_t end = change_text_bytes;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  return text.substr(0, end);
}

// Bytes that are no text become '?': a line that cannot be read back would hide a change.
std::string json_text(std::string_view whole) {
  const std::string_view text = cut(whole);
  const bool readable = simdjson::validate_utf8(text.data(), text.size());
  std::string out = "\"";
  for (char c : text) {
    if (!readable && static_cast<unsigned char>(c) >= 0x80) c = '?';
    if (c == '"' || c == '\\') out += '\\', out += c;
    else if (static_cast<unsigned char>(c) < 0x20) out += fmt::format("\\u{:04x}", static_cast<unsigned char>(c));
    else out += c;
  }
  return out + '"';
}

Status failed(const fs::path& file, std::string_view what) { return fail(Code::io, "cannot {} {}: {}", what, file.string(), std::strerror(errno)); }

// In one write, so that a line is torn only where the machine stops. A line that was torn before gets an end of its own.
Status append(const fs::path& file, std::string line) {
  const int fd = ::open(file.c_str(), O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) return failed(file, "open");
  char last = '\n';
  if (const off_t size = ::lseek(fd, 0, SEEK_END); size > 0 && ::pread(fd, &last, 1, size - 1) == 1 && last != '\n') line.insert(0, 1, '\n');
  const bool written = ::write(fd, line.data(), line.size()) == ssize_t(line.size()), synced = written && ::fsync(fd) == 0;
  const int reason = errno;
  ::close(fd);
  errno = reason;
  if (!written) return failed(file, "write");
  return synced ? Status() : failed(file, "sync");
}

std::optional<ChangeRecord> parsed(simdjson::dom::parser& parser, std::string_view line) {
  simdjson::dom::object object;
  if (parser.parse(line.data(), line.size()).get(object) != simdjson::SUCCESS) return std::nullopt;
  const auto text = [&](std::string_view name) {
    std::string_view value;
    return object[name].get(value) == simdjson::SUCCESS ? std::string(value) : std::string();
  };
  const auto time = parse_rfc3339(text("time"));
  if (!time || text("what").empty()) return std::nullopt;
  return ChangeRecord{*time, text("who"), text("what"), text("target"), text("customer")};
}

}  // namespace

std::string to_json(const ChangeRecord& c) {
  return fmt::format(R"({{"time":"{}","who":{},"what":{},"target":{},"customer":{}}})", format_rfc3339(c.time), json_text(c.who), json_text(c.what), json_text(c.target), json_text(c.customer));
}

fs::path ChangeLog::file(std::size_t age) const { return folder_ / (age == 0 ? "changes.jsonl" : fmt::format("changes.{}.jsonl", age)); }

void ChangeLog::rotate() const {
  std::error_code error;
  if (const auto size = fs::file_size(file(0), error); error || size < change_file_bytes) return;
  for (std::size_t age = change_files - 1; age > 0; --age) fs::rename(file(age - 1), file(age), error);  // over the oldest; one that is not there is skipped
}

Status ChangeLog::record(const ChangeRecord& change) const {
  std::error_code error;
  fs::create_directories(folder_, error);
  if (error) return fail(Code::io, "cannot make {}: {}", folder_.string(), error.message());
  const auto lock = FileLock::acquire(folder_ / "lock");
  if (!lock) return std::unexpected(lock.error());
  rotate();
  return append(file(0), to_json(change) + "\n");
}

std::vector<ChangeRecord> ChangeLog::recent(std::size_t limit) const {
  std::vector<ChangeRecord> out;
  simdjson::dom::parser parser;
  for (std::size_t age = 0; age < change_files && out.size() < limit; ++age) {
    const auto bytes = read_file(file(age));
    if (!bytes) continue;
    for (std::string_view rest = *bytes; !rest.empty() && out.size() < limit;) {  // from the end on
      if (rest.ends_with('\n')) rest.remove_suffix(1);
      const std::size_t begin = rest.rfind('\n') + 1;  // npos + 1 is 0
      if (auto one = parsed(parser, rest.substr(begin))) out.push_back(std::move(*one));
      rest = rest.substr(0, begin);
    }
  }
  return out;
}

}  // namespace aybiza::auth
