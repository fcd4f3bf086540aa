#include "server/search_api.h"

#include "base/limits.h"
#include "codec/json_writer.h"
#include "query/answer.h"
#include "query/search_request.h"
#include "query/turn_labels.h"
#include "runtime/worker_pool.h"
#include "server/answering.h"
#include "server/arguments.h"

namespace aybiza {
namespace {

using net::Request;
using net::Response;

void write_hit(JsonWriter& json, const TurnHit& hit, const std::vector<std::string>& words) {
  json.begin_object().member("score", hit.score).member("call_id", to_string(hit.call_id));
  json.key("external_call_id").string_or_null(hit.external_call_id).member("turn_number", hit.turn_number);
  json.member("speaker", hit.agent_speaks ? "agent" : "caller").member("time", format_rfc3339(hit.time));
  json.key("text").string_or_null(snippet_of(hit.text, words));
  json.key("customer_id").string_or_null(hit.customer).key("agent_id").string_or_null(hit.agent);
  json.key("sentiment_score").number_or_null(hit.sentiment_e4 ? std::optional(double(*hit.sentiment_e4) / 1e4) : std::nullopt);
  json.key("sentiment").string_or_null(sentiment_class_of(hit.sentiment_e4)).key("emotion").string_or_null(hit.emotion);
  json.key("intent").string_or_null(hit.intent).key("state").string_or_null(hit.state).key("topics").begin_array();
  for (const std::string_view topic : topics_of(hit.topics)) json.string(topic);
  json.end_array().end_object();
}

std::string_view by_text(const TurnSearch& search) {
  return search.by == TurnSearch::By::words ? "words" : search.by == TurnSearch::By::topic ? "topic" : "embedding";
}

std::string to_json(const TurnSearch& search, const TurnMatches& found, Instant now) {
  const bool words = search.by == TurnSearch::By::words;
  std::string out;
  JsonWriter json(out);
  json.begin_object().member("by", by_text(search)).member("method", words ? "bm25" : found.index ? "hnsw" : "exact");
  if (words) {
    json.key("words").begin_array();
    for (const std::string& word : search.words) json.string(word);
    json.end_array();
  }
  if (search.by == TurnSearch::By::topic) json.member("version", search.version);
  json.key("hits").begin_array();
  for (const TurnHit& hit : found.hits) write_hit(json, hit, search.words);
  json.end_array().key("scanned").begin_object().member("from", format_rfc3339(search.from)).member("to", format_rfc3339(search.to));
  json.member("turns", found.turns).member("looked_at", found.looked_at).member("complete", found.complete).end_object();
  json.key("notes").begin_array();
  if (!found.complete) json.string("more turns than can be read at once: only the newest were ranked; narrow the range or add filters");
  if (found.index) json.string("found by an index of nearest neighbours, which may miss some; exact=true compares all");
  if (search.by == TurnSearch::By::topic && found.looked_at < found.turns) json.string("turns whose vector is of another version were left out; they get this one's in the background");
  json.end_array().member("as_of", format_rfc3339(now)).end_object();
  return out;
}

}  // namespace

struct SearchApi::Inner : std::enable_shared_from_this<SearchApi::Inner> {
  explicit Inner(SearchParts given) : parts(given), finder(given) {}
  const SearchParts parts;
  const TurnFinder finder;
  WorkerPool pool{"search", 1, 64};

  using Answering = Response (Inner::*)(const Request&);
  net::Handler on_pool(Answering answer) {
    return answer_on(pool, [self = shared_from_this(), answer](const Request& request) { return (self.get()->*answer)(request); });
  }

  Instant now() const { return parts.pipeline->clock().now(); }

  Response by_address(const Request& request) { return search(request, parse_search(parse_query_string(request.query), now(), TurnFinder::masked)); }
  Response by_body(const Request& request) {
    if (!request.query.empty()) return refuse({"unknown_parameter", "query", "a search by POST is asked by its body alone"});
    return search(request, parse_search_json(request.body, now(), TurnFinder::masked));
  }

