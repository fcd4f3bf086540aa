// What a browser says on its DevTools pipe: replies with any pointer, pictures in base64, and what a page says of itself.
#include <cstdint>
#include <cstdlib>

#include "picture/devtools.h"
#include "picture/page_picture.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (const char* pointer : {"", "/result/data", "/result/result/value"}) {
    const auto message = aybiza::parse_devtools(text, pointer);
    if (message && message->id == 0 && !message->value.empty()) std::abort();  // an event has no value that anybody asked for
  }
  if (const auto bytes = aybiza::from_base64(text, 64); bytes && bytes->size() > 64) std::abort();
  if (const auto said = aybiza::parse_page_said(text); said && (said->status < 0 || said->height < 0)) std::abort();
  return 0;
}
