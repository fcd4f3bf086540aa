// Bytes of a spool that somebody else may have written: decoded within bounds, and the same again when they are an event.
#include <cstdint>

#include "base/check.h"
#include "codec/event_binary.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace aybiza;
  std::vector<Value> values, again;
  const auto decoded = decode_event({reinterpret_cast<const char*>(data), size}, values);
  if (!decoded) return 0;
  std::string bytes;
  append_event(bytes, decoded->event);
  const auto second = decode_event(bytes, again);
  CHECK(second.has_value() && second->size == bytes.size());
  std::string third;
  append_event(third, second->event);
  CHECK(third == bytes);
  return 0;
}
