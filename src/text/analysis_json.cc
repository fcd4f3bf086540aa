#include "text/analysis_json.h"

#include <fmt/format.h>

#include <iterator>

#include "text/analyze.h"
#include "text/entities.h"
#include "text/features.h"

namespace aybiza {

namespace {

constexpr double part = 10'000;

// Names of ours: nothing in them needs an escape.
void append_topics(const TextResult& result, std::string& out) {
  out += '[';
  for (int i = 0; i < topic_count; ++i) {
    if (!result.has(Topic(i))) continue;
    if (out.back() != '[') out += ',';
    fmt::format_to(std::back_inserter(out), "\"{}\"", to_string(Topic(i)));
  }
  out += ']';
}

}  // namespace

void append_analysis_json(std::string_view text, std::string_view masked, std::string& out) {
  const TextResult result = analyze(text);
  fmt::format_to(std::back_inserter(out), R"({{"sentiment":{},"sentiment_class":"{}","confidence":{},"emotion":"{}","intent":)",
                 result.sentiment_e4 / part, to_string(result.sentiment_class), result.confidence_e4 / part, to_string(result.emotion));
  if (result.intent == Intent::none) out += "null";
  else fmt::format_to(std::back_inserter(out), "\"{}\"", to_string(result.intent));
  out += R"(,"topics":)";
  append_topics(result, out);
  out += R"(,"entities":)";
  const std::size_t before = out.size();
  append_entities_json(masked, out);
  if (out.size() == before) out += "[]";
  out += R"(,"features":)";
  append_features_json(features_of(text), out);
  out += '}';
}

}  // namespace aybiza