  Response search(const Request& request, Answered<SearchRequest> asked) {
    if (!asked) return refuse(asked.error());
    if (const auto refusal = finder.prepare(*asked)) return refuse(*refusal);
    TurnSearch& search = asked->search;
    if (const std::string_view customer = authz_of(request).customer(); !customer.empty()) search.customers = {std::string(customer)};
    if (!parts.pipeline->wait_applied(limits::read_your_writes_timeout))
      return Response::error(503, "store_behind", "the store has not caught up with what was accepted; ask again").with("Retry-After", "1");
    const auto found = finder.find(search);
    if (!found) return Response::error(503, "unavailable", found.error().message + "; narrow the range (from, to) or add filters");
    return Response::json(200, to_json(search, *found, now()));
  }

  // Who is bound to a customer learns by which versions to ask, and nothing of how many turns there are of others.
  Response status(const Request& request) {
    const TopicStatus status = parts.topics->status();
    const bool whole = authz_of(request).platform();
    std::string out;
    JsonWriter json(out);
    json.begin_object().key("version").string_or_null(status.versions.empty() ? std::string_view() : status.versions.front().name).key("versions").begin_array();
    for (const TopicStatus::Version& one : status.versions) {
      json.begin_object().member("version", one.name).member("trained", one.trained);
      if (whole) json.member("texts", one.texts).member("terms", one.terms).member("dimensions_used", one.rank);
      json.end_object();
    }
    json.end_array().member("doing", status.doing);
    if (whole) {
      json.member("turns_renewed", status.turns).member("trainings", status.trainings).member("looks", status.looks);
      json.key("indexed").string_or_null(status.indexed).key("error").string_or_null(status.error);
    }
    json.end_object();
    return Response::json(200, std::move(out));
  }

  Response started(const Request& request, const Status& done) {
    if (!authz_of(request).platform()) return Response::error(403, "forbidden", "topic models are made of all customers' turns: it needs a key of the platform");
    if (!done) return Response::error(409, "busy", done.error().message);
    return Response::json(202, R"({"message":"it is begun; GET /api/v1/topics tells how far it is"})");
  }

  Response train(const Request& request) { return started(request, authz_of(request).platform() ? parts.topics->train() : Status()); }

  Response index(const Request& request) {
    bool drop = false;
    for (const auto& [name, value] : parse_query_string(request.query)) {
      if (name != "drop" || (value != "true" && value != "false")) return refuse({"unknown_parameter", name, "known is drop=true"});
      drop = value == "true";
    }
    return started(request, authz_of(request).platform() ? parts.topics->index(drop) : Status());
  }
};

SearchApi::SearchApi(SearchParts parts) : inner_(std::make_shared<Inner>(parts)) {}
SearchApi::~SearchApi() { stop(); }
void SearchApi::stop() { inner_->pool.stop(); }

Status SearchApi::add_routes(net::Router& router) {
  const auto add = [&](net::Method method, std::string pattern, net::Policy policy, std::size_t body, Inner::Answering answer) {
    return router.add({.method = method, .pattern = std::move(pattern), .policy = policy, .body_limit = body, .handler = inner_->on_pool(answer), .websocket = {}});
  };
  AYBIZA_TRY(add(net::Method::get, "/api/v1/turns/search", net::Policy::read, 0, &Inner::by_address));
  AYBIZA_TRY(add(net::Method::post, "/api/v1/turns/search", net::Policy::read, limits::search_body_bytes, &Inner::by_body));
  AYBIZA_TRY(add(net::Method::get, "/api/v1/topics", net::Policy::read, 0, &Inner::status));
  AYBIZA_TRY(add(net::Method::post, "/api/v1/topics/train", net::Policy::admin, 0, &Inner::train));
  return add(net::Method::post, "/api/v1/topics/index", net::Policy::admin, 0, &Inner::index);
}

}  // namespace aybiza
