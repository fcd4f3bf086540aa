#include "ingest/webhook_endpoint.h"

#include <algorithm>
#include <cctype>

#include "base/check.h"
#include "base/limits.h"
#include "codec/event_binary.h"
#include "codec/json_writer.h"
#include "ingest/spool_refusal.h"
#include "net/content_coding.h"

namespace aybiza {
namespace {

constexpr std::string_view form_type = "application/x-www-form-urlencoded";

using Parameters = std::vector<std::pair<std::string, std::string>>;

std::string body_of(const spool::AppendResult& result, std::uint64_t rejected) {
  std::string out;
  JsonWriter json(out);
  json.begin_object().member("accepted", result.accepted).member("duplicates", result.duplicates).member("rejected", rejected).end_object();
  return out;
}

// A stranger's word as a label of a metric.
std::string counter_name(std::string_view vendor, std::string_view type, const Tokenizer& tokenizer) {
  std::string out = fmt::format("{}.{}", vendor, tokenizer.mask_label(type.substr(0, 64)));
  for (char& c : out)
    if (!std::isalnum(static_cast<unsigned char>(c)) && c != '.' && c != '-' && c != '_') c = '_';
  return out;
}

std::string reject_reason_of(const Error& error) {
  if (error.code == Code::too_large) return "too_large";
  return error.message.starts_with("timestamp_out_of_range") ? "timestamp_out_of_range" : "malformed";
}

}  // namespace

struct WebhookEndpoint::Worker {
  Worker(const Tokenizer& tokenizer, Masking masking) : masker(tokenizer, masking) {}
  std::unique_ptr<WebhookDecoder> decoder = std::make_unique<WebhookDecoder>();
  VendorBatch batch;
  BatchMasker masker;
  bool large = false;  // its parser has grown
};

// A webhook that is who it says it is.
struct WebhookEndpoint::Delivery {
  std::shared_ptr<const auth::WebhookSource> source;
  Vendor vendor{};
  net::RequestPtr request;
  std::string unpacked;
  Reservation unpacked_memory;
  Parameters form;
  bool is_form = false;
  Instant now;
  IngestAdmission::Hold hold;
  std::optional<IngestAdmission::Hold> tree = {};  // of an unpacked body

  std::string_view body() const { return unpacked.empty() ? std::string_view(request->body) : std::string_view(unpacked); }
  VendorContext context() const { return {.customer = source->tenant(), .received = now}; }
};

// What is needed to answer once the spool has spoken; nothing of the request is kept.
struct WebhookEndpoint::InFlight {
  net::Responder respond;
  IngestAdmission::Hold hold;
  std::string customer;  // whose ledger line
  std::string_view way;  // the vendor
  RejectCounts rejected{};
  std::uint64_t events = 0, sampled = 0;
  bool empty_answer = false;

