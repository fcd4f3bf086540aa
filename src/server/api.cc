#include "server/api.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/limits.h"
#include "codec/json_writer.h"
#include "dashboard/definitions.h"
#include "live/overview.h"
#include "query/flow.h"
#include "query/kept_range.h"
#include "query/sampled_answer.h"
#include "server/answer_export.h"
#include "server/answering.h"
#include "server/arguments.h"
#include "server/call_finder.h"
#include "server/call_json.h"
#include "server/call_list.h"
#include "server/export_stream.h"
#include "server/learning_api.h"
#include "server/metrics_text.h"
#include "server/openapi.h"
#include "server/reconcile.h"

namespace aybiza {
namespace {

using net::Request;
using net::RequestPtr;
using net::Responder;
using net::Response;

// What the pages' figures mean, in a language of theirs.
void definitions(RequestPtr request, Responder respond) {
  const Arguments arguments(*request, {"language"});
  if (auto wrong = arguments.check()) return respond(std::move(*wrong));
  const std::string language = arguments.text("language", "en");
  const dashboard::Texts& texts = dashboard::texts_of(language);
  if (texts.language() != language) return respond(bad("invalid_value", "language", "no language of the pages; known are those of the settings, as en and de"));
  respond(Response::json(200, dashboard::definitions_json(texts)));
}

}  // namespace

struct Api::Inner : std::enable_shared_from_this<Api::Inner> {
  ApiParts parts;
  WorkerPool pool{"api", 2, 256};
  WorkerPool exports{"export", 1, 16};  // a slow client must not keep questions waiting

  using Answering = Response (Inner::*)(const Request&);

  net::Handler on_pool(Answering answer) {
    return answer_on(pool, [self = shared_from_this(), answer](const Request& request) { return (self.get()->*answer)(request); });
  }

  Response query(const Request& request) {
    Parameters words = parse_query_string(request.query);
    const auto asked = std::ranges::find(words, "format", [](const auto& word) { return word.first; });
    const std::string format = asked == words.end() ? "json" : asked->second;
    const auto kind = export_kind(format);
    if (!kind && format != "json")
      return bad("unknown_format", "format", fmt::format("'{}' is not a format; known are json, csv, ndjson, parquet", format));
    if (asked != words.end()) words.erase(asked);
    auto question = parse_question(words, parts.pipeline->clock().now());
    if (!question) return refuse(question.error());
    restrict(request, *question);
    for (Filter& filter : question->where)  // as in call(): what is personal was kept as its token
      for (std::string& value : filter.values) value = parts.tokenizer->mask_label(value);
    auto answer = parts.pipeline->ask(*question);
    if (!answer) return refuse(answer.error());
    return kind ? export_answer(*question, *answer, *kind, parts.pipeline->clock()) : Response::json(200, to_json(*answer));
  }

  static void restrict(const Request& request, Question& question) {
    const auto customers = customers_of(request);
    if (!customers.empty()) question.where.push_back({{Dimension::customer_id, ""}, false, customers, false});
  }

  Response live(const Request& request) {
    const Arguments arguments(request, {"tz", "customer_id", "region", "range"});
    if (auto refusal = arguments.check()) return std::move(*refusal);
    ViewScope scope{.customers = customers_of(request), .customer = arguments.text("customer_id"), .region = arguments.text("region"),
                    .range = arguments.text("range", "1h"), .zone = arguments.text("tz", "UTC"), .from = {}, .to = {}};
    parts.pipeline->wait_folded(limits::read_your_writes_timeout);
    const Instant now = parts.pipeline->clock().now();
    const auto tiles = compute_tiles([&](const Question& q) { return parts.pipeline->glance(q); }, scope, now);
    const auto newest = newest_event();
    std::string out;
    JsonWriter json(out);
    json.begin_object().member("as_of", format_rfc3339(now)).key("tiles").begin_object();
    for (const TileState& tile : tiles) {
      json.key(tile.name).begin_object().key("value").number_or_null(tile.value).key("previous").number_or_null(tile.previous);
      json.key("age_ms").number_or_null(newest ? std::optional(double((now - *newest).count()) / 1000) : std::nullopt).key("n").number(tile.n);
      if (!tile.error.empty()) json.member("error", tile.error);
      if (tile.estimate) json.member("estimate", true).key("standard_error").number_or_null(tile.standard_error);
      json.end_object();
    }
    json.end_object().end_object();
    return Response::json(200, std::move(out));
  }

