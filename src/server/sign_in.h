// The door: who comes with a request, signing in and out, and the link by which the first user is made.
//
// Shape    routes /sign-in, /sign-out and /setup; who() reads the session of a request's cookie. The session's user is looked up
//          each time, so a change of role or password, or a disabled user, holds within a second. Where there are no users,
//          a start makes a link that works until the first is made; its token is kept in memory only.
// Errors   a wrong name or password 401 with the page again, too many failures 429 with Retry-After, a form from elsewhere
//          403, no room to hash 503. A next page that is not of this server is forgotten.
// Cost     who() is one SHA-256 and a look-up. A sign-in hashes on a thread of its own (auth/password.h).
// Threads  any; routes answer on network threads and the hashing thread.
// Source   reliability.md 3.4; OWASP Session Management and Authentication Cheat Sheets.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "auth/secret.h"
#include "auth/session_store.h"
#include "auth/user_store.h"
#include "base/clock.h"
#include "net/router.h"

namespace aybiza {

struct SignInParts {
  auth::UserStore* users = nullptr;
  auth::SessionStore* sessions = nullptr;
  const Clock* clock = nullptr;
  auth::Secret secret;
  std::string brand;
};

class SignIn {
 public:
  explicit SignIn(SignInParts parts);
  ~SignIn();
  SignIn(const SignIn&) = delete;  // one per server
  SignIn& operator=(const SignIn&) = delete;

  struct Somebody {
    auth::Authz authz;
    std::string id, name, session;  // session: the cookie's token
  };
  std::optional<Somebody> who(const net::Request& request);
  bool still(const Somebody& somebody);  // signed in as they were: same session, same rights

  std::string set_up_path() const;  // "/setup?token=…"; empty: there are users
  [[nodiscard]] Status add_routes(net::Router& router);
  void stop();

 private:
  struct Inner;
  std::shared_ptr<Inner> inner_;
};

// "/calls?x=1" as it is; "/" for anything that might lead elsewhere.
std::string local_path(std::string_view wanted);

}  // namespace aybiza
