// Reads AnyValue, KeyValue and texts of OTLP's protobuf into an arena: what spans, records and points have in common.
//
// Shape    lists grow on one stack and are copied to the arena when they are complete, so that nothing is counted twice.
//          Texts stay in the body unless they must change: bytes that are no UTF-8 become U+FFFD, control characters go.
// Errors   throws OtlpRefusal above a ceiling, protozero::exception for bytes that are no message. Both end at the
//          decoder, which refuses one item; start_item() makes the reader usable again. OtlpWholeRefusal for what no sender
//          means: arrays and maps nested twice as deep as an item may.
// Cost     one pass; text without anything special is looked at eight bytes at a time.
// Threads  none: owned by one decoder.
// Source   opentelemetry-proto 1.11 common.proto; ingest-formats.md 1.3.
#pragma once

#include <vector>

#include "base/status.h"
#include "codec/arena.h"
#include "codec/otlp_span.h"
#include "codec/protobuf.h"

namespace aybiza {

// Why one item was refused: for the answer's error_message.
struct OtlpRefusal {
  const char* why;
};

// Not one item but all of them are refused: only walk_otlp() catches it.
struct OtlpWholeRefusal {
  Code code;
  const char* why;
};

// `text` itself where it is clean UTF-8 already, else a repaired copy.
std::string_view otlp_text(std::string_view text, Arena& arena);

class OtlpValueReader {
 public:
  void start_item(Arena& arena) {
    arena_ = &arena;
    count_ = 0;
    attributes_.clear();
    values_.clear();
  }
  Arena& arena() { return *arena_; }
  std::string_view text(std::string_view raw) const { return otlp_text(raw, *arena_); }
  OtlpValue value(protobuf::Reader message, std::size_t depth = 0);

  // A list in the making: attributes come between other fields of their message.
  std::size_t open() const { return attributes_.size(); }
  void add(std::size_t list, protobuf::Reader key_value, std::size_t depth = 0);
  OtlpAttributes close(std::size_t list);  // from open() to here

 private:
  OtlpValue array(protobuf::Reader message, std::size_t depth);
  OtlpValue map(protobuf::Reader message, std::size_t depth);
  void count();

  Arena* arena_ = nullptr;
  std::size_t count_ = 0;
  std::vector<OtlpAttribute> attributes_;
  std::vector<OtlpValue> values_;
};

}  // namespace aybiza
