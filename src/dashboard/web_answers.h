// What the pages' HTTP answers have in common: cookies, security headers, files.
//
// Threads  pure.
// Source   RFC 6265bis (cookies); CSP Level 3.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "dashboard/texts.h"
#include "net/http.h"

namespace aybiza::dashboard {

inline constexpr std::string_view session_cookie = "aybiza_sid", flash_cookie = "__phoenix_flash__";
inline constexpr std::string_view content_security_policy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; font-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

std::string_view cookie(const net::Request& request, std::string_view name);  // "" when absent
// A session id as we make them, or a new one. `is_new`: it must be sent.
struct Sid {
  std::string value;
  bool is_new = false;
};
// The language the browser asks for first of those there are; English otherwise. For pages whose reader is not known.
const Texts& texts_for(const net::Request& request);
Sid sid_of(const net::Request& request);
std::string set_cookie(std::string_view name, std::string_view value);

net::Response page_response(int status, std::string html);  // no-store, CSP and the other security headers
// Lets pages of these origins ("https://a.example https://b.example") show it in a frame; none: nobody's, as it was.
void allow_embedding(net::Response& response, const std::string& origins);
net::Response asset_response(const net::Request& request);

}  // namespace aybiza::dashboard
