// A lexicon from a folder of lists, for whoever edits topics, intents or words without a build.
//
// Shape    sentiment.txt, modifiers.txt, emotions.txt, topics.txt and intents.txt of the folder, each in place of the built-in list of
//          that name; a list that is not there stays as built in. Its name is the folder's. use_lexicon() is for the start of a program.
// Errors   Code::invalid names list and line of what cannot be read, or says that the folder is none or holds no list;
//          io: a list is there and cannot be read; too_large: above limits::lexicon_file_bytes.
// Threads  none: called at start.
#pragma once

#include <string>

#include "base/status.h"
#include "text/lexicon.h"

namespace aybiza {

Result<Lexicon> read_lexicon(const std::string& folder);

// Lexicon::use() with the folder's; an empty name keeps the built-in one, which is built here then.
Status use_lexicon(const std::string& folder);

}  // namespace aybiza
