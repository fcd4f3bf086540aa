// A search over turns as its asker means it: masked as turns are kept, by the topic model it names or the one in force.
//
// Errors   prepare: a Refusal that names parameter and remedy.
// Threads  any. REQUIRES: what the parts name outlives it.
// Source   docs/search.md.
#pragma once

#include <optional>

#include "privacy/tokenizer.h"
#include "query/search_request.h"
#include "server/pipeline.h"
#include "server/topics.h"

namespace aybiza {

struct SearchParts {
  Pipeline* pipeline = nullptr;
  Topics* topics = nullptr;
  const Tokenizer* tokenizer = nullptr;
};

class TurnFinder {
 public:
  explicit TurnFinder(SearchParts parts) : parts_(parts) {}

  // Turns are kept masked, so what is searched for is masked too: nothing personal is looked up, or finds its like.
  static std::string masked(std::string_view text);
  // Fills in the model, the vector and the filters' tokens; whose turns may be seen is the caller's to say.
  std::optional<Refusal> prepare(SearchRequest& asked) const;
  Result<TurnMatches> find(const TurnSearch& search) const;

 private:
  std::optional<Refusal> choose_model(SearchRequest& asked) const;
  SearchParts parts_;
};

}  // namespace aybiza
