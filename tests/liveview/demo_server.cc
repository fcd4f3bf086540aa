// The demo and protocol views behind the real server parts, for the browser tests.   liveview_demo_server PORT KEY SCRIPT
// KEY signs the sessions (any text), SCRIPT is the client's JavaScript. Ends on SIGTERM as the program does: sockets get 1012.
#include <csignal>

#include <fstream>
#include <iterator>

#include "base/ids.h"
#include "dashboard/page_thread.h"
#include "dashboard/web_answers.h"
#include "liveview/dead_render.h"
#include "net/http_server.h"
#include "protocol_views.h"

namespace {

using namespace aybiza;
using dashboard::PageThread;

class Handler final : public net::WsHandler {
 public:
  Handler(PageThread& pages, liveview::Visitor visitor) : pages_(pages), visitor_(std::move(visitor)) {}
  void on_open(const net::Request&, net::WsSender sender) override {
    sender_ = sender;
    id_ = pages_.open(std::move(visitor_), {}, std::move(sender));
  }
  void on_text(std::string_view text) override { pages_.text(id_, std::string(text), sender_); }
  void on_writable() override { pages_.writable(id_); }
  void on_close(std::uint16_t) override { pages_.closed(id_); }

 private:
  PageThread& pages_;
  liveview::Visitor visitor_;
  net::WsSender sender_;
  PageThread::ConnectionId id_ = 0;
};

liveview::Node layout(const liveview::LayoutInput& in) {
  return liveview::html<R"(<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="csrf-token" content="{}"><title>{}</title>
<link rel="icon" href="data:,"><script defer src="/demo.js"></script></head><body>{}</body></html>)">(in.csrf_token, in.title, in.main);
}

net::Response first_page(const liveview::Router& router, const liveview::Signer& signer, const net::Request& request) {
  const dashboard::Sid sid = dashboard::sid_of(request);
  const liveview::Visitor visitor{sid.value, "", "", request.peer.address, nullptr};
  const auto page = liveview::dead_render(router, signer, {request.target, visitor, "p" + to_string(random_id()), SystemClock().now(),
                                                           dashboard::cookie(request, dashboard::flash_cookie)});
  if (!page) return dashboard::page_response(page.error().code == Code::not_found ? 404 : 500, page.error().message);
  net::Response response = dashboard::page_response(page->status, page->html);
  if (page->status == 302) response.headers.push_back({"Location", page->location});
  if (sid.is_new) response.headers.push_back({"Set-Cookie", dashboard::set_cookie(dashboard::session_cookie, sid.value)});
  return response;
}

Status add_routes(net::Router& routes, const liveview::Router& router, const liveview::Signer& signer, PageThread& pages, std::string script) {
  for (const std::string_view pattern : {"/demo/:name", "/other/:name"})
    AYBIZA_TRY(routes.add({.method = net::Method::get, .pattern = std::string(pattern), .policy = net::Policy::open, .body_limit = 0,
                           .handler = [&](net::RequestPtr request, net::Responder respond) { respond(first_page(router, signer, *request)); }, .websocket = {}}));
  AYBIZA_TRY(routes.add({.method = net::Method::get, .pattern = "/demo.js", .policy = net::Policy::open, .body_limit = 0,
                         .handler = [script = std::move(script)](net::RequestPtr, net::Responder respond) { respond(net::Response::text(200, script, "text/javascript")); },
                         .websocket = {}}));
  return routes.add({.method = net::Method::get, .pattern = "/live/websocket", .policy = net::Policy::open, .body_limit = 0, .handler = {},
                     .websocket = [&](const net::RequestPtr& request) -> std::expected<std::unique_ptr<net::WsHandler>, net::Response> {
                       if (!net::origin_allowed(*request, {})) return std::unexpected(net::Response::error(403, "origin", "not from there"));
                       std::string csrf;
                       if (const auto query = net::parse_query(request->query))
                         for (const auto& [name, value] : *query)
                           if (name == "_csrf_token") csrf = value;
                       return std::make_unique<Handler>(pages, liveview::Visitor{std::string(dashboard::cookie(*request, dashboard::session_cookie)), csrf, "",
                                                                                 request->peer.address, nullptr});
                     }});
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  sigset_t ends;
  sigemptyset(&ends);
  sigaddset(&ends, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &ends, nullptr);
  std::ifstream file(argv[3]);
  const std::string script{std::istreambuf_iterator<char>(file), {}};
  const SystemClock clock;
  LiveThread live(clock);
  liveview::Router router;
  router.layout("demo", layout).layout("other", layout);
  liveview::demo::add_protocol_views(router);
  const liveview::Signer signer(std::string(argv[2]) + std::string(32, '.'));
  PageThread pages(router, signer, live);
  net::Router routes;
  if (!add_routes(routes, router, signer, pages, script)) return 1;
  auto server = net::HttpServer::start({.listen = {fmt::format("127.0.0.1:{}", argv[1])}, .threads = 2, .limits = {}, .guard = {}, .budget = nullptr, .extra_headers = {}},
                                       std::move(routes));
  if (!server) return 1;
  fmt::print("ready: http://{}\n", (*server)->addresses().front());
  std::fflush(stdout);
  int signal = 0;
  sigwait(&ends, &signal);
  pages.stop();
  (*server)->stop();
  return 0;
}
