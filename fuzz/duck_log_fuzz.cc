// The end of what was committed in a log: never behind its end, never before its header, and cutting there changes nothing.
#include "base/check.h"
#include "store/duck_log.h"

#include <algorithm>
#include <string_view>

namespace {

std::optional<std::uint64_t> committed(std::string_view log) {
  return aybiza::committed_bytes(
      [&](std::uint64_t at, std::span<char> into) {
        if (at > log.size() || into.size() > log.size() - at) return false;
        std::copy_n(log.begin() + std::ptrdiff_t(at), into.size(), into.begin());
        return true;
      },
      log.size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view log(reinterpret_cast<const char*>(data), size);
  const auto end = committed(log);
  if (!end) return 0;
  CHECK(*end >= 8 && *end <= size);
  CHECK(committed(log.substr(0, *end)) == end);
  return 0;
}
