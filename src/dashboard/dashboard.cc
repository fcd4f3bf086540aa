#include "dashboard/dashboard.h"

#include "auth/authz.h"
#include "base/ids.h"
#include "dashboard/agents_page.h"
#include "dashboard/board_page.h"
#include "dashboard/boards_page.h"
#include "dashboard/calls_page.h"
#include "dashboard/call_page.h"
#include "dashboard/conversations_page.h"
#include "dashboard/costs_page.h"
#include "dashboard/frame.h"
#include "dashboard/learning_page.h"
#include "dashboard/overview_page.h"
#include "dashboard/page_thread.h"
#include "dashboard/settings_page.h"
#include "dashboard/sharing_page.h"
#include "dashboard/system_page.h"
#include "dashboard/web_answers.h"
#include "liveview/dead_render.h"
#include "liveview/text.h"
#include "web_assets.h"

namespace aybiza::dashboard {
namespace {

constexpr std::string_view live_session = "app";

template <typename Page>
liveview::Route page(std::string pattern, std::string view) {
  return {std::move(pattern), std::move(view), std::string(live_session),
          [](const liveview::Visitor& visitor) { return std::make_unique<Page>(visitor); }};
}

// What a link shows is the link's to say: views of this session are made of nothing else.
std::unique_ptr<liveview::View> shared_view(const liveview::Visitor& visitor) {
  const auto& share = viewer_of(visitor).share;
  const std::string_view page = share ? std::string_view(share->page) : "/boards";
  if (page == "/") return std::make_unique<OverviewPage>(visitor);
  if (page == "/agents") return std::make_unique<AgentsPage>(visitor);
  if (page == "/conversations") return std::make_unique<ConversationsPage>(visitor);
  if (page == "/costs") return std::make_unique<CostsPage>(visitor);
  if (page == "/learning") return std::make_unique<LearningPage>(visitor);
  return std::make_unique<SharedBoardPage>(visitor);
}

liveview::Router pages() {
  liveview::Router router;
  router.layout(std::string(live_session), layout).layout("shared", layout);
  router.add({"/shared/:token", "shared", "shared", shared_view}).add(page<SharingPage>("/sharing", "sharing"));
  router.add(page<OverviewPage>("/", "overview")).add(page<AgentsPage>("/agents", "agents")).add(page<AgentPage>("/agents/:id", "agent"));
  router.add(page<ConversationsPage>("/conversations", "conversations")).add(page<CallsPageView>("/calls", "calls")).add(page<CallPageView>("/calls/:id", "call")).add(page<CostsPage>("/costs", "costs"));
  router.add(page<LearningPage>("/learning", "learning")).add(page<SystemPage>("/system", "system")).add(page<SettingsPage>("/settings", "settings"));
  router.add(page<BoardsPage>("/boards", "boards")).add(page<BoardPage>("/boards/:name", "board")).add(page<WallPage>("/wall", "wall"));
  return router;
}

std::string key_of(const auth::Secret& secret) {
  const auth::KeyBytes key = secret.derive("session");
  return {key.begin(), key.end()};
}

// A person's browser, at an address that could be a page's: what programs ask for is answered in JSON, whoever asks.
bool reads_a_page(const net::Request& request) {
  if (request.method != net::Method::get && request.method != net::Method::head) return false;
  for (const std::string_view programs : {"/api", "/v1", "/assets"})
    if (request.path == programs || (request.path.starts_with(programs) && request.path[programs.size()] == '/')) return false;
  return request.header("accept").find("text/html") != std::string_view::npos;
}

net::Response forbidden(const Texts& t) {
  return page_response(403, plain_page(t, t("door.forbidden"), t("door.forbidden_why"), "curl -H 'Authorization: Bearer KEY' http://HOST:PORT/api/v1/live"));
}

net::Response to_sign_in(const net::Request& request) {
  return page_response(303, "").with("Location", "/sign-in?next=" + liveview::percent_encoded(request.target));
}

net::Response unavailable(const Texts& t) {
  return page_response(503, plain_page(t, t("door.not_ready"), t("door.not_ready_why"), t("door.reload")))
      .with("Retry-After", "2");
}

}  // namespace

struct Dashboard::Web : std::enable_shared_from_this<Dashboard::Web> {
  Web(DashboardOptions given, Source& from, LiveThread& thread)
      : options(std::move(given)), source(from), live(thread), router(pages()), signer(key_of(options.secret)), page_thread(router, signer, live, options.latency) {}

