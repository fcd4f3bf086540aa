// Somebody who signs in to look at pages: a name, a role, and whose figures they see.
//
// Shape    roles, each with what the one before may do: viewer sees pages and asks questions, analyst exports, operator
//          changes prices, masking and the like, admin makes users. A line of the file is tab separated:
//          id, name, role, customer, created, generation, disabled, password hash.
// Errors   parse_user_line: nullopt for anything that is not such a line.
// Threads  values; none.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "auth/authz.h"
#include "base/units.h"

namespace aybiza::auth {

enum class Role : unsigned char { viewer, analyst, operator_, admin };
std::string_view to_string(Role role);
std::optional<Role> parse_role(std::string_view text);

struct User {
  std::string id;        // 12 base62 digits; a name may change hands, an id does not
  std::string name;      // what they type; unique without regard to case
  Role role = Role::viewer;
  std::string customer;  // "*" is everybody's
  Instant created{};
  std::int64_t generation = 0;  // rises when password, role, customer or state change: sessions of an older one are over
  std::optional<Instant> disabled;
  std::string password;  // password.h

  Authz authz() const { return Authz::of_user(customer, role >= Role::analyst, role >= Role::operator_, role >= Role::admin, id, name); }
};

std::string to_line(const User& user);
std::optional<User> parse_user_line(std::string_view line);

}  // namespace aybiza::auth
