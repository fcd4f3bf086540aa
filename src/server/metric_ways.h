// The ways in for generic metrics that are not events: Prometheus remote write over HTTP, StatsD over UDP and unix sockets.
//
// Shape    both count into one ledger of points beside the ledger of events, which counts their batches.
// Errors   open: one line for the operator.
// Threads  open, add_routes, listen, stop by one owner; the rest from any. REQUIRES: outlives its batches in the spool.
#pragma once

#include <memory>

#include "ingest/endpoint.h"
#include "ingest/remote_write_endpoint.h"
#include "ingest/statsd_receiver.h"
#include "server/options.h"

namespace aybiza {

class MetricWays {
 public:
  struct Parts {
    const Clock* clock = nullptr;
    const Tokenizer* tokenizer = nullptr;
    IngestTrust trust;
    Budget* budget = nullptr;
    const MetricSampler* sampler = nullptr;
    EventsEndpoint* events = nullptr;  // whose ledger and mask counts are everybody's
    spool::Spool* spool = nullptr;
  };
  explicit MetricWays(Parts parts);

  Status add_routes(net::Router& router) { return remote_write_.add_routes(router); }
  Status listen(const ServeOptions& options);  // StatsD, where the options ask for it
  void stop();

  Ledger::Snapshot points() const { return points_.snapshot(); }
  StatsdStats statsd() const { return statsd_ ? statsd_->stats() : StatsdStats{}; }
  std::string statsd_address() const { return statsd_ ? statsd_->address() : std::string(); }

 private:
  const Parts parts_;
  Ledger points_;
  RemoteWriteEndpoint remote_write_;
  std::unique_ptr<StatsdReceiver> statsd_;
};

}  // namespace aybiza
