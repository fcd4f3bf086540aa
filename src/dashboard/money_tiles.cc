#include "dashboard/money_tiles.h"

#include <algorithm>
#include <cmath>

#include "dashboard/plain_table.h"
#include "dashboard/show.h"
#include "dashboard/tile.h"

namespace aybiza::dashboard {

using namespace liveview;
using namespace std::chrono_literals;

namespace {

struct Fact {
  std::string_view name;
  std::string text;
};

Node facts(const std::vector<Fact>& list) {
  return html<"<dl class=\"facts\">{}</dl>">(each(list, [](const Fact& f) { return f.name; }, [](const Fact& f) { return html<"<dt>{}</dt><dd class=\"num\">{}</dd>">(f.name, f.text); }));
}

std::string too_little(const MonthSpend& month) { return fmt::format("not enough history: {} complete days, {} are needed", month.days, forecast_least_days); }

std::string month_end(const MonthSpend& month) {
  if (!month.forecast) return too_little(month);
  return fmt::format("{} ({} – {})", show_usd(month.forecast->middle), show_usd(month.forecast->low), show_usd(month.forecast->high));
}

// Shape and words say what the colour says.
Node stage_of(const BudgetState& state) {
  const int stage = state.stage();
  const std::string_view tone = stage >= 95 ? "bad" : stage >= 80 ? "warn" : "good";
  const std::string words = !state.share() ? "nothing known" : stage == 100 ? "used up" : stage > 0 ? fmt::format("over {} %", stage) : "below 80 %";
  return html<"<span class=\"status {}\">{}</span>">(state.share() ? tone : std::string_view("idle"), words);
}

Node bar_of(const BudgetState& state) {
  const double share = std::clamp(state.share().value_or(0), 0.0, 1.0);
  const std::string_view tone = state.stage() >= 95 ? "fill bad" : state.stage() >= 80 ? "fill warn" : "fill good";
  return html<"<svg class=\"bar\" viewBox=\"0 0 100 8\" preserveAspectRatio=\"none\" aria-hidden=\"true\"><rect class=\"{}\" width=\"{}\" height=\"8\"/></svg>">(tone, fmt::format("{:.1f}", share * 100));
}

std::string budget_link(const SpendBudget& budget, Filters to) {
  if (!budget.customer.empty()) to.customer = budget.customer;
  if (budget.of == BudgetOf::customer) return to.customer = budget.name, address("/costs", to);
  if (budget.of == BudgetOf::agent) return to.agent = budget.name, address("/calls", to);
  return "";
}

Node removal(const SpendBudget& budget) {
  return html<"<form method=\"post\" action=\"/api/v1/budgets\"><input type=\"hidden\" name=\"of\" value=\"{}\"><input type=\"hidden\" name=\"name\" value=\"{}\"><input type=\"hidden\" name=\"customer_id\" value=\"{}\">"
              "<button aria-label=\"Remove the budget of {}\">Remove</button></form>">(to_string(budget.of), budget.name, budget.customer, budget.name);
}

Node budget_row(const BudgetState& state, const Viewer& viewer, const Filters& filters) {
  const SpendBudget& budget = state.budget;
  const std::string link = budget_link(budget, filters);
  const Node name = link.empty() ? Node::text(budget.name) : html<"<a href=\"{}\" data-phx-link=\"redirect\" data-phx-link-state=\"push\">{}</a>">(link, budget.name);
  const std::string spent = state.month.error.empty() ? show_usd(state.month.spent) : "could not be asked";
  const std::string share = state.share() ? show_share(*state.share()) : std::string(dash);
  std::optional<Node> remove;
  if (viewer.edits) remove = html<"<td>{}</td>">(removal(budget));
  return html<"<tr><th scope=\"row\">{}</th><td>{}</td><td>{}</td><td class=\"num\">{}</td><td class=\"num\">{}</td><td>{}</td><td class=\"num\">{}</td><td>{}</td><td class=\"num\">{}</td><td class=\"num\">{}</td>{}</tr>">(
      name, title_case(to_string(budget.of)), budget.of == BudgetOf::customer ? std::string(dash) : budget.customer.empty() ? std::string("any") : budget.customer, show_usd(double(budget.cents) / 100), spent,
      bar_of(state), share, stage_of(state), show_usd(state.month.burn_per_day), month_end(state.month), remove);
}

Node budget_table(const BudgetsState& budgets, const Viewer& viewer, const Filters& filters) {
  const auto key = [](const BudgetState& s) { return fmt::format("{}|{}|{}", to_string(s.budget.of), s.budget.customer, s.budget.name); };
  const Node body = rows(budgets.list, key, [&](const BudgetState& s) { return budget_row(s, viewer, filters); });
  std::optional<Node> last;
  if (viewer.edits) last = raw<"<th scope=\"col\"><span class=\"sr\">Change</span></th>">();
  return html<"<table class=\"rows\"><caption class=\"sr\">Budgets of this month</caption><thead><tr><th scope=\"col\">Of</th><th scope=\"col\">Kind</th><th scope=\"col\">Customer</th><th scope=\"col\" class=\"num\">Budget</th>"
              "<th scope=\"col\" class=\"num\">Spent</th><th scope=\"col\"><span class=\"sr\">Share as a bar</span></th><th scope=\"col\" class=\"num\">Share</th><th scope=\"col\">Stage</th><th scope=\"col\" class=\"num\">A day</th><th scope=\"col\" class=\"num\">Month end (80 %)</th>{}</tr></thead><tbody>{}</tbody></table>">(last, body);
}

// The browser's own: what somebody types is not touched by what the server sends.
Node budget_form(const Viewer& viewer) {
  std::optional<Node> customer;
  if (viewer.customers.empty()) customer = raw<"<label class=\"field\"><span>Customer</span><input name=\"customer_id\" maxlength=\"128\" placeholder=\"any\"></label>">();
  return html<"<form id=\"budget-form\" class=\"row-flex\" method=\"post\" action=\"/api/v1/budgets\" phx-update=\"ignore\"><label class=\"field\"><span>Budget of</span><select name=\"of\"><option>customer</option><option>campaign</option><option>agent</option></select></label>"
              "<label class=\"field\"><span>Name</span><input name=\"name\" required maxlength=\"128\"></label>{}<label class=\"field\"><span>USD a month</span><input name=\"usd\" required inputmode=\"decimal\" pattern=\"[0-9]+([.][0-9][0-9]?)?\"></label><button>Set budget</button></form>">(customer);
}

std::string kind_of(const std::string& agent_type) { return agent_type.empty() ? std::string("Calls of no known kind") : title_case(agent_type); }

std::string advice_text(const Advice& a) {
  const std::string who = kind_of(a.agent_type);
  switch (a.kind) {
    case AdviceKind::cheaper_model: return fmt::format("{}: {} instead of {}", who, a.other, a.model);
    case AdviceKind::cache: return fmt::format("{}: more from the cache of {}", who, a.model);
    case AdviceKind::long_calls: return fmt::format("{}: hand over calls that last longer than {}", who, show_ms(a.length_ms.value_or(0)));
    case AdviceKind::silence: return fmt::format("{}: less silence", who);
  }
  return who;
}

std::string evidence_of(const Advice& a) {
  switch (a.kind) {
    case AdviceKind::cheaper_model:
      return fmt::format("success {} of {} at {} a call against {} of {} at {}; difference {:+.1f} pt [{:+.1f}, {:+.1f}]", show_share(a.other_share), show_count(a.other_n), show_usd(a.other_cost), show_share(a.share), show_count(a.n),
                         show_usd(a.cost), a.effect->difference * 100, a.effect->low * 100, a.effect->high * 100);
    case AdviceKind::cache:
      return fmt::format("{} of {} tokens read come from the cache; of {} it is {} of {}", show_share(a.share), show_count(a.n), kind_of(a.other), show_share(a.other_share), show_count(a.other_n));
    case AdviceKind::long_calls:
      return fmt::format("{} of {} calls did not succeed and lasted longer than 95 of 100 successful ones; saved is what they cost beyond that", show_count(a.n), show_count(a.other_n));
    case AdviceKind::silence:
      return fmt::format("nobody speaks in {} of the time of {} calls; of {} it is {} of {}", show_share(a.share), show_count(a.n), kind_of(a.other), show_share(a.other_share), show_count(a.other_n));
  }
  return "";
}

}  // namespace

std::optional<double> human_cost(const Filters& filters) {
  const auto cents = parse_budget_usd(filters.human);
  return cents ? std::optional(double(*cents) / 100) : std::nullopt;
}

Node month_tile(const MonthSpend* month) {
  static const MonthSpend nothing;
  const MonthSpend& m = month ? *month : nothing;
  return picture_tile({.name = "month", .size = "w-4 h-3", .loading = month == nullptr, .error = m.error, .empty = month && !m.spent && !m.burn_per_day ? "Nothing has a known cost in this month and the eight weeks before." : "", .as_of = m.as_of,
                       .n = m.estimate ? "estimate" : month ? fmt::format("{} complete days", m.days) : "",
                       .table = facts({{"Spent this month", show_usd(m.spent)}, {"Burn rate", m.burn_per_day ? show_usd(m.burn_per_day) + " a day" : std::string(dash)}, {"Month end, 80 %", month_end(m)}})});
}

Node budgets_tile(const BudgetsState* budgets, const Viewer& viewer, const Filters& filters) {
  static const BudgetsState nothing;
  const BudgetsState& b = budgets ? *budgets : nothing;
  const std::string empty = !b.list.empty() ? "" : viewer.edits ? "No budget yet. Set one below, or with aybiza budget set." : "No budget yet. An operator can set one.";
  Node table = table_tile({.name = "budgets", .size = "w-12 h-3", .loading = budgets == nullptr, .error = "", .empty = empty, .as_of = b.as_of, .n = budgets ? fmt::format("{} budgets", b.list.size()) : "", .table = budget_table(b, viewer, filters)});
  if (!viewer.edits) return table;
  return html<"{}<section class=\"tile w-12 h-1 slim entry\" aria-label=\"Set a budget\">{}</section>">(std::move(table), budget_form(viewer));
}

Node advice_tile(const AdviceState* advice, const Filters& filters) {
  static const AdviceState nothing;
  const AdviceState& s = advice ? *advice : nothing;
  constexpr TableHead heads[] = {{"What", false}, {"Saves in 30 days"}, {"In this range"}, {"Evidence", false}};
  std::vector<TableRow> list;
  for (const Advice& a : s.list) {
    Filters calls = filters;
    calls.model = a.model, calls.refresh = Refresh::live;
    if (a.kind == AdviceKind::long_calls) calls.outcome = "failed";
    const double days = s.length > Duration(0) ? double(s.length / 1s) / 86'400 : 1;
    list.push_back({fmt::format("{}|{}|{}", int(a.kind), a.agent_type, a.model), {advice_text(a), show_usd(a.saving_usd * 30 / days), show_usd(a.saving_usd), evidence_of(a)}, address("/calls", calls)});
  }
  const std::string empty = s.estimate ? "Calls are sampled here: their weighed counts are no observations, so nothing is recommended."
                                       : s.list.empty() ? "Nothing to recommend in this range: no cheaper model has done as well within the interval, no kind of agent reads much less from the cache or is much more silent than another, and no failed call outlasts the successful ones. Widen the range for more evidence." : "";
  return table_tile({.name = "advice", .size = "w-12 h-3", .loading = advice == nullptr, .error = s.error, .empty = empty, .as_of = {}, .n = advice ? fmt::format("recommendations: {}, as of {}", list.size(), show_time(s.as_of, zone_or_utc(filters.zone))) : "", .table = plain_table("Recommendations", heads, list)});
}

Node what_if_tile(const WhatIfState* what_if, bool asked, const Filters& filters) {
  std::optional<Node> said;
  if (!asked) said = html<"<p class=\"hint\">Lines of a price list. They rule before those in force; nothing is stored.</p>">();
  else if (!what_if) said = html<"<p class=\"hint\" role=\"status\">Pricing the usage of this range…</p>">();
  else if (!what_if->answer) said = html<"<p class=\"hint\" role=\"alert\">{}</p>">(what_if->answer.error().message);
  else {
    const Repriced& r = *what_if->answer;
    const double change = r.after_usd - r.before_usd;
    said = facts({{"As it is", show_usd(r.before_usd)}, {"By this list", show_usd(r.after_usd)}, {"Difference", (change > 0 ? "+" : change < 0 ? "−" : "") + show_usd(std::abs(change))},
                  {"Usage", fmt::format("{} of {} cost otherwise", show_count(double(r.changed)), show_count(double(r.usage)))}});
  }
  const std::string whose = filters.customer.empty() ? "" : fmt::format("of {}", filters.customer);
  const Node form = html<"<form id=\"what-if\" class=\"stack\" phx-submit=\"what_if\" phx-update=\"ignore\"><textarea name=\"prices\" rows=\"2\" required maxlength=\"60000\" aria-label=\"Price list\" placeholder=\"input&#9;*&#9;claude-sonnet-4&#9;2.50&#9;1M\"></textarea><button>Price anew</button></form>">();
  return picture_tile({.name = "what_if", .size = "w-4 h-3", .loading = false, .error = "", .empty = "", .as_of = {}, .n = whose,
                       .table = html<"<div class=\"stack\">{}{}</div>">(form, said)});
}

Node return_tile(const CostsState* costs, const Filters& filters) {
  const auto human = human_cost(filters);
  std::vector<Fact> list;
  if (costs && human) {
    const std::optional<double> spend = costs->tiles[spend_tile].value;
    const double resolved = costs->tiles[per_resolved_tile].n, by_people = resolved * *human;
    list = {{"Resolved calls", show_count(resolved)}, {"By people", show_usd(by_people)}, {"By agents", show_usd(spend)}};
    list.push_back({"Saved", spend ? show_usd(by_people - *spend) : std::string(dash)});
    list.push_back({"Return", spend && *spend > 0 ? fmt::format("{:.1f} × what was spent", (by_people - *spend) / *spend) : std::string(dash)});
  }
  const Node form = html<"<form id=\"human\" class=\"row-flex\" method=\"get\" action=\"/costs\" phx-submit=\"filter\" phx-auto-recover=\"ignore\"><label class=\"field\"><span>A call handled by a person costs</span>"
                         "<input name=\"human\" value=\"{}\" size=\"6\" inputmode=\"decimal\" placeholder=\"USD\"></label><button>Show</button></form>">(filters.human);
  std::optional<Node> hint;
  if (!human) hint = html<"<p class=\"hint\">{}</p>">(filters.human.empty() ? "Enter it to see what the agents save." : "That is not a sum of USD.");
  return picture_tile({.name = "return", .size = "w-4 h-3", .loading = costs == nullptr, .error = costs ? costs->tiles[spend_tile].error : "", .empty = "", .as_of = costs ? costs->as_of : Instant{}, .n = "",
                       .table = html<"<div class=\"stack\">{}{}{}</div>">(form, hint, facts(list))});
}

}  // namespace aybiza::dashboard