  std::optional<Instant> newest_event() {
    Instant newest = Instant::min();
    for (const ShardStats& stats : shard_stats()) newest = std::max(newest, stats.events > 0 ? stats.received : Instant::min());
    return newest == Instant::min() ? std::nullopt : std::optional(std::min(newest, parts.pipeline->clock().now()));
  }

  std::vector<ShardStats> shard_stats() {
    std::vector<ShardStats> all(parts.pipeline->shards().count());
    parts.pipeline->shards().run_all([&](std::size_t i, Shard& shard) { all[i] = shard.stats(); });
    return all;
  }

  std::optional<Response> behind() {
    if (parts.pipeline->wait_applied(limits::read_your_writes_timeout)) return std::nullopt;
    return Response::error(503, "store_behind", "the store has not caught up with what was accepted; ask again").with("Retry-After", "1");
  }

  Duration deadline() const { return parts.pipeline->clock().elapsed() + Duration(limits::query_timeout); }

  Response calls(const Request& request) {
    const Arguments arguments(request, {"customer_id", "region", "agent_id", "call_outcome", "state", "model_used", "caller_number", "phone_number",
                                        "from", "to", "limit", "cursor"});
    if (auto refusal = arguments.check()) return std::move(*refusal);
    auto from = time_argument(arguments, "from"), to = time_argument(arguments, "to");
    if (!from) return std::move(from.error());
    if (!to) return std::move(to.error());
    const auto label = [&](std::string_view name) { return parts.tokenizer->mask_label(arguments.text(name)); };
    const auto number = [&](std::string_view name) { return parts.tokenizer->phone_field(arguments.text(name)); };
    dashboard::CallsFilter filter{customers_of(request), label("customer_id"), label("region"), label("agent_id"), arguments.text("call_outcome"),
                                  arguments.text("state"), label("model_used"), *from, *to, number("caller_number"), number("phone_number")};
    const std::string text = arguments.text("limit", "50");
    const std::size_t limit = text.size() <= 4 && text.find_first_not_of("0123456789") == std::string::npos ? std::stoul("0" + text) : 0;
    if (limit == 0 || limit > 1000) return bad("invalid_limit", "limit", "limit is a number from 1 to 1000");
    if (auto late = behind()) return std::move(*late);
    const auto page = list_calls(parts.pipeline->store(), filter, arguments.text("cursor"), limit, deadline());
    if (!page) return page.error().code == Code::invalid ? bad("invalid_cursor", "cursor", page.error().message) : failed(page.error());
    std::string out;
    JsonWriter json(out);
    json.begin_object().key("calls").begin_array();
    for (const CallRow& call : page->calls) write_call(json, call);
    json.end_array().key("next").string_or_null(page->next).end_object();
    return Response::json(200, std::move(out));
  }

  Response call(const Request& request) {
    if (auto late = behind()) return std::move(*late);
    const auto found = parts.calls_by_name->find(request.path_param("call_id"), customers_of(request));
    if (!found) return failed(found.error());
    if (!*found) return Response::error(404, "not_found", "there is no such call, or it is not yours");
    const dashboard::CallDetail& detail = **found;
    std::string out;
    JsonWriter json(out);
    json.begin_object().key("call");
    write_call(json, detail.call);
    json.key("turns").begin_array();
    for (const TurnRow& turn : detail.turns) write_turn(json, turn);
    json.end_array().key("usage").begin_array();
    for (const UsageRow& usage : detail.usage) write_usage(json, usage);
    json.end_array().key("interventions").begin_array();
    for (const InterventionRow& intervention : detail.interventions) write_intervention(json, intervention);
    json.end_array().key("sources").begin_array().string("events").end_array();
    json.member("as_of", format_rfc3339(parts.pipeline->clock().now())).end_object();
    return Response::json(200, std::move(out));
  }

