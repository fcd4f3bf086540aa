#include "query/turn_labels.h"

#include "model/sentiment.h"
#include "text/analyze.h"

namespace aybiza {

std::string_view sentiment_class_of(const Number& sentiment_e4) {
  if (!sentiment_e4) return {};
  return sentiment_word(*sentiment_e4);
}

std::vector<std::string_view> topics_of(std::uint32_t bits) {
  std::vector<std::string_view> found;
  for (int i = 0; i < topic_count; ++i)
    if ((bits >> i & 1) != 0) found.push_back(to_string(Topic(i)));
  return found;
}

}  // namespace aybiza
