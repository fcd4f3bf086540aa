#include "ingest/endpoint.h"

#include <numeric>

#include "base/check.h"
#include "base/limits.h"
#include "ingest/spool_refusal.h"
#include "net/content_coding.h"

namespace aybiza {
namespace {

using namespace std::chrono_literals;
using spool::Admission;

struct Answer {
  std::uint64_t accepted = 0, duplicates = 0, rejected = 0, sampled = 0;
  std::string_view errors_json = "[]";
};
std::string body_of(const Answer& answer) {
  std::string out;
  JsonWriter json(out);
  json.begin_object();
  json.member("accepted", answer.accepted).member("duplicates", answer.duplicates).member("rejected", answer.rejected);
  if (answer.sampled > 0) json.member("sampled", answer.sampled);
  json.key("errors").raw(answer.errors_json).end_object();
  return out;
}

// Under which name the ledger counts them.
std::string_view way_of(std::optional<BodyFormat> format) {
  constexpr std::string_view ways[] = {"events ndjson", "events json", "events cloudevents", "events cloudevents batch"};
  return format ? ways[std::size_t(*format)] : "events";
}

Ledger::Outcome outcome_of(const RejectCounts& rejected) {
  Ledger::Outcome outcome;
  for (std::size_t i = 0; i < rejected.size(); ++i)
    if (rejected[i] > 0) outcome.rejected[std::string(to_string(RejectReason(i)))] = rejected[i];
  return outcome;
}

}  // namespace

// What is needed to answer once the spool has spoken; nothing of the request is kept.
struct EventsEndpoint::InFlight {
  net::Responder respond;
  IngestAdmission::Hold hold;
  Reservation unpacked;
  std::string customer;   // whose ledger line
  std::string_view way;   // by which it came
  RejectCounts rejected;
  std::string errors_json;
  std::uint64_t events = 0;  // handed to the spool
  std::uint64_t sampled = 0;

