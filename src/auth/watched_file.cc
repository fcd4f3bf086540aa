#include "auth/watched_file.h"

#include <sys/stat.h>

#include <algorithm>

#include "base/lines.h"

namespace aybiza::auth {

bool line_text(std::string_view text, std::size_t bytes) {
  return text.size() <= bytes && std::ranges::none_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

std::vector<std::string_view> split_line(std::string_view line) {
  std::vector<std::string_view> out;
  for (;;) {
    const std::size_t tab = line.find('\t');
    out.push_back(line.substr(0, tab));
    if (tab == std::string_view::npos) return out;
    line.remove_prefix(tab + 1);
  }
}

Status each_line(const std::filesystem::path& file, std::string_view bytes, std::string_view what,
                 const std::function<bool(std::string_view line)>& take) {
  for (Lines lines(bytes); lines.next_told();)
    if (!take(lines.line())) return fail(Code::corrupt, "{} line {} is not a {}: restore the file or remove the line", file.string(), lines.number(), what);
  return {};
}

FileStamp stamp_of(const std::filesystem::path& file) {
  struct stat s{};
  if (::stat(file.c_str(), &s) != 0) return {};
  return {s.st_mtim.tv_sec * 1'000'000'000 + s.st_mtim.tv_nsec, s.st_size, s.st_ino};
}

}  // namespace aybiza::auth
