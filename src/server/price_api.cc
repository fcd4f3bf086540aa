#include "server/price_api.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>

#include "base/limits.h"
#include "codec/json_writer.h"
#include "runtime/worker_pool.h"
#include "server/answering.h"
#include "server/arguments.h"
#include "server/price_what_if.h"
#include "server/unpriced.h"

namespace aybiza {
namespace {

using net::Request;
using net::Response;

constexpr std::size_t what_if_bytes = 256 * 1024;

Response late() { return Response::error(503, "store_behind", "the store has not caught up with what was accepted; ask again").with("Retry-After", "1"); }

// Who asks, what for, and for whose prices.
struct PriceQuestion {
  Arguments asked;
  std::string customer;  // empty: all
  std::optional<Instant> from, to;
};

std::expected<PriceQuestion, Response> read_question(const Request& request, std::initializer_list<std::string_view> known) {
  PriceQuestion out{.asked = Arguments(request, known), .customer = {}, .from = {}, .to = {}};
  if (auto refusal = out.asked.check()) return std::unexpected(std::move(*refusal));
  out.customer = out.asked.text("customer_id");
  const std::string_view own = authz_of(request).customer();
  if (!own.empty() && !out.customer.empty() && out.customer != own)
    return std::unexpected(Response::error(403, "forbidden", "this key is of another customer"));
  if (!own.empty()) out.customer = own;
  for (const auto& [name, into] : {std::pair{"from", &out.from}, std::pair{"to", &out.to}}) {
    const std::string text = out.asked.text(name);
    if (text.empty()) continue;
    *into = text.size() == 10 ? parse_rfc3339(text + "T00:00:00Z") : parse_rfc3339(text);
    if (!*into) return std::unexpected(bad("invalid", name, fmt::format("'{}' is not a time: write 2026-01-31 or 2026-01-31T12:00:00Z", text)));
  }
  return out;
}

void usd(JsonWriter& json, std::string_view name, const Number& nano) {
  json.key(name);
  if (!nano) json.null();
  else json.raw(*nano < 0 ? "-" + usd_text(-*nano) : usd_text(nano));
}

std::string_view origin_of(const PriceRate& rate) {
  return rate.origin == PriceOrigin::shipped ? "built in" : rate.customer.empty() ? "file" : "customer";
}

void write_rate(JsonWriter& json, const PriceRate& rate) {
  json.begin_object().member("origin", origin_of(rate)).member("kind", to_string(rate.kind)).member("provider", rate.provider);
  json.member("model", rate.model);
  usd(json, "usd", rate.nano);
  json.member("per", per_text(rate.kind, rate.per)).key("from").string_or_null(rate.from == Instant::min() ? "" : format_rfc3339(rate.from));
  json.key("customer_id").string_or_null(rate.customer).key("source").string_or_null(rate.source).end_object();
}

std::string report_json(const RerateReport& report, const Rerate& order, bool dry, std::optional<std::uint64_t> offset) {
  std::string out;
  JsonWriter json(out);
  json.begin_object().member("dry_run", dry).member("done", true);
  if (offset) json.member("offset", *offset);
  json.member("from", format_rfc3339(order.from)).member("to", format_rfc3339(order.to)).key("customer_id").string_or_null(order.customer);
  json.member("usage", report.usage).member("usage_changed", report.usage_changed).member("calls_changed", report.calls_changed);
  json.member("became_known", report.found).member("became_unknown", report.lost);
  usd(json, "before_usd", report.before_nano);
  usd(json, "after_usd", report.after_nano);
  usd(json, "difference_usd", report.after_nano - report.before_nano);
  json.end_object();
  return out;
}

}  // namespace

struct PriceApi::Inner : std::enable_shared_from_this<PriceApi::Inner> {
  Inner(Pipeline& p, PriceKeeper& k) : pipeline(p), keeper(k) {}

  Pipeline& pipeline;
  PriceKeeper& keeper;
  std::atomic<bool> stopping{false};
  WorkerPool pool{"prices", 1, 64}, long_pool{"rerate", 1, 4};

  using Answering = Response (Inner::*)(const Request&);

  net::Handler on(WorkerPool& which, Answering answer) {
    return answer_on(which, [self = shared_from_this(), answer](const Request& request) { return (self.get()->*answer)(request); },
                     "too many at once; try again", "5");
  }

