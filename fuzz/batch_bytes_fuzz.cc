// Rows that wait on disk: whatever is read again is what was written, and nothing else is taken.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "base/hash_stream.h"
#include "store/batch_bytes.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // With the sum that belongs to them, so that what stands behind it is reached.
  std::string bytes(reinterpret_cast<const char*>(data), size);
  aybiza::Hash64Stream sum;
  sum.add(bytes);
  const std::uint64_t value = sum.value();
  bytes.append(reinterpret_cast<const char*>(&value), sizeof value);
  const auto batch = aybiza::read_batch_bytes(bytes);
  if (!batch) return 0;
  const std::string again = aybiza::batch_bytes(*batch);
  const auto twice = aybiza::read_batch_bytes(again);
  if (!twice || aybiza::batch_bytes(*twice) != again) std::abort();
  return 0;
}
