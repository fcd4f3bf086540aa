// The pages over real HTTP on the loopback: cookies, headers, files, refusals, and a socket that is let in or not.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "auth/authz.h"
#include "dashboard/dashboard.h"
#include "dashboard/sample_source.h"
#include "dashboard/web_answers.h"
#include "net/http_client.h"
#include "net/http_server.h"
#include "net/test_socket.h"
#include "web_assets.h"

namespace aybiza::dashboard {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class WebTest : public testing::Test {
 protected:
  void serve(bool insecure_loopback, std::string customer = "") {
    const auto secret = auth::Secret::load_or_create(dir_);
    ASSERT_TRUE(secret.has_value());
    dashboard_ = std::make_unique<Dashboard>(DashboardOptions{.brand = "Brand & Co", .insecure_loopback = insecure_loopback, .allowed_origins = {}, .secret = *secret}, source_, live_);
    net::Router router;
    ASSERT_TRUE(dashboard_->add_routes(router).has_value());
    auto server = net::HttpServer::start({.listen = {"127.0.0.1:0"}, .threads = 1, .limits = {}, .guard = [customer](net::Request& request, const net::Route&) {
                                            if (!customer.empty()) request.identity = auth::Authz::of(customer, auth::Scope::read, "k", "name");
                                            return std::optional<net::Response>();
                                          }, .budget = nullptr, .extra_headers = {},
                                          .nothing_here = [this](const net::Request& request) { return dashboard_->nothing_here(request); }}, std::move(router));
    ASSERT_TRUE(server.has_value());
    server_ = std::move(*server);
    client_.emplace(net::ClientConfig{.port = server_->port(), .headers = {}});
  }
  void TearDown() override {
    if (server_) server_->stop();
    server_.reset();
    dashboard_.reset();
    live_.stop();
    std::filesystem::remove_all(dir_);
  }
  net::ClientResponse get(std::string target, std::vector<net::Header> headers = {}) {
    auto answer = client_->request({.method = net::Method::get, .target = std::move(target), .body = {}, .content_type = {}, .headers = std::move(headers)});
    EXPECT_TRUE(answer.has_value());
    return answer ? *answer : net::ClientResponse{};
  }
  net::ClientResponse upgrade(std::vector<net::Header> more) {
    more.insert(more.end(), {{"Connection", "Upgrade"}, {"Upgrade", "websocket"}, {"Sec-WebSocket-Version", "13"}, {"Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="}});
    return get("/live/websocket?vsn=2.0.0", std::move(more));
  }

