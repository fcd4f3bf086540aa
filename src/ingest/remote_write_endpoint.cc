#include "ingest/remote_write_endpoint.h"

#include <algorithm>

#include "base/check.h"
#include "base/limits.h"
#include "codec/metric_binary.h"
#include "ingest/spool_refusal.h"

namespace aybiza {
namespace {

using spool::Admission;

constexpr std::string_view source_name = "remote_write", way = "remote write";
constexpr std::size_t memory_per_body_byte = 12;  // unpacked, as points and as events, at the same time
constexpr std::uint64_t batch_seed = 48;          // one body under both versions is two requests

std::string lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? char(c + 32) : c; });
  return out;
}

}  // namespace

std::optional<RemoteWriteVersion> remote_write_version(std::string_view content_type) {
  std::string text = lower(content_type);
  std::erase_if(text, [](char c) { return c == ' ' || c == '\t' || c == '"'; });
  if (text == "application/x-protobuf" || text == "application/x-protobuf;proto=prometheus.writerequest") return RemoteWriteVersion::v1;
  if (text == "application/x-protobuf;proto=io.prometheus.write.v2.request") return RemoteWriteVersion::v2;
  return std::nullopt;
}

struct RemoteWriteEndpoint::InFlight {
  net::Responder respond;
  IngestAdmission::Hold hold;
  std::string customer;
  RemoteWriteVersion version;
  RemoteWriteCounts counts;
  std::uint64_t batches = 0, points = 0;

  net::Response with_counts(net::Response response) const {
    if (version == RemoteWriteVersion::v1) return response;
    return std::move(response)
        .with("X-Prometheus-Remote-Write-Samples-Written", std::to_string(counts.samples))
        .with("X-Prometheus-Remote-Write-Histograms-Written", std::to_string(counts.histograms))
        .with("X-Prometheus-Remote-Write-Exemplars-Written", "0");
  }
};

RemoteWriteEndpoint::RemoteWriteEndpoint(RemoteWriteConfig config) : config_(std::move(config)), admission_(config_.admission) {
  CHECK(config_.clock && config_.tokenizer && config_.ledger && config_.points && config_.append);
}
RemoteWriteEndpoint::~RemoteWriteEndpoint() = default;

Status RemoteWriteEndpoint::add_routes(net::Router& router) {
  for (const std::string_view path : {"/api/v1/write", "/v1/prometheus/write"})
    AYBIZA_TRY(router.add({.method = net::Method::post, .pattern = std::string(path), .policy = net::Policy::ingest,
                           .body_limit = limits::body_packed_bytes, .handler = [this](net::RequestPtr request, net::Responder respond) {
                             handle(std::move(request), std::move(respond));
                           }}));
  return {};
}

std::unique_ptr<RemoteWriteEndpoint::Worker> RemoteWriteEndpoint::borrow() {
  const std::lock_guard lock(mutex_);
  if (idle_.empty()) return std::make_unique<Worker>(RemoteWriteDecoder(families_), MetricMasker(*config_.tokenizer));
  auto worker = std::move(idle_.back());
  idle_.pop_back();
  return worker;
}

void RemoteWriteEndpoint::give_back(std::unique_ptr<Worker> worker) {
  const std::lock_guard lock(mutex_);
  idle_.push_back(std::move(worker));  // as many as ever ran at once: the network's threads
}

// One thing refused as a whole.
net::Response RemoteWriteEndpoint::refused(std::string_view customer, int status, std::string_view reason, std::string_view message) {
  config_.ledger->reject(LedgerSender(customer, way, config_.clock->now()), reason);
  return net::Response::error(status, reason, message);
}

