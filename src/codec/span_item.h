// The inside of SpanAssembler: one span or record while it is assembled.
//
// Threads  none: a value of one call.
#pragma once

#include "codec/span_events.h"

namespace aybiza {

struct SpanAssembler::Item {
  SpanSource source{};
  SpanRole role{};
  std::size_t index = 0;
  Id trace;
  std::uint64_t span = 0, parent = 0;
  std::string_view name;
  Instant start{}, end{};
  bool failed = false;
  std::string_view customer;  // where a platform's sender names it
  std::string_view identity;  // of what has no span: two records with the same one are the same
  CallRef call;
  FactSet facts;
};

// Disjoint kinds, as usage events carry them.
struct SpanAssembler::Tokens {
  std::optional<double> input, output, cache_read, cache_write, reasoning, audio_input, audio_output;
  bool any() const {
    return input || output || cache_read || cache_write || reasoning || audio_input || audio_output;
  }
  bool counted() const {  // some that is not zero
    return input > 0.0 || output > 0.0 || cache_read > 0.0 || cache_write > 0.0 || reasoning > 0.0 || audio_input > 0.0 || audio_output > 0.0;
  }
};

// What a message says, appended: a text, or the texts of its parts.
void append_content(std::string& out, const OtlpValue& content);

// Field::turn_key of a turn that its own span tells, and of an exchange of two turns. In letters: digits in a row could be
// taken for somebody's number.
std::string turn_key_of(std::uint64_t span);
std::string exchange_key_of(std::uint64_t span);

}  // namespace aybiza
