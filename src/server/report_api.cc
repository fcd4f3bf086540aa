#include "server/report_api.h"

#include <algorithm>

#include "dashboard/report_json.h"
#include "runtime/worker_pool.h"
#include "server/answering.h"

namespace aybiza {
namespace {

using dashboard::Report;
using net::Request;
using net::Response;

constexpr std::size_t body_bytes = 8 * 1024;

Response refused(const Error& error) {
  if (error.code == Code::not_found) return Response::error(404, "not_found", error.message);
  if (error.code == Code::io) return Response::error(503, "unavailable", error.message);
  return Response::error(400, "invalid", error.message);
}

}  // namespace

struct ReportApi::Inner : std::enable_shared_from_this<ReportApi::Inner> {
  Inner(dashboard::ReportBook& b, ReportSender& s, const Clock& c) : book(b), sender(s), clock(c) {}

  dashboard::ReportBook& book;
  ReportSender& sender;
  const Clock& clock;
  WorkerPool pool{"reports-api", 1, 16};

  using Answering = Response (Inner::*)(const Request&);
  net::Handler on_pool(Answering answer) {
    return answer_on(pool, [self = shared_from_this(), answer](const Request& request) { return (self.get()->*answer)(request); });
  }
  std::string shown(const Report& report) { return dashboard::report_to_json(report, book.state_of(report.id, clock.now()), clock.now()); }

  Response list(const Request& request) {
    std::string out;
    for (const Report& report : book.list_of(authz_of(request).customer(), clock.now())) out += (out.empty() ? "" : ",") + shown(report);
    return Response::json(200, R"({"mail_server":)" + std::string(sender.settings().sends() ? "true" : "false") + R"(,"reports":[)" + out + "]}");
  }

  Response add(const Request& request) {
    auto wanted = dashboard::report_from_json(request.body);
    if (!wanted) return refused(wanted.error());
    const auth::Authz& who = authz_of(request);
    if (!who.customer().empty() && wanted->customer == "*") wanted->customer = who.customer();
    if (!who.customer().empty() && wanted->customer != who.customer()) return Response::error(403, "forbidden", "this report is of another customer's figures");
    wanted->by = who.key_name();
    const auto made = book.add(std::move(*wanted), clock.now());
    return made ? Response::json(201, shown(*made)) : refused(made.error());
  }

  // The report that the path names, if it is theirs.
  Result<Report> named(const Request& request) {
    const auto all = book.list_of(authz_of(request).customer(), clock.now());
    const auto at = std::ranges::find(all, request.path_param("id"), &Report::id);
    if (at == all.end()) return fail(Code::not_found, "there is no report {}", request.path_param("id").substr(0, 40));
    return *at;
  }
  template <typename Do>
  Response with(const Request& request, int status, Do&& act) {
    const auto report = named(request);
    if (!report) return refused(report.error());
    const Status done = act(*report);
    return done ? Response::json(status, R"({"done":true})") : refused(done.error());
  }
  Response remove(const Request& request) {
    return with(request, 200, [&](const Report& report) { return book.remove(report.id); });
  }
  Response switch_on(const Request& request) {
    return with(request, 200, [&](const Report& report) { return book.set_on(report.id, true, clock.now()); });
  }
  Response switch_off(const Request& request) {
    return with(request, 200, [&](const Report& report) { return book.set_on(report.id, false, clock.now()); });
  }
  Response send(const Request& request) {
    if (!sender.settings().sends()) return Response::error(409, "no_mail_server", "this server has no mail server: start aybiza serve with --smtp-url and --smtp-from");
    return with(request, 202, [&](const Report& report) -> Status {
      book.ask_now(report.id);
      sender.nudge();
      return {};
    });
  }
};

ReportApi::ReportApi(dashboard::ReportBook& book, ReportSender& sender, const Clock& clock) : inner_(std::make_shared<Inner>(book, sender, clock)) {}
ReportApi::~ReportApi() { stop(); }
void ReportApi::stop() { inner_->pool.stop(); }

Status ReportApi::add_routes(net::Router& router) {
  const auto add = [&](net::Method method, std::string_view pattern, Inner::Answering answer, std::size_t body = 0) {
    return router.add({.method = method, .pattern = std::string(pattern), .policy = net::Policy::admin, .body_limit = body, .handler = inner_->on_pool(answer), .websocket = {}});
  };
  AYBIZA_TRY(add(net::Method::get, "/api/v1/reports", &Inner::list));
  AYBIZA_TRY(add(net::Method::post, "/api/v1/reports", &Inner::add, body_bytes));
  AYBIZA_TRY(add(net::Method::post, "/api/v1/reports/:id/send", &Inner::send));
  AYBIZA_TRY(add(net::Method::post, "/api/v1/reports/:id/on", &Inner::switch_on));
  AYBIZA_TRY(add(net::Method::post, "/api/v1/reports/:id/off", &Inner::switch_off));
  return add(net::Method::del, "/api/v1/reports/:id", &Inner::remove);
}

}  // namespace aybiza