void RemoteWriteEndpoint::handle(net::RequestPtr request, net::Responder respond) {
  const Instant now = config_.clock->now();
  auto authz = authorize_ingest(*request, config_.trust, now);
  if (!authz) return respond(std::move(authz.error()));
  const std::string customer(authz->customer().empty() ? "platform" : authz->customer());
  const auto version = remote_write_version(request->header("Content-Type"));
  if (!version)
    return respond(refused(customer, 415, "unsupported_media_type",
                           "Content-Type must be application/x-protobuf, with proto=io.prometheus.write.v2.Request for version 2.0"));
  if (lower(request->header("Content-Encoding")) != "snappy")
    return respond(refused(customer, 415, "unsupported_encoding", "Content-Encoding must be snappy"));
  auto hold = admission_.admit(customer, memory_per_body_byte * request->body.size());
  if (!hold) {
    config_.ledger->shed(LedgerSender(customer, way, now), hold.error().reason);
    return respond(response_of(hold.error()));
  }

  spool::AppendRequest append{.customer = customer, .source = config_.spool_source, .received = now};
  append.batch_key = hash128(request->body, batch_seed + std::uint64_t(*version));
  const auto flight = std::make_shared<InFlight>(InFlight{.respond = std::move(respond), .hold = std::move(*hold), .customer = customer,
                                                          .version = *version, .counts = {}});
  auto worker = borrow();
  const auto take = [&](MetricBatch& batch) {
    worker->masker.mask(batch);
    const std::size_t before = append.bytes.size();
    append_metric_event(append.bytes, {.scope = customer, .customer = authz->customer(), .source = source_name, .time = now}, batch);
    append.items.push_back({.id = {}, .size = std::uint32_t(append.bytes.size() - before)});
    flight->points += batch.points.size();
  };
  auto counts = worker->decoder.decode(*version, request->body, customer, now, take);
  if (config_.count_masked) config_.count_masked(worker->masker.take_counts());
  give_back(std::move(worker));
  request.reset();
  if (!counts) {
    const bool large = counts.error().code == Code::too_large;
    return flight->respond(refused(customer, large ? 413 : 400, large ? "too_large" : "invalid_body", counts.error().message));
  }
  flight->counts = std::move(*counts);
  flight->batches = append.items.size();
  if (const auto refusal = admission_.take_rate(customer, flight->points, config_.clock->elapsed())) {
    config_.ledger->shed(LedgerSender(customer, way, now), refusal->reason, std::max<std::uint64_t>(flight->batches, 1));
    return flight->respond(response_of(*refusal));
  }
  config_.ledger->offer(LedgerSender(customer, way, now), flight->batches);
  config_.points->offer(customer, flight->points + flight->counts.rejected);
  if (append.items.empty()) return finish(*flight, {});
  append.done = [this, flight](const spool::AppendResult& result) { finish(*flight, result); };
  const Admission admission = config_.append(std::move(append));
  if (admission == Admission::taken) return;
  const AdmissionRefusal refusal = refusal_of(admission);
  config_.ledger->settle(LedgerSender(customer, way), {.shed = {{std::string(refusal.reason), flight->batches}}});
  config_.points->settle(customer, {.shed = {{std::string(refusal.reason), flight->points + flight->counts.rejected}}});
  flight->respond(response_of(refusal));
}

void RemoteWriteEndpoint::finish(InFlight& flight, const spool::AppendResult& result) {
  if (!result.status) {
    config_.ledger->settle(LedgerSender(flight.customer, way), {.shed = {{"disk", flight.batches}}});
    config_.points->settle(flight.customer, {.shed = {{"disk", flight.points + flight.counts.rejected}}});
    return flight.respond(response_of({503, "disk", "the samples could not be written", std::chrono::seconds(5)}));
  }
  const bool again = result.duplicates > 0;  // the whole body came before
  config_.ledger->settle(LedgerSender(flight.customer, way), {.accepted = result.accepted, .duplicates = result.duplicates});
  Ledger::Outcome points{.accepted = again ? 0 : flight.points, .duplicates = again ? flight.points : 0};
  if (flight.counts.rejected > 0) points.rejected["invalid_sample"] = flight.counts.rejected;
  config_.points->settle(flight.customer, points);
  net::Response response = flight.counts.rejected == 0
                               ? net::Response::text(204, "")
                               : net::Response::error(400, "invalid_sample", fmt::format("{} samples were refused, the first: {}; the others were taken",
                                                                                         flight.counts.rejected, flight.counts.first_rejection));
  if (result.last.value != 0) response.headers.push_back({"X-Durability", fmt::format("fsync; offset={}", result.last.value)});
  flight.respond(flight.with_counts(std::move(response)));
}

}  // namespace aybiza
