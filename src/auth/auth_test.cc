#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <thread>

#include "auth/file.h"
#include "auth/key_store.h"
#include "auth/secret.h"
#include "auth/signed_value.h"
#include "base/limits.h"

namespace aybiza::auth {
namespace {

using namespace std::chrono_literals;

const Instant t0 = *parse_rfc3339("2026-11-21T09:00:00Z");

struct TempDir {
  std::filesystem::path path;
  TempDir() {
    std::string pattern = (std::filesystem::temp_directory_path() / "auth_test_XXXXXX").string();
    path = ::mkdtemp(pattern.data());
  }
  ~TempDir() { std::filesystem::remove_all(path); }
};

std::unique_ptr<KeyStore> open(const TempDir& dir) {
  auto store = KeyStore::open(dir.path);
  EXPECT_TRUE(store.has_value()) << store.error().message;
  return std::move(*store);
}

TEST(Authz, WhoMayWhat) {
  auto check = [](Scope scope, bool ingest, bool read, bool admin) {
    const auto a = Authz::of("acme", scope, "id", "name");
    EXPECT_EQ(a.may(Scope::ingest), ingest);
    EXPECT_EQ(a.may(Scope::read), read);
    EXPECT_EQ(a.may(Scope::admin), admin);
  };
  check(Scope::ingest, true, false, false);  // an ingest key cannot read
  check(Scope::read, false, true, false);
  check(Scope::admin, false, true, true);
  EXPECT_FALSE(Authz().may(Scope::ingest) || Authz().may(Scope::read) || Authz().may(Scope::admin));
  EXPECT_TRUE(Authz::insecure_loopback().may(Scope::ingest) && Authz::insecure_loopback().may(Scope::admin));
}

TEST(Authz, WhoseItIs) {
  const auto acme = Authz::of("acme", Scope::ingest, "", ""), platform = Authz::of("*", Scope::ingest, "", "");
  EXPECT_EQ(acme.customer_for(""), "acme");
  EXPECT_EQ(acme.customer_for("acme"), "acme");
  EXPECT_EQ(acme.customer_for("other"), std::nullopt);
  EXPECT_EQ(platform.customer_for("other"), "other");
  EXPECT_EQ(platform.customer_for(""), "default");
  EXPECT_EQ(Authz().customer_for("acme"), std::nullopt);
  EXPECT_EQ(platform.customer(), "");
  EXPECT_TRUE(platform.platform());
}

TEST(Authz, Bearer) {
  auto check = [](std::string_view text, std::optional<std::string_view> expected) { EXPECT_EQ(bearer_token(text), expected) << text; };
  check("Bearer abc", "abc");
  check("bEARER  abc ", "abc");
  check("Bearer", std::nullopt);
  check("Bearer ", std::nullopt);
  check("Basic abc", std::nullopt);
  check("Bearer a b", std::nullopt);
  check("", std::nullopt);
}

TEST(Authz, Basic) {
  auto check = [](std::string_view text, std::optional<std::string_view> expected) { EXPECT_EQ(basic_password(text), expected) << text; };
  check("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==", "open sesame");  // RFC 7617 section 2
  check("basic dXNlcjphOmI=", "a:b");                          // the first colon parts them
  check("Basic OmtleQ==", "key");
  check("Basic OmtleQ", "key");
  check("Basic dXNlcjo=", std::nullopt);
  check("Basic dXNlcg==", std::nullopt);
  check("Basic ?", std::nullopt);
  check("Bearer OmtleQ==", std::nullopt);
  check("", std::nullopt);
}

TEST(ApiKey, TextIsRandomAndShaped) {
  std::set<std::string> seen;
  for (int i = 0; i < 100; ++i) {
    const std::string text = generate_key_text(Scope::ingest);
    EXPECT_TRUE(text.starts_with("aybiza_ingest_"));
    EXPECT_EQ(text.size(), 14u + 43u);
    EXPECT_TRUE(seen.insert(text).second);
  }
}

TEST(ApiKey, LineRoundTrips) {
  ApiKey key{.id = "id", .digest = digest_of("x"), .customer = "*", .scope = Scope::read, .created = t0,
             .expires = t0 + 1h, .revoked = {}, .name = "my name"};
  const auto back = parse_key_line(to_line(key));
  ASSERT_TRUE(back);
  EXPECT_EQ(to_line(*back), to_line(key));
  EXPECT_EQ(back->expires, key.expires);
  EXPECT_EQ(back->revoked, std::nullopt);
  std::string line = to_line(key);
  for (std::size_t n = 0; n + 8 < line.size(); ++n) EXPECT_FALSE(parse_key_line(line.substr(0, n))) << n;
  EXPECT_FALSE(parse_key_line(line + "\tmore"));
}

TEST(KeyStore, CreatesAuthenticatesRevokes) {
  TempDir dir;
  auto store = open(dir);
  EXPECT_EQ(store->authenticate("aybiza_read_nothing", t0).error().code, Code::unauthorized);
  auto made = store->create({.customer = "acme", .scope = Scope::ingest, .name = "prod", .expires = t0 + 1h}, t0);
  ASSERT_TRUE(made.has_value()) << made.error().message;
  EXPECT_FALSE(store->last_used(made->key.id));  // it let nobody in yet
  auto authz = store->authenticate(made->text, t0);
  ASSERT_TRUE(authz.has_value());
  EXPECT_EQ(store->last_used(made->key.id), t0);
  EXPECT_EQ(authz->customer(), "acme");
  EXPECT_EQ(authz->key_name(), "prod");
  EXPECT_TRUE(authz->may(Scope::ingest));
  EXPECT_TRUE(store->authenticate(made->text, t0 + 1h - 1us).has_value());
  EXPECT_FALSE(store->authenticate(made->text, t0 + 1h).has_value());  // expired
  EXPECT_EQ(store->last_used(made->key.id), t0 + 1h - 1us);             // what was refused was no use
  EXPECT_FALSE(store->authenticate(made->text + "x", t0).has_value());
  EXPECT_FALSE(store->authenticate(made->text.substr(1), t0).has_value());
  EXPECT_FALSE(store->authenticate("", t0).has_value());
  ASSERT_TRUE(store->revoke(made->key.id, t0).has_value());
  EXPECT_FALSE(store->authenticate(made->text, t0).has_value());
  EXPECT_EQ(store->revoke("nobody", t0).error().code, Code::not_found);
}

TEST(KeyStore, TheFileHoldsNoKeyAndIsOurs) {
  TempDir dir;
  auto made = open(dir)->create({.customer = "acme", .name = "n"}, t0);
  const auto text = read_file(dir.path / "keys");
  ASSERT_TRUE(text.has_value());
  EXPECT_EQ(text->find(made->text.substr(14)), std::string::npos);
  struct stat s{};
  ::stat((dir.path / "keys").c_str(), &s);
  EXPECT_EQ(s.st_mode & 0777, 0600u);
}

TEST(KeyStore, ARunningServerSeesWhatAnotherProcessDid) {
  TempDir dir;
  auto server = open(dir), tool = open(dir);
  EXPECT_FALSE(server->authenticate("x", t0).has_value());  // looks at t0
  auto made = tool->create({.customer = "acme", .scope = Scope::read, .name = "n"}, t0);
  EXPECT_FALSE(server->authenticate(made->text, t0 + 999ms).has_value());  // at most one look a second
  EXPECT_TRUE(server->authenticate(made->text, t0 + 1s).has_value());
  ASSERT_TRUE(tool->revoke(made->key.id, t0).has_value());
  EXPECT_TRUE(server->authenticate(made->text, t0 + 1s).has_value());
  EXPECT_FALSE(server->authenticate(made->text, t0 + 2s).has_value());
}

TEST(KeyStore, WritersDoNotLoseEachOthersKeys) {
  TempDir dir;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&dir] {
      auto store = open(dir);
      for (int i = 0; i < 5; ++i) EXPECT_TRUE(store->create({.customer = "acme", .name = "n"}, t0).has_value());
    });
  }
  for (auto& t : threads) t.join();
  EXPECT_EQ(open(dir)->list(t0).size(), 20u);
}

