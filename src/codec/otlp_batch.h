// One decoded OTLP request of spans or log records, with the bytes they view.
//
// Shape    owns the body and an arena; reused by clear(). What was refused is counted and the first reason kept, for the
//          answer's partial_success. Metric points have a form of their own: otlp_metrics.h.
// Threads  none: owned by one request. Moved, never copied: its values point into it.
// Source   ingest-formats.md 1.1 (partial success), 1.3 "Traps".
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "codec/arena.h"
#include "codec/otlp_span.h"

namespace aybiza {

enum class OtlpSignal : std::uint8_t { traces, metrics, logs };
std::string_view to_string(OtlpSignal signal);

struct OtlpBatch {
  OtlpBatch() = default;
  OtlpBatch(OtlpBatch&&) = default;
  OtlpBatch& operator=(OtlpBatch&&) = default;

  std::string body;  // JSON bodies carry padding behind their text
  Arena arena;
  std::deque<OtlpResource> resources;  // deques: what spans point to does not move
  std::deque<OtlpScope> scopes;
  std::vector<OtlpSpan> spans;
  std::vector<OtlpLogRecord> logs;
  std::uint64_t rejected = 0;    // items that were refused one by one
  std::string first_rejection;   // why the first of them was

  void reject(std::string_view why) {
    if (rejected++ == 0) first_rejection = why;
  }
  void clear();
};

}  // namespace aybiza
