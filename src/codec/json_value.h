// A JSON text as an OtlpValue, so that reports and metrics that come as JSON are read like nested attributes.
//
// Errors   nullopt: no JSON, deeper than limits::otlp_value_depth, more than limits::otlp_values values, or not UTF-8.
// Cost     one pass of simdjson's tree and a copy of it into the arena.
// Threads  none: the reader keeps its parser. What it returns views the arena.
// Source   RFC 8259.
#pragma once

#include <simdjson.h>

#include <optional>
#include <string_view>

#include "codec/arena.h"
#include "codec/otlp_span.h"

namespace aybiza {

class JsonValueReader {
 public:
  std::optional<OtlpValue> read(std::string_view json, Arena& arena);

 private:
  bool convert(const simdjson::dom::element& from, std::size_t depth, Arena& arena, OtlpValue& into);

  simdjson::dom::parser parser_;
  std::size_t values_ = 0;
};

}  // namespace aybiza
