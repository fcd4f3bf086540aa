// How often an address, or a name, has failed to sign in lately.
//
// Shape    a window of limits::sign_in_window begins with the first failure; limits::sign_in_failures in it, and the key waits
//          until it is over. At most limits::sign_in_watched keys: the one whose window began first is forgotten.
// Threads  any.
// Source   OWASP Authentication Cheat Sheet, "Account Lockout": both the name and the address are counted.
#pragma once

#include <map>
#include <mutex>
#include <string>

#include "base/units.h"

namespace aybiza::auth {

class Attempts {
 public:
  // How long the key must wait; zero: it may try.
  Duration wait_of(const std::string& key, Instant now);
  void failed(const std::string& key, Instant now);
  void succeeded(const std::string& key);

 private:
  struct Window {
    Instant began{};
    std::size_t failures = 0;
  };
  std::mutex mutex_;
  std::map<std::string, Window> windows_;
};

}  // namespace aybiza::auth
