#include "server/serve.h"

#include <fmt/format.h>

#include <atomic>
#include <thread>

#include "auth/key_store.h"
#include "auth/secret.h"
#include "auth/webhook_sources.h"
#include "base/clock.h"
#include "dashboard/board_store.h"
#include "dashboard/dashboard.h"
#include "ingest/endpoint.h"
#include "ingest/otlp_endpoint.h"
#include "ingest/otlp_livekit.h"
#include "ingest/webhook_endpoint.h"
#include "live/live_thread.h"
#include "net/http_server.h"
#include "picture/browser_process.h"
#include "server/api.h"
#include "server/backup_api.h"
#include "server/budget_api.h"
#include "server/change_watch.h"
#include "server/fleet_commands.h"
#include "server/give_api.h"
#include "server/guard.h"
#include "server/holdings.h"
#include "server/metric_ways.h"
#include "server/otlp_listeners.h"
#include "server/page_source.h"
#include "server/pipeline.h"
#include "server/price_api.h"
#include "server/privacy_api.h"
#include "server/report_api.h"
#include "server/retention_api.h"
#include "server/search_api.h"
#include "server/sign_in.h"
#include "server/server_watch.h"
#include "store/postgres_store.h"
#include "text/lexicon_folder.h"

namespace aybiza {

using namespace std::chrono_literals;

struct Server::Inner {
  SystemClock clock;
  ScreenLatency screen;
  std::unique_ptr<auth::KeyStore> keys;
  std::unique_ptr<Tokenizer> tokenizer;
  std::unique_ptr<Budget> budget;
  std::unique_ptr<Privacy> privacy;
  std::unique_ptr<Pipeline> pipeline;
  std::unique_ptr<SamplingRules> sampling_rules;
  std::unique_ptr<MetricSampler> sampler;
  std::unique_ptr<CallSampler> calls;
  std::unique_ptr<EventsEndpoint> events;
  std::unique_ptr<auth::WebhookSources> webhook_sources;
  std::unique_ptr<CallAliases> aliases;
  std::unique_ptr<CallJoiner> joiner;
  std::unique_ptr<OtlpEndpoint> otlp;
  std::unique_ptr<WebhookEndpoint> webhooks;
  std::unique_ptr<CallFinder> calls_by_name;
  std::unique_ptr<MetricWays> metric_ways;
  std::unique_ptr<PriceKeeper> prices;
  std::unique_ptr<PriceApi> price_api;
  std::unique_ptr<PrivacyApi> privacy_api;
  std::unique_ptr<BackupApi> backup_api;
  std::unique_ptr<Retention> retention;
  std::unique_ptr<RetentionApi> retention_api;
  std::unique_ptr<BudgetKeeper> budgets;
  std::unique_ptr<BudgetApi> budget_api;
  std::unique_ptr<Topics> topics;
  std::unique_ptr<SearchApi> search_api;
  std::unique_ptr<Api> api;
  std::unique_ptr<ServerWatch> watch;
  std::unique_ptr<Holdings> holdings;
  std::unique_ptr<PageSource> source;
  std::unique_ptr<LiveThread> live;
  std::unique_ptr<auth::ChangeLog> changes;
  std::unique_ptr<auth::UserStore> users;
  std::unique_ptr<auth::SessionStore> sessions;
  std::unique_ptr<SignIn> sign_in;
  std::unique_ptr<dashboard::PreferenceStore> preferences;
  std::unique_ptr<dashboard::BoardStore> boards;
  std::unique_ptr<auth::ShareLinks> links;
  dashboard::PagePasses passes;
  std::unique_ptr<dashboard::Dashboard> pages;
  std::unique_ptr<Camera> camera;
  std::unique_ptr<GiveApi> give;
  std::unique_ptr<dashboard::ReportBook> reports;
  std::unique_ptr<ReportSender> report_sender;
  std::unique_ptr<ReportApi> report_api;
  std::unique_ptr<net::HttpServer> http;
  std::unique_ptr<OtlpListeners> exporters;
  std::atomic<const net::HttpServer*> listening{nullptr};  // `http`, for those who answer requests while it is being started
  bool stopped = false, open_to_all = false;
};

namespace {

std::function<std::optional<dashboard::SignedIn>(const net::Request&)> signed_in_by(SignIn* door) {
  if (!door) return nullptr;
  return [door](const net::Request& request) -> std::optional<dashboard::SignedIn> {
    auto somebody = door->who(request);
    if (!somebody) return std::nullopt;
    return dashboard::SignedIn{somebody->authz, somebody->id, somebody->name, [door, held = *somebody] { return door->still(held); }};
  };
}

// Of the server that `listening` will point to; asked when it does.
std::function<std::string()> own_url(const std::atomic<const net::HttpServer*>& listening) {
  return [&listening] {
    const net::HttpServer* http = listening.load(std::memory_order_acquire);
    return http ? "http://" + http->addresses().front() : std::string();
  };
}

}  // namespace

Server::Server(std::unique_ptr<Inner> inner) : inner_(std::move(inner)) {}
Server::~Server() { stop(); }

std::string Server::grpc_address() const { return inner_->exporters->grpc_address(); }
std::string Server::otlp_address() const { return inner_->exporters->http_address(); }
std::string Server::statsd_address() const { return inner_->metric_ways->statsd_address(); }
std::string Server::set_up_url() const {
  const std::string path = inner_->open_to_all ? std::string() : inner_->sign_in->set_up_path();
  return path.empty() ? path : url() + path;
}
std::string Server::url() const { return "http://" + inner_->http->addresses().front(); }

Result<std::unique_ptr<Server>> Server::start(const ServeOptions& options) {
  const bool loopback = net::is_loopback_listen(options.listen);
  if (!loopback)
    return fail(Code::invalid, "{} is not a loopback address: this version has no TLS, so listen on 127.0.0.1 and put a TLS proxy in front", options.listen);
  const bool postgres = is_postgres_url(options.store);
  if (options.store != "duckdb" && !postgres)
    return fail(Code::invalid, "--store {} is not known: write duckdb, or postgres://USER@HOST/DATABASE", options.store);
  const auto report_settings_given = report_settings(options);  // before anything is touched
  if (!report_settings_given) return std::unexpected(report_settings_given.error());
  auto inner = std::make_unique<Inner>();
  std::error_code error;
  std::filesystem::create_directories(options.data, error);
  if (error) return fail(Code::io, "cannot make {}: {}; choose another directory with --data", options.data.string(), error.message());
  AYBIZA_TRY(use_lexicon(options.lexicon));  // built once, here, and not in the first event's time
  auto pipeline = Pipeline::open({.data = options.data, .shards = options.shards, .clock = &inner->clock,
                                  .store_url = postgres ? options.store : std::string(), .archive = options.archive,
                                  .store_memory_bytes = std::max(options.memory_max / store_memory_share, store_memory_least),
                                  .dedup_memory_bytes = std::max(options.memory_max / dedup_memory_share, dedup_memory_least),
                                  .calls_retained = std::max(options.memory_max / limits::memory_per_call_retained, calls_retained_least),
                                  .screen = &inner->screen,
                                  .unwritten_events = std::max(options.memory_max / unwritten_memory_share / memory_per_unwritten_event, unwritten_events_least)});
  if (!pipeline) return std::unexpected(pipeline.error());
  inner->pipeline = std::move(*pipeline);
  auto secret = auth::Secret::load_or_create(options.data);
  if (!secret) return std::unexpected(secret.error());
  auto keys = auth::KeyStore::open(options.data);
  if (!keys) return std::unexpected(keys.error());
  inner->keys = std::move(*keys);
  const auto pii_key = secret->derive("pii");
  inner->tokenizer = std::make_unique<Tokenizer>(std::string_view(reinterpret_cast<const char*>(pii_key.data()), pii_key.size()));
  inner->budget = std::make_unique<Budget>(options.memory_max / request_memory_share);
  auto privacy = Privacy::open(options.data, *secret);
  if (!privacy) return std::unexpected(privacy.error());
  inner->privacy = std::move(*privacy);
  auto sampling_rules = SamplingRules::open(options.data);
  if (!sampling_rules) return std::unexpected(sampling_rules.error());
  inner->sampling_rules = std::move(*sampling_rules);
  inner->sampler = std::make_unique<MetricSampler>(*inner->sampling_rules);
  inner->calls = std::make_unique<CallSampler>(*inner->sampling_rules);
  inner->events = std::make_unique<EventsEndpoint>(EventsEndpoint::over(
      inner->pipeline->spool(), {.clock = &inner->clock, .tokenizer = inner->tokenizer.get(),
                                 .masking = inner->privacy->masking(),
                                 .sampler = inner->sampler.get(), .calls = inner->calls.get(),
                                 .trust = {.keys = inner->keys.get(), .insecure_loopback = options.insecure_loopback},
                                 .admission = {.budget = inner->budget.get()}, .append = {}, .visible = {}}));
  auto sources = auth::WebhookSources::open(options.data);
  if (!sources) return std::unexpected(sources.error());
  inner->webhook_sources = std::move(*sources);
  auto aliases = CallAliases::open(options.data);
  if (!aliases) return std::unexpected(aliases.error());
  inner->aliases = std::move(*aliases);
  inner->joiner = std::make_unique<CallJoiner>(*inner->aliases, *inner->webhook_sources);
  inner->otlp = std::make_unique<OtlpEndpoint>(OtlpEndpoint::over(
      inner->pipeline->spool(), {.clock = &inner->clock, .tokenizer = inner->tokenizer.get(), .masking = inner->privacy->masking(), .sampler = inner->sampler.get(),
                                 .calls = inner->calls.get(), .joiner = inner->joiner.get(),
                                 .trust = {.keys = inner->keys.get(), .insecure_loopback = options.insecure_loopback}, .ledger = &inner->events->ledger(),
                                 .admission = {.budget = inner->budget.get()}, .count_masked = [events = inner->events.get()](const MaskCounts& masked) { events->count_masked(masked); },
                                 .append = {}, .visible = {}}));
  spool::Spool& spool = inner->pipeline->spool();
  inner->webhooks = std::make_unique<WebhookEndpoint>(WebhookEndpointConfig{
      .clock = &inner->clock, .tokenizer = inner->tokenizer.get(), .masking = inner->privacy->masking(), .sources = inner->webhook_sources.get(), .aliases = inner->aliases.get(),
      .ledger = &inner->events->ledger(), .calls = inner->calls.get(), .admission = {.budget = inner->budget.get()},
      .append = [&spool](spool::AppendRequest request) { return spool.append(std::move(request)); }, .visible = [&spool] { return spool.visible(); }});
  inner->calls_by_name = std::make_unique<CallFinder>(CallFinder::Parts{inner->pipeline.get(), inner->tokenizer.get(), inner->webhooks.get()});
  inner->metric_ways = std::make_unique<MetricWays>(MetricWays::Parts{
      .clock = &inner->clock, .tokenizer = inner->tokenizer.get(), .trust = {.keys = inner->keys.get(), .insecure_loopback = options.insecure_loopback},
      .budget = inner->budget.get(), .sampler = inner->sampler.get(), .events = inner->events.get(), .spool = &inner->pipeline->spool()});
  inner->prices = std::make_unique<PriceKeeper>(*inner->pipeline, inner->events->ledger(), options.data);
  inner->price_api = std::make_unique<PriceApi>(*inner->pipeline, *inner->prices);
  inner->backup_api = std::make_unique<BackupApi>(*inner->pipeline, options.data);
  inner->retention = std::make_unique<Retention>(*inner->pipeline, options.data);
  AYBIZA_TRY(inner->retention->begin());
  inner->retention_api = std::make_unique<RetentionApi>(*inner->retention, options.data);
  auto budgets = BudgetKeeper::open(options.data);
  if (!budgets) return std::unexpected(budgets.error());
  inner->budgets = std::move(*budgets);
  inner->budget_api = std::make_unique<BudgetApi>(*inner->pipeline, *inner->budgets);
  inner->topics = std::make_unique<Topics>(*inner->pipeline, options.data);
  AYBIZA_TRY(inner->topics->begin());
  inner->search_api = std::make_unique<SearchApi>(SearchParts{inner->pipeline.get(), inner->topics.get(), inner->tokenizer.get()});
  inner->changes = std::make_unique<auth::ChangeLog>(options.data);
  Inner* raw = inner.get();
  const auto http_counters = [raw] {
    const net::HttpServer* http = raw->listening.load(std::memory_order_acquire);
    return http ? http->counters() : net::HttpCounters{};
  };
  inner->camera = std::make_unique<Camera>(find_browser(options.chromium), options.chromium == "off", inner->clock);
  inner->api = std::make_unique<Api>(ApiParts{inner->pipeline.get(), inner->events.get(), inner->tokenizer.get(), inner->budget.get(),
                                              inner->calls_by_name.get(), http_counters, inner->webhooks.get(), inner->metric_ways.get(), inner->sampler.get(), inner->calls.get(), inner->retention.get(), inner->changes.get(), inner->camera.get(),
                                              [raw] { return raw->report_sender->counters(); }, &inner->screen});
  const auto masked = [raw] {
    MaskCounts all = raw->events->masked();
    all += raw->webhooks->counters().masked;
    return all;
  };
  inner->privacy_api = std::make_unique<PrivacyApi>(PrivacyApiParts{inner->pipeline.get(), inner->privacy.get(), inner->tokenizer.get(), inner->calls_by_name.get(), masked, inner->clock.now()});
  inner->watch = std::make_unique<ServerWatch>(ServerWatchParts{.pipeline = inner->pipeline.get(), .events = inner->events.get(), .webhooks = inner->webhooks.get(),
                                                                .metric_ways = inner->metric_ways.get(), .sampler = inner->sampler.get(), .budget = inner->budget.get(),
                                                                .screen = &inner->screen, .http = http_counters});
  auto users = auth::UserStore::open(options.data);
  if (!users) return std::unexpected(users.error());
  inner->users = std::move(*users);
  inner->sessions = std::make_unique<auth::SessionStore>(options.data, inner->clock.now());
  inner->holdings = std::make_unique<Holdings>(HoldingsParts{.pipeline = inner->pipeline.get(), .retention = inner->retention.get(), .prices = inner->prices.get(), .topics = inner->topics.get(),
                                                             .users = inner->users.get(), .sessions = inner->sessions.get(), .keys = inner->keys.get(), .data = options.data});
  inner->source = std::make_unique<PageSource>(*inner->pipeline, *inner->tokenizer, *inner->calls_by_name, masked, *inner->watch, *inner->holdings, MoneySource{inner->budgets.get(), inner->prices.get()}, inner->topics.get(), inner->clock.now());
  inner->live = std::make_unique<LiveThread>(inner->clock);
  inner->pipeline->shards().on_change([live = inner->live.get()] { live->data_changed(); });
  inner->open_to_all = options.insecure_loopback;
  inner->sign_in = std::make_unique<SignIn>(SignInParts{inner->users.get(), inner->sessions.get(), &inner->clock, *secret, options.brand});
  inner->preferences = std::make_unique<dashboard::PreferenceStore>(options.data);
  auto boards = dashboard::BoardStore::open(options.data);
  if (!boards) return std::unexpected(boards.error());
  inner->boards = std::move(*boards);
  auto reports = dashboard::ReportBook::open(options.data);
  if (!reports) return std::unexpected(reports.error());
  inner->reports = std::move(*reports);
  auto links = auth::ShareLinks::open(options.data);
  if (!links) return std::unexpected(links.error());
  inner->links = std::move(*links);
  if (inner->boards->damaged() > 0) fmt::print(stderr, "aybiza: {} files in {} are no boards and were left alone\n", inner->boards->damaged(), (options.data / "boards").string());
  inner->pages = std::make_unique<dashboard::Dashboard>(
      dashboard::DashboardOptions{.brand = options.brand, .insecure_loopback = options.insecure_loopback, .allowed_origins = {}, .secret = *secret,
                                  .signed_in = signed_in_by(options.insecure_loopback ? nullptr : inner->sign_in.get()),
                                  .keeping = {.preferences = inner->preferences.get(), .boards = inner->boards.get(), .links = inner->links.get(), .changes = inner->changes.get(), .reports = inner->reports.get(), .send_reports = report_settings_given->sends() ? std::function<void()>([raw] { raw->report_sender->nudge(); }) : nullptr}, .latency = &inner->screen, .passes = &inner->passes},
      *inner->source, *inner->live);
  inner->give = std::make_unique<GiveApi>(GiveParts{.pages = inner->pages.get(), .passes = &inner->passes, .camera = inner->camera.get(), .clock = &inner->clock, .url = own_url(inner->listening), .brand = options.brand});
  inner->report_sender = std::make_unique<ReportSender>(ReportParts{inner->reports.get(), inner->preferences.get(), inner->source.get(), inner->give.get(), &inner->clock, *report_settings_given});
  inner->report_api = std::make_unique<ReportApi>(*inner->reports, *inner->report_sender, inner->clock);
  net::Router router;
  AYBIZA_TRY(inner->api->add_routes(router));
  AYBIZA_TRY(inner->price_api->add_routes(router));
  AYBIZA_TRY(inner->privacy_api->add_routes(router));
  AYBIZA_TRY(inner->backup_api->add_routes(router));
  AYBIZA_TRY(inner->retention_api->add_routes(router));
  AYBIZA_TRY(inner->budget_api->add_routes(router));
  AYBIZA_TRY(inner->search_api->add_routes(router));
  AYBIZA_TRY(inner->pages->add_routes(router));
  AYBIZA_TRY(inner->give->add_routes(router));
  AYBIZA_TRY(inner->report_api->add_routes(router));
  AYBIZA_TRY(inner->sign_in->add_routes(router));
  AYBIZA_TRY(inner->metric_ways->add_routes(router));
  AYBIZA_TRY(inner->otlp->add_routes(router));
  AYBIZA_TRY(add_livekit_routes(router, *inner->otlp, *inner->webhook_sources, inner->clock));
  for (net::Route& route : inner->webhooks->routes()) AYBIZA_TRY(router.add(std::move(route)));
  auto watched = watched_for_changes(router, *inner->changes, inner->clock);
  if (!watched) return std::unexpected(watched.error());
  auto http = net::HttpServer::start({.listen = {options.listen}, .threads = options.http_threads, .limits = {},
                                      .guard = make_guard(*inner->keys, options.insecure_loopback, inner->clock, inner->sign_in.get()),
                                      .budget = inner->budget.get(), .extra_headers = {},
                                      .nothing_here = [pages = inner->pages.get()](const net::Request& request) { return pages->nothing_here(request); }},
                                     std::move(*watched));
  if (!http) return std::unexpected(http.error());
  inner->http = std::move(*http);
  inner->listening.store(inner->http.get(), std::memory_order_release);
  AYBIZA_TRY(inner->metric_ways->listen(options));
  inner->exporters = std::make_unique<OtlpListeners>(
      OtlpListeners::Parts{.otlp = inner->otlp.get(), .keys = inner->keys.get(), .sources = inner->webhook_sources.get(), .clock = &inner->clock, .budget = inner->budget.get()});
  AYBIZA_TRY(inner->exporters->listen(options));
  inner->report_sender->start();
  return std::unique_ptr<Server>(new Server(std::move(inner)));
}

void Server::stop() {
  if (std::exchange(inner_->stopped, true)) return;
  if (inner_->pipeline) inner_->pipeline->begin_stop();
  if (inner_->report_sender) inner_->report_sender->request_stop();
  if (inner_->camera) inner_->camera->stop();
  if (inner_->report_sender) inner_->report_sender->stop();
  if (inner_->pages) inner_->pages->stop();
  if (inner_->http) inner_->http->stop();
  if (inner_->sign_in) inner_->sign_in->stop();
  if (inner_->exporters) inner_->exporters->stop();
  if (inner_->webhooks) inner_->webhooks->stop();
  if (inner_->metric_ways) inner_->metric_ways->stop();
  if (inner_->price_api) inner_->price_api->stop();
  if (inner_->prices) inner_->prices->stop();
  if (inner_->privacy_api) inner_->privacy_api->stop();
  if (inner_->backup_api) inner_->backup_api->stop();
  if (inner_->budget_api) inner_->budget_api->stop();
  if (inner_->report_api) inner_->report_api->stop();
  if (inner_->retention_api) inner_->retention_api->stop();
  if (inner_->retention) inner_->retention->stop();
  if (inner_->search_api) inner_->search_api->stop();
  if (inner_->topics) inner_->topics->stop();
  if (inner_->api) inner_->api->stop();
  if (inner_->live) inner_->live->stop();
  if (inner_->watch) inner_->watch->stop();
  if (inner_->pipeline) inner_->pipeline->stop();
}

namespace {

int complain(std::string_view command, const Error& error) {
  fmt::print(stderr, "aybiza {}: {}\n", command, error.message);
  return 1;
}

void announce(const Server& server) {
  fmt::print("aybiza is ready: {}\n", server.url());
  if (const std::string set_up = server.set_up_url(); !set_up.empty()) fmt::print("No user yet. Make the first one, once: {}\n", set_up);
  if (const std::string otlp = server.otlp_address(); !otlp.empty()) fmt::print("OTLP/HTTP also at {}\n", otlp);
  if (const std::string grpc = server.grpc_address(); !grpc.empty()) fmt::print("OTLP/gRPC at {}\n", grpc);
  if (const std::string statsd = server.statsd_address(); !statsd.empty()) fmt::print("StatsD at udp {}\n", statsd);
  std::fflush(stdout);
}

}  // namespace

int run_serve(const ServeOptions& options, const std::atomic<bool>& stop) {
  auto server = Server::start(options);
  if (!server) return complain("serve", server.error());
  announce(**server);
  while (!stop) std::this_thread::sleep_for(50ms);
  (*server)->stop();
  return 0;
}

int run_demo(ServeOptions serve, FleetOptions fleet, const std::atomic<bool>& stop) {
  serve.insecure_loopback = true;
  auto server = Server::start(serve);
  if (!server) return complain("demo", server.error());
  announce(**server);
  fmt::print("Open {} in a browser. {} simulated agents are calling; Ctrl-C ends the demo, its data stay in {}.\n", (*server)->url(), fleet.agents,
             serve.data.string());
  std::fflush(stdout);
  fleet.url = (*server)->url();
  std::thread agents([&] { run_simulate(fleet, stop, true); });
  while (!stop) std::this_thread::sleep_for(50ms);
  agents.join();
  (*server)->stop();
  return 0;
}

}  // namespace aybiza
