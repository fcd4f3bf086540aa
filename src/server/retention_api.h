// Retention over HTTP: what would go, and a pass now.
//
// Shape    GET /api/v1/retention: the rules in force with what would go of each, and what went; POST /api/v1/retention/apply starts a
//          pass at once. For keys of the platform: read, and admin to apply.
// Errors   503 where the store does not answer.
// Threads  add_routes once, before the server starts; handlers from any thread. REQUIRES: retention outlives it.
// Source   docs/retention.md.
#pragma once

#include <filesystem>
#include <memory>

#include "net/router.h"
#include "server/retention.h"

namespace aybiza {

class RetentionApi {
 public:
  RetentionApi(Retention& retention, std::filesystem::path data);
  ~RetentionApi();
  RetentionApi(const RetentionApi&) = delete;

  Status add_routes(net::Router& router);
  void stop();

 private:
  struct Inner;
  std::shared_ptr<Inner> inner_;
};

}  // namespace aybiza
