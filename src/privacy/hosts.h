// The part of an e-mail address behind the "@", as it is written and as it is said: "gmail.com", "outlook dot co dot uk".
//
// Cost     linear; allocates nothing. Threads  pure functions.
// Source   two regular expressions, which the test beside still has; they were a sixth of what a turn with an address cost.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace aybiza::privacy {

// Labels of ASCII letters, digits and '-' or of other bytes, with dots between, the last of 2 to 63 letters.
bool is_domain(std::string_view text);

// An "at" with a host behind it: " at ", "@", "(at)"; then names with " dot ", ".", "(dot)" between, up to a top-level domain.
struct SaidHost {
  std::size_t at, domain, end;  // where each begins; the domain ends at `end`
  std::size_t provider_bytes;   // of the domain's first name
};
std::optional<SaidHost> find_host(std::string_view text, std::size_t from);  // the first that begins at `from` or later

}  // namespace aybiza::privacy