TEST(KeyStore, ManyReadersWhileKeysChange) {
  TempDir dir;
  auto store = open(dir);
  auto made = store->create({.customer = "acme", .scope = Scope::read, .name = "n"}, t0);
  std::atomic<bool> done = false;
  std::vector<std::thread> readers;
  for (int t = 0; t < 3; ++t) {
    readers.emplace_back([&] {
      for (Instant now = t0; !done; now += 1s) EXPECT_TRUE(store->authenticate(made->text, now).has_value());
    });
  }
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(store->create({.customer = "acme", .name = "n"}, t0).has_value());
  done = true;
  for (auto& t : readers) t.join();
}

TEST(KeyStore, ADamagedFileKeepsTheKeysThatWere) {
  TempDir dir;
  auto store = open(dir);
  auto made = store->create({.customer = "acme", .name = "n"}, t0);
  std::ofstream(dir.path / "keys", std::ios::app) << "rubbish\n";
  EXPECT_TRUE(store->authenticate(made->text, t0 + 10s).has_value());
  auto fresh = KeyStore::open(dir.path);
  ASSERT_FALSE(fresh.has_value());
  EXPECT_EQ(fresh.error().code, Code::corrupt);
  EXPECT_FALSE(store->create({.customer = "acme", .name = "n"}, t0).has_value());  // and nothing is written over it
}

