// Any bytes as gzip and as zstd: an answer within the caps or an error, and no memory kept.
#include "net/content_coding.h"

#include "base/check.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  using namespace aybiza;
  const std::string_view packed(reinterpret_cast<const char*>(data), size);
  Budget budget(8 * limits::MiB);
  for (const auto coding : {net::Coding::gzip, net::Coding::zstd}) {
    const auto out = net::unpack(coding, packed, {.bytes_max = 4 * limits::MiB, .ratio_max = 100, .budget = &budget});
    if (!out) continue;
    CHECK(out->bytes.size() <= 4 * limits::MiB && out->held.bytes() >= out->bytes.size());
    CHECK(out->bytes.size() <= std::max(limits::MiB, size * 100));
  }
  CHECK(budget.used() == 0);
  return 0;
}
