// The bounds of users and sessions.
// Threads  constants; none.
// Source   reliability.md 3.4, point 25; OWASP Session Management and Authentication Cheat Sheets.
#pragma once

#include <chrono>
#include <cstddef>

#include "base/limits.h"

namespace aybiza::limits {

using namespace std::chrono_literals;

inline constexpr std::size_t users_most = 1'000;
inline constexpr std::size_t password_least = 10, password_most = 256;  // bytes
inline constexpr std::size_t sessions_most = 10'000;                    // of all users; the longest unused ends
inline constexpr std::size_t sessions_per_user = 20;                    // likewise
inline constexpr auto session_idle = 12h;
inline constexpr auto session_life = 24h * 7;
inline constexpr std::size_t sign_ins_waiting = 32;                     // for the one thread that hashes; more are told to come again
inline constexpr std::size_t sign_in_failures = 10;                     // of one address, or for one name, in
inline constexpr auto sign_in_window = 10min;                           // this long; then 429
inline constexpr std::size_t sign_in_watched = 10'000;                  // addresses and names whose failures are counted
inline constexpr std::size_t sign_in_body_bytes = 4 * KiB;

}  // namespace aybiza::limits
