// One Event as bytes: what the spool holds.
//
// Shape    length, version, envelope, then each value as a tag and a payload; unknown tags of a newer version are
//          skipped by their wire type. Numbers of fields, types and words here never change: event_binary.cc lists them.
// Errors   decode answers nothing but Code::corrupt (bytes that were never written so) or unsupported (a newer version);
//          it reads no byte outside what it was given.
// Cost     no copies: texts of a decoded event view the bytes; about 100 ns each way for a turn.
// Threads  pure functions; any.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "model/event.h"

namespace aybiza {

inline constexpr std::uint8_t event_binary_version = 1;

void append_event(std::string& out, const Event& event);

struct DecodedEvent {
  Event event;
  std::size_t size = 0;  // bytes of `bytes` that it took: the next event starts there
};
// event.values views `values`, which is overwritten.
Result<DecodedEvent> decode_event(std::string_view bytes, std::vector<Value>& values);

}  // namespace aybiza
