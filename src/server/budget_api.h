// Budgets over HTTP: how far each is and where the month will end, and changing them.
//
// Shape    GET /api/v1/budgets[?tz=]; POST /api/v1/budgets with the fields of, name, customer_id, usd as a form or a JSON object (no usd: it goes).
//          A browser's form is led back to the page. For keys of a customer: that customer's budgets.
// Errors   400 names the field, 403 for another's customer or from another's page, 503 where the file or the store does not answer.
// Threads  add_routes once, before the server starts; handlers from any thread. REQUIRES: pipeline and keeper outlive it.
// Source   docs/money.md "Budgets".
#pragma once

#include <memory>

#include "net/router.h"
#include "server/budget_keeper.h"
#include "server/pipeline.h"

namespace aybiza {

class BudgetApi {
 public:
  BudgetApi(Pipeline& pipeline, BudgetKeeper& keeper);
  ~BudgetApi();
  BudgetApi(const BudgetApi&) = delete;

  Status add_routes(net::Router& router);
  void stop();

 private:
  struct Inner;
  std::shared_ptr<Inner> inner_;
};

}  // namespace aybiza
