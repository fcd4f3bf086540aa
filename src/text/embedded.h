// The word lists that are part of the program.
//
// Threads  constants.
#pragma once

#include "text/lexicon.h"

namespace aybiza {

LexiconTexts embedded_lexicon();

}  // namespace aybiza
