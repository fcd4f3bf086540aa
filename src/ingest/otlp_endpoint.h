// `POST /v1/traces`, `/v1/metrics`, `/v1/logs`: OTLP/HTTP, answered when what was accepted is on disk.
//
// Shape    content type -> authorize -> admit -> unpack -> prepare -> spool -> answer from the spool's done(), as for
//          /v1/events. Answers and errors are in the encoding of the request. `POST /` says which path was meant.
// Errors   docs/ingest.md "OTLP". Retryable ones are 429 and 503 with Retry-After; refused items are a partial success.
//          A request that comes again byte for byte is a duplicate and a success.
// Cost     bench/otlp_bench.
// Threads  handle() on any thread, each with its own OtlpPreparer. REQUIRES: outlives the requests in flight (close the
//          spool before destroying it).
// Source   opentelemetry-proto 1.11 specification.md; ingest-formats.md 1.1; decisions.md 18.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "base/clock.h"
#include "ingest/admission.h"
#include "ingest/authorize.h"
#include "ingest/ledger.h"
#include "ingest/otlp_prepare.h"
#include "net/http.h"
#include "net/router.h"
#include "spool/spool.h"

namespace aybiza {

struct OtlpEndpointConfig {
  const Clock* clock = nullptr;
  const Tokenizer* tokenizer = nullptr;
  Masking masking = {};
  const MetricSampler* sampler = nullptr;  // none: nothing is sampled
  CallSampler* calls = nullptr;            // likewise
  const CallJoiner* joiner = nullptr;      // none: calls of spans are theirs alone
  IngestTrust trust;
  Ledger* ledger = nullptr;  // the one of all ways in
  IngestAdmission::Config admission;
  std::uint8_t spool_source = 0;
  std::function<void(const MaskCounts&)> count_masked;  // may be empty
  std::function<spool::Admission(spool::AppendRequest)> append;
  std::function<spool::Offset()> visible;
};

class OtlpEndpoint {
 public:
  explicit OtlpEndpoint(OtlpEndpointConfig config);
  ~OtlpEndpoint();
  static OtlpEndpointConfig over(spool::Spool& spool, OtlpEndpointConfig config);  // append and visible of a spool
  OtlpEndpoint(const OtlpEndpoint&) = delete;  // requests in flight point to it
  OtlpEndpoint& operator=(const OtlpEndpoint&) = delete;

  void handle(OtlpSignal signal, net::RequestPtr request, net::Responder respond);
  // The same for a sender that another key than ours has identified (LiveKit's token).
  void take(OtlpSignal signal, net::RequestPtr request, const auth::Authz& sender, net::Responder respond);
  Status add_routes(net::Router& router);

 private:
  struct InFlight;
  struct Body;
  std::expected<Body, net::Response> read_body(const net::Request& request, OtlpEncoding encoding, const LedgerSender& sender);
  net::Response refused(OtlpEncoding encoding, const LedgerSender& sender, const AdmissionRefusal& refusal, std::uint64_t events = 1);
  net::Response broken(OtlpEncoding encoding, const LedgerSender& sender, int status, std::string_view reason, std::string_view message);
  std::unique_ptr<OtlpPreparer> borrow();
  void give_back(std::unique_ptr<OtlpPreparer> preparer);
  void append(const std::shared_ptr<InFlight>& flight, spool::AppendRequest request);
  void finish(InFlight& flight, const spool::AppendResult& result);

  const OtlpEndpointConfig config_;
  IngestAdmission admission_;
  mutable std::mutex mutex_;  // guards what follows
  std::vector<std::unique_ptr<OtlpPreparer>> idle_;
};

}  // namespace aybiza
