#include "dashboard/conversations_page.h"

#include <algorithm>

#include "dashboard/chart_options.h"
#include "dashboard/league_table.h"
#include "dashboard/show.h"
#include "dashboard/tile.h"
#include "dashboard/turn_search_tile.h"
#include "dashboard/waterfall_chart.h"

namespace aybiza::dashboard {

using namespace liveview;
using namespace std::chrono_literals;

namespace {

constexpr LeagueColumn columns[] = {
    {"turns", Format::count},
    {"avg_sentiment", Format::score, false},
    {"interruptions", Format::count},
    {"p50_response_time_ms", Format::milliseconds},
    {"p95_response_time_ms", Format::milliseconds},
};
constexpr LeagueCut cuts[] = {{Dimension::topic}, {Dimension::intent}, {Dimension::state}, {Dimension::emotion}, {Dimension::speaker}, {Dimension::language}, {Dimension::agent_type}};
constexpr std::string_view mood_colours[] = {"$good", "$line-strong", "$bad"};
constexpr std::size_t bars_shown = 8;

NamedBars bars_of(const Texts& t, const Counted& counted, std::string_view colour) {
  NamedBars bars;
  bars.series.push_back({t("column.turns"), colour, {}});
  for (const NamedCount& one : counted.rows) {
    if (bars.labels.size() == bars_shown) break;
    bars.labels.push_back(show_word(t, one.name));
    bars.series[0].values.emplace_back(one.value);
  }
  return bars;
}

NamedBars bars_of(const Texts& t, const Histogram& lengths) {
  NamedBars bars;
  bars.standing = true;
  bars.series.push_back({t("column.calls"), "$c1", {}});
  for (const HistogramBucket& bucket : lengths) {
    bars.labels.push_back(show_duration(std::chrono::duration_cast<Duration>(std::chrono::duration<double, std::milli>(bucket.low))));
    bars.series[0].values.emplace_back(double(bucket.count));
  }
  return bars;
}

struct Drawn {
  std::string_view id;
  NamedBars bars;
};
std::vector<Drawn> drawn(const Texts& t, const ConversationsState& s) {
  return {{"topics", bars_of(t, s.topics, "$c1")}, {"emotions", bars_of(t, s.emotions, "$c4")}, {"lengths", bars_of(t, s.lengths)}, {"resolution_times", bars_of(t, s.resolution_times)}};
}

Node bars_table(const Texts& t, std::string_view title, std::string_view first, const NamedBars& bars, Format format) {
  std::vector<std::size_t> places(bars.labels.size()), columns_of(bars.series.size());
  for (std::size_t i = 0; i < places.size(); ++i) places[i] = i;
  for (std::size_t i = 0; i < columns_of.size(); ++i) columns_of[i] = i;
  const Node heads = each(columns_of, [](std::size_t c) { return c; }, [&](std::size_t c) { return html<"<th scope=\"col\" class=\"num\">{}</th>">(bars.series[c].name); });
  const Node body = rows(places, [](std::size_t i) { return i; }, [&](std::size_t i) {
    const Node cells = each(columns_of, [](std::size_t c) { return c; }, [&](std::size_t c) { return html<"<td class=\"num\">{}</td>">(show(t, format, bars.series[c].values[i])); });
    return html<"<tr><th scope=\"row\">{}</th>{}</tr>">(bars.labels[i], cells);
  });
  return html<"<table class=\"rows\"><caption class=\"sr\">{}</caption><thead><tr><th scope=\"col\">{}</th>{}</tr></thead><tbody>{}</tbody></table>">(title, first, heads, body);
}

Node moods_table(const Texts& t, const ChartSeries& moods, const Zone& zone) {
  NamedBars bars;
  for (std::size_t i = 0; i < moods.names.size(); ++i) bars.series.push_back({show_name(t, moods.names[i]), "", moods.values[i]});
  for (const Instant time : moods.times) bars.labels.push_back(show_moment(time, zone, t));
  return bars_table(t, t("figure.moods"), t("frame.from"), bars, Format::share);
}

bool none(const std::vector<Stage>& stages) {
  return std::ranges::none_of(stages, [](const Stage& stage) { return stage.p50_ms.has_value(); });
}

double sum_of(const Counted& counted) {
  double sum = 0;
  for (const NamedCount& one : counted.rows) sum += one.value;
  return sum;
}

}  // namespace

std::string ConversationsPage::key() const {
  Filters shown = filters();
  shown.refresh = Refresh::live, shown.sort.clear(), shown.by.clear(), shown.find.clear(), shown.find_by.clear();  // none of them changes what the charts ask
  std::string key = "conversations|" + customers_key();
  return key + address("/conversations", shown);
}

void ConversationsPage::opened(Context& context, const Location&) {
  const ViewScope scope = this->scope();
  Source* source = viewer().source;
  const Ask ask = [source](const Question& q) { return source->ask(q); };
  const AskTalk talk = [source](const FleetQuestion& q) { return source->talk(q); };
  const LeagueSpec spec = league_spec(cut_of(cuts, filters().by).dimension, columns, filters());
  watch(context, talk_slot, {key(), [ask, scope](Instant now) { return std::make_shared<ConversationsState>(compute_conversations(ask, scope, now)); }, 1s, 3s, true});
  if (!filters().find.empty()) watch_found(context);
  watch(context, time_slot, {"talk-time|" + key(), [talk, scope](Instant now) { return std::make_shared<TalkTimes>(compute_talk_times(talk, scope, now)); }, 15s, 30s, true, true, true});
  watch(context, flow_slot, {"flow|" + key(), [source, scope](Instant now) {
                               auto state = std::make_shared<FlowState>();
                               state->as_of = now;
                               const Range range = range_of(scope, now);
                               auto flow = source->flow({range.from, range.to, scope.customers, scope.customer, scope.region, scope.agent});
                               if (flow) state->flow = std::move(*flow);
                               else state->error = flow.error().message;
                               return state;
                             }, 5s, 15s, true});
  watch(context, league_slot, {fmt::format("{}|{}|{}", key(), filters().by, filters().sort),
                               [ask, scope, spec](Instant now) { return std::make_shared<League>(compute_league(ask, scope, spec, now)); }, 1s, 3s, true});
}

// Asked once for a text and an address: who reads what was found does not want it to move.
void ConversationsPage::watch_found(Context& context) {
  const ViewScope scope = this->scope();
  TurnsWanted wanted{.text = filters().find, .by_meaning = filters().find_by == "meaning", .customers = scope.customers, .customer = scope.customer, .region = scope.region, .most = found_most};
  const std::string about = fmt::format("found|{}|{}{}", key(), wanted.by_meaning ? "~" : "=", wanted.text);
  watch(context, found_slot, {about, [source = viewer().source, scope, wanted = std::move(wanted)](Instant now) mutable {
                                const Range range = range_of(scope, now);
                                wanted.from = range.from, wanted.to = range.to;
                                return std::make_shared<FoundState>(FoundState{now, source->find_turns(wanted)});
                              }, 10min, 10min, true, true, true});
}

void ConversationsPage::flow_shown(Context& context) {
  const auto* now = state<FlowState>(flow_slot);
  if (!context.connected() || !now) return;
  if (!flow_left_ || flow_key_ != key()) context.push_latest("chart:chart-flow", "flow", flow_option(*now, texts()));
  else if (flow_left_->flow.steps != now->flow.steps) context.push_latest("chart-data:chart-flow", "flow", flow_data(*now, texts()));
  flow_key_ = key();
  flow_newest_ = std::make_shared<FlowState>(*now);
}

Node ConversationsPage::flow() const {
  const auto* state = this->state<FlowState>(flow_slot);
  static const FlowState nothing;
  const FlowState& s = state ? *state : nothing;
  return chart({.name = "flow", .size = "w-8 h-5 wide", .loading = state == nullptr, .empty = s.flow.steps.empty(), .error = s.error, .as_of = s.as_of,
                .n = state ? "n " + show_count(texts(), double(s.flow.calls)) : "", .relative_error = std::nullopt, .estimate = s.flow.estimate,
                .filters = filters(), .table = [&] { return flow_table(s, texts()); }, .every = 15s});
}

void ConversationsPage::shown(Context& context, std::size_t slot) {
  if (slot == flow_slot) return flow_shown(context);
  const auto* now = state<ConversationsState>(talk_slot);
  if (slot != talk_slot || !context.connected() || !now) return;
  const Range range = range_of(scope(), from_micros(0));
  if (!left_ || drawn_key_ != key()) {
    left_.reset();
    context.push_latest("chart:chart-moods", "moods", stacked_option(now->moods, now->as_of, range.to - range.from, mood_colours, texts()));
    context.push_latest("chart:chart-stages", "stages", waterfall_option(texts(), now->stages, now->as_of));
    for (const Drawn& one : drawn(texts(), *now)) context.push_latest(fmt::format("chart:chart-{}", one.id), one.id, named_bars_option(one.bars, now->as_of));
  } else {
    if (std::string rows = appended(left_->moods, now->moods, now->as_of, 0); !rows.empty()) context.push_latest("chart-data:chart-moods", "moods", std::move(rows));
    if (std::string data = waterfall_data(texts(), now->stages, now->as_of); data != waterfall_data(texts(), left_->stages, now->as_of)) context.push_latest("chart-data:chart-stages", "stages", std::move(data));
    const auto before = drawn(texts(), *left_), after = drawn(texts(), *now);
    for (std::size_t i = 0; i < after.size(); ++i)
      if (std::string data = named_bars_data(after[i].bars, now->as_of); data != named_bars_data(before[i].bars, now->as_of))
        context.push_latest(fmt::format("chart-data:chart-{}", after[i].id), after[i].id, std::move(data));
  }
  drawn_key_ = key();
  newest_ = std::make_shared<ConversationsState>(*now);
}

Node ConversationsPage::tiles(const ConversationsState* state) const {
  std::array<std::size_t, talk_tiles> all{};
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = i;
  const auto* times = this->state<TalkTimes>(time_slot);
  std::array<std::size_t, talk_time_tiles> timed{silence_tile, talk_ratio_tile};
  const Node spoken = each(timed, [](std::size_t i) { return i; }, [&](std::size_t i) {
    return kpi({.name = talk_time_names[i], .state = times ? &times->tiles[i] : nullptr, .filters = filters(), .unknown = texts()("talk.none_told"),
                .beside = times ? show_time(times->as_of, zone_or_utc(filters().zone)) : std::string()});
  });
  return html<"{}{}">(each(all, [](std::size_t i) { return i; }, [&](std::size_t i) {
    const bool answers = i == satisfaction_tile && state && state->answered;
    return kpi({.name = talk_tile_names[i], .state = state ? &state->tiles[i] : nullptr, .spark = state ? &state->tiles[i].spark : nullptr, .as_of = state ? state->as_of : Instant{}, .filters = filters(),
                .beside = answers ? texts()("talk.answered", show_share(texts(), *state->answered)) : std::string()});
  }), spoken);
}

Node ConversationsPage::charts(const ConversationsState* state) const {
  static const ConversationsState nothing;
  const ConversationsState& s = state ? *state : nothing;
  const auto tile = [&](std::string_view name, std::string_view size, bool empty, const std::string& error, bool estimate, Node table, std::string n = "") {
    return chart({.name = name, .size = size, .loading = state == nullptr, .empty = empty, .error = error, .as_of = s.as_of, .n = std::move(n),
                  .relative_error = std::nullopt, .estimate = estimate, .filters = filters(), .table = [&] { return table; }});
  };
  const Texts& t = texts();
  const std::string topics = state ? "n " + show_count(t, sum_of(s.topics)) : "", emotions = state ? "n " + show_count(t, sum_of(s.emotions)) : "";
  const auto bars = [&](std::string_view name, std::string_view first, const NamedBars& drawn, Format format) { return bars_table(t, definition_of(t, name).title, t(first), drawn, format); };
  return html<"{}{}{}{}{}{}">(
      tile("moods", "w-6 h-4", s.moods.times.empty(), s.moods.error, s.moods.estimate, moods_table(t, s.moods, zone_or_utc(filters().zone))),
      tile("stages", "w-6 h-4", none(s.stages), s.stages_error, s.stages_estimate, stages_table(t, s.stages)),
      tile("topics", "w-4 h-4", s.topics.rows.empty(), s.topics.error, s.topics.estimate, bars("topics", "dimension.topic", bars_of(t, s.topics, ""), Format::count), topics),
      tile("emotions", "w-4 h-4", s.emotions.rows.empty(), s.emotions.error, s.emotions.estimate, bars("emotions", "dimension.emotion", bars_of(t, s.emotions, ""), Format::count), emotions),
      tile("lengths", "w-4 h-4", s.lengths.empty(), s.lengths_error, s.lengths_estimate, bars("lengths", "talk.from", bars_of(t, s.lengths), Format::count)),
      tile("resolution_times", "w-4 h-5 mid", s.resolution_times.empty(), s.resolution_error, s.lengths_estimate, bars("resolution_times", "talk.from", bars_of(t, s.resolution_times), Format::count)));
}

Node ConversationsPage::table() const {
  const LeagueCut& chosen = cut_of(cuts, filters().by);
  const LeagueSpec wanted = league_spec(chosen.dimension, columns, filters());
  return html<"{}{}">(cut_links(cuts, filters(), "/conversations"),
                      league_table({.id = "talk", .caption = texts()("talk.caption", title_of(chosen, texts())), .head = title_of(chosen, texts()), .path = "/conversations", .columns = columns,
                                    .spec = wanted, .league = state<League>(league_slot), .filters = filters(), .what = what_of(chosen, texts()), .link = nullptr}));
}

Node ConversationsPage::body(const Context&) {
  left_ = newest_, flow_left_ = flow_newest_;  // this render leaves together with what was pushed
  const auto* talk = state<ConversationsState>(talk_slot);
  std::optional<Node> form, found;
  if (!viewer().read_only()) form = turn_search_form(filters());
  if (!filters().find.empty()) found = found_tile(fresh(found_slot) ? state<FoundState>(found_slot) : nullptr, filters());
  return html<"<header><h1>{}</h1>{}</header><div class=\"grid\" id=\"conversations-page\" aria-busy=\"{}\">{}{}{}</div>{}">(
      texts()("tab.conversations"), form, fresh(talk_slot) && fresh(league_slot) && fresh(flow_slot) ? "false" : "true", found, tiles(talk), html<"{}{}">(charts(talk), flow()), component("talk-table", html<"<section class=\"below\">{}</section>">(table())));
}

}  // namespace aybiza::dashboard
