// Content-Encoding: undoing gzip and zstd of a stranger's bytes within limits, and gzip for what we send.
//
// Shape    the output grows in steps and is checked at each: at most `bytes_max`, and, above 1 MiB, at most
//          `ratio_max` times the input. With a budget every step is reserved before it is allocated.
// Errors   unsupported: another coding (415); corrupt: truncated, damaged, or with a tail that is not data (400);
//          too_large: above a cap (413); unavailable: no memory in the budget (503).
// Cost     gzip about 500 MB/s out, zstd about 1 GB/s out.
// Threads  functions; each thread keeps its own working memory.
// Source   RFC 1952, RFC 8878 (window <= 8 MiB, its section 3.1.1.1.2).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/limits.h"
#include "base/status.h"
#include "runtime/budget.h"

namespace aybiza::net {

enum class Coding { identity, gzip, zstd };

// The value of Content-Encoding; empty is identity. "br", "deflate" and lists: unsupported.
Result<Coding> parse_content_encoding(std::string_view value);
// Does Accept-Encoding allow gzip? ("gzip;q=0" does not.)
bool accepts_gzip(std::string_view accept_encoding);

struct UnpackLimits {
  std::size_t bytes_max = limits::body_unpacked_bytes;
  std::size_t ratio_max = limits::inflate_ratio_max;
  Budget* budget = nullptr;
};

struct Unpacked {
  std::string bytes;
  Reservation held;  // the memory of `bytes`, when a budget was given
};

// REQUIRES: coding is gzip or zstd (identity needs no copy).
Result<Unpacked> unpack(Coding coding, std::string_view packed, const UnpackLimits& limits = {});

std::string gzip_pack(std::string_view bytes, int level = 6);

}  // namespace aybiza::net
