// The HTTP API for reading: questions, calls, flow, export, audits, metrics and health.
//
// Shape    every entry of the router is added here with its policy; slow work runs on a pool of its own, so that the
//          network's threads only parse and write.
// Errors   400 names parameter and remedy, 404 for what is not there or not yours, 503 when live state or store have not
//          caught up in time.
// Threads  add_routes once, before the server starts; handlers from any thread. REQUIRES: outlives the server.
// Source   events.md "Reading back"; decisions.md 18-25.
#pragma once

#include <memory>

#include "auth/authz.h"
#include "auth/change_log.h"
#include "ingest/endpoint.h"
#include "ingest/webhook_endpoint.h"
#include "server/metric_ways.h"
#include "net/http_server.h"
#include "net/router.h"
#include "privacy/tokenizer.h"
#include "runtime/budget.h"
#include "runtime/worker_pool.h"
#include "server/pipeline.h"

namespace aybiza {

class CallFinder;
class Retention;
class Camera;
struct ReportCounters;

struct ApiParts {
  Pipeline* pipeline = nullptr;
  EventsEndpoint* events = nullptr;
  const Tokenizer* tokenizer = nullptr;
  const Budget* budget = nullptr;
  const CallFinder* calls_by_name = nullptr;
  std::function<net::HttpCounters()> http;  // of the server that serves this
  const WebhookEndpoint* webhooks = nullptr;
  const MetricWays* metric_ways = nullptr;
  const MetricSampler* sampler = nullptr;
  const CallSampler* calls = nullptr;
  const Retention* retention = nullptr;
  const auth::ChangeLog* changes = nullptr;
  const Camera* camera = nullptr;
  std::function<ReportCounters()> reports = {};
  const ScreenLatency* screen = nullptr;
};

class Api {
 public:
  explicit Api(ApiParts parts);
  ~Api();
  Api(const Api&) = delete;

  Status add_routes(net::Router& router);
  void stop();  // what is queued is answered, nothing new is taken

 private:
  struct Inner;
  std::shared_ptr<Inner> inner_;
};

}  // namespace aybiza
