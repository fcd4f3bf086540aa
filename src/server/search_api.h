// Searching turns over HTTP, and the topic models behind it.
//
// Shape    GET and POST /api/v1/turns/search; GET /api/v1/topics: models, and what is being done; POST /api/v1/topics/train and
//          /api/v1/topics/index (?drop=true) start it, for keys of the platform with scope admin.
// Errors   400 names parameter and remedy; 503 where the store has not caught up or takes too long.
// Threads  add_routes once, before the server starts; handlers from any thread. REQUIRES: what the parts name outlives it.
// Source   docs/search.md; decisions.md 23.
#pragma once

#include <memory>

#include "net/router.h"
#include "server/turn_finder.h"

namespace aybiza {

class SearchApi {
 public:
  explicit SearchApi(SearchParts parts);
  ~SearchApi();
  SearchApi(const SearchApi&) = delete;

  Status add_routes(net::Router& router);
  void stop();

 private:
  struct Inner;
  std::shared_ptr<Inner> inner_;
};

}  // namespace aybiza
