// `POST /api/v1/write` (and `/v1/prometheus/write`): Prometheus remote write, answered when the samples are on disk.
//
// Shape    media type -> authorize -> admit -> decode, mask -> spool -> 204 from the spool's done(), as for /v1/events. 2.0 is told
//          by the Content-Type and answered with the counts its senders ask for.
// Errors   415 what is neither version or not Snappy, 400 a broken body, or a body of which samples were refused (the rest is
//          taken: senders do not repeat it), 413, 401/403, 429/503 with Retry-After. A body that comes again is a success.
// Cost     codec/remote_write.h.
// Threads  handle() on any thread. REQUIRES: outlives the requests in flight (close the spool before destroying it).
// Source   ingest-formats.md 9.1; Prometheus remote write 1.0, 2.0-rc.4.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "base/clock.h"
#include "codec/remote_write.h"
#include "ingest/admission.h"
#include "ingest/authorize.h"
#include "ingest/ledger.h"
#include "ingest/metric_masker.h"
#include "net/http.h"
#include "net/router.h"
#include "spool/spool.h"

namespace aybiza {

struct RemoteWriteConfig {
  const Clock* clock = nullptr;
  const Tokenizer* tokenizer = nullptr;
  IngestTrust trust;
  Ledger* ledger = nullptr;  // the one of all ways in: batches
  Ledger* points = nullptr;  // of points
  IngestAdmission::Config admission;
  std::uint8_t spool_source = 0;
  std::function<void(const MaskCounts&)> count_masked;  // may be empty
  std::function<spool::Admission(spool::AppendRequest)> append;
};

// The version a Content-Type names; nullopt: neither.
std::optional<RemoteWriteVersion> remote_write_version(std::string_view content_type);

class RemoteWriteEndpoint {
 public:
  explicit RemoteWriteEndpoint(RemoteWriteConfig config);
  ~RemoteWriteEndpoint();
  RemoteWriteEndpoint(const RemoteWriteEndpoint&) = delete;  // requests in flight point to it
  RemoteWriteEndpoint& operator=(const RemoteWriteEndpoint&) = delete;

  void handle(net::RequestPtr request, net::Responder respond);
  Status add_routes(net::Router& router);

 private:
  struct InFlight;
  struct Worker {
    RemoteWriteDecoder decoder;
    MetricMasker masker;
  };
  net::Response refused(std::string_view customer, int status, std::string_view reason, std::string_view message);
  std::unique_ptr<Worker> borrow();
  void give_back(std::unique_ptr<Worker> worker);
  void finish(InFlight& flight, const spool::AppendResult& result);

  const RemoteWriteConfig config_;
  IngestAdmission admission_;
  MetricFamilies families_;
  std::mutex mutex_;  // guards what follows
  std::vector<std::unique_ptr<Worker>> idle_;
};

}  // namespace aybiza