  Response flow(const Request& request) {
    const Arguments arguments(request, {"window", "from", "to", "tz"});
    if (auto refusal = arguments.check()) return std::move(*refusal);
    Parameters parameters = arguments.all();
    parameters.emplace_back("select", "turns");
    const auto question = parse_question(parameters, parts.pipeline->clock().now());
    if (!question) return refuse(question.error());
    if (auto late = behind()) return std::move(*late);
    const auto customers = customers_of(request);
    Store& live = parts.pipeline->store();
    const auto store = store_for(live, question->from, question->to);
    const Instant gone = std::max(live.gone_before(Table::conversation_turns), live.gone_before(Table::call_analytics));
    if (question->to <= gone) return refuse({"not_covered", "from", gone_note(gone, question->from, question->to)});
    const auto pairs = flow_of(*store, question->from, question->to, customers.empty() ? "" : customers[0], deadline());
    if (!pairs) return failed(pairs.error());
    const auto sampled = any_sampled(*store, question->from, question->to, deadline());
    std::string out;
    JsonWriter json(out);
    json.begin_object();
    if (sampled && *sampled) json.member("estimate", true);
    json.key("columns").begin_array().string("from").string("to").string("count").end_array().key("rows").begin_array();
    for (const FlowPair& pair : *pairs) json.begin_array().string(pair.from).string(pair.to).integer(pair.count).end_array();
    json.end_array();
    if (question->from < gone) json.key("notes").begin_array().string(gone_note(gone, question->from, gone)).end_array();
    json.member("as_of", format_rfc3339(parts.pipeline->clock().now())).end_object();
    return Response::json(200, std::move(out));
  }

  using AskLearningRows = Answered<std::string> (*)(Pipeline&, const LearningScope&);
  template <AskLearningRows ask>
  Response learning(const Request& request) {
    const Arguments arguments(request, {"from", "to", "window", "tz", "source", "customer_id", "agent_id", "what"});
    if (auto refusal = arguments.check()) return std::move(*refusal);
    Parameters range{{"select", "changes"}};
    for (const auto& [name, value] : arguments.all())
      if (name != "customer_id" && name != "agent_id" && name != "what") range.emplace_back(name, value);
    const auto question = parse_question(range, parts.pipeline->clock().now());
    if (!question) return refuse(question.error());
    auto answer = ask(*parts.pipeline, {question->from, question->to, customers_of(request), arguments.text("customer_id"),
                                        arguments.text("agent_id"), arguments.text("what"), question->source});
    if (!answer) return refuse(answer.error());
    return Response::json(200, std::move(*answer));
  }

  Response conservation(const Request& request) {
    const auto snapshot = parts.events->ledger().snapshot();
    const auto stats = parts.pipeline->stats();
    const std::uint64_t quarantined = parts.pipeline->spool().stats().quarantined_events.load() + stats.undecodable;
    const auto customers = customers_of(request);
    std::string out;
    JsonWriter json(out);
    json.begin_object();
    if (customers.empty()) {
      // What was accepted before this start is known by its offsets; duplicates, rejections and shedding count since then.
      ConservationCounts total = snapshot.total;
      total.offered += parts.pipeline->recovered();
      total.accepted += parts.pipeline->recovered();
      const std::uint64_t reached = std::min(stats.applied, total.accepted);  // answers lag a moment behind the disk
      write_conservation(json, total);
      json.member("applied", reached - std::min(quarantined, reached)).member("pending", total.accepted - reached);
      json.member("quarantined", std::min(quarantined, reached)).member("balanced", total.balanced());
      if (parts.metric_ways) {
        const ConservationCounts points = parts.metric_ways->points().total;
        json.key("metric_points").begin_object();  // of StatsD and remote write, since this start; their batches are events above
        write_conservation(json, points);
        json.member("balanced", points.balanced()).member("dropped_packets", parts.metric_ways->statsd().dropped_packets).end_object();
      }
      json.key("customers").begin_object();
      for (const auto& [customer, counts] : snapshot.customers) {
        json.key(customer).begin_object();
        write_conservation(json, counts);
        json.end_object();
      }
      json.end_object();
    } else {
      const auto at = snapshot.customers.find(customers[0]);
      const ConservationCounts counts = at == snapshot.customers.end() ? ConservationCounts{} : at->second;
      write_conservation(json, counts);
      json.member("balanced", counts.balanced());
    }
    json.member("since", format_rfc3339(snapshot.since)).end_object();
    return Response::json(200, std::move(out));
  }

  Response audit(const Request& request) {
    std::vector<Filter> where;
    const auto customers = customers_of(request);
    if (!customers.empty()) where.push_back({{Dimension::customer_id, ""}, false, customers, false});
    auto answer = reconcile(*parts.pipeline, limits::allowed_lateness, where);
    if (!answer) return refuse(answer.error());
    return Response::json(200, to_json(*answer));
  }

