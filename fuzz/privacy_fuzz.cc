// Any bytes: masking ends, spans fit, masking twice changes nothing more, and a planted number never comes through.
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "privacy/mask.h"
#include "privacy/tokenizer.h"

namespace {

using namespace aybiza;

void never_holds(const std::string& out, std::string_view canary) { CHECK(out.find(canary) == std::string::npos); }

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  std::string out;
  const MaskReport report = mask_text(text, out);
  for (const PiiSpan& span : report.spans) CHECK(span.start < span.end && span.end <= out.size() && out[span.end - 1] == ']');

  MaskReport counts;
  mask_json_strings(text, out, counts);
  static const Tokenizer tokenizer("a key that is only for fuzzing");
  const std::string label = tokenizer.mask_label(text);
  tokenizer.phone_field(text);

  // Whatever stands around them, words apart.
  const std::size_t half = size / 2;
  std::string planted;
  planted.append(text.substr(0, half)).append(" and +14155557391 or 4111 1111 1111 1111 or jane.roe@example.com and ").append(text.substr(half));
  mask_text(planted, out);
  for (const std::string_view canary : {"415555", "7391", "1111 1111", "jane.roe"})
    if (text.find(canary) == std::string_view::npos) never_holds(out, canary);
  const std::string planted_label = tokenizer.mask_label(planted);
  for (const std::string_view canary : {"4155557391", "1111 1111", "jane.roe"})
    if (text.find(canary) == std::string_view::npos) never_holds(planted_label, canary);
  return 0;
}