  Response prices(const Request& request) {
    auto question = read_question(request, {"customer_id", "model"});
    if (!question) return std::move(question.error());
    keeper.look();
    const auto [book, error] = keeper.status();
    const std::string model = lower_case(question->asked.text("model"));
    std::string out;
    JsonWriter json(out);
    json.begin_object().member("as_of", format_rfc3339(pipeline.clock().now())).key("file_error").string_or_null(error);
    const std::string_view shipped = book.shipped().substr(0, book.shipped().find('\n'));  // says when it was checked
    json.member("shipped", shipped.substr(std::min(shipped.find_first_not_of("# "), shipped.size()))).key("rates").begin_array();
    for (const PriceRate& rate : book.rates()) {
      const bool theirs = !rate.customer.empty() && !question->customer.empty() && rate.customer != question->customer;
      if (!theirs && (model.empty() || model == rate.model)) write_rate(json, rate);
    }
    json.end_array().key("rules").begin_array();
    constexpr std::string_view what[] = {"prefix", "suffix", "alias"};
    for (const NameRule& rule : book.rules())
      json.begin_object().member("rule", what[std::size_t(rule.what)]).member("text", rule.text).key("to").string_or_null(rule.to).end_object();
    json.end_array().end_object();
    return Response::json(200, std::move(out));
  }

  Response unpriced(const Request& request) {
    auto question = read_question(request, {"customer_id", "from", "to", "limit"});
    if (!question) return std::move(question.error());
    const std::string text = question->asked.text("limit");
    const std::size_t limit = text.empty() ? limits::unpriced_rows : text.size() <= 4 && text.find_first_not_of("0123456789") == text.npos ? std::stoul(text) : 0;
    if (limit == 0 || limit > limits::unpriced_rows) return bad("invalid", "limit", fmt::format("limit is a number from 1 to {}", limits::unpriced_rows));
    if (!pipeline.wait_applied(limits::read_your_writes_timeout)) return late();
    const Instant now = pipeline.clock().now();
    const auto found = find_unpriced(pipeline.store(), keeper.status().book, question->from.value_or(now - Duration(limits::time_past_max)),
                                     question->to.value_or(now + Duration(limits::time_future_max)), question->customer,
                                     pipeline.clock().elapsed() + Duration(limits::query_timeout));
    if (!found) return Response::error(503, "unavailable", found.error().message);
    std::string out;
    JsonWriter json(out);
    json.begin_object().member("as_of", format_rfc3339(now)).key("unpriced").begin_array();
    for (std::size_t i = 0; i < std::min(limit, found->size()); ++i) {
      const Unpriced& one = (*found)[i];
      json.begin_object().member("customer_id", one.customer).member("kind", to_string(one.kind)).key("provider").string_or_null(one.provider);
      json.key("model").string_or_null(one.model).member("effect", one.leaves_unknown ? "cost unknown" : "left out").member("priced_now", one.priced_now);
      json.member("usage", one.usage).member("calls", one.calls);
      const bool timed = one.kind == PriceKind::stt || one.kind == PriceKind::telephony;
      if (timed) json.member("seconds", double(one.amount) / 1e6);
      else json.member(one.kind == PriceKind::tts ? "characters" : "tokens", one.amount);
      json.member("first_seen", format_rfc3339(one.first)).member("last_seen", format_rfc3339(one.last)).end_object();
    }
    json.end_array().member("complete", found->size() <= limit && found->size() < limits::unpriced_rows).end_object();
    return Response::json(200, std::move(out));
  }

  // Open ends are those of what the store has.
  Result<Rerate> range_of(const PriceQuestion& question) {
    Rerate order{.from = {}, .to = question.to.value_or(pipeline.clock().now() + Duration(limits::time_future_max)), .customer = question.customer};
    auto rows = pipeline.store().sql("SELECT min(time) FROM usage_events", {}, pipeline.clock().elapsed() + Duration(limits::query_timeout));
    if (!rows) return std::unexpected(rows.error());
    const auto more = (*rows)->next();
    if (!more) return std::unexpected(more.error());
    const Cell cell = *more ? (*rows)->cell(0, 0) : Cell();
    const auto* first = std::get_if<Instant>(&cell);
    order.from = std::max(question.from.value_or(Instant::min()), first ? *first : order.to);
    return order;
  }