  // Of everybody: only for keys of the platform.
  Response change_log(const Request& request) {
    const auth::Authz& authz = authz_of(request);
    if (!authz.platform() || !authz.may(auth::Scope::users)) return Response::error(403, "forbidden", "the record of changes is of all customers: it needs a key of the platform, or an admin of all customers");
    const Arguments arguments(request, {"limit"});
    if (auto refusal = arguments.check()) return std::move(*refusal);
    constexpr std::size_t most = 1000;
    const std::string given = arguments.text("limit", "100");
    std::size_t limit = 0;
    const auto [end, error] = std::from_chars(given.data(), given.data() + given.size(), limit);
    if (error != std::errc() || end != given.data() + given.size() || limit == 0 || limit > most) return bad("invalid", "limit", fmt::format("1 to {}", most));
    std::string out = R"({"changes":[)";
    for (const auth::ChangeRecord& change : parts.changes->recent(limit)) out += (out.back() == '[' ? "" : ",") + auth::to_json(change);
    return Response::json(200, out + "]}");
  }

  Response metrics(const Request&) {
    ShardStats all;
    for (const ShardStats& one : shard_stats()) {
      all.events += one.events, all.late_events += one.late_events, all.calls_in_flight += one.calls_in_flight;
      all.calls_ended += one.calls_ended, all.series += one.series, all.sizes.panes += one.sizes.panes;
      all.sizes.bytes_other += one.sizes.bytes();
      all.series_folded += one.series_folded, all.woken += one.woken;
      all.cold.ids += one.cold.ids, all.cold.bytes += one.cold.bytes, all.cold.lost += one.cold.lost;
      const MetricStats& m = one.metrics;
      all.metrics.points += m.points, all.metrics.stored += m.stored, all.metrics.bases += m.bases, all.metrics.duplicates += m.duplicates;
      all.metrics.resets += m.resets, all.metrics.folded += m.folded, all.metrics.series += m.series;
    }
    const auto pipeline = parts.pipeline->stats();
    const auto store = parts.pipeline->store().stats();
    const auto ledger = parts.events->ledger().snapshot();
    const auto http = parts.http();
    WebhookCounters webhooks = parts.webhooks ? parts.webhooks->counters() : WebhookCounters{};
    MaskCounts masked = parts.events->masked();
    masked += webhooks.masked;
    return Response::text(200, openmetrics({pipeline, parts.pipeline->spool().stats(), store, ledger, http, *parts.budget, all, masked, std::move(webhooks),
                                            parts.metric_ways ? parts.metric_ways->points().total : ConservationCounts{},
                                            parts.metric_ways ? parts.metric_ways->statsd() : StatsdStats{}, parts.sampler ? parts.sampler->left_out() : 0, parts.calls ? parts.calls->left_out() : 0,
                                            parts.retention ? parts.retention->status() : RetentionStatus{}, parts.camera ? parts.camera->counters() : CameraCounters{},
                                            parts.reports ? parts.reports() : ReportCounters{},
                                            parts.screen ? parts.screen->waits(ScreenLatency::written) : ScreenWaits{}, parts.screen ? parts.screen->waits(ScreenLatency::drawn) : ScreenWaits{}}),
                          "application/openmetrics-text; version=1.0.0; charset=utf-8");
  }

