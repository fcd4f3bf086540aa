#include "server/retention_commands.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <simdjson.h>

#include <CLI/CLI.hpp>

#include "auth/file.h"
#include "net/http_client.h"
#include "server/retention_rules.h"

namespace aybiza {
namespace {

int complain(const Error& error) {
  fmt::print(stderr, "aybiza retention: {}\n", error.message);
  return error.code == Code::invalid ? 2 : 1;
}

// All rules or none: a list that contradicts itself is not written.
Status write(const std::filesystem::path& data, const std::vector<RetentionRule>& rules) {
  const auto good = parse_retention(to_text(rules));
  if (!good) return std::unexpected(good.error());
  return auth::replace_file(retention_file(data), to_text(rules), 0600);
}

Result<net::ClientResponse> ask(const std::string& url, const std::string& key, net::Method method, const std::string& target) {
  auto server = net::parse_http_url(url);
  if (!server) return fail(Code::invalid, "'{}' is not a server: give --url http://HOST:PORT", url);
  if (!key.empty()) server->headers.push_back({"Authorization", "Bearer " + key});
  net::HttpClient client(*server);
  auto answer = client.request({.method = method, .target = target, .body = {}, .content_type = {}, .headers = {}});
  if (answer && answer->status >= 300) return fail(Code::unavailable, "{}", answer->body);
  return answer;
}

}  // namespace

void RetentionCommands::add_server(CLI::App* verb) {
  verb->add_option("--url", url_, "server")->envname("AYBIZA_URL")->capture_default_str();
  verb->add_option("--key", key_, "key of the platform, of scope read; apply needs admin")->envname("AYBIZA_KEY");
}

void RetentionCommands::add_to(CLI::App& app) {
  auto* retention = app.add_subcommand("retention", "how long rows and rollups are kept (docs/retention.md); everything is, unless a rule says otherwise");
  retention->require_subcommand(1);
  const auto add_data = [&](CLI::App* verb) { verb->add_option("--data", data_, "directory of everything the server keeps")->envname("AYBIZA_DATA")->capture_default_str(); };
  set_ = retention->add_subcommand("set", "add a rule, or put it in place of the one for the same rows; a running server follows within a minute");
  add_data(set_);
  set_->add_option("--what", what_, fmt::format("{}; calls: call_analytics, conversation_turns, usage_events and interventions together", fmt::join(retention_names(), ", ")))->required();
  set_->add_option("--keep-days", days_, "whole days (UTC) that are older go, at least 2")->required();
  set_->add_option("--then", then_, "delete, or archive: into Parquet files, which the same questions read")->capture_default_str();
  list_ = retention->add_subcommand("list", "all rules");
  add_data(list_);
  remove_ = retention->add_subcommand("remove", "keep these rows for good again");
  add_data(remove_);
  remove_->add_option("--what", what_, "as in the list; calls: all four")->required();
  preview_ = retention->add_subcommand("preview", "what would go by the rules in force: rows, days, bytes; asks the server and changes nothing");
  add_server(preview_);
  preview_->add_flag("--json", json_, "the server's answer as it is");
  apply_ = retention->add_subcommand("apply", "a pass now instead of within a minute; asks the server");
  add_server(apply_);
}

std::optional<int> RetentionCommands::run() const {
  if (!set_) return std::nullopt;
  if (*set_) return set();
  if (*list_) return list();
  if (*remove_) return remove();
  if (*preview_) return preview();
  if (*apply_) return apply();
  return std::nullopt;
}

namespace {

std::vector<std::string> named(const std::string& what) {
  if (what == "calls") return {"conversation_turns", "usage_events", "interventions", "call_analytics"};
  return {what};
}

}  // namespace

int RetentionCommands::set() const {
  auto rules = read_retention(data_);
  if (!rules) return complain(rules.error());
  for (const std::string& what : named(what_)) {
    std::erase_if(*rules, [&](const RetentionRule& rule) { return rule.what == what; });
    RetentionRule& rule = rules->emplace_back();
    rule.what = what, rule.days = days_, rule.archive = then_ == "archive";
  }
  if (then_ != "archive" && then_ != "delete") return complain({Code::invalid, fmt::format("--then {} is not known: write delete or archive", then_)});
  if (const Status done = write(data_, *rules); !done) return complain(done.error());
  return list();
}

int RetentionCommands::list() const {
  const auto rules = read_retention(data_);
  if (!rules) return complain(rules.error());
  if (rules->empty()) fmt::print("no rule: everything is kept\n");
  for (const RetentionRule& rule : *rules) fmt::print("{}\t{} days\tthen {}\n", rule.what, rule.days, rule.archive ? "archive" : "delete");
  return 0;
}

int RetentionCommands::remove() const {
  auto rules = read_retention(data_);
  if (!rules) return complain(rules.error());
  std::size_t gone = 0;
  for (const std::string& what : named(what_)) gone += std::erase_if(*rules, [&](const RetentionRule& rule) { return rule.what == what; });
  if (gone == 0) return complain({Code::not_found, fmt::format("there is no rule for {}", what_)});
  if (const Status done = write(data_, *rules); !done) return complain(done.error());
  return list();
}

int RetentionCommands::preview() const {
  const auto answer = ask(url_, key_, net::Method::get, "/api/v1/retention");
  if (!answer) return complain(answer.error());
  if (json_) return fmt::print("{}\n", answer->body), 0;
  simdjson::dom::parser parser;
  simdjson::dom::element root;
  simdjson::dom::array rules;
  if (parser.parse(answer->body.data(), answer->body.size()).get(root) != simdjson::SUCCESS || root["rules"].get(rules) != simdjson::SUCCESS)
    return complain({Code::corrupt, answer->body});
  if (rules.size() == 0) fmt::print("no rule: everything is kept\n");
  else fmt::print("what\tthen\tbefore\trows\tdays\tbytes, about\twaits\n");
  for (const simdjson::dom::element one : rules) {
    std::string_view what, then, before, waits;
    std::uint64_t rows = 0, days = 0, bytes = 0;
    const bool sized = one["bytes_about"].get(bytes) == simdjson::SUCCESS;
    const bool whole = one["what"].get(what) == simdjson::SUCCESS && one["then"].get(then) == simdjson::SUCCESS && one["before"].get(before) == simdjson::SUCCESS &&
                       one["rows"].get(rows) == simdjson::SUCCESS && one["days_of_rows"].get(days) == simdjson::SUCCESS;
    if (!whole) return complain({Code::corrupt, answer->body});
    if (one["waits"].get(waits) != simdjson::SUCCESS) waits = "";
    fmt::print("{}\t{}\t{}\t{}\t{}\t{}\t{}\n", what, then, before, rows, days, sized ? std::to_string(bytes) : "?", waits);
  }
  return 0;
}

int RetentionCommands::apply() const {
  const auto answer = ask(url_, key_, net::Method::post, "/api/v1/retention/apply");
  if (!answer) return complain(answer.error());
  fmt::print("a pass begins; aybiza retention preview tells what is left\n");
  return 0;
}

}  // namespace aybiza
