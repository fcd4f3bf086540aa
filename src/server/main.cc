// The command line of `aybiza`. Exit codes: 0 done, 1 something went wrong, 2 the call was wrong.
#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <csignal>

#include "auth/change_log.h"
#include "base/clock.h"
#include "runtime/huge_pages.h"
#include "server/backup_commands.h"
#include "server/budget_commands.h"
#include "server/doctor.h"
#include "server/fleet_commands.h"
#include "server/history_commands.h"
#include "server/import_command.h"
#include "server/key_commands.h"
#include "server/user_commands.h"
#include "server/price_commands.h"
#include "server/privacy_commands.h"
#include "server/recompute.h"
#include "server/report_commands.h"
#include "server/retention_commands.h"
#include "server/topic_commands.h"
#include "server/sampling_commands.h"
#include "server/serve.h"
#include "server/share_commands.h"
#include "server/source_commands.h"
#include "text/lexicon_folder.h"

namespace {

std::atomic<bool> stop{false};
void on_signal(int) { stop = true; }

struct Commands {
  aybiza::ServeOptions serve, demo;
  aybiza::FleetOptions fleet, demo_fleet;
  aybiza::ReplayCommand replay;
  aybiza::NewKeyOptions key;
  aybiza::NewSourceOptions source;
  aybiza::PrivacyCommands privacy;
  aybiza::UserCommands user;
  aybiza::ShareCommands share;
  aybiza::PriceCommands price;
  aybiza::BackupCommands backup;
  aybiza::RetentionCommands retention;
  aybiza::BudgetCommands budget;
  aybiza::TopicCommands topics;
  aybiza::ReportCommands reports;
  aybiza::NewSamplingOptions sampling;
  aybiza::MoveOptions move;
  bool recompute_apply = false;
  std::filesystem::path data = "./aybiza-data";
  std::string memory = "2GiB", store = "duckdb", query, recompute_from, recompute_to, key_id, source_id, rule_id;
};

// What the command line changed, into the record of changes: verb, names and options, never what came by standard input.
int recorded(const CLI::App& app, int done) {
  constexpr std::string_view changing[] = {"user add", "user password", "user role", "user disable", "user enable", "key create", "key revoke", "share create", "share revoke", "budget set", "budget remove",
                                           "retention set", "retention remove", "source add", "source remove", "sampling set", "sampling remove", "price import", "price rerate", "privacy set",
                                           "reports add", "reports remove", "reports on", "reports off"};
  const auto groups = app.get_subcommands();
  if (done != 0 || groups.empty() || groups[0]->get_subcommands().empty()) return done;
  const CLI::App* verb = groups[0]->get_subcommands()[0];
  const std::string what = groups[0]->get_name() + " " + verb->get_name();
  if (std::ranges::find(changing, what) == std::end(changing)) return done;
  std::string target, data, customer;
  for (const CLI::Option* option : verb->get_options()) {
    if (option->get_name() == "--data") data = option->as<std::string>();
    if (option->count() == 0 || option->get_name() == "--data" || option->get_name().find("secret") != std::string::npos || option->get_name().find("key") != std::string::npos) continue;
    if (option->get_name() == "--customer") customer = option->as<std::string>();
    target += fmt::format("{}{}{}", target.empty() ? "" : " ", option->get_positional() ? "" : option->get_name() + " ", fmt::join(option->results(), " "));
  }
  const char* user = std::getenv("USER");
  if (data.empty()) return done;
  const auto kept = aybiza::auth::ChangeLog(data).record({aybiza::SystemClock().now(), fmt::format("command line ({})", user && *user ? user : "unknown"), what, target, customer == "*" ? "" : customer});
  if (!kept) fmt::print(stderr, "aybiza: it is done, but the record of changes could not be written: {}\n", kept.error().message);
  return done;
}

void add_data(CLI::App* app, std::filesystem::path& data) {
  app->add_option("--data", data, "directory of everything the server keeps")->envname("AYBIZA_DATA")->capture_default_str();
}

void add_serve(CLI::App* app, aybiza::ServeOptions& options, Commands& commands) {
  add_data(app, options.data);
  app->add_option("--listen", options.listen, "HOST:PORT; loopback only in this version")->envname("AYBIZA_LISTEN")->capture_default_str();
  app->add_option("--store", options.store, "duckdb: embedded, beside the log; or postgres://USER@HOST/DATABASE (docs/postgres.md)")->envname("AYBIZA_STORE")->capture_default_str();
  app->add_option("--archive", options.archive, "where retention puts Parquet files; DIR/archive of --data without it")->envname("AYBIZA_ARCHIVE");
  app->add_option("--memory-max", commands.memory, "what requests, the store, deduplication and ended calls are given shares of, e.g. 2GiB")->envname("AYBIZA_MEMORY_MAX")->capture_default_str();
  app->add_option("--shards", options.shards, "live shards of a new data directory")->check(CLI::Range(1, 64))->capture_default_str();
  app->add_option("--http-threads", options.http_threads, "network threads")->check(CLI::Range(1, 64))->capture_default_str();
  app->add_option("--brand", options.brand, "name in the page's header")->envname("AYBIZA_BRAND")->capture_default_str();
  app->add_option("--otlp", options.otlp, "HOST:PORT of a second listener for OTLP/HTTP, or off; --listen takes OTLP too")->envname("AYBIZA_OTLP")->capture_default_str();
  app->add_option("--otlp-grpc", options.otlp_grpc, "HOST:PORT for OTLP/gRPC, or off")->envname("AYBIZA_OTLP_GRPC")->capture_default_str();
  app->add_option("--statsd", options.statsd, "HOST:PORT of StatsD and DogStatsD over UDP, or off")->envname("AYBIZA_STATSD")->capture_default_str();
  app->add_option("--statsd-socket", options.statsd_socket, "path of a unix socket for them; ending in .stream it takes connections")->envname("AYBIZA_STATSD_SOCKET");
  app->add_option("--statsd-customer", options.statsd_customer, "whose metrics these are")->capture_default_str();
  app->add_option("--statsd-gauges", options.statsd_gauges, "what a gauge's sign means: delta or absolute")->capture_default_str();
  app->add_option("--statsd-template", options.statsd_templates, "names that carry tags, such as voice.call.{tenant}.{region}; repeated");
  app->add_option("--chromium", options.chromium, "the Chromium that makes PDF and PNG of pages (docs/reports.md); found by itself in the usual places, or off")->envname("AYBIZA_CHROMIUM");
  app->add_option("--smtp-url", options.smtp_url, "where reports are handed over: smtp://HOST[:PORT], with STARTTLS, or smtps://HOST[:PORT]; none: no reports are sent")->envname("AYBIZA_SMTP_URL");
  app->add_option("--smtp-from", options.smtp_from, "the address reports come from")->envname("AYBIZA_SMTP_FROM");
  app->add_option("--smtp-user", options.smtp_user, "who we are there; the password is in AYBIZA_SMTP_PASSWORD or --smtp-password-file")->envname("AYBIZA_SMTP_USER");
  app->add_option("--smtp-password-file", options.smtp_password_file, "a file with the password")->envname("AYBIZA_SMTP_PASSWORD_FILE");
  app->add_option("--smtp-ca", options.smtp_ca, "a file of certificates to trust there in place of the system's")->envname("AYBIZA_SMTP_CA");
  app->add_option("--public-url", options.public_url, "https://HOST under which readers of reports reach this server, for links")->envname("AYBIZA_PUBLIC_URL");
  app->add_option("--lexicon", options.lexicon, "folder of word lists in place of the built-in ones (docs/meaning.md)")->envname("AYBIZA_LEXICON");
  app->set_config("--config", "", "file with options as name=value");
}

void add_fleet(CLI::App* app, aybiza::FleetOptions& options) {
  app->add_option("--agents", options.agents, "agents of the fleet")->check(CLI::Range(1, 1'000'000))->capture_default_str();
  app->add_option("--seed", options.seed, "the same seed gives the same fleet and calls")->capture_default_str();
  app->add_option("--rate", options.rate, "events per second; 0: from the number of agents")->check(CLI::NonNegativeNumber);
  app->add_option("--concurrency", options.concurrency, "calls in flight on average; 0: 60 % of the agents")->check(CLI::NonNegativeNumber);
  app->add_option("--backfill", options.backfill_minutes, "minutes of history to send first")->check(CLI::NonNegativeNumber)->capture_default_str();
}

void add_target(CLI::App* app, std::string& url, std::string& key, std::size_t& connections, std::size_t& batch) {
  app->add_option("--url", url, "server")->envname("AYBIZA_URL")->capture_default_str();
  app->add_option("--key", key, "ingest key")->envname("AYBIZA_KEY");
  app->add_option("--connections", connections, "connections")->check(CLI::Range(1, 256))->capture_default_str();
  app->add_option("--batch", batch, "events in one request")->check(CLI::Range(1, 10'000))->capture_default_str();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc > 1 && (argv[1] == std::string_view("serve") || argv[1] == std::string_view("demo"))) aybiza::restart_with_huge_pages(argv);
  std::signal(SIGINT, on_signal);
  std::signal(SIGTERM, on_signal);
  std::signal(SIGPIPE, SIG_IGN);
  CLI::App app{"AYBIZA Analytics: the live, exact, private picture of a fleet of AI voice agents"};
  app.set_version_flag("--version", "aybiza " AYBIZA_VERSION);
  app.require_subcommand(1);
  Commands c;
  c.demo.data = "./aybiza-demo";
  c.demo_fleet.agents = 200;
  c.demo_fleet.backfill_minutes = 90;

  auto* serve = app.add_subcommand("serve", "run the server");
  add_serve(serve, c.serve, c);
  serve->add_flag("--insecure-loopback", c.serve.insecure_loopback, "no keys and no sign-in, only on a loopback address")->envname("AYBIZA_INSECURE_LOOPBACK");
  auto* demo = app.add_subcommand("demo", "a server with a simulated fleet, on loopback, without sign-in");
  add_serve(demo, c.demo, c);
  add_fleet(demo, c.demo_fleet);
  auto* simulate = app.add_subcommand("simulate", "a fleet of agents against any server");
  add_fleet(simulate, c.fleet);
  add_target(simulate, c.fleet.url, c.fleet.key, c.fleet.connections, c.fleet.batch_events);
  simulate->add_option("--duration", c.fleet.duration_seconds, "seconds to run; 0: until interrupted")->check(CLI::NonNegativeNumber);
  auto* replay = app.add_subcommand("replay", "send a file of events (NDJSON, plain or .gz) again, or the rows of a table (.csv, .csv.gz, .parquet) as events (docs/import.md)");
  replay->add_option("file", c.replay.file, "file")->required();
  replay->add_option("--map", c.replay.map, "of a table: lines `member = column as unit`; without it columns are named like members of events");
  replay->add_option("--speed", c.replay.speed, "1, 60, … or max")->capture_default_str();
  replay->add_option("--shift", c.replay.shift, "now: the file's last event happens now");
  replay->add_option("--salt", c.replay.salt, "appended to ids, so that a file can count twice; random with --shift now");
  add_target(replay, c.replay.url, c.replay.key, c.replay.connections, c.replay.batch_events);
  auto* verify = app.add_subcommand("verify", "read the whole log and say what is damaged");
  add_data(verify, c.data);
  auto* recompute = app.add_subcommand("recompute", "answer a query from the log alone, with slow and simple code; or make rollups anew");
  add_data(recompute, c.data);
  auto* recompute_query = recompute->add_option("--query", c.query, "as in /api/v1/query?…");
  auto* recompute_apply = recompute->add_flag("--apply", c.recompute_apply, "make the store's rollups anew from its rows (while the server is stopped); goes on where it was cut off");
  recompute_apply->excludes(recompute_query);
  recompute->add_option("--store", c.store, "with --apply: duckdb, or postgres://USER@HOST/DATABASE, as the server has it")->envname("AYBIZA_STORE")->capture_default_str();
  recompute->add_option("--from", c.recompute_from, "with --apply: only from here on, RFC 3339")->needs(recompute_apply);
  recompute->add_option("--to", c.recompute_to, "with --apply: only before")->needs(recompute_apply);
  recompute->add_option("--lexicon", c.serve.lexicon, "the folder the server reads texts by, if it has one")->envname("AYBIZA_LEXICON");
  auto* move = app.add_subcommand("move", "copy the history into another engine, while the server is stopped; goes on where it was cut off (docs/postgres.md)");
  add_data(move, c.move.data);
  move->add_option("--from", c.move.from, "duckdb, or postgres://USER@HOST/DATABASE")->capture_default_str();
  move->add_option("--to", c.move.to, "likewise; without rows")->required();
  auto* doctor = app.add_subcommand("doctor", "what a store has that this program can use, and whether it will do; changes nothing");
  doctor->add_option("--store", c.serve.store, "duckdb, or postgres://USER@HOST/DATABASE")->envname("AYBIZA_STORE")->required();
  c.privacy.add_to(app);
  c.user.add_to(app);
  c.share.add_to(app);
  auto* key = app.add_subcommand("key", "API keys");
  key->require_subcommand(1);
  auto* create = key->add_subcommand("create", "make a key; it is shown once");
  add_data(create, c.key.data);
  c.key.data = "./aybiza-data";
  create->add_option("--customer", c.key.customer, "whose events or figures; * is the platform")->capture_default_str();
  create->add_option("--scope", c.key.scope, "ingest, read or admin")->capture_default_str();
  create->add_option("--name", c.key.name, "for your lists");
  create->add_option("--expires-days", c.key.expires_days, "0: never")->check(CLI::NonNegativeNumber);
  auto* list = key->add_subcommand("list", "all keys");
  add_data(list, c.data);
  auto* revoke = key->add_subcommand("revoke", "end a key");
  add_data(revoke, c.data);
  revoke->add_option("id", c.key_id, "as in the list")->required();

  auto* source = app.add_subcommand("source", "where webhooks may come from");
  source->require_subcommand(1);
  auto* source_add = source->add_subcommand("add", "make a webhook's URL; prints its path");
  c.source.data = "./aybiza-data";
  add_data(source_add, c.source.data);
  source_add->add_option("--vendor", c.source.vendor, "vapi, retell, elevenlabs, twilio or livekit")->required();
  source_add->add_option("--customer", c.source.customer, "whose calls; * is the platform")->capture_default_str();
  source_add->add_option("--secret", c.source.secret, "what the vendor signs with")->envname("AYBIZA_SOURCE_SECRET");
  source_add->add_option("--secret-file", c.source.secret_file, "a file with it; - reads standard input");
  source_add->add_option("--scheme", c.source.scheme, "vendor: its signature; shared: Vapi's X-Vapi-Secret; none: the URL alone")->capture_default_str();
  source_add->add_option("--public-url", c.source.url, "https://your-host as the vendor knows it (Twilio signs it)");
  source_add->add_option("--api-key", c.source.key, "LiveKit: the API key the secret belongs to");
  source_add->add_option("--hmac", c.source.plan, "Vapi: its HMAC credential, as in docs/ingest.md");
  source_add->add_option("--name", c.source.name, "for your lists");
  auto* source_list = source->add_subcommand("list", "all sources and their paths");
  add_data(source_list, c.data);
  auto* source_remove = source->add_subcommand("remove", "its webhooks are refused from now on");
  add_data(source_remove, c.data);
  source_remove->add_option("id", c.source_id, "as in the list")->required();

  auto* sampling = app.add_subcommand("sampling", "which generic metrics and whose calls are sampled (docs/sampling.md); nothing is, unless a rule says so");
  sampling->require_subcommand(1);
  auto* sampling_set = sampling->add_subcommand("set", "keep a share of a metric's points, or of calls; prints the rule's id");
  c.sampling.data = "./aybiza-data";
  add_data(sampling_set, c.sampling.data);
  sampling_set->add_option("--metric", c.sampling.metric, "a name, or the beginning of names and *");
  sampling_set->add_option("--tag", c.sampling.tag, "KEY=VALUE");
  sampling_set->add_option("--customer", c.sampling.customer, "whose; * is everybody's")->capture_default_str();
  sampling_set->add_option("--keep", c.sampling.keep, "the share to keep, e.g. 0.1; of calls one in a whole number");
  sampling_set->add_flag("--calls", c.sampling.calls, "calls, each whole or not at all; needs --money");
  sampling_set->add_flag("--money", c.sampling.money, "with --calls: yes, usage and cost become estimates too");
  auto* sampling_list = sampling->add_subcommand("list", "all rules");
  add_data(sampling_list, c.data);
  auto* sampling_remove = sampling->add_subcommand("remove", "keep everything again");
  add_data(sampling_remove, c.data);
  sampling_remove->add_option("id", c.rule_id, "as in the list")->required();

  c.price.add_to(app);
  c.backup.add_to(app);
  c.retention.add_to(app);
  c.budget.add_to(app);
  c.topics.add_to(app);
  c.reports.add_to(app);

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  const auto memory = aybiza::parse_size(c.memory);
  if (!memory) {
    fmt::print(stderr, "aybiza: --memory-max {} is not a size: write 512MiB or 2GiB\n", c.memory);
    return 2;
  }
  c.serve.memory_max = c.demo.memory_max = *memory;
  c.serve.otlp_chosen = serve->count("--otlp") > 0;
  c.demo.otlp_chosen = demo->count("--otlp") > 0;
  c.serve.otlp_grpc_chosen = serve->count("--otlp-grpc") > 0;
  c.demo.otlp_grpc_chosen = demo->count("--otlp-grpc") > 0;

  if (*serve) return aybiza::run_serve(c.serve, stop);
  if (*demo) return aybiza::run_demo(c.demo, c.demo_fleet, stop);
  if (*simulate) return aybiza::run_simulate(c.fleet, stop);
  if (*replay) {
    if (aybiza::is_table(c.replay.file)) return aybiza::run_import(c.replay, stop);
    c.replay.salt_given = replay->count("--salt") > 0;
    return aybiza::run_replay(c.replay, stop);
  }
  if (*doctor) return aybiza::run_doctor(c.serve.store);
  if (*move) return aybiza::run_move(c.move);
  if (*verify) return aybiza::run_verify(c.data);
  if (const auto done = c.privacy.run()) return recorded(app, *done);
  if (const auto done = c.backup.run(stop)) return *done;
  if (const auto done = c.retention.run()) return recorded(app, *done);
  if (const auto done = c.budget.run()) return recorded(app, *done);
  if (const auto done = c.topics.run()) return recorded(app, *done);
  if (const auto done = c.reports.run()) return recorded(app, *done);
  if (const auto done = c.user.run()) return recorded(app, *done);
  if (const auto done = c.share.run()) return recorded(app, *done);
  if (c.recompute_apply) return aybiza::run_recompute_apply(c.data, c.store, c.recompute_from, c.recompute_to);
  if (*recompute) {
    if (c.query.empty()) {
      fmt::print(stderr, "aybiza recompute: --query or --apply is needed\n");
      return 2;
    }
    if (const auto read = aybiza::use_lexicon(c.serve.lexicon); !read) {
      fmt::print(stderr, "aybiza recompute: {}\n", read.error().message);
      return 1;
    }
  }
  if (*recompute) return aybiza::run_recompute(c.data, c.query);
  if (const auto done = c.price.run()) return recorded(app, *done);
  if (*source_add) return recorded(app, aybiza::run_source_add(c.source));
  if (*source_list) return aybiza::run_source_list(c.data);
  if (*source_remove) return recorded(app, aybiza::run_source_remove(c.data, c.source_id));
  if (*sampling_set) return recorded(app, aybiza::run_sampling_set(c.sampling));
  if (*sampling_list) return aybiza::run_sampling_list(c.data);
  if (*sampling_remove) return recorded(app, aybiza::run_sampling_remove(c.data, c.rule_id));
  if (*create) return recorded(app, aybiza::run_key_create(c.key));
  if (*list) return aybiza::run_key_list(c.data);
  return recorded(app, aybiza::run_key_revoke(c.data, c.key_id));
}
