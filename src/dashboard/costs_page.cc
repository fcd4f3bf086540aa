#include "dashboard/costs_page.h"

#include <algorithm>

#include "dashboard/chart_options.h"
#include "dashboard/cost_map.h"
#include "dashboard/league_table.h"
#include "dashboard/money_tiles.h"
#include "dashboard/plain_table.h"
#include "dashboard/show.h"
#include "dashboard/tile.h"

namespace aybiza::dashboard {

using namespace liveview;
using namespace std::chrono_literals;

namespace {

constexpr LeagueColumn columns[] = {
    {"cost_usd", Format::usd},
    {"calls", Format::count},
    {"cost_per_call", Format::usd},
    {"success_rate", Format::share, false},
    {"efficiency_score", Format::share, false},
    {"input_tokens", Format::count},
    {"output_tokens", Format::count},
    {"cache_read_tokens", Format::count},
};

constexpr LeagueCut cuts[] = {{Dimension::model_used}, {Dimension::agent_type}, {Dimension::region}, {Dimension::customer_id}, {Dimension::campaign}, {Dimension::agent_id}, {Dimension::call_outcome}};

Duration length_of(const ViewScope& scope) {
  const Range range = range_of(scope, from_micros(0));
  return range.to - range.from;
}

Node spend_table(const Texts& t, const ChartSeries& series, const Zone& zone) {
  const TableHead heads[] = {{t("frame.from"), false}, {t("column.cost_usd")}};
  std::vector<TableRow> lines;
  for (std::size_t i = 0; i < series.times.size(); ++i)
    lines.push_back({fmt::format("{}", to_micros(series.times[i])), {show_moment(series.times[i], zone, t), show_usd(t, series.values[0][i])}});
  return plain_table(t("figure.spend"), heads, lines);
}

Node parts_table(const Texts& t, const std::vector<CostPart>& parts) {
  const TableHead heads[] = {{t("dimension.region"), false}, {t("costs.kind"), false}, {t("dimension.model_used"), false}, {t("column.cost_usd")}, {t("column.calls")}, {t("column.efficiency_score")}};
  std::vector<TableRow> lines;
  for (const CostPart& p : parts)
    lines.push_back({p.region + "|" + p.agent_type + "|" + p.model,
                     {or_unknown(t, p.region), or_unknown(t, p.agent_type), or_unknown(t, p.model), show_usd(t, p.cost_usd), show_count(t, p.calls), show(t, Format::share, p.efficiency)}});
  return plain_table(t("costs.parts"), heads, lines);
}

bool any_known(const ChartSeries& series) {
  return !series.values.empty() && std::ranges::any_of(series.values[0], [](const auto& value) { return value.has_value(); });
}

constexpr Duration spend_rhythm = 10s;

// Only stages that cost something.
NamedBars stage_bars_of(const Texts& t, const SpendState& s) {
  NamedBars bars;
  bars.format = "@usd", bars.room = 128, bars.series = {{t("column.cost_usd"), "$c2", {}}};
  for (std::size_t i = 0; i < stage_bars; ++i)
    if (s.stages[i] > 0) bars.labels.emplace_back(show_name(t, stage_bar_names[i])), bars.series[0].values.emplace_back(s.stages[i]);
  return bars;
}

Node stages_table(const Texts& t, const SpendState& s) {
  const TableHead heads[] = {{t("costs.stage"), false}, {t("column.cost_usd")}, {t("costs.share")}};
  double all = 0;
  for (const double usd : s.stages) all += usd;
  std::vector<TableRow> lines;
  for (std::size_t i = 0; i < stage_bars; ++i)
    if (s.stages[i] > 0) lines.push_back({std::string(stage_bar_names[i]), {std::string(show_name(t, stage_bar_names[i])), show_usd(t, s.stages[i]), show_share(t, s.stages[i] / all)}});
  return plain_table(t("figure.cost_stages"), heads, lines);
}

constexpr std::string_view token_colours[] = {"$c1", "$c3", "$c2", "$c5"};
constexpr std::size_t models_drawn = 8, price_list_bytes = 60'000;
std::vector<TableHead> token_heads(const Texts& t) {
  std::vector<TableHead> heads{{t("costs.of"), false}};
  for (const std::string_view name : token_column_names) heads.push_back({show_name(t, name)});
  return heads;
}

NamedBars model_bars(const Texts& t, const TokensState& tokens) {
  NamedBars bars;
  bars.format = "@short", bars.stacked = true, bars.room = 128;
  for (std::size_t kind = 0; kind < token_columns; ++kind) bars.series.push_back({show_name(t, token_column_names[kind]), token_colours[kind], {}});
  for (const ModelTokens& model : tokens.models) {
    if (bars.labels.size() == models_drawn) break;
    bars.labels.push_back(or_unknown(t, model.model));
    for (std::size_t kind = 0; kind < token_columns; ++kind) bars.series[kind].values.emplace_back(model.kinds[kind]);
  }
  return bars;
}

Node tokens_table(const Texts& t, const TokensState& tokens, const Zone& zone) {
  std::vector<TableRow> lines;
  for (std::size_t i = 0; i < tokens.over_time.times.size(); ++i) {
    TableRow line{fmt::format("{}", to_micros(tokens.over_time.times[i])), {show_moment(tokens.over_time.times[i], zone, t)}};
    for (const auto& values : tokens.over_time.values) line.cells.push_back(show(t, Format::count, values[i]));
    lines.push_back(std::move(line));
  }
  return plain_table(t("figure.tokens"), token_heads(t), lines);
}

Node models_table(const Texts& t, const TokensState& tokens) {
  std::vector<TableRow> lines;
  for (const ModelTokens& model : tokens.models) {
    TableRow line{model.model, {or_unknown(t, model.model)}};
    for (const double kind : model.kinds) line.cells.push_back(show_count(t, kind));
    lines.push_back(std::move(line));
  }
  return plain_table(t("figure.model_tokens"), token_heads(t), lines);
}

}  // namespace

Dimension CostsPage::dimension() const { return cut_of(cuts, filters().by).dimension; }
LeagueSpec CostsPage::spec() const { return league_spec(dimension(), columns, filters()); }

std::string CostsPage::key() const {
  Filters shown = filters();
  shown.refresh = Refresh::live, shown.sort.clear(), shown.by.clear(), shown.human.clear();  // none of them changes what the charts ask
  std::string key = "costs|" + customers_key();
  return key + address("/costs", shown);
}

void CostsPage::opened(Context& context, const Location&) {
  watch_money(context);
  if (!prices_.empty()) watch_what_if(context);
  const ViewScope scope = this->scope();
  const Ask ask = [source = viewer().source](const Question& q) { return source->ask(q); };
  watch(context, costs_slot, {key(), [ask, scope](Instant now) { return std::make_shared<CostsState>(compute_costs(ask, scope, now)); }, 1s, 3s, true});
  watch(context, league_slot, {fmt::format("{}|{}|{}", key(), filters().by, filters().sort),
                               [ask, scope, spec = spec()](Instant now) { return std::make_shared<League>(compute_league(ask, scope, spec, now)); }, 1s, 3s, true});
}

// The month and its budgets do not depend on the range.
void CostsPage::watch_money(Context& context) {
  const ViewScope scope = this->scope();
  Source* source = viewer().source;
  const Ask ask = [source](const Question& q) { return source->ask(q); };
  const TokenPrice price = [source](std::string_view model, bool cached) { return source->token_price(model, cached); };
  watch(context, tokens_slot, {"tokens|" + key(), [ask, scope](Instant now) { return std::make_shared<TokensState>(compute_tokens(ask, scope, now)); }, 2s, 5s, true, true});
  const AskSpend spend = [source](const FleetQuestion& q) { return source->spend_parts(q); };
  watch(context, spend_slot, {"spend-parts|" + key(), [ask, spend, scope](Instant now) { return std::make_shared<SpendState>(compute_spend(ask, spend, scope, now)); }, spend_rhythm, spend_rhythm, true, true, true});
  watch(context, advice_slot, {"advice|" + key(), [source, ask, price, scope](Instant now) {
                                 const AskLeaks leaks = [source](const FleetQuestion& q) { return source->leaks(q); };
                                 return std::make_shared<AdviceState>(compute_advice(ask, leaks, price, scope, now));
                               }, 20s, 30s, true, true, true});
  const std::string whose = fmt::format("{}{}:{}|{}:{}|{}", customers_key(), scope.customer.size(), scope.customer, scope.region.size(), scope.region, scope.zone);
  watch(context, month_slot, {"month|" + whose, [ask, scope](Instant now) { return std::make_shared<MonthSpend>(compute_month(ask, filters_of(scope), scope.zone, now)); }, 5s, 15s, true, true, true});
  watch(context, budgets_slot, {"budgets|" + customers_key() + scope.zone, [source, ask, scope](Instant now) {
                                  return std::make_shared<BudgetsState>(BudgetsState{now, compute_budgets(ask, source->budgets(), scope.customers, scope.zone, now)});
                                }, 5s, 15s, true, true, true});
}

// Asked once for a list and an address; it reads all usage of the range.
void CostsPage::watch_what_if(Context& context) {
  const ViewScope scope = this->scope();
  const std::string customer = !scope.customer.empty() ? scope.customer : scope.customers.size() == 1 ? scope.customers.front() : "";
  const bool theirs = scope.customers.empty() || std::ranges::find(scope.customers, customer) != scope.customers.end();
  watch(context, what_if_slot, {fmt::format("what-if|{}|{}", key(), prices_), [source = viewer().source, scope, customer, theirs, prices = prices_](Instant now) {
                                  const Range range = range_of(scope, now);
                                  if (!theirs) return std::make_shared<WhatIfState>(WhatIfState{now, fail(Code::not_found, "there is no such customer")});
                                  return std::make_shared<WhatIfState>(WhatIfState{now, source->what_if(prices, customer, range.from, range.to)});
                                }, 10min, 10min, true, true, true});
}

void CostsPage::on_event(Context& context, const liveview::Event& event) {
  if (event.name == "chart_click") return open_calls(context, event);
  if (event.name != "what_if") return;
  prices_ = event.form.text("prices").substr(0, price_list_bytes);
  watch_what_if(context);
}

// The calls behind a bar or a part of the map.
void CostsPage::open_calls(Context& context, const liveview::Event& event) {
  Filters to = filters();
  const std::string_view chart = event.value["id"].text();
  const Texts& t = texts();
  if (chart == "chart-spend") {
    if (!narrow_to_bucket(to, event, context.now())) return;
  } else if (const auto* tokens = state<TokensState>(tokens_slot); chart == "chart-model_tokens" && tokens) {
    const auto at = std::ranges::find_if(tokens->models, [&](const ModelTokens& one) { return or_unknown(t, one.model) == event.value["name"].text(); });
    if (at == tokens->models.end() || at->model.empty()) return;
    to.model = at->model;
  } else if (const auto* costs = state<CostsState>(costs_slot); chart == "chart-cost_map" && costs) {
    const auto* path = event.value["path"].array();
    const auto part = std::ranges::find_if(costs->parts, [&](const CostPart& one) {
      return path && path->size() == 3 && or_unknown(t, one.region) == (*path)[0].text() && or_unknown(t, one.agent_type) == (*path)[1].text() && or_unknown(t, one.model) == (*path)[2].text();
    });
    if (part == costs->parts.end()) return;
    to.region = part->region, to.model = part->model;
  } else {
    return;
  }
  context.push_navigate(address("/calls", to));
}

void CostsPage::tokens_shown(Context& context) {
  const auto* now = state<TokensState>(tokens_slot);
  if (!context.connected() || !now) return;
  if (!tokens_left_ || tokens_key_ != key()) {
    tokens_left_.reset();
    context.push_latest("chart:chart-tokens", "tokens", counts_option(now->over_time, now->as_of, length_of(scope()), token_colours, texts()));
    context.push_latest("chart:chart-model_tokens", "model_tokens", named_bars_option(model_bars(texts(), *now), now->as_of));
  } else {
    if (std::string changed = appended(tokens_left_->over_time, now->over_time, now->as_of, 0); !changed.empty()) context.push_latest("chart-data:chart-tokens", "tokens", std::move(changed));
    const std::string bars = named_bars_data(model_bars(texts(), *now), now->as_of);
    if (bars != named_bars_data(model_bars(texts(), *tokens_left_), now->as_of)) context.push_latest("chart-data:chart-model_tokens", "model_tokens", bars);
  }
  tokens_key_ = key();
  tokens_newest_ = std::make_shared<TokensState>(*now);
}

void CostsPage::stages_shown(Context& context) {
  const auto* now = state<SpendState>(spend_slot);
  if (!context.connected() || !now) return;
  const NamedBars bars = stage_bars_of(texts(), *now);
  if (std::string drawn = named_bars_option(bars, Instant{}); drawn != stages_drawn_) {
    context.push_latest("chart:chart-cost_stages", "cost_stages", named_bars_option(bars, now->as_of));
    stages_drawn_ = std::move(drawn);
  }
}

Node CostsPage::stages() const {
  static const SpendState nothing;
  const auto* state = this->state<SpendState>(spend_slot);
  const SpendState& s = state ? *state : nothing;
  return chart({.name = "cost_stages", .size = "w-4 h-4", .loading = state == nullptr, .empty = !s.stages_known, .error = s.error, .as_of = s.as_of, .n = "", .relative_error = std::nullopt, .estimate = s.estimate,
                .filters = filters(), .table = [&] { return stages_table(texts(), s); }, .every = spend_rhythm});
}

Node CostsPage::tokens() const {
  static const TokensState nothing;
  const auto* state = this->state<TokensState>(tokens_slot);
  const TokensState& s = state ? *state : nothing;
  const bool loading = state == nullptr;
  const Texts& t = texts();
  const Node over_time = chart({.name = "tokens", .size = "w-4 h-4", .loading = loading, .empty = !any_known(s.over_time), .error = s.over_time.error, .as_of = s.as_of, .n = "", .relative_error = std::nullopt,
                                .estimate = s.over_time.estimate, .filters = filters(), .table = [&] { return tokens_table(t, s, zone_or_utc(filters().zone)); }});
  const Node by_model = chart({.name = "model_tokens", .size = "w-4 h-4", .loading = loading, .empty = s.models.empty(), .error = s.models_error, .as_of = s.as_of, .n = loading ? "" : how_many(t, "count.models", s.models.size()),
                               .relative_error = std::nullopt, .estimate = s.models_estimate, .filters = filters(), .table = [&] { return models_table(t, s); }});
  return html<"{}{}{}">(stages(), over_time, by_model);
}

void CostsPage::shown(Context& context, std::size_t slot) {
  if (slot == tokens_slot) return tokens_shown(context);
  if (slot == spend_slot) return stages_shown(context);
  const auto* now = state<CostsState>(costs_slot);
  if (slot != costs_slot || !context.connected() || !now) return;
  if (!left_ || drawn_key_ != key()) {
    left_.reset();
    context.push_latest("chart:chart-spend", "spend", bars_option(now->spend, now->as_of, length_of(scope()), {texts()("column.cost_usd"), "$c2", "@usd", 64, 0}, texts()));
    context.push_latest("chart:chart-cost_map", "cost_map", cost_map_option(*now, texts()));
  } else {
    if (std::string rows = appended(left_->spend, now->spend, now->as_of, 0); !rows.empty()) context.push_latest("chart-data:chart-spend", "spend", std::move(rows));
    CostsState same = *left_;  // but for its age
    same.as_of = now->as_of;
    if (std::string map = cost_map_data(left_.get(), *now, texts()); map != cost_map_data(left_.get(), same, texts())) context.push_latest("chart-data:chart-cost_map", "cost_map", std::move(map));
  }
  drawn_key_ = key();
  newest_ = std::make_shared<CostsState>(*now);
}

// What is spent first, then what a piece of it costs, then the cache and what is not known.
Node CostsPage::tiles(const CostsState* state) const {
  constexpr std::array<std::string_view, cost_tiles> names{"spend_usd", "cost_per_call", "cost_per_resolved", "cache_share"};
  constexpr std::array<std::string_view, std::size_t(cost_tiles) + std::size_t(spend_tiles)> order{"spend_usd", "spend_today_usd", "cost_per_call", "cost_per_minute", "cost_per_resolved", "cache_share", "cache_saved", "unpriced_share"};
  const auto* spend = this->state<SpendState>(spend_slot);
  return each(order, [](std::string_view name) { return name; }, [&](std::string_view name) {
    if (const auto at = std::ranges::find(spend_tile_names, name); at != spend_tile_names.end()) {
      const std::size_t i = std::size_t(at - spend_tile_names.begin());
      const bool some_unpriced = i == saved_tile && spend && spend->unpriced_cached > 0;
      const std::string_view why = i == saved_tile ? texts()(some_unpriced ? "costs.saved_unpriced" : "costs.nothing_cached") : i == per_minute_tile ? texts()("costs.no_minutes") : std::string_view();
      return kpi({.name = name, .state = spend ? &spend->tiles[i] : nullptr, .as_of = spend ? spend->as_of : Instant{}, .filters = filters(), .unknown = why,
                  .beside = some_unpriced ? texts()("costs.without_price", show_count(texts(), spend->unpriced_cached)) : std::string(), .every = spend_rhythm});
    }
    const std::size_t i = std::size_t(std::ranges::find(names, name) - names.begin());
    return kpi({.name = name, .state = state ? &state->tiles[i] : nullptr, .spark = state ? &state->tiles[i].spark : nullptr, .as_of = state ? state->as_of : Instant{}, .filters = filters()});
  });
}

Node CostsPage::charts(const CostsState* state) const {
  static const CostsState nothing;
  const CostsState& s = state ? *state : nothing;
  const bool loading = state == nullptr;
  const Node spend = chart({.name = "spend", .size = "w-6 h-5", .loading = loading, .empty = !any_known(s.spend), .error = s.spend.error, .as_of = s.as_of, .n = "",
                            .relative_error = std::nullopt, .estimate = s.spend.estimate, .filters = filters(), .table = [&] { return spend_table(texts(), s.spend, zone_or_utc(filters().zone)); }});
  const Node map = chart({.name = "cost_map", .size = "w-6 h-5", .loading = loading, .empty = s.parts.empty(), .error = s.parts_error, .as_of = s.as_of,
                          .n = loading ? "" : efficiency_words(s, texts()), .relative_error = std::nullopt, .estimate = s.parts_estimate, .filters = filters(), .table = [&] { return parts_table(texts(), s.parts); }});
  return html<"{}{}">(spend, map);
}

Node CostsPage::table() const {
  const LeagueCut& chosen = cut_of(cuts, filters().by);
  const LeagueSpec wanted = spec();
  const Node list = league_table({.id = "costs", .caption = texts()("costs.caption", title_of(chosen, texts())), .head = title_of(chosen, texts()), .path = "/costs", .columns = columns,
                                  .spec = wanted, .league = state<League>(league_slot), .filters = filters(), .what = what_of(chosen, texts()), .link = nullptr});
  return html<"{}{}">(cut_links(cuts, filters(), "/costs"), list);
}

Node CostsPage::body(const Context&) {
  left_ = newest_, tokens_left_ = tokens_newest_;  // this render leaves together with what was pushed
  const auto* costs = state<CostsState>(costs_slot);
  return html<"<h1 class=\"sr\">{}</h1><div class=\"grid\" id=\"costs-page\" aria-busy=\"{}\">{}{}{}{}</div>{}">(
      texts()("tab.costs"), fresh(costs_slot) && fresh(league_slot) ? "false" : "true", tiles(costs), charts(costs), tokens(),
      html<"{}{}{}{}{}">(month_tile(state<MonthSpend>(month_slot), texts()), return_tile(costs, filters()), what_if_tile(fresh(what_if_slot) ? state<WhatIfState>(what_if_slot) : nullptr, !prices_.empty(), filters()), budgets_tile(state<BudgetsState>(budgets_slot), viewer(), filters()), advice_tile(state<AdviceState>(advice_slot), filters())), component("costs-table", html<"<section class=\"below\">{}</section>">(table())));
}

}  // namespace aybiza::dashboard
