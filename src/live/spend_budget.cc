#include "live/spend_budget.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/limits.h"
#include "base/lines.h"

namespace aybiza {
namespace {

constexpr std::pair<std::string_view, BudgetOf> kinds[] = {{"customer", BudgetOf::customer}, {"campaign", BudgetOf::campaign}, {"agent", BudgetOf::agent}};

bool can_stand_in_a_line(std::string_view text) {
  return text.size() <= limits::id_bytes && std::ranges::none_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

Result<SpendBudget> parse_line(std::string_view line) {
  std::vector<std::string_view> words;
  for (std::size_t at = 0; at <= line.size();) {
    const std::size_t end = std::min(line.find('\t', at), line.size());
    words.push_back(line.substr(at, end - at));
    at = end + 1;
  }
  if (words.size() != 4) return fail(Code::invalid, "a budget is of, name, customer and USD a month, with tabs between");
  const auto of = parse_budget_of(words[0]);
  if (!of) return fail(Code::invalid, "'{}' is not known: write customer, campaign or agent", words[0]);
  auto cents = parse_budget_usd(words[3]);
  if (!cents) return std::unexpected(cents.error());
  return checked_budget({*of, std::string(words[1]), words[2] == "-" ? std::string() : std::string(words[2]), *cents});
}

}  // namespace

std::string_view to_string(BudgetOf of) { return kinds[std::size_t(of)].first; }

std::optional<BudgetOf> parse_budget_of(std::string_view text) {
  for (const auto& [word, of] : kinds)
    if (word == text) return of;
  return std::nullopt;
}

Result<std::int64_t> parse_budget_usd(std::string_view text) {
  double usd = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), usd, std::chars_format::fixed);
  if (error != std::errc() || end != text.data() + text.size() || !(usd > 0) || usd * 100 > double(budget_cents_most) || std::llround(usd * 100) < 1)
    return fail(Code::invalid, "'{}' is not a sum of USD from 0.01 to {}", text, budget_cents_most / 100);
  return std::llround(usd * 100);
}

Result<SpendBudget> checked_budget(SpendBudget budget) {
  if (budget.name.empty() || budget.name == "-" || !can_stand_in_a_line(budget.name)) return fail(Code::invalid, "a budget needs the name of a {}, without tabs or line ends", to_string(budget.of));
  if (!can_stand_in_a_line(budget.customer)) return fail(Code::invalid, "a customer's name has no tabs or line ends");
  if (budget.of == BudgetOf::customer) budget.customer.clear();
  if (budget.cents < 1 || budget.cents > budget_cents_most) return fail(Code::invalid, "a budget is a sum of USD from 0.01 to {}", budget_cents_most / 100);
  return budget;
}

Result<std::vector<SpendBudget>> parse_budgets(std::string_view text) {
  if (text.size() > budget_file_bytes) return fail(Code::too_large, "more than {} bytes", budget_file_bytes);
  std::vector<SpendBudget> out;
  for (Lines lines(text); lines.next_told();) {
    auto budget = parse_line(lines.line());
    if (!budget) return fail(budget.error().code, "line {}: {}", lines.number(), budget.error().message);
    if (std::ranges::any_of(out, [&](const SpendBudget& other) { return other.same(*budget); })) return fail(Code::invalid, "line {}: {} {} has a budget already", lines.number(), to_string(budget->of), budget->name);
    if (out.size() == budgets_most) return fail(Code::too_large, "line {}: more than {} budgets", lines.number(), budgets_most);
    out.push_back(std::move(*budget));
  }
  return out;
}

std::string to_text(const std::vector<SpendBudget>& budgets) {
  std::string out = "# of\tname\tcustomer\tUSD a month: see docs/money.md\n";
  for (const SpendBudget& b : budgets) out += fmt::format("{}\t{}\t{}\t{}.{:02}\n", to_string(b.of), b.name, b.customer.empty() ? "-" : b.customer, b.cents / 100, b.cents % 100);
  return out;
}

int BudgetState::stage() const {
  int reached = 0;
  for (const double stage : budget_stages)
    if (share().value_or(0) >= stage) reached = int(std::lround(stage * 100));
  return reached;
}

std::vector<Filter> filters_of(const SpendBudget& budget) {
  constexpr Dimension by[] = {Dimension::customer_id, Dimension::campaign, Dimension::agent_id};
  std::vector<Filter> where{{{by[std::size_t(budget.of)], ""}, false, {budget.name}, false}};
  if (!budget.customer.empty()) where.push_back({{Dimension::customer_id, ""}, false, {budget.customer}, false});
  return where;
}

std::vector<BudgetState> compute_budgets(const Ask& ask, const std::vector<SpendBudget>& budgets, const std::vector<std::string>& customers, const std::string& zone, Instant now) {
  std::vector<BudgetState> out;
  for (const SpendBudget& budget : budgets)
    if (customers.empty() || std::ranges::find(customers, budget.owner()) != customers.end()) out.push_back({budget, compute_month(ask, filters_of(budget), zone, now)});
  std::ranges::stable_sort(out, std::greater(), [](const BudgetState& state) { return state.share().value_or(-1); });
  return out;
}

}  // namespace aybiza
