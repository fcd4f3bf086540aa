#include "server/budget_commands.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <CLI/CLI.hpp>

#include "net/http_client.h"
#include "server/budget_keeper.h"

namespace aybiza {
namespace {

int complain(const Error& error) {
  fmt::print(stderr, "aybiza budget: {}\n", error.message);
  return error.code == Code::invalid ? 2 : 1;
}

// "1234.50", "?" for what is not known.
std::string figure(const simdjson::dom::element& one, std::string_view name) {
  double value = 0;
  return one[name].get(value) == simdjson::SUCCESS ? fmt::format("{:.2f}", value) : "?";
}

}  // namespace

void BudgetCommands::add_to(CLI::App& app) {
  auto* budget = app.add_subcommand("budget", "what customers, campaigns and agents may cost in a calendar month (docs/money.md)");
  budget->require_subcommand(1);
  const auto add_data = [&](CLI::App* verb) { verb->add_option("--data", data_, "directory of everything the server keeps")->envname("AYBIZA_DATA")->capture_default_str(); };
  const auto add_whose = [&](CLI::App* verb) {
    add_data(verb);
    verb->add_option("--of", of_, "customer, campaign or agent")->capture_default_str();
    verb->add_option("--name", name_, "its id")->required();
    verb->add_option("--customer", customer_, "whose campaign or agent; without it, of any customer");
  };
  set_ = budget->add_subcommand("set", "add a budget, or change it; a running server follows within a second");
  add_whose(set_);
  set_->add_option("--usd", usd_, "a month")->required();
  list_ = budget->add_subcommand("list", "all budgets");
  add_data(list_);
  remove_ = budget->add_subcommand("remove", "take a budget away");
  add_whose(remove_);
  status_ = budget->add_subcommand("status", "what each has spent this month, the stage it is at and where the month will end; asks the server");
  status_->add_option("--url", url_, "server")->envname("AYBIZA_URL")->capture_default_str();
  status_->add_option("--key", key_, "key of scope read")->envname("AYBIZA_KEY");
  status_->add_option("--tz", zone_, "time zone of days and months")->capture_default_str();
  status_->add_flag("--json", json_, "the server's answer as it is");
}

std::optional<int> BudgetCommands::run() const {
  if (!set_) return std::nullopt;
  if (*set_) return set();
  if (*list_) return list();
  if (*remove_) return remove();
  if (*status_) return status();
  return std::nullopt;
}

int BudgetCommands::list() const {
  auto keeper = BudgetKeeper::open(data_);
  if (!keeper) return complain(keeper.error());
  const auto all = (*keeper)->list({});
  if (all.empty()) fmt::print("no budget\n");
  for (const SpendBudget& b : all) fmt::print("{}\t{}\t{}\t{}.{:02} USD a month\n", to_string(b.of), b.name, b.customer.empty() ? "-" : b.customer, b.cents / 100, b.cents % 100);
  return 0;
}

int BudgetCommands::set() const {
  const auto of = parse_budget_of(of_);
  if (!of) return complain({Code::invalid, fmt::format("--of {} is not known: write customer, campaign or agent", of_)});
  const auto cents = parse_budget_usd(usd_);
  if (!cents) return complain(cents.error());
  auto keeper = BudgetKeeper::open(data_);
  if (!keeper) return complain(keeper.error());
  if (const Status done = (*keeper)->set({*of, name_, customer_, *cents}); !done) return complain(done.error());
  return list();
}

int BudgetCommands::remove() const {
  const auto of = parse_budget_of(of_);
  if (!of) return complain({Code::invalid, fmt::format("--of {} is not known: write customer, campaign or agent", of_)});
  auto keeper = BudgetKeeper::open(data_);
  if (!keeper) return complain(keeper.error());
  if (const Status done = (*keeper)->remove({*of, name_, *of == BudgetOf::customer ? std::string() : customer_, 0}); !done) return complain(done.error());
  return list();
}

int BudgetCommands::status() const {
  auto server = net::parse_http_url(url_);
  if (!server) return complain({Code::invalid, fmt::format("'{}' is not a server: give --url http://HOST:PORT", url_)});
  if (!key_.empty()) server->headers.push_back({"Authorization", "Bearer " + key_});
  net::HttpClient client(*server);
  const auto answer = client.request({.method = net::Method::get, .target = "/api/v1/budgets?tz=" + zone_, .body = {}, .content_type = {}, .headers = {}});
  if (!answer) return complain(answer.error());
  if (answer->status >= 300) return complain({Code::unavailable, answer->body});
  if (json_) return fmt::print("{}\n", answer->body), 0;
  simdjson::dom::parser parser;
  simdjson::dom::element root;
  simdjson::dom::array budgets;
  if (parser.parse(answer->body.data(), answer->body.size()).get(root) != simdjson::SUCCESS || root["budgets"].get(budgets) != simdjson::SUCCESS) return complain({Code::corrupt, answer->body});
  if (budgets.size() == 0) fmt::print("no budget\n");
  else fmt::print("of\tname\tcustomer\tbudget\tspent\tstage\tburn a day\tmonth end (80 %)\n");
  for (const simdjson::dom::element one : budgets) {
    std::string_view of, name, customer = "-";
    std::int64_t stage = 0, days = 0;
    const bool whole = one["of"].get(of) == simdjson::SUCCESS && one["name"].get(name) == simdjson::SUCCESS && one["stage"].get(stage) == simdjson::SUCCESS && one["history_days"].get(days) == simdjson::SUCCESS;
    if (!whole) return complain({Code::corrupt, answer->body});
    if (one["customer_id"].get(customer) != simdjson::SUCCESS) customer = "-";
    const std::string end = figure(one, "forecast_usd") == "?" ? fmt::format("not enough history: {} complete days of {}", days, forecast_least_days)
                                                              : fmt::format("{} ({} to {})", figure(one, "forecast_usd"), figure(one, "forecast_low_usd"), figure(one, "forecast_high_usd"));
    fmt::print("{}\t{}\t{}\t{}\t{}\t{} %\t{}\t{}\n", of, name, customer, figure(one, "monthly_usd"), figure(one, "spent_usd"), stage, figure(one, "burn_usd_per_day"), end);
  }
  return 0;
}

}  // namespace aybiza
