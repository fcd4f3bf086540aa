// What a search over turns is asked by, read from an address or a JSON body.
//
// Shape    one of q (words), like (a text, whose topic vector is made) and vector (1536 numbers of an embedding, or 100 of a topic);
//          match, k, version, exact, the range, and filters by name, each with values joined by "|" or as a JSON list.
// Errors   a Refusal names the parameter and the remedy.
// Threads  pure functions; any.
// Source   docs/search.md; decisions.md 23.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "query/question.h"
#include "query/turn_search.h"

namespace aybiza {

struct SearchRequest {
  std::string like, version;  // of a topic; `search.vector` is not made yet then
  TurnSearch search;
};

// `now` anchors the range. Words are those of the text masked, as turns are kept.
using MaskWords = std::string (*)(std::string_view);
Answered<SearchRequest> parse_search(const Parameters& parameters, Instant now, MaskWords mask = nullptr);
Answered<SearchRequest> parse_search_json(std::string_view body, Instant now, MaskWords mask = nullptr);

// The part of a text that holds the first of the words, at most limits::search_snippet_bytes of it.
std::string snippet_of(std::string_view text, const std::vector<std::string>& words);

}  // namespace aybiza
