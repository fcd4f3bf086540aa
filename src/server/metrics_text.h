// The server's own figures as OpenMetrics text: what /metrics answers.
//
// Threads  a function of its arguments.
// Source   OpenMetrics 1.0.
#pragma once

#include <string>

#include "ingest/ledger.h"
#include "ingest/mask_batch.h"
#include "ingest/statsd_receiver.h"
#include "ingest/webhook_endpoint.h"
#include "net/http_server.h"
#include "picture/camera.h"
#include "runtime/budget.h"
#include "server/pipeline.h"
#include "server/report_sender.h"
#include "server/retention.h"

namespace aybiza {

struct SelfMetrics {
  const PipelineStats& pipeline;
  const spool::Stats& spool;
  const StoreStats& store;
  const Ledger::Snapshot& ledger;
  const net::HttpCounters& http;
  const Budget& budget;
  ShardStats live;
  MaskCounts masked;
  WebhookCounters webhooks = {};
  ConservationCounts points = {};  // of StatsD and remote write
  StatsdStats statsd = {};
  std::uint64_t points_sampled = 0;
  std::uint64_t call_events_sampled = 0;
  RetentionStatus retention = {};
  CameraCounters pictures = {};
  ReportCounters reports = {};
  ScreenWaits written = {}, drawn = {};  // how long events waited for pages
};

std::string openmetrics(const SelfMetrics& self);

}  // namespace aybiza
