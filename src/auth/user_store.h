// The users of a data directory: made and changed, also by two processes at once.
//
// Shape    one file, `<data>/users`, one line per user (user.h), watched like the keys: `aybiza user …` beside a running
//          server works within a second.
// Errors   io, corrupt as KeyStore; invalid: a name or password that is none; conflict: the name is taken; not_found.
//          check: unauthorized, the same words and the same time for a wrong name, a wrong password and a disabled user.
// Cost     check hashes a password (password.h); the others read or write a small file.
// Threads  any.
#pragma once

#include <filesystem>
#include <memory>
#include <vector>

#include "auth/user.h"
#include "auth/watched_file.h"
#include "base/status.h"

namespace aybiza::auth {

class UserStore {
 public:
  static Result<std::unique_ptr<UserStore>> open(const std::filesystem::path& data_dir);
  ~UserStore();
  UserStore(const UserStore&) = delete;  // share a reference
  UserStore& operator=(const UserStore&) = delete;

  struct NewUser {
    std::string name, password;
    Role role = Role::viewer;
    std::string customer = "*";
  };
  Result<User> add(const NewUser& wanted, Instant now, bool only_first = false);  // only_first: conflict when there is any user
  Status set_password(std::string_view name, std::string_view password);
  Status set_rights(std::string_view name, std::optional<Role> role, const std::optional<std::string>& customer);
  Status set_disabled(std::string_view name, bool disabled, Instant now);

  std::vector<User> list(Instant now);
  bool empty(Instant now);
  std::optional<User> find(std::string_view id, Instant now);
  Result<User> check(std::string_view name, std::string_view password);  // of the file as it is now

 private:
  struct Table;
  explicit UserStore(const std::filesystem::path& data_dir);
  template <typename Change>
  Status change(std::string_view name, Change&& change);

  WatchedFile<Table> file_;
};

}  // namespace aybiza::auth
