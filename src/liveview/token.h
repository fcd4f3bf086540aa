// Signed texts: the session of a page, its CSRF token, and flash messages.
//
// Shape    base64url(body) "." base64url(HMAC-SHA256(key, purpose | body)). Signed, not secret: the body can be read by
//          the browser. Tokens are used again and again for hours, so nothing in them is single-use.
// Errors   verify answers nullopt for any token that is not exactly what this key, or the one before, has signed; the
//          compare takes constant time.
// Threads  const after construction: any thread.
// Source   RFC 2104, RFC 6234, RFC 4648 section 5.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/units.h"

namespace aybiza::liveview {

class Signer {
 public:
  // REQUIRES: current has 32 bytes or more. The key must outlive restarts, or every open page reloads at once.
  explicit Signer(std::string current, std::string previous = "");

  std::string sign(std::string_view purpose, std::string_view body) const;
  std::optional<std::string> verify(std::string_view purpose, std::string_view token) const;

  std::string csrf(std::string_view sid) const;
  bool csrf_valid(std::string_view sid, std::string_view token) const;
  std::string sid_hash(std::string_view sid) const;

 private:
  std::string current_, previous_;
};

struct SessionToken {
  std::string id;  // of the root element: the topic is "lv:" + id
  std::string view, live_session, sid_hash, user;
  Instant issued;
};
inline constexpr int session_token_version = 1;

std::string sign_session(const Signer& signer, const SessionToken& session);
// nullopt also for another version, and when older than liveview_session_age.
std::optional<SessionToken> verify_session(const Signer& signer, std::string_view token, Instant now);

std::string sign_flash(const Signer& signer, std::string_view json, Instant now);
std::optional<std::string> verify_flash(const Signer& signer, std::string_view token, Instant now);

}  // namespace aybiza::liveview
