// `POST /v1/events`: from a request to an answer that is only sent when the accepted events are on disk.
//
// Shape    authorize -> media type -> admit -> unpack -> prepare -> spool -> answer from the spool's done(). Nothing waits
//          here: the network thread leaves after append(), the committer answers.
// Errors   every way out is a status, a reason in the ledger and a line in docs/ingest.md.
// Cost     docs/ingest.md; one copy of the body where it is not packed.
// Threads  handle() on any thread, each with its own Preparer. REQUIRES: outlives the requests in flight (close the
//          spool before destroying it).
// Source   events.md; decisions.md 13, 17, 18, 19.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "base/clock.h"
#include "ingest/admission.h"
#include "ingest/authorize.h"
#include "ingest/ledger.h"
#include "ingest/prepare.h"
#include "net/http.h"
#include "net/router.h"
#include "spool/spool.h"

namespace aybiza {

struct EventsEndpointConfig {
  const Clock* clock = nullptr;
  const Tokenizer* tokenizer = nullptr;
  Masking masking = {};
  const MetricSampler* sampler = nullptr;  // none: nothing is sampled
  CallSampler* calls = nullptr;            // likewise
  IngestTrust trust;
  IngestAdmission::Config admission;
  std::uint8_t spool_source = 0;  // what records of this way in carry
  std::function<spool::Admission(spool::AppendRequest)> append;
  std::function<spool::Offset()> visible;
};

class EventsEndpoint {
 public:
  explicit EventsEndpoint(EventsEndpointConfig config);
  static EventsEndpointConfig over(spool::Spool& spool, EventsEndpointConfig config);  // append and visible of a spool
  EventsEndpoint(const EventsEndpoint&) = delete;  // requests in flight point to it
  EventsEndpoint& operator=(const EventsEndpoint&) = delete;

  void handle(net::RequestPtr request, net::Responder respond);
  net::Route route();  // the entry of the router

  const Ledger& ledger() const { return ledger_; }
  Ledger& ledger() { return ledger_; }  // one for every way in, so that the audit balances
  void count_masked(const MaskCounts& masked);  // of another way in
  MaskCounts masked() const;
  std::uint64_t unknown_types() const;

 private:
  struct InFlight;
  struct Body;
  std::expected<Body, net::Response> read_body(const net::Request& request, const LedgerSender& sender);
  net::Response refused(const LedgerSender& sender, const AdmissionRefusal& refusal, std::uint64_t events = 1);
  net::Response broken(const LedgerSender& sender, int status, std::string_view reason, std::string_view message);
  Result<Prepared> prepare(BodyFormat format, std::string bytes, const DecodeContext& context);
  void append(std::shared_ptr<InFlight> flight, spool::AppendRequest request);
  void finish(InFlight& flight, const spool::AppendResult& result);

  const EventsEndpointConfig config_;
  IngestAdmission admission_;
  Ledger ledger_;
  mutable std::mutex mutex_;  // guards what follows
  std::vector<std::unique_ptr<Preparer>> idle_;
  MaskCounts masked_;
  std::uint64_t unknown_types_ = 0;
};

}  // namespace aybiza