  void export_table(RequestPtr request, Responder respond) {
    const Arguments arguments(*request, {"table", "format", "from", "to"});
    if (auto refusal = arguments.check()) return respond(std::move(*refusal));
    auto from = time_argument(arguments, "from"), to = time_argument(arguments, "to");
    if (!from) return respond(std::move(from.error()));
    if (!to) return respond(std::move(to.error()));
    const std::string format = arguments.text("format", "csv"), table = arguments.text("table");
    const auto known = export_kind(format);
    if (!known) return respond(bad("unknown_format", "format", fmt::format("'{}' is not a format; known are csv, ndjson, parquet", format)));
    if (!authz_of(*request).may(auth::Scope::export_data)) return respond(Response::error(403, "forbidden", "your role may look, not export; ask for the role of an analyst"));
    if (!authz_of(*request).platform()) return respond(Response::error(403, "forbidden", "exports of whole tables need a platform key"));
    auto stream = std::make_shared<ExportStream>();
    auto shared = std::make_shared<Responder>(std::move(respond));
    const auto kind = known->format;
    const std::string type(known->type);
    const bool taken = exports.post([self = shared_from_this(), stream, shared, table, kind, type, from = *from, to = *to] {
      if (auto late = self->behind()) return (*shared)(std::move(*late));
      bool answered = false;
      std::uint64_t as_of = 0;
      const auto begin = [&] {
        if (!std::exchange(answered, true)) (*shared)(Response::stream(200, stream->source(), type).with("Aybiza-Applied-Offset", std::to_string(as_of)));
      };
      // The status line waits for the first bytes, so that an unknown table is a 400 and not a broken body.
      const auto store = store_for(self->parts.pipeline->store(), from.value_or(Instant::min()), to.value_or(Instant::max()));
      const Status done = store->export_table(table, kind, from.value_or(Instant::min()), to.value_or(Instant::max()),
                                                                     [&](std::string_view bytes) {
                                                                       begin();
                                                                       return stream->push(bytes);
                                                                     },
                                             {.deadline = no_deadline, .stop = [&] { return answered ? stream->gone() : shared->client_gone(); }, .as_of = &as_of});
      if (!done && !answered) return (*shared)(done.error().code == Code::invalid ? bad("unknown_table", "table", done.error().message) : failed(done.error()));
      begin();
      stream->finish(done);
    });
    if (!taken) (*shared)(Response::error(503, "busy", "too many exports at once; try again").with("Retry-After", "5"));
  }
};

Api::Api(ApiParts parts) : inner_(std::make_shared<Inner>()) { inner_->parts = std::move(parts); }
Api::~Api() { stop(); }

void Api::stop() {
  inner_->pool.stop();
  inner_->exports.stop();
}

Status Api::add_routes(net::Router& router) {
  using enum net::Policy;
  const auto get = [&](std::string pattern, net::Policy policy, net::Handler handler) {
    return router.add({.method = net::Method::get, .pattern = std::move(pattern), .policy = policy, .body_limit = 0, .handler = std::move(handler), .websocket = {}});
  };
  const auto text = [](std::string body) {
    return [body = std::move(body)](RequestPtr, Responder respond) { respond(Response::json(200, body)); };
  };
  AYBIZA_TRY(router.add(inner_->parts.events->route()));
  AYBIZA_TRY(get("/api/v1/query", read, inner_->on_pool(&Inner::query)));
  AYBIZA_TRY(get("/api/v1/live", read, inner_->on_pool(&Inner::live)));
  AYBIZA_TRY(get("/api/v1/calls", read, inner_->on_pool(&Inner::calls)));
  AYBIZA_TRY(get("/api/v1/calls/:call_id", read, inner_->on_pool(&Inner::call)));
  AYBIZA_TRY(get("/api/v1/flow", read, inner_->on_pool(&Inner::flow)));
  AYBIZA_TRY(get("/api/v1/learning", read, inner_->on_pool(&Inner::learning<learning_json>)));
  AYBIZA_TRY(get("/api/v1/changes", read, inner_->on_pool(&Inner::learning<changes_json>)));
  AYBIZA_TRY(get("/api/v1/audit/conservation", read, inner_->on_pool(&Inner::conservation)));
  AYBIZA_TRY(get("/api/v1/audit/reconcile", read, inner_->on_pool(&Inner::audit)));
  AYBIZA_TRY(get("/api/v1/audit/log", admin, inner_->on_pool(&Inner::change_log)));
  AYBIZA_TRY(get("/metrics", read, inner_->on_pool(&Inner::metrics)));
  AYBIZA_TRY(get("/api/v1/export", read, [inner = inner_](RequestPtr request, Responder respond) {
    inner->export_table(std::move(request), std::move(respond));
  }));
  AYBIZA_TRY(get("/api/v1/definitions", open, definitions));
  AYBIZA_TRY(get("/api/v1/openapi.json", open, text(openapi_document())));
  AYBIZA_TRY(get("/healthz", open, text(R"({"status":"alive"})")));
  AYBIZA_TRY(get("/readyz", open, text(R"({"status":"ready"})")));  // the server listens only once it has recovered
  return {};
}

}  // namespace aybiza
