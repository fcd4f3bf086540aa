// Budgets: what a customer, a campaign or an agent may cost in a calendar month, and how far it is.
//
// Shape    a line a budget: of, name, customer (- for any), USD a month; by tabs, # begins a comment. One per (of, name, customer).
// Units    USD, in whole cents; shares 0..1 and beyond.
// Errors   parse: invalid, with the line and what would have been right.
// Threads  values; compute_budgets asks and is called on a live thread.
// Source   interface.md "Costs"; docs/money.md "Budgets".
#pragma once

#include "base/status.h"
#include "live/month_forecast.h"

namespace aybiza {

inline constexpr std::size_t budgets_most = 200;          // of a directory
inline constexpr std::size_t budget_file_bytes = 128 * 1024;
inline constexpr std::int64_t budget_cents_most = 100'000'000'000;  // a thousand million USD
inline constexpr double budget_stages[] = {0.80, 0.85, 0.95, 1.00};

enum class BudgetOf : std::uint8_t { customer, campaign, agent };
std::string_view to_string(BudgetOf of);
std::optional<BudgetOf> parse_budget_of(std::string_view text);

struct SpendBudget {
  BudgetOf of{};
  std::string name, customer;  // customer: whose campaign or agent; empty: of any
  std::int64_t cents = 0;      // a month
  // Of a customer's budget it is that customer: who may see and change it.
  const std::string& owner() const { return of == BudgetOf::customer ? name : customer; }
  bool same(const SpendBudget& other) const { return of == other.of && name == other.name && customer == other.customer; }
  friend bool operator==(const SpendBudget&, const SpendBudget&) = default;
};

Result<std::int64_t> parse_budget_usd(std::string_view text);  // "500", "12.50"; more than nothing
Result<SpendBudget> checked_budget(SpendBudget budget);        // names that can stand in a line, a sum in its bounds
Result<std::vector<SpendBudget>> parse_budgets(std::string_view text);
std::string to_text(const std::vector<SpendBudget>& budgets);

struct BudgetState {
  SpendBudget budget;
  MonthSpend month;
  Known share() const { return month.spent ? Known(*month.spent * 100 / double(budget.cents)) : std::nullopt; }
  // The last stage that was reached, in percent: 0, 80, 85, 95 or 100.
  int stage() const;
};
std::vector<Filter> filters_of(const SpendBudget& budget);
// Of those whose owner `customers` has (empty: all), in their order; the fullest first.
std::vector<BudgetState> compute_budgets(const Ask& ask, const std::vector<SpendBudget>& budgets, const std::vector<std::string>& customers, const std::string& zone, Instant now);

}  // namespace aybiza
