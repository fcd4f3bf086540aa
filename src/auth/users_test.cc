#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "auth/attempts.h"
#include "auth/password.h"
#include "auth/session_store.h"
#include "auth/sign_in_limits.h"
#include "auth/user_store.h"

namespace aybiza::auth {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

struct UsersTest : testing::Test {
  std::filesystem::path dir = std::filesystem::temp_directory_path() / ("aybiza-users-" + random_base62(8));
  Instant now = from_micros(1'763'700'000'000'000);
  UsersTest() { std::filesystem::create_directories(dir); }
  ~UsersTest() override { std::filesystem::remove_all(dir); }
  std::unique_ptr<UserStore> open() { return std::move(*UserStore::open(dir)); }
};

TEST(PasswordTest, IsHashedWithASaltAndChecked) {
  const auto hash = hash_password("four plain words here");
  ASSERT_TRUE(hash);
  EXPECT_THAT(*hash, HasSubstr("$argon2id$v=19$m=19456,t=2,p=1$"));
  EXPECT_NE(*hash, *hash_password("four plain words here"));
  EXPECT_TRUE(verify_password(*hash, "four plain words here"));
  EXPECT_FALSE(verify_password(*hash, "four plain words herE"));
  EXPECT_FALSE(verify_password(*hash, ""));
  EXPECT_FALSE(verify_password("not a hash", "four plain words here"));
  EXPECT_FALSE(verify_nobody("a password nobody has"));
}

TEST(PasswordTest, ShortAndEndlessOnesAreRefusedWithTheBound) {
  EXPECT_EQ(hash_password("123456789").error().message, "a password has at least 10 bytes; a few words will do");
  EXPECT_EQ(hash_password(std::string(257, 'x')).error().message, "a password has at most 256 bytes");
}

TEST_F(UsersTest, ANameIsTakenOnceAndOutlivesTheProcess) {
  const auto made = open()->add({"Ada", "a password of hers", Role::analyst, "acme"}, now);
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_EQ(open()->add({"ada", "another password", Role::viewer, "*"}, now).error().message, "there is a user ada already");
  const auto back = open()->check("ADA", "a password of hers");
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(back->id, made->id);
  EXPECT_EQ(back->customer, "acme");
  EXPECT_EQ(open()->check("ada", "a password of his").error().message, open()->check("nobody", "a password of his").error().message);
  EXPECT_EQ(std::filesystem::status(dir / "users").permissions() & std::filesystem::perms::mask, std::filesystem::perms(0600));
}

TEST_F(UsersTest, OnlyTheFirstIsMadeByTheSetUpLink) {
  auto users = open();
  EXPECT_TRUE(users->empty(now));
  ASSERT_TRUE(users->add({"first", "a long password", Role::admin, "*"}, now, true));
  EXPECT_EQ(users->add({"second", "a long password", Role::admin, "*"}, now, true).error().code, Code::conflict);
}

TEST_F(UsersTest, EveryChangeRaisesTheGeneration) {
  auto users = open();
  const auto made = *users->add({"bob", "a long password", Role::viewer, "acme"}, now);
  EXPECT_EQ(made.generation, 1);
  ASSERT_TRUE(users->set_password("bob", "another long one"));
  ASSERT_TRUE(users->set_rights("Bob", Role::operator_, "globex"));
  ASSERT_TRUE(users->set_disabled("bob", true, now));
  const auto bob = *users->find(made.id, now);
  EXPECT_EQ(bob.generation, 4);
  EXPECT_EQ(bob.role, Role::operator_);
  EXPECT_EQ(bob.customer, "globex");
  EXPECT_FALSE(users->check("bob", "another long one"));
  ASSERT_TRUE(users->set_disabled("bob", false, now));
  EXPECT_TRUE(users->check("bob", "another long one"));
  EXPECT_EQ(users->set_password("eve", "a long password").error().message, "there is no user eve");
}

TEST_F(UsersTest, NamesAndCustomersThatAreNoneAreRefused) {
  auto users = open();
  for (const auto& name : std::vector<std::string>{"", "two words", "tab\there", std::string(129, 'n')})
    EXPECT_EQ(users->add({name, "a long password", Role::viewer, "*"}, now).error().code, Code::invalid) << name;
  EXPECT_EQ(users->add({"ok", "a long password", Role::viewer, "a\nb"}, now).error().code, Code::invalid);
}

TEST(RoleTest, EachMayWhatTheOneBeforeMay) {
  const auto may = [](Role role) {
    User user;
    user.role = role, user.customer = "acme", user.id = "id", user.name = "name";
    std::string out;
    for (const Scope scope : {Scope::ingest, Scope::read, Scope::export_data, Scope::admin, Scope::users})
      if (user.authz().may(scope)) out += std::string(to_string(scope)) + " ";
    return out;
  };
  EXPECT_EQ(may(Role::viewer), "read ");
  EXPECT_EQ(may(Role::analyst), "read export ");
  EXPECT_EQ(may(Role::operator_), "read export admin ");
  EXPECT_EQ(may(Role::admin), "read export admin users ");
  for (const Role role : {Role::viewer, Role::analyst, Role::operator_, Role::admin}) EXPECT_EQ(parse_role(to_string(role)), role);
  EXPECT_EQ(parse_role("root"), std::nullopt);
}

TEST_F(UsersTest, ASessionOutlivesTheServerButNotItsTime) {
  std::string token;
  {
    SessionStore sessions(dir, now);
    token = sessions.begin("u1", 3, now);
    EXPECT_FALSE(sessions.last_used("u3"));
    EXPECT_EQ(sessions.last_used("u1"), now);
    EXPECT_EQ(sessions.find(token, now + 1h)->generation, 3);
    EXPECT_EQ(sessions.last_used("u1"), now + 1h);
    EXPECT_FALSE(sessions.find(token + "x", now));
    EXPECT_FALSE(sessions.find("", now));
    sessions.begin("u2", 1, now + 1h);  // writes the file, the use with it
  }
  SessionStore again(dir, now + 12h);
  EXPECT_EQ(again.find(token, now + 12h)->user_id, "u1");  // used an hour after it began
  EXPECT_TRUE(again.holds(token, now + 23h));
  EXPECT_FALSE(again.holds(token, now + 24h));  // unused for 12 hours
  for (int day = 0; day < 20; ++day) again.find(token, now + 12h + day * 11h);
  EXPECT_FALSE(again.find(token, now + 7 * 24h));  // however busy
  again.end(token);
  EXPECT_EQ(again.count(), 1u);
}

TEST_F(UsersTest, ATokenIsNowhereOnDisk) {
  SessionStore sessions(dir, now);
  const std::string token = sessions.begin("u1", 1, now);
  std::FILE* file = std::fopen((dir / "sessions").c_str(), "r");
  ASSERT_NE(file, nullptr);
  char text[4096] = {};
  const std::size_t size = std::fread(text, 1, sizeof text - 1, file);
  std::fclose(file);
  EXPECT_THAT(std::string(text, size), HasSubstr("u1"));
  EXPECT_EQ(std::string(text, size).find(token), std::string::npos);
}

TEST_F(UsersTest, OneUsersSessionsAreBounded) {
  SessionStore sessions(dir, now);
  const std::string first = sessions.begin("u1", 1, now);
  for (std::size_t i = 0; i < limits::sessions_per_user; ++i) sessions.begin("u1", 1, now + Duration(1s) * std::int64_t(i + 1));
  EXPECT_EQ(sessions.count(), limits::sessions_per_user);
  EXPECT_FALSE(sessions.holds(first, now + 1h));
}

TEST(AttemptsTest, TenFailuresAndThenAWait) {
  Attempts attempts;
  Instant now = from_micros(1'763'700'000'000'000);
  for (std::size_t i = 0; i < limits::sign_in_failures; ++i) {
    EXPECT_EQ(attempts.wait_of("bob", now), Duration(0));
    attempts.failed("bob", now);
  }
  EXPECT_EQ(attempts.wait_of("bob", now + 1min), Duration(9min));
  EXPECT_EQ(attempts.wait_of("ada", now), Duration(0));
  EXPECT_EQ(attempts.wait_of("bob", now + 10min), Duration(0));
  attempts.failed("bob", now + 10min);
  attempts.succeeded("bob");
  EXPECT_EQ(attempts.wait_of("bob", now + 10min), Duration(0));
}

}  // namespace
}  // namespace aybiza::auth
