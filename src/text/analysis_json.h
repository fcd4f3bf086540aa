// Everything said of one text as JSON: what `POST /api/v1/analyze` answers.
//
// Shape    {"sentiment","sentiment_class","confidence","emotion","intent","topics":[...],"entities":[...],"features":{...}}.
//          Meaning and features are of the text as written, entities of the text as masked, so that nothing personal leaves.
// Units    scores and shares as fractions.
// Threads  any: a pure function.
// Source   decisions.md 23.
#pragma once

#include <string>
#include <string_view>

namespace aybiza {

// Appends. `masked` is `text` after masking.
void append_analysis_json(std::string_view text, std::string_view masked, std::string& out);

}  // namespace aybiza
