#include "dashboard/money_tiles.h"

#include <algorithm>
#include <cmath>

#include "dashboard/plain_table.h"
#include "dashboard/reasons.h"
#include "dashboard/show.h"
#include "dashboard/tile.h"
#include "dashboard/typed_amount.h"

namespace aybiza::dashboard {

using namespace liveview;
using namespace std::chrono_literals;

namespace {

constexpr Duration money_rhythm = 15s;  // of the month and its budgets, while nothing happens (costs_page.cc)

struct Fact {
  std::string_view name;
  std::string text;
};

Node facts(const std::vector<Fact>& list) {
  return html<"<dl class=\"facts\">{}</dl>">(each(list, [](const Fact& f) { return f.name; }, [](const Fact& f) { return html<"<dt>{}</dt><dd class=\"num\">{}</dd>">(f.name, f.text); }));
}

std::string too_little(const MonthSpend& month, const Texts& t) { return t("month.too_little", month.days, forecast_least_days); }

std::string month_end(const MonthSpend& month, const Texts& t) {
  if (!month.forecast) return too_little(month, t);
  return fmt::format("{} ({} – {})", show_usd(t, month.forecast->middle), show_usd(t, month.forecast->low), show_usd(t, month.forecast->high));
}

// Shape and words say what the colour says.
Node stage_of(const BudgetState& state, const Texts& t) {
  const int stage = state.stage();
  const std::string_view tone = stage >= 95 ? "bad" : stage >= 80 ? "warn" : "good";
  const std::string words = stage > 0 && stage < 100 && state.share() ? t("budget.over", stage) : std::string(t(!state.share() ? "budget.nothing_known" : stage == 100 ? "budget.used_up" : "budget.below"));
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

Node removal(const SpendBudget& budget, const Texts& t) {
  return html<"<form method=\"post\" action=\"/api/v1/budgets\"><input type=\"hidden\" name=\"of\" value=\"{}\"><input type=\"hidden\" name=\"name\" value=\"{}\"><input type=\"hidden\" name=\"customer_id\" value=\"{}\">"
              "<button aria-label=\"{}\">{}</button></form>">(to_string(budget.of), budget.name, budget.customer, t("budget.remove_of", budget.name), t("board.remove"));
}

Node budget_row(const BudgetState& state, const Viewer& viewer, const Filters& filters) {
  const SpendBudget& budget = state.budget;
  const Texts& t = texts_of(filters);
  const std::string link = budget_link(budget, filters);
  const Node name = link.empty() ? Node::text(budget.name) : html<"<a href=\"{}\" data-phx-link=\"redirect\" data-phx-link-state=\"push\">{}</a>">(link, budget.name);
  const std::string spent = state.month.error.empty() ? show_usd(t, state.month.spent) : std::string(t("budget.not_asked"));
  const std::string share = state.share() ? show_share(t, *state.share()) : std::string(dash);
  std::optional<Node> remove;
  if (viewer.edits) remove = html<"<td>{}</td>">(removal(budget, t));
  return html<"<tr><th scope=\"row\">{}</th><td>{}</td><td>{}</td><td class=\"num\">{}</td><td class=\"num\">{}</td><td>{}</td><td class=\"num\">{}</td><td>{}</td><td class=\"num\">{}</td><td class=\"num\">{}</td>{}</tr>">(
      name, show_word(t, to_string(budget.of)), budget.of == BudgetOf::customer ? std::string(dash) : budget.customer.empty() ? std::string(t("budget.any")) : budget.customer, show_usd(t, double(budget.cents) / 100), spent,
      bar_of(state), share, stage_of(state, t), show_usd(t, state.month.burn_per_day), month_end(state.month, t), remove);
}

Node budget_table(const BudgetsState& budgets, const Viewer& viewer, const Filters& filters) {
  const auto key = [](const BudgetState& s) { return fmt::format("{}|{}|{}", to_string(s.budget.of), s.budget.customer, s.budget.name); };
  const Node body = rows(budgets.list, key, [&](const BudgetState& s) { return budget_row(s, viewer, filters); });
  const Texts& t = texts_of(filters);
  const auto head = [&](std::string_view text, bool figure = false) { return html<"<th scope=\"col\"{}>{}</th>">(attr<"class">(figure ? std::optional<std::string_view>("num") : std::nullopt), t(text)); };
  const auto unseen = [&](std::string_view text) { return html<"<th scope=\"col\"><span class=\"sr\">{}</span></th>">(t(text)); };
  std::optional<Node> last;
  if (viewer.edits) last = unseen("budget.change");
  const Node heads = html<"{}{}{}{}{}{}">(head("costs.of"), head("costs.kind"), head("dimension.customer_id"), head("budget.budget", true), head("budget.spent", true), unseen("budget.bar"));
  const Node more = html<"{}{}{}{}{}">(head("budget.share", true), head("budget.stage"), head("budget.a_day", true), head("budget.month_end", true), last);
  return html<"<table class=\"rows\"><caption class=\"sr\">{}</caption><thead><tr>{}{}</tr></thead><tbody>{}</tbody></table>">(t("budget.caption"), heads, more, body);
}

// The browser's own: what somebody types is not touched by what the server sends.
Node budget_form(const Viewer& viewer) {
  const Texts& t = viewer.texts();
  std::optional<Node> customer;
  if (viewer.customers.empty()) customer = html<"<label class=\"field\"><span>{}</span><input name=\"customer_id\" maxlength=\"128\" placeholder=\"{}\"></label>">(t("dimension.customer_id"), t("budget.any"));
  constexpr std::string_view kinds[] = {"customer", "campaign", "agent"};
  const Node options = each(kinds, [](std::string_view kind) { return kind; }, [&](std::string_view kind) { return html<"<option value=\"{}\">{}</option>">(kind, show_word(t, kind)); });
  return html<"<form id=\"budget-form\" class=\"row-flex\" method=\"post\" action=\"/api/v1/budgets\" phx-update=\"ignore\"><label class=\"field\"><span>{}</span><select name=\"of\">{}</select></label>"
              "<label class=\"field\"><span>{}</span><input name=\"name\" required maxlength=\"128\"></label>{}<label class=\"field\"><span>{}</span><input name=\"usd\" required inputmode=\"decimal\" maxlength=\"64\" placeholder=\"{}\"></label><button>{}</button></form>">(
      t("budget.of"), options, t("board.name"), customer, t("budget.usd_a_month"), show_number(t, 1250.5, 2), t("budget.set"));
}

std::string kind_of(const std::string& agent_type, const Texts& t) { return agent_type.empty() ? std::string(t("advice.no_kind")) : show_word(t, agent_type); }

std::string advice_text(const Advice& a, const Texts& t) {
  const std::string who = kind_of(a.agent_type, t);
  switch (a.kind) {
    case AdviceKind::cheaper_model: return t("advice.cheaper", who, a.other, a.model);
    case AdviceKind::cache: return t("advice.cache", who, a.model);
    case AdviceKind::long_calls: return t("advice.long", who, show_ms(t, a.length_ms.value_or(0)));
    case AdviceKind::silence: return t("advice.silence", who);
  }
  return who;
}

std::string evidence_of(const Advice& a, const Texts& t) {
  const auto points = [&t](double share) { return in_notation(t, fmt::format("{:+.1f}", share * 100)); };
  switch (a.kind) {
    case AdviceKind::cheaper_model:
      return t("advice.cheaper_why", show_share(t, a.other_share), show_count(t, a.other_n), show_usd(t, a.other_cost), show_share(t, a.share), show_count(t, a.n), show_usd(t, a.cost), points(a.effect->difference), points(a.effect->low),
               points(a.effect->high));
    case AdviceKind::cache: return t("advice.cache_why", show_share(t, a.share), show_count(t, a.n), kind_of(a.other, t), show_share(t, a.other_share), show_count(t, a.other_n));
    case AdviceKind::long_calls: return t("advice.long_why", show_count(t, a.n), show_count(t, a.other_n));
    case AdviceKind::silence: return t("advice.silence_why", show_share(t, a.share), show_count(t, a.n), kind_of(a.other, t), show_share(t, a.other_share), show_count(t, a.other_n));
  }
  return "";
}

}  // namespace

std::optional<double> human_cost(const Filters& filters) {
  const auto cents = cents_of_typed(filters.human, texts_of(filters));
  return cents ? std::optional(double(*cents) / 100) : std::nullopt;
}

Node month_tile(const MonthSpend* month, const Texts& t) {
  static const MonthSpend nothing;
  const MonthSpend& m = month ? *month : nothing;
  const auto spent = m.spent ? std::optional(fmt::format("{}", *m.spent)) : std::nullopt;
  return picture_tile({.name = "month", .size = "w-4 h-3", .texts = t, .loading = month == nullptr, .error = m.error, .empty = month && !m.spent && !m.burn_per_day ? std::string(t("month.empty")) : "", .as_of = m.as_of,
                       .n = m.estimate ? std::string(t("board.estimate")) : month ? t("month.days", m.days) : "",
                       .table = html<"<div class=\"stack\"><div class=\"value\"><data class=\"num\"{}>{}</data><span class=\"unit\">{}</span></div>{}</div>">(
                           attr<"value">(spent ? std::optional<std::string_view>(*spent) : std::nullopt), show_usd(t, m.spent), t("month.so_far"), facts({{t("month.burn"), m.burn_per_day ? t("month.a_day", show_usd(t, m.burn_per_day)) : std::string(dash)}, {t("month.end"), month_end(m, t)}})), .every = money_rhythm});
}

Node budgets_tile(const BudgetsState* budgets, const Viewer& viewer, const Filters& filters) {
  static const BudgetsState nothing;
  const BudgetsState& b = budgets ? *budgets : nothing;
  const Texts& t = texts_of(filters);
  const std::string empty = !b.list.empty() ? "" : std::string(t(viewer.edits ? "budget.none_set" : "budget.none"));
  const std::string size = sized("w-12", b.list.size(), 4);
  Node table = table_tile({.name = "budgets", .size = size, .texts = t, .loading = budgets == nullptr, .error = "", .empty = empty, .as_of = b.as_of, .n = budgets ? how_many(t, "count.budgets", b.list.size()) : "", .table = budget_table(b, viewer, filters), .every = money_rhythm});
  if (!viewer.edits) return table;
  return html<"{}<section class=\"tile w-12 h-1 slim entry\" id=\"entry-budgets\" aria-label=\"{}\">{}</section>">(std::move(table), t("budget.set"), budget_form(viewer));
}

Node advice_tile(const AdviceState* advice, const Filters& filters) {
  static const AdviceState nothing;
  const AdviceState& s = advice ? *advice : nothing;
  const Texts& t = texts_of(filters);
  const TableHead heads[] = {{t("advice.what"), false}, {t("advice.saves")}, {t("advice.in_range")}, {t("advice.evidence"), false}};
  std::vector<TableRow> list;
  for (const Advice& a : s.list) {
    Filters calls = filters;
    calls.model = a.model, calls.refresh = Refresh::live;
    if (a.kind == AdviceKind::long_calls) calls.outcome = "failed";
    const double days = s.length > Duration(0) ? double(s.length / 1s) / 86'400 : 1;
    list.push_back({fmt::format("{}|{}|{}", int(a.kind), a.agent_type, a.model), {advice_text(a, t), show_usd(t, a.saving_usd * 30 / days), show_usd(t, a.saving_usd), evidence_of(a, t)}, address("/calls", calls)});
  }
  const std::string empty = s.estimate ? std::string(t("advice.sampled")) : s.list.empty() ? std::string(t("advice.none")) : "";
  const std::string size = sized("w-12", list.size() * 2, 4);  // evidence takes two lines
  return table_tile({.name = "advice", .size = size, .texts = t, .loading = advice == nullptr, .error = s.error, .empty = empty, .as_of = {}, .n = advice ? t("advice.n", list.size(), show_time(s.as_of, zone_or_utc(filters.zone))) : "", .table = plain_table(t("advice.caption"), heads, list)});
}

Node what_if_tile(const WhatIfState* what_if, bool asked, const Filters& filters) {
  const Texts& t = texts_of(filters);
  std::optional<Node> said;
  if (!asked) said = html<"<p class=\"hint\">{}</p>">(t("what_if.hint"));
  else if (!what_if) said = html<"<p class=\"hint\" role=\"status\">{}</p>">(t("what_if.pricing"));
  else if (!what_if->answer) said = html<"<p class=\"hint\" role=\"alert\">{}</p>">(reason_of(t, what_if->answer.error().message));
  else {
    const Repriced& r = *what_if->answer;
    const double change = r.after_usd - r.before_usd;
    said = facts({{t("what_if.as_is"), show_usd(t, r.before_usd)}, {t("what_if.by_list"), show_usd(t, r.after_usd)}, {t("what_if.difference"), (change > 0 ? "+" : change < 0 ? "−" : "") + show_usd(t, std::abs(change))},
                  {t("what_if.usage"), t("what_if.changed", show_count(t, double(r.changed)), show_count(t, double(r.usage)))}});
  }
  const std::string whose = filters.customer.empty() ? "" : t("what_if.of", filters.customer);
  const Node form = html<"<form id=\"what-if\" class=\"stack\" phx-submit=\"what_if\" phx-update=\"ignore\"><textarea name=\"prices\" rows=\"2\" required maxlength=\"60000\" aria-label=\"{}\" placeholder=\"input&#9;*&#9;claude-sonnet-4&#9;2.50&#9;1M\"></textarea><button>{}</button></form>">(t("what_if.list"), t("what_if.button"));
  return picture_tile({.name = "what_if", .size = "w-4 h-3", .texts = t, .loading = false, .error = "", .empty = "", .as_of = {}, .n = whose,
                       .table = html<"<div class=\"stack\">{}{}</div>">(form, said)});
}

Node return_tile(const CostsState* costs, const Filters& filters) {
  const auto human = human_cost(filters);
  const Texts& t = texts_of(filters);
  std::vector<Fact> list;
  if (costs && human) {
    const std::optional<double> spend = costs->tiles[spend_tile].value;
    const double resolved = costs->tiles[per_resolved_tile].n, by_people = resolved * *human;
    list = {{t("return.resolved"), show_count(t, resolved)}, {t("return.people"), show_usd(t, by_people)}, {t("return.agents"), show_usd(t, spend)}};
    list.push_back({t("return.saved"), spend ? show_usd(t, by_people - *spend) : std::string(dash)});
    list.push_back({t("figure.return"), spend && *spend > 0 ? t("return.times", show_number(t, (by_people - *spend) / *spend, 1)) : std::string(dash)});
  }
  const Node form = html<"<form id=\"human\" class=\"row-flex\" method=\"get\" action=\"/costs\" phx-submit=\"filter\" phx-auto-recover=\"ignore\"><label class=\"field\"><span>{}</span>"
                         "<input name=\"human\" value=\"{}\" size=\"6\" inputmode=\"decimal\" placeholder=\"USD\"></label><button>{}</button></form>">(t("return.human"), filters.human, t("return.show"));
  std::optional<Node> hint;
  if (filters.human.empty()) hint = html<"<p class=\"hint\">{}</p>">(t("return.enter"));
  else if (!human) hint = html<"<p class=\"error\" role=\"alert\">{}</p>">(reason_of(t, cents_of_typed(filters.human, t).error().message));
  return picture_tile({.name = "return", .size = "w-4 h-3", .texts = t, .loading = costs == nullptr, .error = costs ? costs->tiles[spend_tile].error : "", .empty = "", .as_of = costs ? costs->as_of : Instant{}, .n = "",
                       .table = html<"<div class=\"stack\">{}{}{}</div>">(form, hint, facts(list))});
}

}  // namespace aybiza::dashboard