TEST(KeyStore, Limits) {
  TempDir dir;
  auto store = open(dir);
  EXPECT_FALSE(store->create({.customer = "", .name = "n"}, t0).has_value());
  EXPECT_FALSE(store->create({.customer = "a\tb", .name = "n"}, t0).has_value());
  EXPECT_FALSE(store->create({.customer = "a", .name = "line\n"}, t0).has_value());
  for (std::size_t i = 0; i < limits::keys_per_customer; ++i) {
    ASSERT_TRUE(store->create({.customer = "acme", .name = "n"}, t0).has_value());
  }
  EXPECT_EQ(store->create({.customer = "acme", .name = "n"}, t0).error().code, Code::too_large);
  EXPECT_TRUE(store->create({.customer = "other", .name = "n"}, t0).has_value());
}

TEST(Secret, IsMadeOnceAndDerivesByPurpose) {
  TempDir dir;
  auto first = Secret::load_or_create(dir.path), again = Secret::load_or_create(dir.path);
  ASSERT_TRUE(first.has_value() && again.has_value());
  EXPECT_EQ(first->derive("session"), again->derive("session"));
  EXPECT_NE(first->derive("session"), first->derive("pii"));
  ::chmod((dir.path / "secret").c_str(), 0640);
  EXPECT_EQ(Secret::load_or_create(dir.path).error().code, Code::unauthorized);
  ::chmod((dir.path / "secret").c_str(), 0600);
  std::ofstream(dir.path / "secret") << "short\n";
  EXPECT_EQ(Secret::load_or_create(dir.path).error().code, Code::corrupt);
  EXPECT_EQ(Secret::load_or_create(dir.path / "missing").error().code, Code::not_found);
}

TEST(Secret, KeyedHashIsHmacSha256) {  // RFC 4231, case 2 has a short key; here zero-padded to 32 bytes, which HMAC does too
  KeyBytes key{};
  std::copy_n("Jefe", 4, key.begin());
  const KeyBytes got = keyed_hash(key, "what do ya want for nothing?");
  EXPECT_EQ(got[0], 0x5b);
  EXPECT_EQ(got[1], 0xdc);
  EXPECT_EQ(got[31], 0x43);
}

TEST(SignedValue, AnyChangeBreaksIt) {
  KeyBytes key{}, other{};
  other[0] = 1;
  const std::string payload("user\0 7", 7);
  const std::string text = sign_value(key, payload, t0 + 10s);
  EXPECT_EQ(verify_value(key, text, t0), payload);
  EXPECT_EQ(verify_value(key, text, t0 + 9s + 999ms), payload);
  EXPECT_EQ(verify_value(key, text, t0 + 10s), std::nullopt);
  EXPECT_EQ(verify_value(other, text, t0), std::nullopt);
  for (std::size_t i = 0; i < text.size(); ++i) {
    std::string bad = text;
    bad[i] = bad[i] == 'A' ? 'B' : 'A';
    EXPECT_EQ(verify_value(key, bad, t0), std::nullopt) << i;
    EXPECT_EQ(verify_value(key, text.substr(0, i), t0), std::nullopt) << i;
  }
  EXPECT_EQ(verify_value(key, text + "A", t0), std::nullopt);
  EXPECT_EQ(verify_value(key, sign_value(key, "", t0 + 1s), t0), "");
}

TEST(SignedValue, Cookies) {
  EXPECT_EQ(session_cookie("sid", "v", true), "__Host-sid=v; Path=/; HttpOnly; SameSite=Lax; Secure");
  EXPECT_EQ(session_cookie("sid", "v", false), "sid=v; Path=/; HttpOnly; SameSite=Lax");
  auto check = [](std::string_view header, std::optional<std::string_view> expected) { EXPECT_EQ(cookie_value(header, "sid"), expected) << header; };
  check("sid=v", "v");
  check("a=b; __Host-sid=v=w; c", "v=w");
  check("xsid=v", std::nullopt);
  check("", std::nullopt);
}

}  // namespace
}  // namespace aybiza::auth
