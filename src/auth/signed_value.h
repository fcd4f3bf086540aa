// A value the client carries and cannot change: session cookies, page tokens, share links.
//
// Shape    base64url(payload) "." expiry in seconds "." base64url(HMAC-SHA-256 of both). The payload is readable by
//          its bearer: put no secret in it.
// Errors   verify: nullopt for another key, an altered byte, an end that has come, or anything else.
// Threads  functions of their arguments; none.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "auth/secret.h"
#include "base/units.h"

namespace aybiza::auth {

std::string sign_value(const KeyBytes& key, std::string_view payload, Instant expires);
std::optional<std::string> verify_value(const KeyBytes& key, std::string_view text, Instant now);

// "name=value; Path=/; HttpOnly; SameSite=Lax", with Secure and the __Host- prefix of the name when `secure`.
std::string session_cookie(std::string_view name, std::string_view value, bool secure);
// The value of cookie `name` in a Cookie header; looks for the __Host- form too. nullopt: not there.
std::optional<std::string_view> cookie_value(std::string_view cookie_header, std::string_view name);

}  // namespace aybiza::auth
