#include "ingest/otlp_endpoint.h"

#include "base/check.h"
#include "base/limits.h"
#include "ingest/spool_refusal.h"
#include "net/content_coding.h"

namespace aybiza {
namespace {

using namespace std::chrono_literals;
using spool::Admission;

// A body in memory, its transcoded or decoded form, and the encoded events.
constexpr std::size_t memory_per_body_byte = 4;

net::Response answer(OtlpEncoding encoding, int status, std::string body) {
  return net::Response::text(status, std::move(body), std::string(content_type_of(encoding)));
}
net::Response failure(OtlpEncoding encoding, int status, std::string_view message) {
  return answer(encoding, status, otlp_failure(encoding, status, message));
}
net::Response failure(OtlpEncoding encoding, const AdmissionRefusal& refusal) {
  // A full queue is told as 429: OTLP's senders slow down for it, and all of them retry it.
  const int status = refusal.reason == "overloaded" ? 429 : refusal.status;
  return failure(encoding, status, fmt::format("{}; nothing was taken, send it again", refusal.message))
      .with("Retry-After", retry_seconds(refusal.retry_after));
}
// An answer made for everybody, in the encoding of this sender; its headers stay.
net::Response translated(OtlpEncoding encoding, net::Response response, std::string_view message) {
  response.content_type = content_type_of(encoding);
  response.body = otlp_failure(encoding, response.status, message);
  return response;
}

// Under which name the ledger counts it.
std::string_view way_of(OtlpEncoding encoding) { return encoding == OtlpEncoding::protobuf ? "otlp protobuf" : "otlp json"; }

}  // namespace

// What is needed to answer once the spool has spoken; nothing of the request is kept.
struct OtlpEndpoint::InFlight {
  net::Responder respond;
  IngestAdmission::Hold hold;
  Reservation memory;
  std::string customer;  // whose ledger line
  OtlpSignal signal;
  OtlpEncoding encoding;
  std::uint64_t events = 0, rejected = 0, sampled = 0;  // handed to the spool; refused before
  std::map<std::string, std::uint64_t, std::less<>> reasons;
  std::string message;

