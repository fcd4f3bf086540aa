// `/v1/webhooks/<vendor>/<token>`: from a vendor's webhook to an answer that is only sent when its events are on disk.
//
// Shape    source by token -> signature over the body as it came -> admit -> decode (codec/webhook.h) -> mask -> identities,
//          aliases -> spool -> answer from the spool's done(). New aliases are flushed on a thread of their own before their
//          events go to the spool, so that a restart cannot split a call.
// Errors   404 unknown token, or a message that asks for an answer; 401 signature; 400 malformed, with the reason; 413, 415,
//          429, 503 as for events. Unknown and useless types are 2xx and counted. A duplicate is a success.
// Cost     one parse; memory limits::webhook_parse_factor times the body while it runs.
// Threads  handle() on any thread, each with its own worker. REQUIRES: outlives the requests in flight: stop(), then close
//          the spool, then destroy it.
// Source   ingest-formats.md 0.1, 0.2, 0.5; decisions.md 15, 18.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "auth/webhook_sources.h"
#include "base/clock.h"
#include "codec/webhook.h"
#include "ingest/admission.h"
#include "ingest/call_aliases.h"
#include "ingest/call_joiner.h"
#include "ingest/call_sampler.h"
#include "ingest/ledger.h"
#include "ingest/mask_batch.h"
#include "net/http.h"
#include "net/router.h"
#include "runtime/worker_pool.h"
#include "spool/spool.h"

namespace aybiza {

struct WebhookEndpointConfig {
  const Clock* clock = nullptr;
  const Tokenizer* tokenizer = nullptr;
  Masking masking = {};
  auth::WebhookSources* sources = nullptr;
  CallAliases* aliases = nullptr;
  Ledger* ledger = nullptr;  // the one of all ways in
  CallSampler* calls = nullptr;  // none: nothing is sampled
  IngestAdmission::Config admission;
  std::uint8_t spool_source = 0;
  std::function<spool::Admission(spool::AppendRequest)> append;
  std::function<spool::Offset()> visible;
};

struct WebhookCounters {
  std::map<std::string, std::uint64_t, std::less<>> taken, ignored, unknown, refused;  // by vendor; vendor.type; reason
  std::uint64_t cut_members = 0, joined_events = 0, waiting_carrier_events = 0, alias_conflicts = 0;
  MaskCounts masked;
};

class WebhookEndpoint {
 public:
  explicit WebhookEndpoint(WebhookEndpointConfig config);
  ~WebhookEndpoint();
  WebhookEndpoint(const WebhookEndpoint&) = delete;  // requests in flight point to it
  WebhookEndpoint& operator=(const WebhookEndpoint&) = delete;

  void handle(net::RequestPtr request, net::Responder respond);
  std::vector<net::Route> routes();
  WebhookCounters counters() const;
  // The call that another source's id names too. `external` as masked; `customers`: those the caller may see, empty: all.
  std::optional<Id> find_call(std::string_view external, const std::vector<std::string>& customers) const;
  void stop();  // what waits for its aliases is answered, nothing new is taken

 private:
  struct Worker;
  struct InFlight;
  struct Delivery;
  void take(Delivery delivery, net::Responder respond);
  net::Response large(Vendor vendor, const net::Request& request, std::string_view customer);
  Status decode(Worker& worker, const Delivery& delivery);
  void name_calls(Worker& worker, const Delivery& delivery);
  spool::AppendRequest encode(Worker& worker, const Delivery& delivery);
  void hand_over(std::shared_ptr<InFlight> flight, spool::AppendRequest request);
  void append(const std::shared_ptr<InFlight>& flight, spool::AppendRequest request);
  void shed(InFlight& flight, const AdmissionRefusal& refusal);
  void finish(InFlight& flight, const spool::AppendResult& result);
  net::Response refuse(int status, std::string_view reason, std::string_view message);
  void count(std::map<std::string, std::uint64_t, std::less<>>& counter, std::string_view name);  // REQUIRES: mutex_ held
  std::unique_ptr<Worker> borrow();
  void give_back(std::unique_ptr<Worker> worker);

  const WebhookEndpointConfig config_;
  IngestAdmission admission_;
  mutable std::mutex mutex_;  // guards what follows
  std::vector<std::unique_ptr<Worker>> idle_;
  WebhookCounters counters_;
  WorkerPool alias_writer_;
};

}  // namespace aybiza
