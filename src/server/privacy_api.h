// Privacy and meaning over HTTP: a text on demand, what was masked, the original of a call, and forgetting a caller.
//
// Shape    POST /api/v1/analyze and GET /api/v1/privacy (scope read); POST /api/v1/calls/{id}/unmask and POST
//          /api/v1/privacy/forget?caller=… (scope admin). The last two are in the audit before they are answered.
// Errors   400 names member, reason and remedy; 404 for a call that is not there or not the asker's; 503 when the store or the
//          audit cannot be written.
// Threads  add_routes once, before the server starts; handlers from any thread. REQUIRES: its parts outlive it.
// Source   decisions.md 15, 23; docs/privacy.md.
#pragma once

#include <functional>
#include <memory>

#include "net/router.h"
#include "privacy/tokenizer.h"
#include "server/pipeline.h"
#include "server/privacy.h"

namespace aybiza {

class CallFinder;

struct PrivacyApiParts {
  Pipeline* pipeline = nullptr;
  Privacy* privacy = nullptr;
  const Tokenizer* tokenizer = nullptr;
  const CallFinder* calls = nullptr;
  std::function<MaskCounts()> masked;  // of every way in, since the start
  Instant since{};                     // of the counts
};

class PrivacyApi {
 public:
  explicit PrivacyApi(PrivacyApiParts parts);
  ~PrivacyApi();
  PrivacyApi(const PrivacyApi&) = delete;

  Status add_routes(net::Router& router);
  void stop();

 private:
  struct Inner;
  std::shared_ptr<Inner> inner_;
};

}  // namespace aybiza