  LedgerSender sender() const { return {customer, way}; }
  std::uint64_t not_handed() const { return sampled + std::accumulate(rejected.begin(), rejected.end(), std::uint64_t(0)); }
};

struct EventsEndpoint::Body {
  BodyFormat format;
  std::string bytes;
  Reservation unpacked;
  IngestAdmission::Hold hold;
};

EventsEndpoint::EventsEndpoint(EventsEndpointConfig config)
    : config_(std::move(config)), admission_(config_.admission), ledger_(config_.clock->now()) {
  CHECK(config_.tokenizer != nullptr && config_.append && config_.visible);
}

EventsEndpointConfig EventsEndpoint::over(spool::Spool& spool, EventsEndpointConfig config) {
  config.append = [&spool](spool::AppendRequest request) { return spool.append(std::move(request)); };
  config.visible = [&spool] { return spool.visible(); };
  return config;
}

net::Route EventsEndpoint::route() {
  return {.method = net::Method::post,
          .pattern = "/v1/events",
          .policy = net::Policy::ingest,
          .body_limit = limits::body_unpacked_bytes,  // unpacked bodies may come as they are; packed ones are held to less
          .handler = [this](net::RequestPtr request, net::Responder respond) {
            handle(std::move(request), std::move(respond));
          },
          .websocket = {}};
}

net::Response EventsEndpoint::refused(const LedgerSender& sender, const AdmissionRefusal& refusal, std::uint64_t events) {
  ledger_.shed(sender, refusal.reason, events);
  return response_of(refusal);
}

net::Response EventsEndpoint::broken(const LedgerSender& sender, int status, std::string_view reason, std::string_view message) {
  ledger_.reject(sender, reason);
  return net::Response::error(status, reason, message);
}

std::expected<EventsEndpoint::Body, net::Response> EventsEndpoint::read_body(const net::Request& request, const LedgerSender& sender) {
  const auto refuse = [&](int status, std::string_view reason, std::string_view message) {
    return std::unexpected(broken(sender, status, reason, message));
  };
  const auto format = parse_media_type(request.header("Content-Type"));
  if (!format)
    return refuse(415, "unsupported_media_type",
                  "Content-Type must be application/x-ndjson, application/json, application/cloudevents+json or "
                  "application/cloudevents-batch+json");
  const auto coding = net::parse_content_encoding(request.header("Content-Encoding"));
  if (!coding) return refuse(415, "unsupported_encoding", "Content-Encoding must be gzip, zstd or absent");
  const bool packed = *coding != net::Coding::identity;
  if (packed && request.body.size() > limits::body_packed_bytes)
    return refuse(413, "too_large", fmt::format("a packed body is at most {} bytes", limits::body_packed_bytes));
  if (request.body.size() > limits::body_unpacked_bytes)
    return refuse(413, "too_large", fmt::format("a body is at most {} bytes", limits::body_unpacked_bytes));
  // The copy of an unpacked body and its encoded events; what a packed one grows to is reserved as it grows.
  auto hold = admission_.admit(sender.customer, 2 * request.body.size() + EventBatch::padding);
  if (!hold) return std::unexpected(refused(sender, hold.error()));
  Body body{*format, {}, {}, std::move(*hold)};
  if (!packed) {
    body.bytes.reserve(request.body.size() + EventBatch::padding);
    body.bytes = request.body;
    return body;
  }
  auto unpacked = net::unpack(*coding, request.body, {.budget = config_.admission.budget});
  if (unpacked) {
    body.bytes = std::move(unpacked->bytes);
    body.unpacked = std::move(unpacked->held);
    return body;
  }
  switch (unpacked.error().code) {
    case Code::too_large: return refuse(413, "too_large", unpacked.error().message);
    case Code::unavailable:
      return std::unexpected(refused(sender, {503, "memory", "the server is short of memory"}));
    default: return refuse(400, "invalid_encoding", unpacked.error().message);
  }
}

Result<Prepared> EventsEndpoint::prepare(BodyFormat format, std::string bytes, const DecodeContext& context) {
  std::unique_ptr<Preparer> preparer;
  {
    const std::lock_guard lock(mutex_);
    if (!idle_.empty()) {
      preparer = std::move(idle_.back());
      idle_.pop_back();
    }
  }
  if (!preparer) preparer = std::make_unique<Preparer>(*config_.tokenizer, config_.masking);
  auto prepared = preparer->prepare(format, std::move(bytes), context, config_.sampler, config_.calls);
  const std::lock_guard lock(mutex_);
  idle_.push_back(std::move(preparer));  // as many as ever ran at once: the network's threads
  if (prepared) {
    masked_ += prepared->masked;
    unknown_types_ += prepared->unknown_types;
  }
  return prepared;
}

void EventsEndpoint::handle(net::RequestPtr request, net::Responder respond) {
  const Instant now = config_.clock->now();
  auto authz = authorize_ingest(*request, config_.trust, now);
  if (!authz) return respond(std::move(authz.error()));
  const DecodeContext context{.customer = authz->customer(), .source = authz->key_name(), .received = now};
  const std::string customer(scope_of(context));
  const LedgerSender sender(customer, way_of(parse_media_type(request->header("Content-Type"))), now);
  auto body = read_body(*request, sender);
  if (!body) return respond(std::move(body.error()));

  const std::string_view idempotency_key = request->header("Idempotency-Key");
  spool::AppendRequest append_request{.customer = customer, .source = config_.spool_source, .received = now};
  // Without a key the body is its own: sent again byte for byte, it is the same batch.
  append_request.batch_key = hash128(idempotency_key.empty() ? std::string_view(body->bytes) : idempotency_key,
                                     idempotency_key.empty() ? 1 : 2);
  append_request.body_hash = idempotency_key.empty() ? 0 : hash64(body->bytes) | 1;
  request.reset();  // the memory of the packed or received body

  auto prepared = prepare(body->format, std::move(body->bytes), context);
  if (!prepared) {
    const bool large = prepared.error().code == Code::too_large;
    return respond(broken(sender, large ? 413 : 400, large ? "too_large" : "invalid_json", prepared.error().message));
  }
  const std::uint64_t offered = prepared->offered();
  if (const auto refusal = admission_.take_rate(customer, offered, config_.clock->elapsed()))
    return respond(refused(sender, *refusal, offered));

  body->unpacked.shrink_to(prepared->bytes.size());  // what waits for the disk
  ledger_.offer(sender, offered);
  auto flight = std::make_shared<InFlight>(InFlight{.respond = std::move(respond),
                                                    .hold = std::move(body->hold),
                                                    .unpacked = std::move(body->unpacked),
                                                    .customer = customer,
                                                    .way = sender.way,
                                                    .rejected = prepared->rejected,
                                                    .errors_json = std::move(prepared->errors_json),
                                                    .events = prepared->items.size(),
                                                    .sampled = prepared->sampled});
  if (prepared->items.empty()) return finish(*flight, {.status = {}, .last = config_.visible()});
  append_request.items = std::move(prepared->items);
  append_request.bytes = std::move(prepared->bytes);
  append(std::move(flight), std::move(append_request));
}

void EventsEndpoint::append(std::shared_ptr<InFlight> flight, spool::AppendRequest request) {
  request.done = [this, flight](const spool::AppendResult& result) { finish(*flight, result); };
  const Admission admission = config_.append(std::move(request));
  if (admission == Admission::taken) return;
  const AdmissionRefusal refusal = refusal_of(admission);
  const std::uint64_t offered = flight->events + flight->not_handed();
  // The whole request will come again, its refused events too: all of it is shed.
  ledger_.settle(flight->sender(), {.shed = {{std::string(refusal.reason), offered}}});
  flight->respond(response_of(refusal));
}

void EventsEndpoint::finish(InFlight& flight, const spool::AppendResult& result) {
  const std::uint64_t not_handed = flight.not_handed(), rejected = not_handed - flight.sampled;
  if (!result.status) {
    ledger_.settle(flight.sender(), {.shed = {{"disk", flight.events + not_handed}}});
    return flight.respond(net::Response::error(503, "disk", "the events could not be written; nothing was taken, send it again")
                              .with("Retry-After", "5"));
  }
  if (result.conflict) {
    ledger_.settle(flight.sender(), {.rejected = {{"idempotency_conflict", flight.events + not_handed}}});
    return flight.respond(net::Response::error(
        422, "idempotency_conflict", "this Idempotency-Key came before with another body: use a new key for new events"));
  }
  Ledger::Outcome outcome = outcome_of(flight.rejected);
  outcome.accepted = result.accepted;
  outcome.duplicates = result.duplicates;
  if (flight.sampled > 0) outcome.shed["sampled"] = flight.sampled;
  ledger_.settle(flight.sender(), outcome);
  flight.respond(net::Response::json(200, body_of({.accepted = result.accepted,
                                                   .duplicates = result.duplicates,
                                                   .rejected = rejected,
                                                   .sampled = flight.sampled,
                                                   .errors_json = flight.errors_json}))
                     .with("X-Durability", fmt::format("fsync; offset={}", result.last.value)));
}

void EventsEndpoint::count_masked(const MaskCounts& masked) {
  const std::lock_guard lock(mutex_);
  masked_ += masked;
}

MaskCounts EventsEndpoint::masked() const {
  const std::lock_guard lock(mutex_);
  return masked_;
}

std::uint64_t EventsEndpoint::unknown_types() const {
  const std::lock_guard lock(mutex_);
  return unknown_types_;
}

}  // namespace aybiza