  // Who it is; nullopt: nobody who may see pages.
  std::optional<Viewer> viewer(const net::Request& request) const {
    if (options.passes && request.peer.loopback)
      if (const std::string_view token = cookie(request, pass_cookie); !token.empty()) return viewer_with(std::string(token));
    Viewer viewer;
    viewer.brand = options.brand;
    viewer.host = request.header("host");
    viewer.source = &source;
    viewer.keeping = options.keeping;
    auto signed_in = options.signed_in ? options.signed_in(request) : std::nullopt;
    const auto* authz = signed_in ? &signed_in->authz : std::any_cast<auth::Authz>(&request.identity);
    if (authz && authz->may(auth::Scope::read)) {
      if (!authz->platform()) viewer.customers = {std::string(authz->customer())};
      viewer.edits = authz->may(auth::Scope::admin);
      viewer.sees_changes = authz->platform() && authz->may(auth::Scope::users);
      if (signed_in) viewer.user_id = signed_in->id, viewer.user = signed_in->name, viewer.still = std::move(signed_in->still);
      viewer.person = viewer.user_id;
      viewer.gives_away = authz->may(auth::Scope::export_data);
      return liked(std::move(viewer));
    }
    // Only a browser that typed a loopback address: a name of somebody else that resolves to this machine (DNS rebinding), or
    // a proxy that speaks for the world, is not the visitor of this machine that --insecure-loopback means.
    if (!options.insecure_loopback || !request.peer.loopback || !names_loopback(viewer.host)) return std::nullopt;
    viewer.person = "local";  // whoever sits at this machine
    viewer.gives_away = true;
    viewer.edits = viewer.sees_changes = true;
    return liked(std::move(viewer));
  }

  // Who takes a picture of what somebody sees; nullopt: the pass is over.
  std::optional<Viewer> viewer_with(std::string token) const {
    const Clock& clock = live.clock();
    const PassPtr pass = options.passes->find(token, clock.now());
    if (!pass) return std::nullopt;
    Viewer viewer;
    viewer.brand = options.brand, viewer.source = &source;
    viewer.keeping.boards = options.keeping.boards;
    viewer.customers = pass->customers, viewer.person = pass->person, viewer.preferences = pass->preferences;
    viewer.pictured = true;
    viewer.still = [passes = options.passes, token = std::move(token), &clock] { return passes->find(token, clock.now()) != nullptr; };
    return viewer;
  }

  // Who comes by a link; nullopt: it is none, or its time is over.
  std::optional<Viewer> viewer_by(std::string_view token, const net::Request& request) const {
    auth::ShareLinks* links = options.keeping.links;
    auto link = links ? links->find(token, live.clock().now()) : std::nullopt;
    if (!link) return std::nullopt;
    Viewer viewer;
    viewer.brand = options.brand, viewer.source = &source;
    viewer.preferences.language = texts_for(request).language();
    viewer.keeping.boards = options.keeping.boards;
    if (link->customer != "*") viewer.customers = {link->customer};
    viewer.still = [links, id = link->id, &clock = live.clock()] { return links->holds(id, clock.now()); };
    viewer.share = std::make_shared<auth::ShareLink>(std::move(*link));
    return viewer;
  }
  // Another site's page sends no cookie: what binds page and socket is made of the link itself.
  static std::string sid_by(const auth::ShareLink& link) { return auth::digest_text(link.digest); }

  static Viewer liked(Viewer viewer) {
    if (viewer.keeping.preferences && !viewer.person.empty()) viewer.preferences = viewer.keeping.preferences->of(viewer.person);
    return viewer;
  }

  // What hides and orders tiles. Under the name of its text a browser may keep it; a page that is older than the preferences gets what holds now.
  net::Response hiding(const net::Request& request) const {
    const auto who = viewer(request);
    if (!who) return net::Response::error(403, "forbidden", "sign in first");
    const bool named = request.query == "v=" + tiles_version(who->preferences);
    return net::Response::text(200, tiles_style(who->preferences), "text/css; charset=utf-8")
        .with("Cache-Control", named ? "private, max-age=31536000, immutable" : "no-store").with("X-Content-Type-Options", "nosniff");
  }

  void first_page(const net::RequestPtr& request, net::Responder respond) {
    auto who = viewer(*request);
    if (!who) return respond(options.signed_in ? to_sign_in(*request) : forbidden(texts_for(*request)));
    answer_with(request, std::move(*who), std::move(respond));
  }

  void shared_page(const net::RequestPtr& request, net::Responder respond) {
    auto who = viewer_by(request->path_param("token"), *request);
    if (!who) return respond(not_found(texts_for(*request)));
    answer_with(request, std::move(*who), std::move(respond));
  }

