// Who is signed in: tokens in cookies, their digests here and in a file, so that a restart signs nobody out.
//
// Shape    a token is 43 base62 digits of 32 random bytes; only its SHA-256 is kept. A session ends by itself after
//          limits::session_idle without use and limits::session_life after it began; by sign-out; and when its user's
//          generation has risen (user.h), which the caller compares. `<data>/sessions`, one line each, mode 0600.
// Errors   open: a file that cannot be read or is damaged is as good as none: everybody signs in again. A file that cannot
//          be written: the session holds until the server ends.
// Cost     find is one SHA-256 and a look-up; begin and end write the file; use is written with the next of them.
// Threads  any.
#pragma once

#include <filesystem>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "auth/api_key.h"
#include "base/units.h"

namespace aybiza::auth {

struct Session {
  std::string user_id;
  std::int64_t generation = 0;
  Instant began{}, used{};
};

class SessionStore {
 public:
  explicit SessionStore(std::filesystem::path data_dir, Instant now);

  std::string begin(const std::string& user_id, std::int64_t generation, Instant now);  // answers the token
  std::optional<Session> find(std::string_view token, Instant now);                     // and notes that it is in use
  bool holds(std::string_view token, Instant now) const;                                // without noting it
  void end(std::string_view token);
  std::size_t count() const;
  // By those of a user's sessions that are held; empty: there is none.
  std::optional<Instant> last_used(std::string_view user_id) const;

 private:
  void drop_old(Instant now);
  void save() const;

  const std::filesystem::path file_;
  mutable std::mutex mutex_;  // guards sessions_ and the file
  std::map<KeyDigest, Session> sessions_;
};

}  // namespace aybiza::auth
