#include "auth/authz.h"

#include <algorithm>
#include <cctype>
#include <utility>

#include "auth/webhook_signature.h"

namespace aybiza::auth {
namespace {
constexpr unsigned bit(Scope scope) { return static_cast<unsigned>(scope); }

// What stands behind the name of the scheme (lower case, with its space).
std::optional<std::string_view> credentials(std::string_view authorization, std::string_view scheme) {
  if (authorization.size() <= scheme.size()) return std::nullopt;
  const bool same = std::ranges::equal(authorization.substr(0, scheme.size()), scheme, [](char a, char b) {
    return std::tolower(static_cast<unsigned char>(a)) == b;
  });
  if (!same) return std::nullopt;
  std::string_view token = authorization.substr(scheme.size());
  while (token.starts_with(' ')) token.remove_prefix(1);
  while (token.ends_with(' ')) token.remove_suffix(1);
  if (token.empty() || token.find_first_of(" \t,") != std::string_view::npos) return std::nullopt;
  return token;
}

}  // namespace

std::string_view to_string(Scope scope) {
  switch (scope) {
    case Scope::ingest: return "ingest";
    case Scope::read: return "read";
    case Scope::admin: return "admin";
    case Scope::export_data: return "export";
    case Scope::users: return "users";
  }
  return "";
}

std::optional<Scope> parse_scope(std::string_view text) {
  for (const Scope scope : {Scope::ingest, Scope::read, Scope::admin}) {
    if (text == to_string(scope)) return scope;
  }
  return std::nullopt;
}

Authz Authz::of(std::string customer, Scope scope, std::string key_id, std::string key_name) {
  Authz a;
  a.customer_ = std::move(customer);
  a.key_id_ = std::move(key_id);
  a.key_name_ = std::move(key_name);
  a.scopes_ = bit(scope);
  if (scope != Scope::ingest) a.scopes_ |= bit(Scope::read) | bit(Scope::export_data);
  if (scope == Scope::admin) a.scopes_ |= bit(Scope::users);
  return a;
}

Authz Authz::of_user(std::string customer, bool exports, bool administers, bool makes_users, std::string user_id, std::string user_name) {
  Authz a;
  a.customer_ = std::move(customer), a.key_id_ = std::move(user_id), a.key_name_ = std::move(user_name);
  a.scopes_ = bit(Scope::read) | (exports ? bit(Scope::export_data) : 0) | (administers ? bit(Scope::admin) : 0) | (makes_users ? bit(Scope::users) : 0);
  return a;
}

Authz Authz::insecure_loopback() {
  Authz a = of(std::string(platform_customer), Scope::admin, "loopback", "insecure loopback");
  a.scopes_ |= bit(Scope::ingest);
  return a;
}

std::optional<std::string> Authz::customer_for(std::string_view named, std::string_view fallback) const {
  if (customer_.empty()) return std::nullopt;
  if (platform()) return std::string(named.empty() ? fallback : named);
  if (named.empty() || named == customer_) return customer_;
  return std::nullopt;
}

std::optional<std::string_view> bearer_token(std::string_view authorization) { return credentials(authorization, "bearer "); }

std::optional<std::string> basic_password(std::string_view authorization) {
  const auto packed = credentials(authorization, "basic ");
  const auto pair = packed ? from_base64(*packed) : std::nullopt;
  const std::size_t colon = pair ? pair->find(':') : std::string::npos;
  if (colon == std::string::npos || colon + 1 == pair->size()) return std::nullopt;
  return pair->substr(colon + 1);
}

}  // namespace aybiza::auth
