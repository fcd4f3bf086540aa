// Status and Result: how a failure of the world travels to whoever owns the retry.
//
// Shape    Result<T> is std::expected<T, Error>; Status is Result<void>. An Error is a code for programs and a
//          message for an operator: what happened, what was lost, what to change.
// Errors   a bug is CHECK (check.h); a peer's mistake is counted and answered in its own protocol, never an Error
//          that climbs; only the world's failures (disk, network, store) are Errors.
// Threads  values; none.
#pragma once

#include <fmt/format.h>

#include <expected>
#include <string>
#include <string_view>
#include <utility>

namespace aybiza {

enum class Code {
  invalid,       // the caller asked for something that can never work
  not_found,     //
  conflict,      // somebody else holds it, or it exists with other content
  corrupt,       // bytes on disk or wire are not what was written
  io,            // the operating system refused
  unavailable,   // not now; a retry may work
  unauthorized,  // not with this key
  too_large,     // above a named limit
  unsupported,   // a newer format or a feature that is not there
};

struct Error {
  Code code = Code::invalid;
  std::string message;
};

template <typename T>
using Result = std::expected<T, Error>;
using Status = Result<void>;

template <typename... Args>
[[nodiscard]] std::unexpected<Error> fail(Code code, fmt::format_string<Args...> format, Args&&... args) {
  return std::unexpected<Error>(Error{code, fmt::format(format, std::forward<Args>(args)...)});
}

// The same failure seen from one step further out: "opening segment 7: disk is full".
[[nodiscard]] inline std::unexpected<Error> wrap(Error error, std::string_view doing) {
  error.message = fmt::format("{}: {}", doing, error.message);
  return std::unexpected<Error>(std::move(error));
}

}  // namespace aybiza

// Leaves the function with the error of `expression`, a Status or Result whose value is not needed.
#define AYBIZA_TRY(expression)                                                        \
  do {                                                                                \
    if (auto aybiza_try_ = (expression); !aybiza_try_.has_value()) {                  \
      return std::unexpected<::aybiza::Error>(std::move(aybiza_try_).error());        \
    }                                                                                 \
  } while (false)
