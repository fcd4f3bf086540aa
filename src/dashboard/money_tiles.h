// The tiles of the Costs page that speak of money to come: the month, budgets, what could be saved, and what agents save against people.
//
// Threads  pure.
// Source   interface.md "Costs"; docs/money.md.
#pragma once

#include "dashboard/address.h"
#include "dashboard/viewer.h"
#include "live/advice.h"
#include "live/costs.h"
#include "live/spend_budget.h"
#include "liveview/html.h"

namespace aybiza::dashboard {

struct BudgetsState {
  Instant as_of{};
  std::vector<BudgetState> list;
};

struct WhatIfState {
  Instant as_of{};
  Result<Repriced> answer;
};

// null: still loading.
liveview::Node month_tile(const MonthSpend* month, const Texts& t);
liveview::Node budgets_tile(const BudgetsState* budgets, const Viewer& viewer, const Filters& filters);
liveview::Node advice_tile(const AdviceState* advice, const Filters& filters);
liveview::Node return_tile(const CostsState* costs, const Filters& filters);  // against a person's cost for each resolved call

// `asked`: a list was given, and `what_if` is null until its answer is there.
liveview::Node what_if_tile(const WhatIfState* what_if, bool asked, const Filters& filters);

// The cost of a call that a person handles, as the address carries it; nullopt: none, or not a sum.
std::optional<double> human_cost(const Filters& filters);

}  // namespace aybiza::dashboard
