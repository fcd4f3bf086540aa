// Any bytes: meaning, figures and entities of a text end, stay within their bounds and are the same twice.
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "text/analyze.h"
#include "text/entities.h"
#include "text/features.h"
#include "text/text_facts.h"

using namespace aybiza;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const TextResult result = analyze(text);
  CHECK(result == analyze(text));
  CHECK(result.sentiment_e4 >= -10'000 && result.sentiment_e4 <= 10'000 && result.confidence_e4 >= 0 && result.confidence_e4 <= 10'000);
  CHECK(result.sentiment_class == classify(result.sentiment_e4) && result.topics < (1u << topic_count) && int(result.intent) < intent_count);

  const TextFeatures features = features_of(text);
  CHECK(features.words <= features.length + 1 || features.length == 0);
  CHECK(features.exclamations + features.questions <= size && features.capitals_e4 >= 0 && features.politeness_e4 <= 10'000);

  std::uint32_t last = 0;
  for (const TextEntity& entity : entities_of(text)) {
    CHECK(entity.start >= last && entity.start < entity.end && entity.end <= size);
    last = entity.end;
  }
  std::string json;
  append_entities_json(text, json);
  CHECK(json.empty() || (json.front() == '[' && json.back() == ']'));

  std::string packed;
  append_text_facts({.counts = counts_of(text), .meaning = result}, packed);
  const auto back = read_text_facts(packed);
  CHECK(back && back->meaning == result && (size > 0xFFFF || back->counts == counts_of(text)));
  if (const auto any = read_text_facts(text)) {  // what these bytes are taken for is written so again
    packed.clear();
    append_text_facts(*any, packed);
    const auto again = read_text_facts(packed);
    CHECK(again && *again == *any);
  }
  return 0;
}
