// From the bytes of a request to the bytes of the spool: decode, mask, identify, encode.
//
// Shape    what leaves here holds nothing personal in the clear and depends on nothing of the request any more.
// Errors   as JsonDecoder::decode, and Code::invalid when not one event of the body is JSON; refusals of single events
//          are in `rejected` and `errors_json`.
// Cost     docs/ingest.md; memory about twice the body while it runs.
// Threads  none: one Preparer per thread.
// Source   decisions.md 15, 17, 18.
#pragma once

#include <string>
#include <vector>

#include "codec/event_json.h"
#include "codec/identity.h"
#include "codec/span_events.h"
#include "ingest/call_sampler.h"
#include "ingest/mask_batch.h"
#include "ingest/metric_sampler.h"
#include "spool/spool.h"

namespace aybiza {

struct Prepared {
  std::vector<spool::Item> items;
  std::string bytes;
  RejectCounts rejected{};
  std::string errors_json;  // the answer's `errors`: an array
  MaskCounts masked;
  std::uint64_t unknown_types = 0;
  std::uint64_t sampled = 0;  // left out by a sampling rule

  std::size_t offered() const;
};

class Preparer {
 public:
  explicit Preparer(const Tokenizer& tokenizer, Masking masking = {}) : masker_(tokenizer, masking) {}
  Result<Prepared> prepare(BodyFormat format, std::string body, const DecodeContext& context, const MetricSampler* sampler = nullptr,
                           CallSampler* calls = nullptr);

 private:
  JsonDecoder decoder_;
  SpanAssembler assembler_;  // of session reports that are posted as events
  EventBatch batch_;
  BatchMasker masker_;
  Identity identity_;
};

}  // namespace aybiza
