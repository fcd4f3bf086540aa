#include "net/http.h"

#include <gtest/gtest.h>

#include "net/websocket.h"

namespace aybiza::net {
namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

TEST(Http, PercentDecoding) {
  auto check = [](std::string_view text, std::optional<std::string> expected, bool plus = false) {
    EXPECT_EQ(percent_decode(text, plus), expected) << text;
  };
  check("", "");
  check("a%20b", "a b");
  check("a+b", "a+b");
  check("a+b", "a b", true);
  check("%41%6a", "Aj");
  check("%00", std::string(1, '\0'));
  check("%", std::nullopt);
  check("%4", std::nullopt);
  check("%4g", std::nullopt);
}

TEST(Http, Query) {
  auto check = [](std::string_view text, std::optional<Pairs> expected) { EXPECT_EQ(parse_query(text), expected) << text; };
  check("", Pairs{});
  check("a", Pairs{{"a", ""}});
  check("a=1&b=x%3Dy&a=2", Pairs{{"a", "1"}, {"b", "x=y"}, {"a", "2"}});
  check("&&a=b=c&", Pairs{{"a", "b=c"}});
  check("=v", Pairs{{"", "v"}});
  check("a=%", std::nullopt);
}

TEST(Http, ErrorBodyIsJson) {
  auto r = Response::error(400, "x", "say \"hi\"\n\\");
  EXPECT_EQ(std::get<std::string>(r.body), "{\"error\":{\"code\":\"x\",\"message\":\"say \\\"hi\\\"\\u000a\\\\\"}}\n");
}

TEST(Http, Origin) {
  auto check = [](std::string origin, std::string host, bool expected, std::vector<std::string> list = {}) {
    Request r;
    r.local_port = 8080;
    r.headers = {{"Host", host}};
    if (!origin.empty()) r.headers.push_back({"Origin", origin});
    EXPECT_EQ(origin_allowed(r, list), expected) << origin << " " << host;
  };
  check("", "127.0.0.1:8080", true);
  check("http://127.0.0.1:8080", "127.0.0.1:8080", true);
  check("http://localhost:8080", "127.0.0.1:8080", true);
  check("http://[::1]:8080", "127.0.0.1:8080", true);
  check("https://aybiza.example", "aybiza.example", true);  // behind a proxy that speaks TLS
  check("http://aybiza.example:8080", "aybiza.example:8080", true);
  check("http://evil.example", "127.0.0.1:8080", false);
  check("http://localhost:9999", "127.0.0.1:8080", false);
  check("http://127.0.0.1:80800", "127.0.0.1:8080", false);
  check("http://127.0.0.1.evil.example:8080", "127.0.0.1:8080", false);
  check("null", "127.0.0.1:8080", false);
  check("file://127.0.0.1:8080", "127.0.0.1:8080", false);
  check("https://a.example", "x", true, {"https://a.example"});
  check("https://b.example", "b.example", false, {"https://a.example"});  // a list says all there is
}

}  // namespace
}  // namespace aybiza::net
