#include "auth/user.h"

#include <fmt/format.h>

#include <charconv>
#include <vector>

#include "auth/watched_file.h"

namespace aybiza::auth {
namespace {

constexpr std::string_view role_names[] = {"viewer", "analyst", "operator", "admin"};

}  // namespace

std::string_view to_string(Role role) { return role_names[std::size_t(role)]; }

std::optional<Role> parse_role(std::string_view text) {
  for (std::size_t i = 0; i < std::size(role_names); ++i)
    if (text == role_names[i]) return Role(i);
  return std::nullopt;
}

std::string to_line(const User& user) {
  return fmt::format("{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}", user.id, user.name, to_string(user.role), user.customer, format_rfc3339(user.created), user.generation,
                     user.disabled ? format_rfc3339(*user.disabled) : "-", user.password);
}

std::optional<User> parse_user_line(std::string_view line) {
  const auto part = split_line(line);
  if (part.size() != 8 || part[0].empty() || part[1].empty() || part[3].empty() || part[7].empty()) return std::nullopt;
  const auto role = parse_role(part[2]);
  const auto created = parse_rfc3339(part[4]);
  std::int64_t generation = 0;
  const auto [end, error] = std::from_chars(part[5].data(), part[5].data() + part[5].size(), generation);
  if (!role || !created || error != std::errc{} || end != part[5].data() + part[5].size()) return std::nullopt;
  User user{std::string(part[0]), std::string(part[1]), *role, std::string(part[3]), *created, generation, std::nullopt, std::string(part[7])};
  if (part[6] == "-") return user;
  user.disabled = parse_rfc3339(part[6]);
  return user.disabled ? std::optional(user) : std::nullopt;
}

}  // namespace aybiza::auth
