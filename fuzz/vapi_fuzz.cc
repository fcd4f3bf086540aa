// Webhooks of strangers who say they are vapi.
#include "webhook_fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return aybiza::fuzz_webhook(aybiza::Vendor::vapi, data, size);
}
