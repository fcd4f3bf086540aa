// From the bytes of an OTLP request to the bytes of the spool: decode, assemble, mask, identify, encode.
//
// Shape    spans and log records become events of calls (SpanAssembler), points become metric events, each batch one. What
//          leaves here holds nothing personal in the clear and depends on nothing of the request any more.
// Errors   as OtlpDecoder and OtlpMetricsDecoder: single items are counted in `rejected`, the first reason is `message`.
//          Code::too_large also for more events than one record of the spool takes.
// Cost     bench/otlp_bench; memory at most about six times the body while it runs.
// Threads  none: one preparer per thread.
// Source   ingest-formats.md 1; decisions.md 15, 17, 18.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "codec/event_json.h"
#include "codec/identity.h"
#include "codec/otlp_answer.h"
#include "codec/otlp_decoder.h"
#include "codec/otlp_json.h"
#include "codec/otlp_metrics.h"
#include "codec/span_events.h"
#include "ingest/call_joiner.h"
#include "ingest/call_sampler.h"
#include "ingest/mask_batch.h"
#include "ingest/metric_sampler.h"
#include "spool/spool.h"

namespace aybiza {

struct OtlpPrepared {
  std::vector<spool::Item> items;
  std::string bytes;
  std::uint64_t rejected = 0;  // items as the sender counts them
  std::map<std::string, std::uint64_t, std::less<>> reasons;  // the same, by reason
  std::string message;         // why the first was refused, or a warning
  MaskCounts masked;
  std::uint64_t sampled = 0;   // events of calls that a sampling rule left out

  std::uint64_t offered() const { return items.size() + rejected + sampled; }
  std::size_t memory() const { return bytes.capacity() + items.capacity() * sizeof(spool::Item); }
};

class OtlpPreparer {
 public:
  explicit OtlpPreparer(const Tokenizer& tokenizer, Masking masking = {});
  Result<OtlpPrepared> prepare(OtlpSignal signal, OtlpEncoding encoding, std::string body, const DecodeContext& context,
                               const MetricSampler* sampler = nullptr, const CallJoiner* joiner = nullptr, CallSampler* calls = nullptr);
  std::size_t working_bytes() const { return batch_.arena.bytes() + batch_.spans.capacity() * sizeof(OtlpSpan); }

 private:
  Status prepare_metrics(std::string_view body, const DecodeContext& context, OtlpPrepared& out);
  Status prepare_calls(OtlpSignal signal, std::string body, const DecodeContext& context, OtlpPrepared& out);
  void append_points(MetricBatch& batch, const DecodeContext& context, OtlpPrepared& out);
  void append_span_points(const DecodeContext& context, OtlpPrepared& out);
  void mask_tags(std::string& tags);
  void mask_name(std::string& name);

  const Tokenizer& tokenizer_;
  OtlpJson json_;
  OtlpDecoder decoder_;
  OtlpMetricsDecoder metrics_decoder_;
  SpanAssembler assembler_;
  const MetricSampler* sampler_ = nullptr;  // of this request
  const CallJoiner* joiner_ = nullptr;
  CallSampler* calls_ = nullptr;
  BatchMasker masker_;
  Identity identity_;
  OtlpBatch batch_;
  EventBatch events_;
  OtlpMetrics metrics_;
  MetricBatch span_points_, part_;
  MaskCounts masked_tags_;  // of this request
  std::string buffer_;
};

}  // namespace aybiza