  LedgerSender sender() const { return {customer, way}; }
  std::uint64_t rejected_total() const {
    std::uint64_t out = 0;
    for (const std::uint64_t one : rejected) out += one;
    return out;
  }
};

WebhookEndpoint::WebhookEndpoint(WebhookEndpointConfig config)
    : config_(std::move(config)), admission_(config_.admission), alias_writer_("aliases", 1, 4096) {
  CHECK(config_.clock && config_.tokenizer && config_.sources && config_.aliases && config_.ledger && config_.append && config_.visible);
}
WebhookEndpoint::~WebhookEndpoint() = default;

void WebhookEndpoint::stop() { alias_writer_.stop(); }

std::vector<net::Route> WebhookEndpoint::routes() {
  const net::Route route{.method = net::Method::post,
                         .pattern = "/v1/webhooks/:vendor/:token",
                         .policy = net::Policy::ingest,  // the token and the signature are looked at here
                         .body_limit = limits::webhook_body_bytes,
                         .handler = [this](net::RequestPtr request, net::Responder respond) { handle(std::move(request), std::move(respond)); },
                         .websocket = {}};
  net::Route get = route;  // Twilio may be told to call back so
  get.method = net::Method::get;
  get.body_limit = 0;
  return {route, get};
}

void WebhookEndpoint::count(std::map<std::string, std::uint64_t, std::less<>>& counter, std::string_view name) {
  const auto at = counter.find(name);
  if (at != counter.end()) ++at->second;
  else ++counter[counter.size() < limits::webhook_types_counted ? std::string(name) : "__other__"];
}

net::Response WebhookEndpoint::refuse(int status, std::string_view reason, std::string_view message) {
  const std::lock_guard lock(mutex_);
  count(counters_.refused, reason);
  return net::Response::error(status, reason, message);
}

void WebhookEndpoint::handle(net::RequestPtr request, net::Responder respond) {
  const Instant now = config_.clock->now();
  const std::string_view name = request->path_param("vendor");
  const auto source = config_.sources->find(name, request->path_param("token"), now);
  const auto vendor = parse_vendor(name);
  if (!source || !vendor) return respond(refuse(404, "unknown_source", "no webhook source has this URL; `aybiza source list` names those there are"));
  const bool get = request->method != net::Method::post;
  if (get && *vendor != Vendor::twilio) return respond(refuse(405, "method", "send webhooks with POST").with("Allow", "POST"));

  const std::string_view media = request->header("Content-Type");
  const bool is_form = get || (*vendor == Vendor::twilio && media.substr(0, form_type.size()) == form_type);
  Parameters form;
  if (is_form) {
    auto parsed = net::parse_query(get ? request->query : request->body);
    if (!parsed || parsed->size() > limits::webhook_form_parameters) return respond(refuse(400, "malformed", "the form cannot be read"));
    form = std::move(*parsed);
  }
  const auth::SignedForm signed_form = get ? auth::SignedForm{} : auth::SignedForm(form);
  const auth::Verdict verdict = auth::verify_webhook(
      *source,
      {.method = net::to_string(request->method), .target = request->target, .body = request->body, .host = request->header("Host"),
       .form = is_form ? &signed_form : nullptr, .header = [&](std::string_view header) { return request->header(header); }},
      now);
  if (verdict != auth::Verdict::good)
    return respond(refuse(401, "signature", fmt::format("the signature is {}: check the secret of this source and the sender's clock", to_string(verdict))));

  const std::string customer(VendorContext{.customer = source->tenant(), .received = now}.scope());
  if (request->body.size() > limits::webhook_parsed_bytes) return respond(large(*vendor, *request, customer));
  auto hold = admission_.admit(customer, limits::webhook_parse_factor * request->body.size() + EventBatch::padding);
  if (!hold) {
    config_.ledger->shed(LedgerSender(customer, to_string(*vendor), now), hold.error().reason);
    return respond(response_of(hold.error()));
  }
  Delivery delivery{.source = source, .vendor = *vendor, .request = request, .unpacked = {}, .unpacked_memory = {}, .form = std::move(form),
                    .is_form = is_form, .now = now, .hold = std::move(*hold)};
  const auto coding = net::parse_content_encoding(request->header("Content-Encoding"));
  if (!coding) return respond(refuse(415, "unsupported_encoding", "Content-Encoding must be gzip, zstd or absent"));
  if (*coding != net::Coding::identity) {
    auto unpacked = net::unpack(*coding, request->body, {.bytes_max = limits::webhook_parsed_bytes, .budget = config_.admission.budget});
    if (!unpacked) {
      config_.ledger->reject(LedgerSender(customer, to_string(*vendor), now), "invalid_encoding");
      const int status = unpacked.error().code == Code::too_large ? 413 : unpacked.error().code == Code::unavailable ? 503 : 400;
      return respond(refuse(status, "invalid_encoding", unpacked.error().message));
    }
    delivery.unpacked = std::move(unpacked->bytes);
    delivery.unpacked_memory = std::move(unpacked->held);
    if (auto tree = admission_.admit(customer, limits::webhook_parse_factor * delivery.unpacked.size()); tree) delivery.tree.emplace(std::move(*tree));
    else return respond(refuse(503, "memory", "the server is short of memory").with("Retry-After", "1"));
  }
  request.reset();
  take(std::move(delivery), std::move(respond));
}

// A body that no transcript fills: ElevenLabs' audio is taken and let go, anything else is too large to read.
net::Response WebhookEndpoint::large(Vendor vendor, const net::Request& request, std::string_view customer) {
  const std::string_view head = std::string_view(request.body).substr(0, 4 * limits::KiB);
  const bool audio = vendor == Vendor::elevenlabs && head.find("\"post_call_audio\"") != std::string_view::npos;
  if (!audio) {
    config_.ledger->reject(LedgerSender(customer, to_string(vendor), config_.clock->now()), "too_large");
    return refuse(413, "too_large", fmt::format("a webhook is read up to {} bytes", limits::webhook_parsed_bytes));
  }
  const std::lock_guard lock(mutex_);
  count(counters_.taken, to_string(vendor));
  count(counters_.ignored, "elevenlabs.post_call_audio");
  return net::Response::json(200, body_of({}, 0));
}

Status WebhookEndpoint::decode(Worker& worker, const Delivery& delivery) {
  // The context lives as long as the batch is looked at: both are this call's.
  const VendorContext context = delivery.context();
  worker.large = delivery.body().size() > limits::preparer_keeps_bytes;
  return delivery.is_form ? worker.decoder->decode_form(delivery.form, context, worker.batch)
                          : worker.decoder->decode(delivery.vendor, delivery.body(), context, worker.batch);
}

void WebhookEndpoint::take(Delivery delivery, net::Responder respond) {
  const std::string customer(delivery.context().scope());
  std::unique_ptr<Worker> worker = borrow();
  const Status decoded = decode(*worker, delivery);
  if (!decoded) {
    give_back(std::move(worker));
    const bool asks = decoded.error().code == Code::not_found;
    const std::string reason = asks ? "asks_for_answer" : reject_reason_of(decoded.error());
    config_.ledger->reject(LedgerSender(customer, to_string(delivery.vendor), delivery.now), reason);
    return respond(refuse(asks ? 404 : reason == "too_large" ? 413 : 400, reason, decoded.error().message));
  }
  VendorBatch& batch = worker->batch;
  const MaskCounts masked = worker->masker.mask(batch.events, delivery.source->tenant(), delivery.now, to_string(delivery.vendor));
  assign_vendor_ids(batch, delivery.vendor, delivery.source->tenant());
  name_calls(*worker, delivery);
  const std::uint64_t sampled = config_.calls ? config_.calls->sample(batch.events, delivery.now) : 0;
  spool::AppendRequest request = encode(*worker, delivery);
  const std::uint64_t offered = batch.events.offered() + sampled;
  {
    const std::lock_guard lock(mutex_);
    const std::string_view vendor = to_string(delivery.vendor);
    count(counters_.taken, vendor);
    for (const std::string& type : batch.ignored) count(counters_.ignored, counter_name(vendor, type, *config_.tokenizer));
    for (const std::string& type : batch.unknown) count(counters_.unknown, counter_name(vendor, type, *config_.tokenizer));
    counters_.cut_members += batch.cut_members;
    counters_.masked += masked;
  }
  auto flight = std::make_shared<InFlight>(InFlight{.respond = std::move(respond), .hold = std::move(delivery.hold), .customer = customer,
                                                    .way = to_string(delivery.vendor), .rejected = batch.events.rejected, .events = request.items.size(), .sampled = sampled,
                                                    .empty_answer = delivery.vendor == Vendor::twilio});
  give_back(std::move(worker));
  config_.ledger->offer(LedgerSender(customer, to_string(delivery.vendor), delivery.now), offered);
  if (request.items.empty()) return finish(*flight, {.status = {}, .last = config_.visible()});
  hand_over(std::move(flight), std::move(request));
}

// Which call each event belongs to, where two sources may tell of one. A carrier's call that goes on and that nobody else has
// named yet stays raw until its end: made now and joined later, it would have been two.
void WebhookEndpoint::name_calls(Worker& worker, const Delivery& delivery) {
  const std::string_view scope = delivery.context().scope();
  if (!config_.sources->joins(delivery.source->tenant()) && !config_.aliases->find(spans_of(scope))) return;
  EventBatch& events = worker.batch.events;
  const std::string_view vendor = to_string(delivery.vendor);
  CallAliases::Names last;
  std::optional<CallAliases::Known> known;
  std::uint64_t joined = 0, waiting = 0;
  std::vector<CallerKeys::Joined> one_call;
  for (std::size_t i = 0, count = events.events.size(); i < count; ++i) {
    Event& event = events.events[i];
    if (event.call.empty() || event.type == EventType::other) continue;
    const CallAliases::Names names{.scope = event.scope, .source = vendor, .external = event.text(Field::call_id),
                                   .twilio_sid = worker.batch.names[i].twilio_sid, .own = event.call};
    if (delivery.vendor == Vendor::twilio && event.type != EventType::call_ended && !config_.aliases->find(names)) {
      event.type = EventType::other;
      event.type_text = "twilio.call";
      ++waiting;
      continue;
    }
    if (!known || names.external != last.external || names.twilio_sid != last.twilio_sid) {
      known = config_.aliases->resolve(names, delivery.now);
      last = names;
      if (known->younger) {
        const Event joining = event;
        one_call.push_back({.customer = std::string(joining.customer), .part = known->younger->id, .whole = known->call});
        append_set_aside(events, *known->younger, joining);
        worker.batch.names.push_back({});
      }
    }
    if (known->call == events.events[i].call) continue;
    ++joined;
    if (one_call.empty() || one_call.back().part != names.own)
      one_call.push_back({.customer = std::string(events.events[i].customer), .part = names.own, .whole = known->call});
    events.events[i].call = known->call;
    for (Value& value : events.values_of(i))
      if (value.field == Field::call_id) value.text = events.arena.copy(known->external);
  }
  worker.masker.join(one_call, delivery.now);
  const std::lock_guard lock(mutex_);
  counters_.joined_events += joined;
  counters_.waiting_carrier_events += waiting;
}

spool::AppendRequest WebhookEndpoint::encode(Worker& worker, const Delivery& delivery) {
  spool::AppendRequest request{.customer = std::string(delivery.context().scope()), .source = config_.spool_source, .received = delivery.now};
  // A form has no body of its own when it came by GET.
  const std::string_view body = delivery.request->body.empty() ? std::string_view(delivery.request->query) : delivery.body();
  request.batch_key = hash128(body, 3 + std::uint64_t(delivery.vendor));
  for (const Event& event : worker.batch.events.events) {
    const std::size_t before = request.bytes.size();
    append_event(request.bytes, event);
    request.items.push_back({.id = event.id, .size = std::uint32_t(request.bytes.size() - before)});
  }
  return request;
}

void WebhookEndpoint::hand_over(std::shared_ptr<InFlight> flight, spool::AppendRequest request) {
  if (config_.aliases->durable()) return append(flight, std::move(request));
  const bool posted = alias_writer_.post([this, flight, request = std::move(request)]() mutable {
    if (const auto synced = config_.aliases->sync(); !synced) return shed(*flight, {503, "disk", "the disk refuses writes", std::chrono::seconds(5)});
    append(flight, std::move(request));
  });
  if (!posted) shed(*flight, refusal_of(spool::Admission::overloaded));
}

void WebhookEndpoint::append(const std::shared_ptr<InFlight>& flight, spool::AppendRequest request) {
  request.done = [this, flight](const spool::AppendResult& result) { finish(*flight, result); };
  const spool::Admission admission = config_.append(std::move(request));
  if (admission != spool::Admission::taken) shed(*flight, refusal_of(admission));
}

void WebhookEndpoint::shed(InFlight& flight, const AdmissionRefusal& refusal) {
  config_.ledger->settle(flight.sender(), {.shed = {{std::string(refusal.reason), flight.events + flight.rejected_total() + flight.sampled}}});
  flight.respond(response_of(refusal));
}

void WebhookEndpoint::finish(InFlight& flight, const spool::AppendResult& result) {
  if (!result.status) return shed(flight, {503, "disk", "the events could not be written", std::chrono::seconds(5)});
  Ledger::Outcome outcome;
  outcome.accepted = result.accepted;
  outcome.duplicates = result.duplicates;
  if (flight.sampled > 0) outcome.shed["sampled"] = flight.sampled;
  for (std::size_t i = 0; i < flight.rejected.size(); ++i)
    if (flight.rejected[i] > 0) outcome.rejected[std::string(to_string(RejectReason(i)))] = flight.rejected[i];
  config_.ledger->settle(flight.sender(), outcome);
  auto response = flight.empty_answer ? net::Response::text(204, "") : net::Response::json(200, body_of(result, flight.rejected_total()));
  flight.respond(std::move(response).with("X-Durability", fmt::format("fsync; offset={}", result.last.value)));
}

std::unique_ptr<WebhookEndpoint::Worker> WebhookEndpoint::borrow() {
  {
    const std::lock_guard lock(mutex_);
    if (!idle_.empty()) {
      auto worker = std::move(idle_.back());
      idle_.pop_back();
      return worker;
    }
  }
  return std::make_unique<Worker>(*config_.tokenizer, config_.masking);
}

void WebhookEndpoint::give_back(std::unique_ptr<Worker> worker) {
  if (worker->large || worker->batch.events.arena.bytes() > limits::preparer_keeps_bytes) worker = std::make_unique<Worker>(*config_.tokenizer, config_.masking);
  worker->batch.clear();
  const std::lock_guard lock(mutex_);
  idle_.push_back(std::move(worker));  // as many as ever ran at once: the network's threads
}

std::optional<Id> WebhookEndpoint::find_call(std::string_view external, const std::vector<std::string>& customers) const {
  for (const std::string& customer : config_.sources->customers()) {
    if (!customers.empty() && std::find(customers.begin(), customers.end(), customer) == customers.end()) continue;
    const VendorContext context{.customer = customer, .received = {}};
    for (std::size_t vendor = 0; vendor < vendor_count; ++vendor)
      if (const auto known = config_.aliases->find({.scope = context.scope(), .source = to_string(Vendor(vendor)), .external = external,
                                                    .twilio_sid = {}, .own = {}}))
        return known->call;
  }
  return std::nullopt;
}

WebhookCounters WebhookEndpoint::counters() const {
  const std::lock_guard lock(mutex_);
  WebhookCounters out = counters_;
  out.alias_conflicts = config_.aliases->conflicts();
  return out;
}

}  // namespace aybiza
