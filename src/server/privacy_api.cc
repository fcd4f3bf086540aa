#include "server/privacy_api.h"

#include <fmt/format.h>

#include "base/limits.h"
#include "codec/json_writer.h"
#include "query/question.h"
#include "runtime/worker_pool.h"
#include "server/analyze_json.h"
#include "server/answering.h"
#include "server/call_finder.h"

namespace aybiza {
namespace {

using net::Request;
using net::Response;

std::string who(const auth::Authz& authz) {
  if (authz.key_id().empty()) return "loopback";
  return authz.key_name().empty() ? authz.key_id() : fmt::format("{} {}", authz.key_id(), authz.key_name());
}

void write_classes(JsonWriter& json, const MaskCounts::ByClass& counts) {
  json.begin_object();
  for (std::size_t i = 0; i < pii_class_count; ++i) json.member(to_string(PiiClass(i)), counts[i]);
  json.end_object();
}

Response no_audit(const Error& error) { return Response::error(503, "audit", fmt::format("{}: what cannot be audited is not answered", error.message)); }

// One turn's original, or why there is none. Whether it was read.
bool write_original(JsonWriter& json, const TurnRow& turn, CallerKeys& keys) {
  const bool kept = !turn.sealed.empty();
  const auto text = kept ? keys.unseal(turn.sealed) : Result<std::string>(std::string());
  const bool known = kept && text;
  json.begin_object().member("turn_number", turn.turn_number).member("speaker", turn.agent_speaks ? "agent" : "caller").key("text_content");
  if (known) json.string(*text);
  else json.null();
  json.member("state", known ? "unmasked" : !kept ? "not_kept" : text.error().code == Code::not_found ? "forgotten" : "damaged").end_object();
  return known;
}

}  // namespace

struct PrivacyApi::Inner : std::enable_shared_from_this<PrivacyApi::Inner> {
  explicit Inner(PrivacyApiParts given) : parts(std::move(given)) {}
  PrivacyApiParts parts;
  WorkerPool pool{"privacy", 1, 64};

  using Answering = Response (Inner::*)(const Request&);
  net::Handler on_pool(Answering answer) {
    return answer_on(pool, [self = shared_from_this(), answer](const Request& request) { return (self.get()->*answer)(request); });
  }

  Instant now() const { return parts.pipeline->clock().now(); }

  Response analyze(const Request& request) {
    auto answer = analyze_json(request.body);
    return answer ? Response::json(200, std::move(*answer)) : Response::json(400, to_json(answer.error()));
  }

  Response status(const Request& request) {
    const MaskCounts masked = parts.masked();
    const std::string_view customer = authz_of(request).customer();
    std::string out;
    JsonWriter json(out);
    json.begin_object().member("since", format_rfc3339(parts.since));
    if (customer.empty()) {
      json.key("masked");
      write_classes(json, masked.texts);
      json.member("phone_fields", masked.phone_fields).member("labels", masked.labels);
      json.member("texts_dropped", masked.texts_dropped).member("texts_sealed", masked.texts_sealed).member("texts_not_sealed", masked.texts_not_sealed);
      json.member("caller_keys", std::uint64_t(parts.privacy->keys().count()));
    }
    json.key("customers").begin_object();
    for (const auto& [name, counts] : masked.customers) {
      if (!customer.empty() && name != customer) continue;
      json.key(name);
      write_classes(json, counts);
    }
    json.end_object().key("policies").begin_array();
    for (const auto& entry : parts.privacy->policies().look(now())->entries()) {
      if (!customer.empty() && entry.customer != customer) continue;
      json.begin_object().member("customer_id", entry.customer).member("policy", to_string(entry.rule.policy));
      json.member("classes", classes_text(entry.rule.classes)).member("set", format_rfc3339(entry.set)).end_object();
    }
    json.end_array().member("as_of", format_rfc3339(now())).end_object();
    return Response::json(200, std::move(out));
  }

