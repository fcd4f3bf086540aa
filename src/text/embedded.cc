#include "text/embedded.h"

// The assembler reads the files, so that nothing has to be turned into source first.
#define EMBED(name, path)                                       \
  asm(".pushsection .rodata\n"                                  \
      ".global aybiza_" #name "_start\n.global aybiza_" #name "_end\n" \
      "aybiza_" #name "_start: .incbin \"" path "\"\n"           \
      "aybiza_" #name "_end: .byte 0\n"                         \
      ".popsection\n");                                         \
  extern "C" const char aybiza_##name##_start[], aybiza_##name##_end[]

EMBED(vader, AYBIZA_VADER_LEXICON);
EMBED(sentiment, AYBIZA_LEXICON "/sentiment.txt");
EMBED(modifiers, AYBIZA_LEXICON "/modifiers.txt");
EMBED(emotions, AYBIZA_LEXICON "/emotions.txt");
EMBED(topics, AYBIZA_LEXICON "/topics.txt");
EMBED(intents, AYBIZA_LEXICON "/intents.txt");

#define EMBEDDED(name) std::string_view(aybiza_##name##_start, std::size_t(aybiza_##name##_end - aybiza_##name##_start))

namespace aybiza {

LexiconTexts embedded_lexicon() {
  return {.vader = EMBEDDED(vader),
          .sentiment = EMBEDDED(sentiment),
          .modifiers = EMBEDDED(modifiers),
          .emotions = EMBEDDED(emotions),
          .topics = EMBEDDED(topics),
          .intents = EMBEDDED(intents)};
}

}  // namespace aybiza