  void answer_with(const net::RequestPtr& request, Viewer who, net::Responder respond) {
    auto answer = std::make_shared<net::Responder>(std::move(respond));
    const bool taken = live.run([web = shared_from_this(), request, answer, who = std::move(who)](const LiveThread::States& states) {
      if (answer->client_gone()) return;
      std::vector<TopicPlan> left;
      (*answer)(web->render(*request, who, states, left));
      for (const TopicPlan& plan : left) web->ahead(plan, states);
    });
    if (!taken) (*answer)(unavailable(texts_for(*request)));
  }

  // What a page did not wait for is there when its socket joins.
  void ahead(const TopicPlan& plan, const LiveThread::States& states) {
    if (!plan.slow) return page_thread.newest(plan.key, states.computed(plan));
    (void)live.once(plan, [web = shared_from_this(), key = plan.key](const StatePtr& state) { web->page_thread.newest(key, state); });  // not taken: it comes with the topic
  }

  // `left`: what the page did not wait for.
  net::Response render(const net::Request& request, Viewer who, const LiveThread::States& states, std::vector<TopicPlan>& left) {
    who.now = [&](const TopicPlan& plan) {
      StatePtr state = plan.later ? states.known(plan) : states.computed(plan);
      if (!state) return left.push_back(plan), state;
      page_thread.newest(plan.key, state);
      return state;
    };
    const auto status = who.status;
    const Texts& t = who.person.empty() ? texts_for(request) : who.texts();
    const std::shared_ptr<const auth::ShareLink> share = who.share;
    const Sid sid = share ? Sid{sid_by(*share), false} : sid_of(request);
    const std::string user = who.user_id;
    const liveview::Visitor visitor{sid.value, "", user, request.peer.address, std::make_shared<Viewer>(std::move(who))};
    const std::string id = "p" + to_string(random_id());
    const std::string flash = liveview::percent_decoded(cookie(request, flash_cookie), false);
    auto page = liveview::dead_render(router, signer, {request.target, visitor, id, live.clock().now(), flash});
    if (!page) return page.error().code == Code::not_found ? not_found(t) : unavailable(t);
    net::Response response = page_response(page->status == 200 ? *status : page->status, std::move(page->html));
    if (page->status == 302) response.headers.push_back({"Location", page->location});
    if (share) allow_embedding(response, share->origins);
    if (sid.is_new) response.headers.push_back({"Set-Cookie", set_cookie(session_cookie, sid.value)});
    return response;
  }

  net::Response board_json(const net::Request& request) const {
    const auto who = viewer(request);
    if (!who) return options.signed_in ? to_sign_in(request) : forbidden(texts_for(request));
    const BoardPtr board = options.keeping.boards ? options.keeping.boards->find(request.path_param("name"), {who->person, who->customer()}) : nullptr;
    if (!board) return not_found(who->texts());
    return net::Response::text(200, to_json(board->board) + "\n", "application/json").with("Cache-Control", "no-store").with("Content-Disposition", "attachment; filename=\"board.json\"");
  }

  static net::Response not_found(const Texts& t) { return page_response(404, plain_page(t, t("door.no_page"), t("door.no_page_why"), "/")); }

  std::optional<net::Response> nothing_here(const net::Request& request) const {
    if (!reads_a_page(request)) return std::nullopt;
    const auto who = viewer(request);
    return not_found(who ? who->texts() : texts_for(request));
  }

  std::expected<std::unique_ptr<net::WsHandler>, net::Response> accept(const net::RequestPtr& request);

  const DashboardOptions options;
  Source& source;
  LiveThread& live;
  const liveview::Router router;
  const liveview::Signer signer;
  PageThread page_thread;
};

namespace {

class SocketHandler final : public net::WsHandler {
 public:
  SocketHandler(std::shared_ptr<void> keep, PageThread& pages, liveview::Visitor visitor, Viewer viewer)
      : keep_(std::move(keep)), pages_(pages), visitor_(std::move(visitor)), viewer_(std::move(viewer)) {}
  void on_open(const net::Request&, net::WsSender sender) override {
    sender_ = sender;
    id_ = pages_.open(std::move(visitor_), std::move(viewer_), std::move(sender));
  }
  void on_text(std::string_view text) override { pages_.text(id_, std::string(text), sender_); }
  void on_writable() override { pages_.writable(id_); }
  void on_close(std::uint16_t) override { pages_.closed(id_); }

