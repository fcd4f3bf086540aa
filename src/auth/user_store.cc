#include "auth/user_store.h"

#include <algorithm>
#include <cctype>

#include "auth/api_key.h"
#include "auth/file.h"
#include "auth/password.h"
#include "auth/sign_in_limits.h"

namespace aybiza::auth {
namespace {

std::string folded(std::string_view name) {
  std::string out(name);
  for (char& c : out) c = char(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

auto named(std::string_view name) {
  return [name = folded(name)](const User& user) { return folded(user.name) == name; };
}

std::string print_file(const std::vector<User>& users) {
  std::string out = "# id\tname\trole\tcustomer\tcreated\tgeneration\tdisabled\tpassword\n";
  for (const User& user : users) out += to_line(user) + "\n";
  return out;
}

Status check_new(const UserStore::NewUser& user) {
  if (user.name.empty() || user.name.find_first_of(" \t") != std::string::npos || !line_text(user.name, limits::id_bytes))
    return fail(Code::invalid, "a name is 1 to {} bytes without spaces or control characters", limits::id_bytes);
  if (user.customer.empty() || !line_text(user.customer, limits::id_bytes))
    return fail(Code::invalid, "a customer is 1 to {} bytes without control characters, or * for all of them", limits::id_bytes);
  return {};
}

}  // namespace

// What was in the file at one moment. Immutable once shared.
struct UserStore::Table {
  std::vector<User> users;

  static Result<std::shared_ptr<const Table>> read(const std::filesystem::path& file) {
    auto table = std::make_shared<Table>();
    auto bytes = read_file(file);
    if (!bytes && bytes.error().code != Code::not_found) return std::unexpected(bytes.error());
    AYBIZA_TRY(each_line(file, bytes ? *bytes : std::string(), "user", [&](std::string_view line) {
      auto user = parse_user_line(line);
      if (user) table->users.push_back(std::move(*user));
      return bool(user);
    }));
    return table;
  }
};

UserStore::UserStore(const std::filesystem::path& data_dir) : file_(data_dir / "users") {}
UserStore::~UserStore() = default;

Result<std::unique_ptr<UserStore>> UserStore::open(const std::filesystem::path& data_dir) {
  std::unique_ptr<UserStore> store(new UserStore(data_dir));
  AYBIZA_TRY(store->file_.reload());
  return store;
}

Result<User> UserStore::add(const NewUser& wanted, Instant now, bool only_first) {
  AYBIZA_TRY(check_new(wanted));
  auto password = hash_password(wanted.password);
  if (!password) return std::unexpected(password.error());
  const User user{random_base62(12), wanted.name, wanted.role, wanted.customer, now, 1, std::nullopt, std::move(*password)};
  AYBIZA_TRY(file_.rewrite([&](const Table& table) -> Result<std::string> {
    std::vector<User> users = table.users;
    if (only_first && !users.empty()) return fail(Code::conflict, "the first user has been made already");
    if (std::ranges::any_of(users, named(user.name))) return fail(Code::conflict, "there is a user {} already", user.name);
    if (users.size() >= limits::users_most) return fail(Code::too_large, "there are {} users already", users.size());
    users.push_back(user);
    return print_file(users);
  }));
  return user;
}

template <typename Change>
Status UserStore::change(std::string_view name, Change&& change) {
  return file_.rewrite([&](const Table& table) -> Result<std::string> {
    std::vector<User> users = table.users;
    const auto at = std::ranges::find_if(users, named(name));
    if (at == users.end()) return fail(Code::not_found, "there is no user {}", name);
    change(*at);
    ++at->generation;
    return print_file(users);
  });
}

Status UserStore::set_password(std::string_view name, std::string_view password) {
  auto hash = hash_password(password);
  if (!hash) return std::unexpected(hash.error());
  return change(name, [&](User& user) { user.password = *hash; });
}

Status UserStore::set_rights(std::string_view name, std::optional<Role> role, const std::optional<std::string>& customer) {
  if (customer) AYBIZA_TRY(check_new({.name = "any", .password = {}, .role = {}, .customer = *customer}));
  return change(name, [&](User& user) {
    user.role = role.value_or(user.role);
    user.customer = customer.value_or(user.customer);
  });
}

Status UserStore::set_disabled(std::string_view name, bool disabled, Instant now) {
  return change(name, [&](User& user) { user.disabled = disabled ? std::optional(now) : std::nullopt; });
}

std::vector<User> UserStore::list(Instant now) { return file_.look(now)->users; }
bool UserStore::empty(Instant now) { return file_.look(now)->users.empty(); }

std::optional<User> UserStore::find(std::string_view id, Instant now) {
  const auto table = file_.look(now);
  const auto at = std::ranges::find(table->users, id, &User::id);
  return at == table->users.end() ? std::nullopt : std::optional(*at);
}

Result<User> UserStore::check(std::string_view name, std::string_view password) {
  static_cast<void>(file_.reload());  // a user made a moment ago may sign in; beside the hashing the reading is nothing
  const auto table = file_.table();
  const auto at = std::ranges::find_if(table->users, named(name));
  const bool right = at == table->users.end() ? verify_nobody(password) : verify_password(at->password, password);
  if (!right || at->disabled) return fail(Code::unauthorized, "the name or the password is not right");
  return *at;
}

}  // namespace aybiza::auth
