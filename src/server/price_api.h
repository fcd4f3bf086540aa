// Prices over HTTP: the book in force, what has no price, and pricing history anew.
//
// Shape    GET /api/v1/prices, GET /api/v1/prices/unpriced, POST /api/v1/prices/rerate (dry_run=true tells and changes nothing),
//          POST /api/v1/prices/what-if with a list as its body: the same for that list, which is stored nowhere.
// Errors   400 names the parameter, 403 for another's customer, 503 when the store has not caught up or the log takes nothing.
//          A rerate that takes longer than limits::rerate_patience answers 202: it is in the log and goes on.
// Threads  add_routes once, before the server starts; handlers from any thread. REQUIRES: pipeline and keeper outlive it.
// Source   docs/money.md.
#pragma once

#include <memory>

#include "net/router.h"
#include "server/pipeline.h"
#include "server/price_keeper.h"

namespace aybiza {

class PriceApi {
 public:
  PriceApi(Pipeline& pipeline, PriceKeeper& keeper);
  ~PriceApi();
  PriceApi(const PriceApi&) = delete;

  Status add_routes(net::Router& router);
  void stop();

 private:
  struct Inner;
  std::shared_ptr<Inner> inner_;
};

}  // namespace aybiza
