#include "server/retention_api.h"

#include "codec/json_writer.h"
#include "runtime/worker_pool.h"
#include "server/answering.h"

namespace aybiza {
namespace {

using net::Request;
using net::Response;

void write_preview(JsonWriter& json, const RetentionPreview& one) {
  json.begin_object().member("what", one.rule.what).member("days", one.rule.days).member("then", one.rule.archive ? "archive" : "delete");
  json.member("before", format_rfc3339(one.before)).member("rows", one.rows).member("days_of_rows", one.days);
  json.key("oldest").string_or_null(one.oldest ? format_rfc3339(*one.oldest) : std::string()).key("bytes_about");
  if (one.bytes) json.integer(*one.bytes);
  else json.null();
  json.key("waits").string_or_null(one.waits).end_object();
}

}  // namespace

struct RetentionApi::Inner : std::enable_shared_from_this<RetentionApi::Inner> {
  Inner(Retention& r, std::filesystem::path d) : retention(r), data(std::move(d)) {}

  Retention& retention;
  const std::filesystem::path data;
  WorkerPool pool{"retention-api", 1, 16};

  using Answering = Response (Inner::*)(const Request&);
  net::Handler on_pool(Answering answer) {
    return answer_on(pool, [self = shared_from_this(), answer](const Request& request) {
      if (!authz_of(request).platform()) return Response::error(403, "forbidden", "retention is of all customers' rows: it needs a key of the platform");
      return (self.get()->*answer)(request);
    });
  }

  Response preview(const Request&) {
    const auto rules = read_retention(data);
    if (!rules) return Response::error(503, "retention", rules.error().message);
    const auto would_go = retention.preview(*rules);
    if (!would_go) return Response::error(503, "unavailable", would_go.error().message);
    const RetentionStatus status = retention.status();
    std::string out;
    JsonWriter json(out);
    json.begin_object().key("rules").begin_array();
    for (const RetentionPreview& one : *would_go) write_preview(json, one);
    json.end_array().key("since_start").begin_object().member("passes", status.passes).member("running", status.running);
    json.member("rows_deleted", status.rows_deleted).member("rows_archived", status.rows_archived).key("error").string_or_null(status.error).end_object().end_object();
    return Response::json(200, std::move(out));
  }

  Response apply(const Request&) {
    retention.nudge();
    return Response::json(202, R"({"message":"a pass begins; GET /api/v1/retention tells what went"})");
  }
};

RetentionApi::RetentionApi(Retention& retention, std::filesystem::path data) : inner_(std::make_shared<Inner>(retention, std::move(data))) {}
RetentionApi::~RetentionApi() { stop(); }
void RetentionApi::stop() { inner_->pool.stop(); }

Status RetentionApi::add_routes(net::Router& router) {
  AYBIZA_TRY(router.add({.method = net::Method::get, .pattern = "/api/v1/retention", .policy = net::Policy::read, .body_limit = 0, .handler = inner_->on_pool(&Inner::preview), .websocket = {}}));
  return router.add({.method = net::Method::post, .pattern = "/api/v1/retention/apply", .policy = net::Policy::admin, .body_limit = 0, .handler = inner_->on_pool(&Inner::apply), .websocket = {}});
}

}  // namespace aybiza
