// A lexicon from a folder of lists, for whoever edits topics, intents or words without a build.
//
// Shape    sentiment.txt, modifiers.txt, emotions.txt, topics.txt and intents.txt of the folder, each in place of the built-in list of
//          that name; a list that is not there stays as built in. Pass the result to Lexicon::use() at start.
// Errors   Code::invalid names list and line of what cannot be read, or says that the folder is none.
// Threads  none: called at start.
#pragma once

#include <string>

#include "base/status.h"
#include "text/lexicon.h"

namespace aybiza {

Result<Lexicon> read_lexicon(const std::string& folder);

}  // namespace aybiza
