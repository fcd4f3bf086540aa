#include "dashboard/overview_page.h"

#include "base/limits.h"
#include "dashboard/chart_options.h"
#include "dashboard/movers_table.h"
#include "dashboard/regions.h"
#include "dashboard/show.h"
#include "dashboard/tile.h"
#include "dashboard/volume_chart.h"
#include "live/asking.h"

namespace aybiza::dashboard {

using namespace liveview;
using namespace std::chrono_literals;

namespace {

constexpr Duration tiles_rhythm = 25ms, charts_rhythm = 1s, masked_rhythm = 5s, forecast_rhythm = 30s, movers_rhythm = 15s;  // to see that a minute is over
constexpr Duration held_live = 24h;  // longer ranges ask the store, and so does what is asked of one agent

std::string key_of(const ViewScope& scope) {
  std::string key;
  const auto add = [&](std::string_view part) { key += fmt::format("{}:{}|", part.size(), part); };
  for (const std::string& customer : scope.customers) add(customer);
  add(""), add(scope.customer), add(scope.region), add(scope.agent), add(scope.range), add(scope.zone);
  if (scope.compare) add("compare");
  if (scope.from && scope.to) add(fmt::format("{}-{}", to_micros(*scope.from), to_micros(*scope.to)));
  return key;
}

Node series_table(const Texts& t, std::string_view title, const ChartSeries& series, const std::vector<std::string_view>& heads, Format format, const Zone& zone) {
  std::vector<std::size_t> rows_of(series.times.size());
  for (std::size_t i = 0; i < rows_of.size(); ++i) rows_of[i] = i;
  const auto head = each(heads, [](auto h) { return h; }, [](auto h) { return html<"<th scope=\"col\" class=\"num\">{}</th>">(h); });
  const auto body = rows(rows_of, [&](std::size_t i) { return to_micros(series.times[i]); }, [&](std::size_t i) {
    std::vector<std::size_t> columns(heads.size());
    for (std::size_t c = 0; c < columns.size(); ++c) columns[c] = c;
    const auto cells = each(columns, [](std::size_t c) { return c; }, [&](std::size_t c) {
      return html<"<td class=\"num\">{}</td>">(c < series.values.size() ? show(t, format, series.values[c][i]) : std::string(dash));
    });
    return html<"<tr><th scope=\"row\">{}</th>{}</tr>">(show_moment(series.times[i], zone, t), cells);
  });
  return html<"<table class=\"rows\"><caption class=\"sr\">{}</caption><thead><tr><th scope=\"col\">{}</th>{}</tr></thead><tbody>{}</tbody></table>">(title, t("frame.from"), head, body);
}

// And the period before, where the series has it.
std::vector<std::string_view> with_before(const Texts& t, std::vector<std::string_view> heads, const ChartSeries& series) {
  for (std::size_t i = heads.size(); i < series.names.size(); ++i) heads.push_back(show_name(t, series.names[i]));
  return heads;
}

template <typename Name>
Node shares_table(const Texts& t, std::string_view title, std::string_view what, const std::vector<Share>& shares, Name name) {
  const auto body = rows(shares, [](const Share& s) { return s.name; }, [&](const Share& s) {
    return html<"<tr><th scope=\"row\">{}</th><td class=\"num\">{}</td><td class=\"num\">{}</td><td class=\"num\">{}</td></tr>">(
        name(s.name), show_count(t, s.calls), show(t, Format::share, s.success_rate), show(t, Format::milliseconds, s.p95_voice_latency_ms));
  });
  return html<"<table class=\"rows\"><caption class=\"sr\">{}</caption><thead><tr><th scope=\"col\">{}</th><th scope=\"col\" class=\"num\">{}</th>"
              "<th scope=\"col\" class=\"num\">{}</th><th scope=\"col\" class=\"num\">{}</th></tr></thead><tbody>{}</tbody></table>">(
      title, what, t("column.calls"), t("column.success_rate"), t("column.p95_voice_latency_ms"), body);
}

double sum(const ChartSeries& series, std::size_t which) {
  double total = 0;
  if (which < series.values.size())
    for (const auto& value : series.values[which]) total += value.value_or(0);
  return total;
}

bool none_known(const ChartSeries& series) {
  for (const auto& values : series.values)
    for (const auto& value : values)
      if (value) return false;
  return true;
}

// Regions without a place on the map are listed beside it; nothing is drawn where it is not.
std::optional<Node> unplaced(const Texts& t, const std::vector<Share>& regions) {
  std::vector<Share> list;
  for (const Share& share : regions)
    if (!place_of(share.name) && share.calls > 0) list.push_back(share);
  if (list.empty()) return std::nullopt;
  const auto items = each(list, [](const Share& s) { return s.name; }, [&](const Share& s) {
    return html<"<span class=\"tag\">{} {}</span>">(s.name.empty() ? std::string(t("overview.no_region")) : s.name, show_count(t, s.calls));
  });
  return html<"<div class=\"row-flex beside\"><span class=\"muted\">{}</span>{}</div>">(t("overview.not_on_map"), items);
}

double calls_in(const std::vector<Share>& shares) {
  double total = 0;
  for (const Share& share : shares) total += share.calls;
  return total;
}

struct KnownAgent {
  bool known = true;
};

// Live state has calls before the store does; the store has those of before. What cannot be asked is not said to be missing.
bool is_known(Source& source, const std::vector<std::string>& customers, const std::string& agent, Instant now) {
  constexpr std::string_view words[] = {"calls"};
  ViewScope scope;
  scope.customers = customers, scope.agent = agent;
  const auto live = source.ask(question_of(words, now - 1h, now, scope));
  if (!live || (!live->rows.empty() && number_in(live->rows[0], 0).value_or(0) > 0)) return true;
  CallsFilter filter;
  filter.customers = customers, filter.agent = agent;
  const auto stored = source.calls(filter, "", 1);
  return !stored || !stored->calls.empty();
}

}  // namespace

void OverviewPage::opened(Context& context, const Location&) {
  const ViewScope scope = own_scope();
  const std::string key = key_of(scope);
  Source* source = viewer().source;
  const Ask ask = [source](const Question& q) { return source->ask(q); };
  const AskTogether together = [source](std::span<const Question> questions) { return source->ask_together(questions); };
  const bool stored = scope.from || length() > held_live || !scope.agent.empty();
  watch(context, tiles_slot, {"tiles|" + key, [source, stored, together, scope](Instant now) {
                                const auto folded = stored ? std::nullopt : std::optional(source->folded());  // before the question, which sees no less
                                return std::make_shared<TilesState>(TilesState{now, compute_quick_tiles(together, scope, now), folded});
                              }, stored ? charts_rhythm : tiles_rhythm, 1s, stored});
  watch(context, charts_slot, {"charts|" + key, [ask, scope, slow = std::make_shared<OverviewSlow>()](Instant now) {
                                 return std::make_shared<OverviewState>(compute_charts(ask, scope, now, *slow));
                               }, charts_rhythm, 1s, true, true});
  watch(context, forecast_slot, {"forecast|" + key, [ask, scope](Instant now) { return std::make_shared<VolumeForecast>(compute_volume_forecast(ask, scope, now)); }, forecast_rhythm, forecast_rhythm, true, true, true});
  if (!scope.agent.empty()) return;  // what was masked is counted by customer
  watch(context, masked_slot, {"masked|" + key, [source, scope](Instant) {
                                 return std::make_shared<MaskedFinds>(source->masked(scope.customers, scope.customer));
                               }, masked_rhythm, masked_rhythm});
  watch(context, movers_slot, {"movers|" + key, [ask, scope, held = std::make_shared<std::shared_ptr<const Movers>>()](Instant now) {
                                 const Movers* known = held->get();
                                 if (!known || !known->error.empty() || scope.from || known->as_of != movers_range(scope, now).to) {
                                   auto fresh = std::make_shared<Movers>(compute_movers(ask, scope, now));
                                   if (fresh->error.empty() || !known || !known->error.empty()) *held = std::move(fresh);  // refused: what was known stays, with its age
                                 }
                                 return *held;
                               }, movers_rhythm, movers_rhythm, true, true, true});
}

Duration OverviewPage::length() const {
  const Range range = range_of(scope(), from_micros(0));
  return range.to - range.from;
}

std::optional<double> OverviewPage::mood() const {
  const auto* tiles = state<TilesState>(tiles_slot);
  return tiles ? tiles->tiles[avg_sentiment_tile].value : std::nullopt;
}

void OverviewPage::shown(Context& context, std::size_t slot) {
  if (slot == tiles_slot) return follows(state<TilesState>(tiles_slot)->folded);
  if (slot == forecast_slot) return forecast_shown(context);
  if (slot != charts_slot || !context.connected()) return;
  const auto* now = state<OverviewState>(charts_slot);
  if (!now) return;
  const std::string key = key_of(own_scope());
  if (!left_ || key != drawn_key_) {
    left_.reset(), forecast_left_.reset();
    push_whole(context, *now);
    if (forecast()) forecast_ = std::make_shared<VolumeForecast>(*forecast());
  } else {
    push_changes(context, *left_, *now);
  }
  drawn_key_ = key;
  charts_ = std::make_shared<OverviewState>(*now);
}

// A band that only moved on is told as what is new in it.
void OverviewPage::forecast_shown(Context& context) {
  const VolumeForecast* now = forecast();
  const auto* charts = state<OverviewState>(charts_slot);
  if (!context.connected() || !now || !charts || !fresh(charts_slot)) return;  // it comes with the charts
  const bool whole = !forecast_left_ || forecast_left_->why != now->why || key_of(own_scope()) != drawn_key_ || !left_;
  if (whole) context.push_latest("chart:chart-volume", "volume", volume_option(*charts, now, length(), texts()));
  else if (std::string rows = forecast_appended(*forecast_left_, *now, charts->as_of, charts->volume.values.size()); !rows.empty()) context.push_latest("chart-data:chart-volume", "forecast", std::move(rows));
  forecast_ = std::make_shared<VolumeForecast>(*now);
}

void OverviewPage::push_whole(Context& context, const OverviewState& state) const {
  context.push_latest("chart:chart-volume", "volume", volume_option(state, forecast(), length(), texts()));
  context.push_latest("chart:chart-latency", "latency", latency_option(state, length(), texts()));
  context.push_latest("chart:chart-sentiment", "sentiment", sentiment_option(state, length(), mood(), texts()));
  context.push_latest("chart:chart-regions", "regions", regions_option(state, texts()));
  context.push_latest("chart:chart-outcomes", "outcomes", outcomes_option(state, texts()));
}

void OverviewPage::push_changes(Context& context, const OverviewState& from, const OverviewState& to) const {
  const auto push = [&](std::string_view id, std::string json) {
    if (!json.empty()) context.push_latest(fmt::format("chart-data:chart-{}", id), id, std::move(json));
  };
  push("volume", appended(from.volume, to.volume, to.as_of, 0));
  push("latency", appended(from.latency, to.latency, to.as_of, 0));
  push("sentiment", appended(from.sentiment, to.sentiment, to.as_of, 1));
  if (const auto now = mood()) context.push_latest("chart-data:chart-sentiment", "needle", sentiment_needle(to.as_of, now));
  if (regions_data(from).substr(20) != regions_data(to).substr(20)) push("regions", regions_data(to));
  if (outcomes_data(from).substr(20) != outcomes_data(to).substr(20)) push("outcomes", outcomes_data(to));
}

void OverviewPage::on_event(Context& context, const liveview::Event& event) {
  if (event.name != "chart_click") return;
  Filters to = filters();
  const std::string_view chart = event.value["id"].text();
  if (chart == "chart-regions") {
    to.region = event.value["name"].text();
    return go(context, to);
  }
  to.agent = own_scope().agent, to.outcome.clear();
  const auto* charts = state<OverviewState>(charts_slot);
  if (chart == "chart-outcomes" && charts) to.outcome = outcome_of_bar(*charts, event.value["name"].text(), texts());
  const bool narrowed = chart == "chart-volume" ? narrow_to_bucket(to, event, context.now()) : !to.outcome.empty();
  if (!narrowed) return;
  context.push_navigate(address("/calls", to));
}

// What pages with the same address show, made once for those that stand at the same states.
struct OverviewPage::Rendered {
  StatePtr tiles, charts, masked, moved, forecast;
  StatePtr tabled;  // the tiles' state when the charts last came: tables move with the charts
  OpenTables open;
  bool made = false;
  Node kpis, volume, latency, regions, sentiment, outcomes;
  std::optional<Node> finds, movers;
};

OverviewPage::Rendered& OverviewPage::rendered() {
  auto& held = viewer().renders && tables().empty() ? (*viewer().renders)[fmt::format("overview|{}|{}", texts().language(), key_of(own_scope()))] : rendered_;
  const auto* all = static_cast<const Rendered*>(held.get());
  if (!all || all->open != tables()) held = std::make_shared<Rendered>(Rendered{.open = tables()});
  return *static_cast<Rendered*>(held.get());
}

Node OverviewPage::kpis(const TilesState* tiles, const OverviewState* charts, const TilesState* tabled) const {
  constexpr std::array names{"active_agents", "active_calls", "calls_today", "success_rate", "avg_resolution_ms", "p95_voice_latency_ms", "avg_sentiment", "spend_today_usd"};
  static_assert(names.size() == overview_tiles);
  std::array<std::size_t, overview_tiles> all{};
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = i;
  return each(all, [](std::size_t i) { return i; }, [&](std::size_t i) {
    const bool charted = i == avg_resolution_tile, known = charted ? charts != nullptr : tiles != nullptr;
    const auto shown = [&](const TilesState* from) {
      return !known ? TileState{} : charted ? charts->tiles[i] : !from ? TileState{} : charts ? merged(from->tiles[i], charts->tiles[i]) : from->tiles[i];
    };
    const TileState tile = shown(tiles), in_table = shown(tabled);
    const std::string_view name = i == active_agents_tile && !own_scope().agent.empty() ? "utilization" : names[i];
    return kpi({.name = name, .state = known ? &tile : nullptr, .spark = charts ? &charts->tiles[i].spark : nullptr, .tabled = known && tabled ? &in_table : nullptr,
                .as_of = !known ? Instant{} : charted ? charts->as_of : tiles->as_of, .filters = filters()});
  });
}

void OverviewPage::render_charts(Rendered& into, const OverviewState* charts) const {
  static const OverviewState nothing;
  const OverviewState& c = charts ? *charts : nothing;
  const Zone zone = zone_or_utc(filters().zone);
  const Texts& t = texts();
  const auto title = [&](std::string_view name) { return definition_of(t, name).title; };
  const bool loading = charts == nullptr;
  const double calls = sum(c.volume, 0);
  into.volume = chart({.name = "volume", .size = "w-6 h-4", .loading = loading, .empty = calls == 0, .error = c.volume.error, .as_of = c.as_of,
                       .n = loading ? "" : fmt::format("n {}{}{}", show_count(t, calls), forecast() ? " · " : "", forecast_words(forecast(), t)), .relative_error = std::nullopt, .estimate = c.volume.estimate, .filters = filters(),
                       .table = [&] { return volume_table(c.volume, forecast(), zone, t); }});
  into.latency = chart({.name = "latency", .size = "w-6 h-4", .loading = loading, .empty = none_known(c.latency), .error = c.latency.error, .as_of = c.as_of,
                        .n = "", .relative_error = c.latency.relative_error, .estimate = c.latency.estimate, .filters = filters(),
                        .table = [&] { return series_table(t, title("latency"), c.latency, with_before(t, {"p50", "p95", "p99"}, c.latency), Format::milliseconds, zone); }});
  into.regions = chart({.name = "regions", .size = "w-6 h-5 wide", .loading = loading, .empty = calls_in(c.regions) == 0, .error = c.share_error, .as_of = c.slow_as_of,
                        .n = loading ? "" : how_many(t, "count.regions", c.regions.size()), .relative_error = std::nullopt, .estimate = c.share_estimate, .filters = filters(),
                        .table = [&] { return shares_table(t, title("regions"), t("dimension.region"), c.regions, [&](const std::string& name) { return or_unknown(t, name); }); }, .map = "world", .beside = unplaced(t, c.regions), .every = limits::overview_slow_rhythm});
  into.sentiment = chart({.name = "sentiment", .size = "w-3 h-5 mid", .loading = loading, .empty = none_known(c.sentiment), .error = c.sentiment.error, .as_of = c.as_of,
                          .n = "", .relative_error = std::nullopt, .estimate = c.sentiment.estimate, .filters = filters(),
                          .table = [&] { return series_table(t, title("sentiment"), c.sentiment, {title("sentiment")}, Format::score, zone); }});
  into.outcomes = chart({.name = "outcomes", .size = "w-3 h-5 mid", .loading = loading, .empty = calls_in(c.outcomes) == 0, .error = c.share_error, .as_of = c.slow_as_of,
                         .n = loading ? "" : "n " + show_count(t, calls_in(c.outcomes)), .relative_error = std::nullopt, .estimate = c.share_estimate, .filters = filters(),
                         .table = [&] { return shares_table(t, title("outcomes"), t("dimension.call_outcome"), c.outcomes, [&](const std::string& name) { return name.empty() ? or_unknown(t, name) : t.find("word." + name) ? show_word(t, name) : name; }); }, .every = limits::overview_slow_rhythm});
}

Node OverviewPage::masked(const MaskedFinds* finds) const {
  const std::string since = finds ? show_moment(finds->since, zone_or_utc(filters().zone), texts()) : "";
  return counts_line({.name = "masked", .counts = finds ? &finds->classes : nullptr, .since = since, .filters = filters()});
}

Node OverviewPage::movers() const { return movers_tile(state<Movers>(movers_slot), filters()); }

// On a server that has never been sent anything: how that is done. Gone with the first event.
std::optional<Node> OverviewPage::first_steps(Instant now) const {
  const auto* tiles = state<TilesState>(tiles_slot);
  if (!tiles || tiles->folded != 0U || viewer().read_only() || std::ranges::any_of(tiles->tiles, [](const TileState& tile) { return tile.n > 0; })) return std::nullopt;
  const bool keyless = viewer().person == "local";  // --insecure-loopback
  const std::string event = fmt::format(R"({{"type":"call.started","id":"first-1","time":"{}","data":{{"call_id":"first","agent_id":"agent-1"}}}})", format_rfc3339(std::chrono::floor<std::chrono::seconds>(now)));
  return html<"<section class=\"flash info first-steps\" id=\"first-steps\"><h2>{}</h2><p>{}</p><pre><code>curl -H 'Content-Type: application/json'{} {}/v1/events -d '{}'</code></pre><p>{}</p></section>">(
      texts()("first.title"), texts()(keyless ? "first.send" : "first.send_with_key"), keyless ? "" : " -H 'Authorization: Bearer KEY'", viewer().origin(), event, texts()("first.more"));
}

Node OverviewPage::body(const Context& context) {
  left_ = charts_, forecast_left_ = forecast_;  // this render leaves together with what was pushed
  const StatePtr tiles = held_state(tiles_slot), charts = held_state(charts_slot), finds = held_state(masked_slot), moved = held_state(movers_slot), expected = fresh(forecast_slot) ? held_state(forecast_slot) : nullptr;
  Rendered& all = rendered();
  if (!all.made || all.charts != charts || all.forecast != expected) render_charts(all, state<OverviewState>(charts_slot));
  if (!all.made || all.charts != charts || !all.tabled) all.tabled = tiles;
  if (!all.made || all.charts != charts || all.tiles != tiles)
    all.kpis = kpis(state<TilesState>(tiles_slot), state<OverviewState>(charts_slot), static_cast<const TilesState*>(all.tabled.get()));
  if (own_scope().agent.empty() && (!all.made || all.masked != finds)) all.finds = masked(state<MaskedFinds>(masked_slot));
  if (own_scope().agent.empty() && (!all.made || all.moved != moved)) all.movers = movers();
  all.made = true;
  all.tiles = tiles, all.charts = charts, all.masked = finds, all.moved = moved, all.forecast = expected;
  return html<"{}{}<div class=\"grid\" id=\"overview\" aria-busy=\"{}\">{}{}{}{}{}{}{}{}</div>">(
      heading(), first_steps(context.now()), fresh(tiles_slot) && fresh(charts_slot) ? "false" : "true", all.kpis, all.volume, all.latency, all.regions, all.sentiment, all.outcomes, all.movers, all.finds);
}

Node OverviewPage::heading() const { return html<"<h1 class=\"sr\">{}</h1>">(texts()("tab.overview")); }

ViewScope AgentPage::own_scope() const {
  ViewScope out = scope();
  out.agent = agent_;
  return out;
}

void AgentPage::opened(Context& context, const Location& at) {
  agent_ = at.param("id");
  context.set_title(fmt::format("{} · {}", agent_, viewer().brand));
  OverviewPage::opened(context, at);
  watch(context, known_slot, {fmt::format("agent|{}{}", customers_key(), agent_), [source = viewer().source, customers = viewer().customers, agent = agent_](Instant now) {
                                return std::make_shared<KnownAgent>(KnownAgent{is_known(*source, customers, agent, now)});
                              }, 30s, 60s, true});
  if (missing()) *viewer().status = 404;
}

bool AgentPage::missing() const {
  const auto* known = state<KnownAgent>(known_slot);
  return known && fresh(known_slot) && !known->known;
}

Node AgentPage::body(const Context& context) {
  if (!missing()) return OverviewPage::body(context);
  const Texts& t = texts();
  return html<"<section class=\"tile empty\" aria-busy=\"false\"><h1>{}</h1><p class=\"why\">{} <a href=\"{}\" data-phx-link=\"redirect\" data-phx-link-state=\"push\">{}</a></p></section>">(
      t("agent.none"), t("agent.none_why"), address("/agents", filters()), t("agent.all"));
}

Node AgentPage::heading() const {
  Filters all = filters(), calls = filters();
  all.agent.clear(), calls.agent = agent_;
  return html<"<header><h1>{}</h1><span class=\"spacer\"></span><a class=\"button\" href=\"{}\" data-phx-link=\"redirect\" data-phx-link-state=\"push\">{}</a>"
              "<a class=\"button\" href=\"{}\" data-phx-link=\"redirect\" data-phx-link-state=\"push\">{}</a></header>">(agent_, address("/calls", calls), texts()("agent.calls"), address("/agents", all), texts()("agent.all"));
}

}  // namespace aybiza::dashboard
