// Decodes the body of `POST /v1/events`: NDJSON, JSON and CloudEvents become events, or reasons why not.
//
// Shape    split (split.h), then each event by simdjson On-Demand straight into its fields; unknown members go to ext.
//          An unknown type keeps its whole `data` there, and besides the labels that place it (call, agent, customer).
//          Ids are not derived here: masking comes between (identity.h).
// Errors   per event into EventBatch; the whole body only when it has no structure (Code::invalid), holds too many
//          events (too_large) or a sent_at that is no time. A repeated member: the last one counts, yet each is checked.
// Cost     one pass over the bytes beside the split; allocates nothing once its buffers have grown.
// Threads  none: one decoder per thread.
// Source   events.md; decisions.md 13, 17, 18; RFC 8259; CloudEvents 1.0.2 JSON format 3.
#pragma once

#include <memory>

#include "base/status.h"
#include "codec/event_batch.h"
#include "codec/split.h"

namespace aybiza {

struct DecodeContext {
  std::string_view customer;  // of the key; empty: the platform's, whose events may name any customer
  std::string_view source;    // for events that name none: the key's name
  Instant received;
};

// The namespace of external ids: the customer of the key, or "platform".
inline std::string_view scope_of(const DecodeContext& context) {
  return context.customer.empty() ? std::string_view("platform") : context.customer;
}

class JsonDecoder {
 public:
  JsonDecoder();
  ~JsonDecoder();
  JsonDecoder(const JsonDecoder&) = delete;  // keep one per thread instead
  JsonDecoder& operator=(const JsonDecoder&) = delete;

  // `body` is moved into `batch`, which is cleared before. On failure the batch holds no events.
  Status decode(BodyFormat format, std::string body, const DecodeContext& context, EventBatch& batch);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace aybiza
