// Text on its way out: valid UTF-8 without NUL, escaped for HTML or for JSON.
//
// Shape    every byte that is not UTF-8, and every NUL, becomes U+FFFD: one bad byte would make the browser drop the
//          socket (1007) and reconnect for ever.
// Cost     clean text is copied at memory speed; only text with something to replace is walked.
// Threads  functions; none.
// Source   RFC 8259 section 7; WHATWG HTML section 13.1.2.3 (attribute values), 13.1.3 (text).
#pragma once

#include <string>
#include <string_view>

namespace aybiza::liveview {

bool valid_utf8(std::string_view text);
std::string sanitized(std::string_view text);

// & < > " ' escaped, for text and quoted attribute values alike.
void append_html_escaped(std::string& out, std::string_view text);

// With the quotes. Text need not be valid UTF-8; the result is.
void append_json_string(std::string& out, std::string_view text);

std::string percent_encoded(std::string_view text);  // RFC 3986 unreserved characters stay

}  // namespace aybiza::liveview
