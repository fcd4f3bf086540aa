#include "server/user_commands.h"

#include <fmt/format.h>

#include <iostream>

#include "auth/api_key.h"
#include "auth/user_store.h"
#include "base/clock.h"

namespace aybiza {
namespace {

int complain(const Error& error) {
  fmt::print(stderr, "aybiza user: {}\n", error.message);
  return 1;
}

Result<std::unique_ptr<auth::UserStore>> open_users(const UserOptions& options) {
  std::error_code error;
  std::filesystem::create_directories(options.data, error);
  if (error) return fail(Code::io, "cannot make {}: {}", options.data.string(), error.message());
  return auth::UserStore::open(options.data);
}

Result<std::optional<auth::Role>> role_of(const UserOptions& options) {
  if (options.role.empty()) return std::nullopt;
  const auto role = auth::parse_role(options.role);
  if (!role) return fail(Code::invalid, "'{}' is not a role: give viewer, analyst, operator or admin", options.role);
  return role;
}

// From standard input, or one made here: its 20 digits carry 119 bits.
std::string password_of(const UserOptions& options) {
  std::string line;
  if (!options.password_stdin) return auth::random_base62(20);
  std::getline(std::cin, line);
  return line;
}

void show_once(const UserOptions& options, const std::string& password) {
  if (options.password_stdin) return;
  fmt::print(stderr, "the password of {}; it is shown once:\n", options.name);
  fmt::print("{}\n", password);
}

int changed(const UserOptions& options, const Status& done, std::string_view what) {
  if (!done) return complain(done.error());
  fmt::print(stderr, "{} {}; their sessions are over within a second\n", options.name, what);
  return 0;
}

int run_user_add(const UserOptions& options) {
  const auto role = role_of(options);
  if (!role) return complain(role.error());
  auto users = open_users(options);
  if (!users) return complain(users.error());
  const std::string password = password_of(options);
  const auto made = (*users)->add({options.name, password, role->value_or(auth::Role::viewer), options.customer.empty() ? "*" : options.customer}, SystemClock().now());
  if (!made) return complain(made.error());
  fmt::print(stderr, "{} may sign in as {} of {}\n", made->name, to_string(made->role), made->customer == "*" ? "all customers" : made->customer);
  show_once(options, password);
  return 0;
}

int run_user_list(const UserOptions& options) {
  auto users = open_users(options);
  if (!users) return complain(users.error());
  for (const auth::User& user : (*users)->list(SystemClock().now()))
    fmt::print("{}  {:<8} {:<20} {}  {}{}\n", user.id, to_string(user.role), user.customer, format_rfc3339(user.created), user.name, user.disabled ? "  disabled" : "");
  return 0;
}

int run_user_password(const UserOptions& options) {
  auto users = open_users(options);
  if (!users) return complain(users.error());
  const std::string password = password_of(options);
  const Status done = (*users)->set_password(options.name, password);
  if (done) show_once(options, password);
  return changed(options, done, "has a new password");
}

int run_user_role(const UserOptions& options) {
  const auto role = role_of(options);
  if (!role) return complain(role.error());
  if (!*role && options.customer.empty()) return complain({Code::invalid, "give --role, --customer or both"});
  auto users = open_users(options);
  if (!users) return complain(users.error());
  return changed(options, (*users)->set_rights(options.name, *role, options.customer.empty() ? std::nullopt : std::optional(options.customer)), "has other rights");
}

int run_user_disable(const UserOptions& options, bool disabled) {
  auto users = open_users(options);
  if (!users) return complain(users.error());
  return changed(options, (*users)->set_disabled(options.name, disabled, SystemClock().now()), disabled ? "may not sign in any more" : "may sign in again");
}

}  // namespace

void UserCommands::add_to(CLI::App& app) {
  auto* user = app.add_subcommand("user", "who may sign in and see the pages; also beside a running server");
  user->require_subcommand(1);
  const auto command = [&](const char* name, const char* what, bool named) {
    auto* made = user->add_subcommand(name, what);
    made->add_option("--data", options_.data, "the server's directory")->envname("AYBIZA_DATA")->capture_default_str();
    if (named) made->add_option("name", options_.name, "what they type to sign in")->required();
    return made;
  };
  options_.data = "./aybiza-data";
  add_ = command("add", "make a user; their password is made and shown once", true);
  list_ = command("list", "all users", false);
  password_ = command("password", "a new password, shown once; ends their sessions", true);
  role_ = command("role", "another role or customer; ends their sessions", true);
  disable_ = command("disable", "they may not sign in any more; ends their sessions", true);
  enable_ = command("enable", "they may sign in again", true);
  for (auto* made : {add_, role_}) {
    made->add_option("--role", options_.role, "viewer sees pages, analyst also exports, operator also changes prices and masking, admin may do everything");
    made->add_option("--customer", options_.customer, "whose figures they see; * is everybody's");
  }
  for (auto* made : {add_, password_}) made->add_flag("--password-stdin", options_.password_stdin, "read the password from standard input");
}

std::optional<int> UserCommands::run() const {
  if (*add_) return run_user_add(options_);
  if (*list_) return run_user_list(options_);
  if (*password_) return run_user_password(options_);
  if (*role_) return run_user_role(options_);
  if (*disable_) return run_user_disable(options_, true);
  if (*enable_) return run_user_disable(options_, false);
  return std::nullopt;
}

}  // namespace aybiza
