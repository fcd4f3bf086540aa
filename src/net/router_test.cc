#include "net/router.h"

#include <gtest/gtest.h>

namespace aybiza::net {
namespace {

Route route(Method method, std::string pattern, Policy policy = Policy::open) {
  return {.method = method, .pattern = std::move(pattern), .policy = policy, .handler = [](RequestPtr, Responder) {}};
}

Router table() {
  Router r;
  for (auto pattern : {"/", "/a", "/a/:x", "/a/b", "/a/:x/c", "/files/*", "/a/b/", "/:any"}) {
    EXPECT_TRUE(r.add(route(Method::get, pattern)).has_value()) << pattern;
  }
  EXPECT_TRUE(r.add(route(Method::post, "/a/:y")).has_value());
  return r;
}

void check(Method method, std::string_view path, std::string_view pattern, std::string_view params,
           std::string_view allowed = "") {
  static const Router router = table();
  const auto match = router.match(method, path);
  EXPECT_EQ(match.route ? match.route->pattern : "", pattern) << path;
  std::string got;
  for (const auto& [name, value] : match.params) got += name + "=" + value + ";";
  EXPECT_EQ(got, params) << path;
  EXPECT_EQ(match.allowed, allowed) << path;
}

TEST(Router, FindsTheMostParticularEntry) {
  check(Method::get, "/", "/", "");
  check(Method::get, "/a", "/a", "");
  check(Method::get, "/a/b", "/a/b", "");
  check(Method::get, "/a/z", "/a/:x", "x=z;");
  check(Method::get, "/a/b/c", "/a/:x/c", "x=b;");
  check(Method::get, "/a/b/", "/a/b/", "");
  check(Method::get, "/z", "/:any", "any=z;");
  check(Method::get, "/files/", "/files/*", "*=;");
  check(Method::get, "/files/x/y%20z", "/files/*", "*=x/y z;");
  check(Method::get, "/a/x%2Fy", "/a/:x", "x=x/y;");  // an encoded slash separates nothing
  check(Method::head, "/a", "/a", "");
  check(Method::post, "/a/b", "/a/:y", "y=b;");  // a literal of another method does not hide it
}

TEST(Router, SaysWhatThereIs) {
  check(Method::get, "/a/b/d", "", "");
  check(Method::get, "/a//", "", "");        // an empty segment is no parameter
  check(Method::get, "a", "", "");           // not absolute
  check(Method::get, "", "", "");
  check(Method::get, "/%zz", "", "");        // a broken escape names nothing
  check(Method::del, "/a", "", "", "GET, HEAD, OPTIONS");
  check(Method::del, "/a/q", "", "", "GET, HEAD, POST, OPTIONS");
  check(Method::other, "/", "", "", "GET, HEAD, OPTIONS");
}

TEST(Router, RefusesWhatHasNoPolicyOrIsThere) {
  Router r;
  EXPECT_FALSE(r.add(route(Method::get, "/a", Policy::none)).has_value());
  EXPECT_FALSE(r.add(route(Method::get, "a")).has_value());
  EXPECT_FALSE(r.add(route(Method::get, "/*/a")).has_value());
  EXPECT_FALSE(r.add(route(Method::get, "/a*")).has_value());
  EXPECT_FALSE(r.add(route(Method::get, "/:")).has_value());
  EXPECT_FALSE(r.add(route(Method::options, "/a")).has_value());
  EXPECT_FALSE(r.add({.method = Method::get, .pattern = "/a", .policy = Policy::open}).has_value());
  EXPECT_TRUE(r.add(route(Method::get, "/a/:x")).has_value());
  EXPECT_FALSE(r.add(route(Method::get, "/a/:y")).has_value());
  EXPECT_TRUE(r.add(route(Method::post, "/a/:y")).has_value());
  EXPECT_EQ(r.routes().size(), 2u);
}

}  // namespace
}  // namespace aybiza::net
