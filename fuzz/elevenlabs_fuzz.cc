// Webhooks of strangers who say they are elevenlabs.
#include "webhook_fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return aybiza::fuzz_webhook(aybiza::Vendor::elevenlabs, data, size);
}
