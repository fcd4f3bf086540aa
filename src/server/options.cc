#include "server/options.h"

#include <charconv>

namespace aybiza {

std::optional<std::size_t> parse_size(std::string_view text) {
  std::size_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || number == 0) return std::nullopt;
  const std::string_view unit(end, std::size_t(text.data() + text.size() - end));
  if (unit.empty() || unit == "B") return number;
  if (unit == "K" || unit == "KiB") return number * limits::KiB;
  if (unit == "M" || unit == "MiB") return number * limits::MiB;
  if (unit == "G" || unit == "GiB") return number * limits::GiB;
  return std::nullopt;
}

}  // namespace aybiza
