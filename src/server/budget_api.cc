#include "server/budget_api.h"

#include <simdjson.h>

#include "codec/json_writer.h"
#include "dashboard/frame.h"
#include "dashboard/reasons.h"
#include "dashboard/typed_amount.h"
#include "dashboard/web_answers.h"
#include "net/websocket.h"
#include "query/zone.h"
#include "runtime/worker_pool.h"
#include "server/answering.h"

namespace aybiza {
namespace {

using net::Request;
using net::Response;

constexpr std::size_t body_bytes = 4 * 1024;

Response bad(std::string_view field, std::string message) { return Response::json(400, to_json(Refusal{"invalid", std::string(field), std::move(message)})); }

void write_state(JsonWriter& json, const BudgetState& state) {
  const MonthSpend& month = state.month;
  json.begin_object().member("of", to_string(state.budget.of)).member("name", state.budget.name).key("customer_id").string_or_null(state.budget.owner());
  json.member("monthly_usd", double(state.budget.cents) / 100).key("spent_usd").number_or_null(month.spent).key("share").number_or_null(state.share());
  json.member("stage", state.stage()).key("burn_usd_per_day").number_or_null(month.burn_per_day);
  const auto forecast = [&](std::string_view name, double MonthForecast::*member) { json.key(name).number_or_null(month.forecast ? std::optional(*month.forecast.*member) : std::nullopt); };
  forecast("forecast_usd", &MonthForecast::middle), forecast("forecast_low_usd", &MonthForecast::low), forecast("forecast_high_usd", &MonthForecast::high);
  json.member("history_days", month.days).key("error").string_or_null(month.error).end_object();
}

// The fields of a form or of a JSON object of texts and numbers.
using Fields = std::vector<std::pair<std::string, std::string>>;
std::optional<Fields> fields_of(const Request& request) {
  if (!request.header("content-type").starts_with("application/json")) return net::parse_query(request.body);
  simdjson::dom::parser parser;
  simdjson::dom::object object;
  if (parser.parse(request.body.data(), request.body.size()).get(object) != simdjson::SUCCESS) return std::nullopt;
  Fields out;
  for (const auto [name, value] : object) {
    std::string_view text;
    if (value.get(text) == simdjson::SUCCESS) out.emplace_back(name, text);
    else if (!value.is_null()) out.emplace_back(name, simdjson::minify(value));
  }
  return out;
}

// What a form of a page sends is typed by somebody, in the notation of their language; programs write 1250.50.
bool from_a_form(const Request& request) { return request.header("content-type").starts_with("application/x-www-form-urlencoded"); }

// In what the asker reads: a page in their language for a browser, JSON for programs.
Response refused(const Request& request, const Error& error) {
  const bool io = error.code == Code::io;
  if (!request.header("accept").contains("text/html")) return io ? Response::error(503, "unavailable", error.message) : bad("", error.message);
  const dashboard::Texts& t = dashboard::texts_for(request);
  return dashboard::page_response(io ? 503 : 400, dashboard::plain_page(t, t("budget.refused"), dashboard::reason_of(t, error.message), "/costs"));
}

}  // namespace

struct BudgetApi::Inner : std::enable_shared_from_this<BudgetApi::Inner> {
  Inner(Pipeline& p, BudgetKeeper& k) : pipeline(p), keeper(k) {}

  Pipeline& pipeline;
  BudgetKeeper& keeper;
  WorkerPool pool{"budgets", 1, 16};

  using Answering = Response (Inner::*)(const Request&);
  net::Handler on_pool(Answering answer) {
    return answer_on(pool, [self = shared_from_this(), answer](const Request& request) { return (self.get()->*answer)(request); });
  }

  Response states(const Request& request) {
    std::string zone = "UTC";
    for (const auto& [name, value] : parse_query_string(request.query)) {
      if (name != "tz") return bad(name, fmt::format("'{}' is not a parameter here; known is tz", name));
      if (!Zone::load(value)) return bad("tz", fmt::format("'{}' is not a time zone", value));
      zone = value;
    }
    const Instant now = pipeline.clock().now();
    const std::string_view own = authz_of(request).customer();
    const std::vector<std::string> customers = own.empty() ? std::vector<std::string>{} : std::vector<std::string>{std::string(own)};
    const auto found = compute_budgets([this](const Question& q) { return pipeline.ask(q); }, keeper.list(now), customers, zone, now);
    std::string out;
    JsonWriter json(out);
    json.begin_object().member("as_of", format_rfc3339(now)).member("tz", zone).key("budgets").begin_array();
    for (const BudgetState& state : found) write_state(json, state);
    json.end_array().end_object();
    return Response::json(200, std::move(out));
  }

  Response change(const Request& request) {
    if (!net::origin_allowed(request, {})) return Response::error(403, "origin", "this form is from elsewhere");
    const auto fields = fields_of(request);
    if (!fields) return bad("", "the body is neither a form nor a JSON object");
    SpendBudget budget;
    std::string usd;
    for (const auto& [name, value] : *fields) {
      const auto of = parse_budget_of(value);
      if (name == "of" && !of) return bad("of", fmt::format("'{}' is not known: write customer, campaign or agent", value));
      if (name == "of") budget.of = *of;
      else if (name == "name") budget.name = value;
      else if (name == "customer_id") budget.customer = value;
      else if (name == "usd") usd = value;
      else return bad(name, fmt::format("'{}' is not a field here; known are of, name, customer_id, usd", name));
    }
    const std::string_view own = authz_of(request).customer();
    if (!own.empty() && budget.of != BudgetOf::customer && budget.customer.empty()) budget.customer = own;
    if (budget.of == BudgetOf::customer) budget.customer.clear();
    if (!own.empty() && budget.owner() != own) return Response::error(403, "forbidden", "this budget is of another customer");
    const Status done = usd.empty() ? keeper.remove(budget) : set(budget, from_a_form(request) ? dashboard::cents_of_typed(usd, dashboard::texts_for(request)) : parse_budget_usd(usd));
    if (!done) return refused(request, done.error());
    if (from_a_form(request)) return Response::json(303, "{}").with("Location", "/costs#tile-budgets");
    return Response::json(200, R"({"done":true})");
  }

  Status set(SpendBudget& budget, const Result<std::int64_t>& cents) {
    if (!cents) return std::unexpected(cents.error());
    budget.cents = *cents;
    return keeper.set(budget);
  }
};

BudgetApi::BudgetApi(Pipeline& pipeline, BudgetKeeper& keeper) : inner_(std::make_shared<Inner>(pipeline, keeper)) {}
BudgetApi::~BudgetApi() { stop(); }
void BudgetApi::stop() { inner_->pool.stop(); }

Status BudgetApi::add_routes(net::Router& router) {
  AYBIZA_TRY(router.add({.method = net::Method::get, .pattern = "/api/v1/budgets", .policy = net::Policy::read, .body_limit = 0, .handler = inner_->on_pool(&Inner::states), .websocket = {}}));
  return router.add({.method = net::Method::post, .pattern = "/api/v1/budgets", .policy = net::Policy::admin, .body_limit = body_bytes, .handler = inner_->on_pool(&Inner::change), .websocket = {}});
}

}  // namespace aybiza
