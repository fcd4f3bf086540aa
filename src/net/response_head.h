// The head of a response as bytes.
//
// Shape    status line, Date, Content-Type, Content-Length or Transfer-Encoding, Connection, then the others' headers.
// Errors   CR, LF and NUL in a header are dropped: a handler's text cannot start a second header.
// Threads  pure functions; Date is an argument.
// Source   RFC 9112 sections 4-7; RFC 9110 section 6.6.1.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/units.h"
#include "net/http.h"

namespace aybiza::net {

struct HeadFacts {
  int status = 200;
  std::string_view content_type;                  // empty: no body of any type
  std::optional<std::size_t> content_length;      // none: chunked, or until the end for HTTP/1.0
  bool chunked = false, close = false, http_1_0 = false;
};

std::string response_head(const HeadFacts& facts, const std::vector<Header>& headers, const std::vector<Header>& extra,
                          std::string_view date);

// "Sat, 21 Nov 2026 09:00:00 GMT"
std::string http_date(Instant t);

// 204 and 304 have neither a body nor a length.
constexpr bool may_have_body(int status) { return status != 204 && status != 304; }

}  // namespace aybiza::net