  Response rerate(const Request& request) {
    auto question = read_question(request, {"customer_id", "from", "to", "dry_run"});
    if (!question) return std::move(question.error());
    const std::string dry_text = question->asked.text("dry_run");
    if (!dry_text.empty() && dry_text != "true" && dry_text != "false") return bad("invalid", "dry_run", "dry_run is true or false");
    if (question->from && question->to && *question->from >= *question->to) return bad("invalid", "to", "to is not after from");
    const bool dry = dry_text == "true";
    keeper.look();
    if (!pipeline.wait_applied(limits::read_your_writes_timeout)) return late();
    const auto order = range_of(*question);
    if (!order) return Response::error(503, "unavailable", order.error().message);
    if (order->from >= order->to) return Response::json(200, report_json({}, *order, dry, {}));
    return dry ? preview(*order) : write(*order);
  }

  Response preview(const Rerate& order) {
    const Duration until = pipeline.clock().elapsed() + Duration(limits::rerate_patience);
    const auto report = rerate_preview(pipeline.store(), order, keeper.status().book, [&] { return stopping || pipeline.clock().elapsed() >= until; });
    if (!report) return Response::error(503, "unavailable", fmt::format("{}; ask for a shorter range", report.error().message));
    return Response::json(200, report_json(*report, order, true, {}));
  }

  Response other_prices(const Request& request) {
    auto question = read_question(request, {"customer_id", "from", "to"});
    if (!question) return std::move(question.error());
    if (question->from && question->to && *question->from >= *question->to) return bad("invalid", "to", "to is not after from");
    keeper.look();
    if (const auto good = with_prices(keeper.status().book, request.body); !good) return bad("invalid", "body", good.error().message);
    if (!pipeline.wait_applied(limits::read_your_writes_timeout)) return late();
    const auto range = range_of(*question);
    if (!range) return Response::error(503, "unavailable", range.error().message);
    if (range->from >= range->to) return Response::json(200, report_json({}, *range, true, {}));
    const Duration until = pipeline.clock().elapsed() + Duration(limits::rerate_patience);
    const auto report = what_if(pipeline.store(), keeper.status().book, request.body, *range, [&] { return stopping || pipeline.clock().elapsed() >= until; });
    if (!report) return Response::error(503, "unavailable", fmt::format("{}; ask for a shorter range", report.error().message));
    return Response::json(200, report_json(*report, *range, true, {}));
  }

  Response write(const Rerate& order) {
    const auto offset = keeper.order({.what = PriceOrder::What::rerate, .shipped = {}, .file = {}, .rerate = order});
    if (!offset) return Response::error(503, "unavailable", offset.error().message);
    const Duration until = pipeline.clock().elapsed() + Duration(limits::rerate_patience);
    std::optional<RerateReport> report;
    const auto pending = [&] { return pipeline.stats().applied < *offset && !stopping && pipeline.clock().elapsed() < until; };
    do report = pipeline.wait_rerated(*offset, std::chrono::milliseconds(200));
    while (!report && pending());
    if (report) return Response::json(200, report_json(*report, order, false, *offset));
    return Response::json(202, fmt::format(R"({{"dry_run":false,"done":false,"offset":{},"message":"it is in the log and goes on; figures follow when it is done"}})", *offset));
  }
};

PriceApi::PriceApi(Pipeline& pipeline, PriceKeeper& keeper) : inner_(std::make_shared<Inner>(pipeline, keeper)) {}
PriceApi::~PriceApi() { stop(); }

void PriceApi::stop() {
  inner_->stopping = true;
  inner_->pool.stop();
  inner_->long_pool.stop();
}

Status PriceApi::add_routes(net::Router& router) {
  const auto add = [&](net::Method method, std::string pattern, net::Policy policy, WorkerPool& pool, Inner::Answering answer, std::size_t body = 0) {
    return router.add({.method = method, .pattern = std::move(pattern), .policy = policy, .body_limit = body, .handler = inner_->on(pool, answer), .websocket = {}});
  };
  AYBIZA_TRY(add(net::Method::get, "/api/v1/prices", net::Policy::read, inner_->pool, &Inner::prices));
  AYBIZA_TRY(add(net::Method::get, "/api/v1/prices/unpriced", net::Policy::read, inner_->pool, &Inner::unpriced));
  AYBIZA_TRY(add(net::Method::post, "/api/v1/prices/what-if", net::Policy::read, inner_->long_pool, &Inner::other_prices, what_if_bytes));
  return add(net::Method::post, "/api/v1/prices/rerate", net::Policy::admin, inner_->long_pool, &Inner::rerate);
}

}  // namespace aybiza
