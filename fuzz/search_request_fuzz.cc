// What a search is asked by: no bytes may crash it, and what is taken keeps every bound.
#include "base/check.h"
#include "base/limits.h"
#include "query/search_request.h"

using namespace aybiza;

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const Instant now = from_micros(1'795'003'200'000'000);
  for (const auto& asked : {parse_search_json(bytes, now), parse_search(parse_query_string(bytes), now)}) {
    if (!asked) {
      CHECK(!asked.error().code.empty() && !asked.error().message.empty());
      continue;
    }
    const TurnSearch& search = asked->search;
    CHECK(search.hits >= 1 && search.hits <= limits::search_hits_max);
    CHECK(search.words.size() <= limits::search_words && search.from <= search.to);
    CHECK(search.vector.empty() || search.vector.size() == 100 || search.vector.size() == limits::embedding_numbers);
    CHECK(search.by != TurnSearch::By::words || !search.words.empty());
    const std::string snippet = snippet_of(bytes, search.words);
    CHECK(snippet.size() <= limits::search_snippet_bytes + 8);
  }
  return 0;
}
