// What the System page is told: the counters of every part, gathered, and how fast events came in lately.
//
// Shape    a beat of its own samples the ledger, so that the page has a past when it is first looked at.
// Cost     figures(): one message to each shard; the rest are counters.
// Threads  construct and stop by one owner; figures() from any but the shards' own. REQUIRES: its parts outlive stop().
// Source   interface.md "System".
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <mutex>

#include "ingest/endpoint.h"
#include "ingest/webhook_endpoint.h"
#include "live/system.h"
#include "net/http_server.h"
#include "runtime/budget.h"
#include "runtime/periodic.h"
#include "server/metric_ways.h"
#include "server/pipeline.h"

namespace aybiza {

struct ServerWatchParts {
  Pipeline* pipeline = nullptr;
  EventsEndpoint* events = nullptr;
  const WebhookEndpoint* webhooks = nullptr;
  const MetricWays* metric_ways = nullptr;
  const MetricSampler* sampler = nullptr;
  const Budget* budget = nullptr;
  const ScreenLatency* screen = nullptr;
  std::function<net::HttpCounters()> http;  // of the server with the pages
};

class ServerWatch {
 public:
  explicit ServerWatch(ServerWatchParts parts);
  ~ServerWatch() { stop(); }
  ServerWatch(const ServerWatch&) = delete;  // one per program

  // `customers` empty: the whole deployment; otherwise what these sent, and nothing of the machine.
  SystemFigures figures(const std::vector<std::string>& customers) const;
  void stop();

 private:
  struct Sample {
    IngestSample ingest;
    std::array<ScreenWaits, ScreenLatency::stages> screen;
  };
  void sample();
  void add_screen(SystemFigures& out) const;
  void add_machine(SystemFigures& out, const Ledger::Snapshot& ledger) const;
  void add_shards(SystemFigures& out) const;
  void add_troubles(SystemFigures& out, const Ledger::Snapshot& ledger) const;

  const ServerWatchParts parts_;
  mutable std::mutex mutex_;  // guards what follows
  std::deque<Sample> history_;
  std::unique_ptr<Periodic> beat_;  // last: it uses the members above
};

}  // namespace aybiza
