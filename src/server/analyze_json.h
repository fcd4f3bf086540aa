// What `POST /api/v1/analyze` answers to a body: everything said of one text, or of several.
//
// Shape    {"text": "…"} or {"texts": ["…", …]}, each with an optional "language"; the answer says which lexicon read it. What is
//          in the answer of a text is masked.
// Errors   a Refusal that names member, reason and remedy; ceilings are limits::analyze_texts and limits::text_content_bytes.
// Cost     about 2 us a text.
// Threads  a pure function; any.
// Source   decisions.md 23.
#pragma once

#include <expected>
#include <string>
#include <string_view>

#include "query/answer.h"

namespace aybiza {

std::expected<std::string, Refusal> analyze_json(std::string_view body);

}  // namespace aybiza