  Response unmask(const Request& request) {
    const auth::Authz& authz = authz_of(request);
    std::vector<std::string> customers;
    if (!authz.customer().empty()) customers.emplace_back(authz.customer());
    if (!parts.pipeline->wait_applied(limits::read_your_writes_timeout))
      return Response::error(503, "store_behind", "the store has not caught up with what was accepted; ask again").with("Retry-After", "1");
    const auto found = parts.calls->find(request.path_param("call_id"), customers);
    if (!found) return Response::error(503, "unavailable", found.error().message);
    if (!*found) return Response::error(404, "not_found", "there is no such call, or it is not yours");
    const dashboard::CallDetail& call = **found;
    std::string out;
    std::size_t read = 0;
    JsonWriter json(out);
    json.begin_object().member("call_id", to_string(call.call.call_id)).key("turns").begin_array();
    for (const TurnRow& turn : call.turns) read += write_original(json, turn, parts.privacy->keys());
    json.end_array().end_object();
    const Status noted = parts.privacy->note({.time = now(), .who = who(authz), .action = "unmask", .customer = call.call.dims[Field::customer_id],
                                              .about = to_string(call.call.call_id), .count = read});
    if (!noted) return no_audit(noted.error());
    return Response::json(200, std::move(out)).with("Cache-Control", "no-store");
  }

  Response forget(const Request& request) {
    const auth::Authz& authz = authz_of(request);
    std::string caller;
    for (const auto& [name, value] : parse_query_string(request.query)) {
      if (name != "caller") return Response::json(400, to_json(Refusal{"unknown_parameter", name, "known is caller"}));
      caller = value;
    }
    if (caller.empty()) return Response::json(400, to_json(Refusal{"missing_parameter", "caller", "name the caller: ?caller=TOKEN, or a phone number with + as %2B"}));
    Privacy::AuditEntry entry{.time = now(), .who = who(authz), .action = "forget", .customer = std::string(authz.customer()), .about = parts.tokenizer->phone_field(caller)};
    // The intention first, so that no key is destroyed of which the audit knows nothing.
    if (const Status noted = parts.privacy->note(entry); !noted) return no_audit(noted.error());
    const auto destroyed = parts.privacy->keys().forget(entry.about, entry.customer);
    if (!destroyed) return Response::error(503, "disk", destroyed.error().message);
    entry.action = "forgotten";
    entry.count = *destroyed;
    if (const Status noted = parts.privacy->note(entry); !noted) return no_audit(noted.error());
    std::string out;
    JsonWriter json(out);
    json.begin_object().member("caller", entry.about).member("keys_destroyed", std::uint64_t(*destroyed)).end_object();
    return Response::json(200, std::move(out));
  }
};

PrivacyApi::PrivacyApi(PrivacyApiParts parts) : inner_(std::make_shared<Inner>(std::move(parts))) {}
PrivacyApi::~PrivacyApi() { stop(); }
void PrivacyApi::stop() { inner_->pool.stop(); }

Status PrivacyApi::add_routes(net::Router& router) {
  const auto add = [&](net::Method method, std::string pattern, net::Policy policy, std::size_t body, Inner::Answering answer) {
    return router.add({.method = method, .pattern = std::move(pattern), .policy = policy, .body_limit = body, .handler = inner_->on_pool(answer), .websocket = {}});
  };
  AYBIZA_TRY(add(net::Method::post, "/api/v1/analyze", net::Policy::read, limits::analyze_body_bytes, &Inner::analyze));
  AYBIZA_TRY(add(net::Method::get, "/api/v1/privacy", net::Policy::read, 0, &Inner::status));
  AYBIZA_TRY(add(net::Method::post, "/api/v1/privacy/forget", net::Policy::admin, 0, &Inner::forget));
  AYBIZA_TRY(add(net::Method::post, "/api/v1/calls/:call_id/unmask", net::Policy::admin, 0, &Inner::unmask));
  return {};
}

}  // namespace aybiza