  LedgerSender sender() const { return {customer, way_of(encoding)}; }
};

struct OtlpEndpoint::Body {
  std::string bytes;
  Reservation unpacked;
  IngestAdmission::Hold hold;
};

OtlpEndpoint::OtlpEndpoint(OtlpEndpointConfig config) : config_(std::move(config)), admission_(config_.admission) {
  CHECK(config_.clock != nullptr && config_.tokenizer != nullptr && config_.ledger != nullptr && config_.append && config_.visible);
}
OtlpEndpoint::~OtlpEndpoint() = default;

OtlpEndpointConfig OtlpEndpoint::over(spool::Spool& spool, OtlpEndpointConfig config) {
  config.append = [&spool](spool::AppendRequest request) { return spool.append(std::move(request)); };
  config.visible = [&spool] { return spool.visible(); };
  return config;
}

Status OtlpEndpoint::add_routes(net::Router& router) {
  for (const OtlpSignal signal : {OtlpSignal::traces, OtlpSignal::metrics, OtlpSignal::logs})
    AYBIZA_TRY(router.add({.method = net::Method::post,
                           .pattern = fmt::format("/v1/{}", to_string(signal)),
                           .policy = net::Policy::ingest,
                           .body_limit = limits::body_unpacked_bytes,
                           .handler = [this, signal](net::RequestPtr request, net::Responder respond) { handle(signal, std::move(request), std::move(respond)); },
                           .websocket = {}}));
  // OTEL_EXPORTER_OTLP_TRACES_ENDPOINT is used as it is: without a path, exports come here.
  return router.add({.method = net::Method::post,
                     .pattern = "/",
                     .policy = net::Policy::ingest,
                     .body_limit = limits::body_unpacked_bytes,
                     .handler =
                         [](net::RequestPtr request, net::Responder respond) {
                           const auto encoding = parse_otlp_content_type(request->header("Content-Type"));
                           respond(failure(encoding.value_or(OtlpEncoding::json), 400, "append /v1/traces, /v1/metrics or /v1/logs to the endpoint"));
                         },
                     .websocket = {}});
}

net::Response OtlpEndpoint::refused(OtlpEncoding encoding, const LedgerSender& sender, const AdmissionRefusal& refusal, std::uint64_t events) {
  config_.ledger->shed(sender, refusal.reason, events);
  return failure(encoding, refusal);
}

net::Response OtlpEndpoint::broken(OtlpEncoding encoding, const LedgerSender& sender, int status, std::string_view reason, std::string_view message) {
  config_.ledger->reject(sender, reason);
  return failure(encoding, status, message);
}

std::expected<OtlpEndpoint::Body, net::Response> OtlpEndpoint::read_body(const net::Request& request, OtlpEncoding encoding, const LedgerSender& sender) {
  const auto refuse = [&](int status, std::string_view reason, std::string_view message) {
    return std::unexpected(broken(encoding, sender, status, reason, message));
  };
  const auto coding = net::parse_content_encoding(request.header("Content-Encoding"));
  if (!coding) return refuse(415, "unsupported_encoding", "Content-Encoding must be gzip, zstd or absent");
  const bool packed = *coding != net::Coding::identity;
  const std::size_t bytes_max = packed ? limits::body_packed_bytes : limits::body_unpacked_bytes;
  if (request.body.size() > bytes_max) return refuse(413, "too_large", fmt::format("a {} body is at most {} bytes", packed ? "packed" : "plain", bytes_max));
  auto hold = admission_.admit(sender.customer, memory_per_body_byte * request.body.size());
  if (!hold) return std::unexpected(refused(encoding, sender, hold.error()));
  Body body{{}, {}, std::move(*hold)};
  if (!packed) {
    body.bytes = request.body;
    return body;
  }
  auto unpacked = net::unpack(*coding, request.body, {.budget = config_.admission.budget});
  if (!unpacked) {
    if (unpacked.error().code == Code::too_large) return refuse(413, "too_large", unpacked.error().message);
    if (unpacked.error().code == Code::unavailable) return std::unexpected(refused(encoding, sender, {503, "memory", "the server is short of memory"}));
    return refuse(400, "invalid_encoding", unpacked.error().message);
  }
  body.bytes = std::move(unpacked->bytes);
  body.unpacked = std::move(unpacked->held);
  if (config_.admission.budget != nullptr && !body.unpacked.grow((memory_per_body_byte - 1) * body.bytes.size()))
    return std::unexpected(refused(encoding, sender, {503, "memory", "the server is short of memory"}));
  return body;
}

std::unique_ptr<OtlpPreparer> OtlpEndpoint::borrow() {
  {
    const std::lock_guard lock(mutex_);
    if (!idle_.empty()) {
      auto preparer = std::move(idle_.back());
      idle_.pop_back();
      return preparer;
    }
  }
  return std::make_unique<OtlpPreparer>(*config_.tokenizer, config_.masking);
}

void OtlpEndpoint::give_back(std::unique_ptr<OtlpPreparer> preparer) {
  const std::lock_guard lock(mutex_);
  idle_.push_back(std::move(preparer));  // as many as ever ran at once: the network's threads
}

void OtlpEndpoint::handle(OtlpSignal signal, net::RequestPtr request, net::Responder respond) {
  const auto encoding = parse_otlp_content_type(request->header("Content-Type"));
  auto authz = authorize_ingest(*request, config_.trust, config_.clock->now());
  if (!authz) {
    const std::string_view why = authz.error().status == 403 ? "this key may not send events: it needs scope ingest"
                                                             : "send Authorization: Bearer <ingest key>, or x-api-key; `aybiza key create` makes one";
    return respond(translated(encoding.value_or(OtlpEncoding::json), std::move(authz.error()), why));
  }
  take(signal, std::move(request), *authz, std::move(respond));
}

void OtlpEndpoint::take(OtlpSignal signal, net::RequestPtr request, const auth::Authz& sender, net::Responder respond) {
  const Instant now = config_.clock->now();
  const DecodeContext context{.customer = sender.customer(), .source = sender.key_name(), .received = now};
  const std::string customer(scope_of(context));
  const auto encoding = parse_otlp_content_type(request->header("Content-Type"));
  if (!encoding)
    return respond(broken(OtlpEncoding::json, LedgerSender(customer, "otlp", now), 415, "unsupported_media_type", "Content-Type must be application/x-protobuf or application/json"));
  const LedgerSender by(customer, way_of(*encoding), now);
  auto body = read_body(*request, *encoding, by);
  if (!body) return respond(std::move(body.error()));
  request.reset();  // the memory of the packed or received body

  spool::AppendRequest append_request{.customer = customer, .source = config_.spool_source, .received = now};
  // The protocol has no batch id, so the body is its own: sent again byte for byte, it is the same batch.
  append_request.batch_key = hash128(body->bytes, 16 + std::uint64_t(signal));
  auto preparer = borrow();
  auto prepared = preparer->prepare(signal, *encoding, std::move(body->bytes), context, config_.sampler, config_.joiner, config_.calls);
  give_back(std::move(preparer));
  if (!prepared) {
    const bool large = prepared.error().code == Code::too_large;
    return respond(broken(*encoding, by, large ? 413 : 400, large ? "too_large" : "invalid_body", prepared.error().message));
  }
  // A name that is remembered is on disk before its events are; most requests bring no new one.
  if (config_.joiner != nullptr && !config_.joiner->aliases().durable() && !config_.joiner->aliases().sync())
    return respond(refused(*encoding, by, {503, "disk", "the disk refuses writes", 5s}, std::max<std::uint64_t>(prepared->offered(), 1)));
  const std::uint64_t offered = prepared->offered();
  if (const auto refusal = admission_.take_rate(customer, offered, config_.clock->elapsed()))
    return respond(refused(*encoding, by, *refusal, offered));
  if (config_.count_masked) config_.count_masked(prepared->masked);
  body->unpacked.shrink_to(prepared->memory());  // what waits for the disk
  config_.ledger->offer(by, offered);
  const auto flight = std::make_shared<InFlight>(InFlight{.respond = std::move(respond),
                                                          .hold = std::move(body->hold),
                                                          .memory = std::move(body->unpacked),
                                                          .customer = customer,
                                                          .signal = signal,
                                                          .encoding = *encoding,
                                                          .events = prepared->items.size(),
                                                          .rejected = prepared->rejected,
                                                          .sampled = prepared->sampled,
                                                          .reasons = std::move(prepared->reasons),
                                                          .message = std::move(prepared->message)});
  if (prepared->items.empty()) return finish(*flight, {.status = {}, .last = config_.visible()});
  append_request.items = std::move(prepared->items);
  append_request.bytes = std::move(prepared->bytes);
  append(flight, std::move(append_request));
}

void OtlpEndpoint::append(const std::shared_ptr<InFlight>& flight, spool::AppendRequest request) {
  request.done = [this, flight](const spool::AppendResult& result) { finish(*flight, result); };
  const Admission admission = config_.append(std::move(request));
  if (admission == Admission::taken) return;
  const AdmissionRefusal refusal = refusal_of(admission);
  // The whole request will come again, its refused items too: all of it is shed.
  config_.ledger->settle(flight->sender(), {.shed = {{std::string(refusal.reason), flight->events + flight->rejected + flight->sampled}}});
  flight->respond(failure(flight->encoding, refusal));
}

void OtlpEndpoint::finish(InFlight& flight, const spool::AppendResult& result) {
  if (!result.status) {
    config_.ledger->settle(flight.sender(), {.shed = {{"disk", flight.events + flight.rejected + flight.sampled}}});
    return flight.respond(failure(flight.encoding, {503, "disk", "the data could not be written", 5s}));
  }
  Ledger::Outcome outcome{.accepted = result.accepted, .duplicates = result.duplicates, .rejected = flight.reasons};
  if (flight.sampled > 0) outcome.shed["sampled"] = flight.sampled;
  config_.ledger->settle(flight.sender(), outcome);
  flight.respond(answer(flight.encoding, 200, otlp_success(flight.signal, flight.encoding, flight.rejected, flight.message))
                     .with("X-Durability", fmt::format("fsync; offset={}", result.last.value)));
}

}  // namespace aybiza
