// What the caller may do. The only way to get rights: nothing takes a bare customer id out of a request.
//
// Shape    a customer, or the platform, which may name any customer; a set of scopes; the key's name for the audit.
//          admin includes read. An ingest key cannot read. Reading by key includes exports, by a viewer's session it does not.
// Errors   made by KeyStore::authenticate, by a session, or by insecure_loopback(); a default Authz may do nothing.
// Threads  a value; none.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace aybiza::auth {

enum class Scope : unsigned char { ingest = 1, read = 2, admin = 4, export_data = 8, users = 16 };

std::string_view to_string(Scope scope);
std::optional<Scope> parse_scope(std::string_view text);

class Authz {
 public:
  static constexpr std::string_view platform_customer = "*";

  Authz() = default;
  static Authz of(std::string customer, Scope scope, std::string key_id, std::string key_name);
  static Authz of_user(std::string customer, bool exports, bool administers, bool makes_users, std::string user_id, std::string user_name);
  static Authz insecure_loopback();  // the platform with every scope

  bool may(Scope scope) const { return (scopes_ & static_cast<unsigned>(scope)) != 0; }
  bool platform() const { return customer_ == platform_customer; }

  // The customer this caller belongs to; empty for the platform and for nobody.
  std::string_view customer() const { return platform() ? std::string_view() : customer_; }

  // The customer an event or a question belongs to, given the one it names (empty = none named). nullopt: it names
  // another's. A platform caller that names none gets `fallback`.
  std::optional<std::string> customer_for(std::string_view named, std::string_view fallback = "default") const;

  const std::string& key_id() const { return key_id_; }
  const std::string& key_name() const { return key_name_; }

 private:
  std::string customer_, key_id_, key_name_;
  unsigned scopes_ = 0;
};

// The token of "Bearer <token>", scheme in any case; nullopt when it is not that.
std::optional<std::string_view> bearer_token(std::string_view authorization);
// The password of `Authorization: Basic …` (RFC 7617), whoever the user says to be: how Prometheus and others send a key.
std::optional<std::string> basic_password(std::string_view authorization);

}  // namespace aybiza::auth
