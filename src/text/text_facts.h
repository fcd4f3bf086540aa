// What is said of a turn's text once it has been read, in a few bytes that travel in its place or beside it.
//
// Shape    counts of the text as it was written, always; its meaning only where the text itself is not kept. The packed form
//          has flags, then 16-bit numbers, of the counts only those that are not zero.
// Units    as in features.h and analyze.h; counts above 65 535 are written as that.
// Errors   read_text_facts: nullopt for bytes that append_text_facts never wrote.
// Cost     9 to 20 bytes; about 20 ns each way.
// Threads  any: pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "text/analyze.h"
#include "text/features.h"

namespace aybiza {

struct TextFacts {
  TextCounts counts;
  std::optional<TextResult> meaning;
  // One more part of the same turn, after this one: counts add up, scores are weighted by words, topics unite, of the
  // emotions the first that is not neutral counts, of the intents the one that Intent names first.
  void join(const TextFacts& next);
  friend bool operator==(const TextFacts&, const TextFacts&) = default;
};

void append_text_facts(const TextFacts& facts, std::string& out);
std::optional<TextFacts> read_text_facts(std::string_view packed);

}  // namespace aybiza