 private:
  std::shared_ptr<void> keep_;  // the pages outlive their sockets
  PageThread& pages_;
  liveview::Visitor visitor_;
  Viewer viewer_;
  net::WsSender sender_;
  PageThread::ConnectionId id_ = 0;
};

}  // namespace

std::expected<std::unique_ptr<net::WsHandler>, net::Response> Dashboard::Web::accept(const net::RequestPtr& request) {
  if (!net::origin_allowed(*request, options.allowed_origins))
    return std::unexpected(net::Response::error(403, "origin", "this origin may not open a socket here"));
  std::string csrf, token;
  if (const auto query = net::parse_query(request->query))
    for (const auto& [name, value] : *query) {
      if (name == "_csrf_token") csrf = value;
      if (name == "share") token = value;
      if (name == "vsn" && value != "2.0.0") return std::unexpected(net::Response::error(400, "vsn", "this server speaks version 2.0.0 of the channel protocol"));
    }
  auto who = token.empty() ? viewer(*request) : viewer_by(token, *request);
  // Somebody whose session has ended gets a socket whose joins are `stale`: the page reloads, and is led to the sign-in.
  const bool nobody = !who && (options.signed_in || !token.empty());
  if (!who && !nobody) return std::unexpected(forbidden(texts_for(*request)));
  if (nobody) who.emplace();
  // Without a good cookie the socket opens and its joins are answered `stale`: an expired tab heals itself by a reload.
  liveview::Visitor visitor{nobody ? std::string() : who->share ? sid_by(*who->share) : std::string(cookie(*request, session_cookie)), std::move(csrf), who->user_id, request->peer.address, nullptr};
  return std::make_unique<SocketHandler>(shared_from_this(), page_thread, std::move(visitor), std::move(*who));
}

Dashboard::Dashboard(DashboardOptions options, Source& source, LiveThread& live)
    : web_(std::make_shared<Web>(std::move(options), source, live)) {}
Dashboard::~Dashboard() { stop(); }
std::optional<PagePass> Dashboard::pass_of(const net::Request& request) const {
  auto who = web_->viewer(request);
  if (!who || who->pictured) return std::nullopt;
  return PagePass{std::move(who->customers), std::move(who->person), std::move(who->preferences), std::move(who->still)};
}
net::Response Dashboard::refusal(const net::Request& request) const { return web_->options.signed_in ? to_sign_in(request) : forbidden(texts_for(request)); }
std::optional<net::Response> Dashboard::nothing_here(const net::Request& request) const { return web_->nothing_here(request); }
void Dashboard::stop() { web_->page_thread.stop(); }

Status Dashboard::add_routes(net::Router& router) {
  const auto page = [web = web_](net::RequestPtr request, net::Responder respond) { web->first_page(request, std::move(respond)); };
  for (const std::string_view pattern : {"/", "/agents", "/agents/:id", "/calls", "/calls/:id", "/conversations", "/costs", "/learning", "/system", "/settings", "/boards", "/boards/:name", "/wall", "/sharing"})
    AYBIZA_TRY(router.add({.method = net::Method::get, .pattern = std::string(pattern), .policy = net::Policy::page, .body_limit = 0, .handler = page, .websocket = {}}));
  AYBIZA_TRY(router.add({.method = net::Method::get, .pattern = "/live/websocket", .policy = net::Policy::page, .body_limit = 0, .handler = {},
                         .websocket = [web = web_](net::RequestPtr request) { return web->accept(request); }}));
  AYBIZA_TRY(router.add({.method = net::Method::get, .pattern = "/shared/:token", .policy = net::Policy::open, .body_limit = 0,
                         .handler = [web = web_](net::RequestPtr request, net::Responder respond) { web->shared_page(request, std::move(respond)); }, .websocket = {}}));
  AYBIZA_TRY(router.add({.method = net::Method::get, .pattern = "/boards/:name/board.json", .policy = net::Policy::page, .body_limit = 0,
                         .handler = [web = web_](net::RequestPtr request, net::Responder respond) { respond(web->board_json(*request)); }, .websocket = {}}));
  AYBIZA_TRY(router.add({.method = net::Method::get, .pattern = "/preferences.css", .policy = net::Policy::page, .body_limit = 0,
                         .handler = [web = web_](net::RequestPtr request, net::Responder respond) { respond(web->hiding(*request)); }, .websocket = {}}));
  return router.add({.method = net::Method::get, .pattern = std::string(web::path_prefix) + "*", .policy = net::Policy::open, .body_limit = 0,
                     .handler = [](net::RequestPtr request, net::Responder respond) { respond(asset_response(*request)); }, .websocket = {}});
}

}  // namespace aybiza::dashboard