  const std::filesystem::path dir_ = [] {
    auto dir = std::filesystem::temp_directory_path() / ("aybiza-web-" + to_string(random_id()));
    std::filesystem::create_directories(dir);
    return dir;
  }();
  SystemClock clock_;
  SampleSource source_{clock_.now(), 60};
  LiveThread live_{clock_};
  std::unique_ptr<Dashboard> dashboard_;
  std::unique_ptr<net::HttpServer> server_;
  std::optional<net::HttpClient> client_;
};

TEST_F(WebTest, PagesCarryCookieAndPolicy) {
  serve(true);
  const auto page = get("/");
  EXPECT_EQ(page.status, 200);
  EXPECT_THAT(page.body, AllOf(StartsWith("<!doctype html>"), HasSubstr("Brand &amp; Co"), HasSubstr("data-phx-main"), HasSubstr(web::path_of("app.js"))));
  EXPECT_THAT(std::string(page.header("set-cookie")), AllOf(StartsWith("aybiza_sid="), HasSubstr("HttpOnly"), HasSubstr("SameSite=Lax")));
  EXPECT_THAT(std::string(page.header("content-security-policy")), AllOf(HasSubstr("default-src 'none'"), Not(HasSubstr("unsafe"))));
  EXPECT_EQ(page.header("cache-control"), "no-store");
  const std::string set(page.header("set-cookie"));
  EXPECT_EQ(get("/calls", {{"Cookie", "other=1; " + set.substr(0, set.find(';'))}}).header("set-cookie"), "");  // kept
  EXPECT_NE(get("/calls", {{"Cookie", "aybiza_sid=chosen-by-somebody"}}).header("set-cookie"), "");              // made anew
}

TEST_F(WebTest, FilesAreCachedForEverAndPacked) {
  serve(false);  // files are no secret
  const std::string path(web::path_of("app.js"));
  const auto plain = get(path);
  EXPECT_EQ(plain.status, 200);
  EXPECT_THAT(std::string(plain.header("cache-control")), HasSubstr("immutable"));
  const auto packed = get(path, {{"Accept-Encoding", "gzip, br"}});
  EXPECT_EQ(packed.header("content-encoding"), "br");
  EXPECT_LT(packed.body.size(), plain.body.size() / 2);
  EXPECT_EQ(get(path, {{"If-None-Match", std::string(plain.header("etag"))}}).status, 304);
  EXPECT_EQ(get("/assets/app-000000000000.js").status, 404);
}

TEST_F(WebTest, WithoutRightsPagesSayHowToGetIn) {
  serve(false);
  const auto page = get("/");
  EXPECT_EQ(page.status, 403);
  EXPECT_THAT(page.body, AllOf(HasSubstr("--insecure-loopback"), Not(HasSubstr("data-phx-session"))));
  EXPECT_EQ(upgrade({{"Origin", fmt::format("http://127.0.0.1:{}", server_->port())}}).status, 403);
}

TEST_F(WebTest, AnotherNameForThisMachineIsNotTheVisitorMeant) {
  serve(true);
  const auto ask = [&](std::string_view host) {
    net::TestSocket socket(server_->port());
    socket.send(fmt::format("GET / HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", host));
    return socket.receive_all().substr(0, 12);
  };
  EXPECT_EQ(ask("evil.example"), "HTTP/1.1 403");
  EXPECT_EQ(ask("127.0.0.1.evil.example:8080"), "HTTP/1.1 403");
  EXPECT_EQ(ask("localhost:8080"), "HTTP/1.1 200");
}

TEST_F(WebTest, ForeignOriginsGetNoSocket) {
  serve(true);
  EXPECT_EQ(upgrade({{"Origin", "https://evil.example"}}).status, 403);
}

TEST_F(WebTest, ACustomerSeesOnlyTheirOwn) {
  serve(false, "globex");
  const auto calls = get("/calls");
  EXPECT_EQ(calls.status, 200);
  EXPECT_THAT(calls.body, AllOf(HasSubstr("globex"), Not(HasSubstr("acme"))));
  const auto theirs = get("/?customer=acme");
  EXPECT_THAT(theirs.body, HasSubstr("No calls with a known outcome of acme"));
  EXPECT_THAT(theirs.body, HasSubstr("id=\"tile-volume\""));  // the chart's figures come with the socket: the first page does not wait for them
  EXPECT_EQ(get("/calls/" + to_string(source_.rows.calls[0].call_id)).status, 404);  // acme's
  EXPECT_EQ(get("/calls/" + to_string(source_.rows.calls[1].call_id)).status, 200);
}

TEST_F(WebTest, AMistypedAddressIsAPageForReadersAndJsonForPrograms) {
  serve(true);
  const std::vector<net::Header> reader = {{"Accept", "text/html,application/xhtml+xml;q=0.9"}};
  const auto page = get("/overveiw?range=1h", reader);
  EXPECT_EQ(page.status, 404);
  EXPECT_EQ(page.body, get("/shared/no-such-link", reader).body);
  EXPECT_THAT(page.body, AllOf(HasSubstr("No such page"), HasSubstr("href=\"/\"")));
  EXPECT_THAT(std::string(page.header("content-security-policy")), HasSubstr("default-src 'none'"));
  EXPECT_THAT(get("/overveiw", {{"Accept", "text/html"}, {"Accept-Language", "de-DE"}}).body, HasSubstr("lang=\"en\""));  // as they prefer, like other pages
  const auto program = [&](std::string target, std::string accept) {
    const auto answer = get(std::move(target), {{"Accept", std::move(accept)}});
    EXPECT_EQ(answer.status, 404);
    EXPECT_THAT(answer.body, HasSubstr("\"not_found\""));
  };
  program("/overveiw", "*/*");
  program("/overveiw", "application/json");
  program("/api/v1/qeury", "text/html");
  program("/api", "text/html");
  program("/v1/event", "text/html");
  EXPECT_EQ(get("/apiary", reader).body, page.body);
}

TEST_F(WebTest, AStrangerAtAMistypedAddressReadsTheirOwnLanguage) {
  serve(false);
  const auto page = get("/uebersicht", {{"Accept", "text/html"}, {"Accept-Language", "de-DE,de;q=0.9"}});
  EXPECT_EQ(page.status, 404);
  EXPECT_THAT(page.body, HasSubstr("lang=\"de\""));
}

TEST_F(WebTest, WhenTheLiveThreadIsGonePagesSayLater) {
  serve(true);
  live_.stop();
  const auto page = get("/");
  EXPECT_EQ(page.status, 503);
  EXPECT_EQ(page.header("retry-after"), "2");
}

}  // namespace
}  // namespace aybiza::dashboard
