#include "dashboard/agents_page.h"

#include "base/limits.h"
#include "dashboard/fleet_field.h"
#include "dashboard/flow_heat.h"
#include "dashboard/league_table.h"
#include "dashboard/plain_table.h"
#include "dashboard/show.h"
#include "dashboard/tile.h"
#include "dashboard/work_tiles.h"
#include "liveview/text.h"

namespace aybiza::dashboard {

using namespace liveview;
using namespace std::chrono_literals;

namespace {

constexpr LeagueColumn columns[] = {
    {"calls", Format::count},
    {"success_rate", Format::share, false},
    {"escalation_rate", Format::share},
    {"avg_duration_ms", Format::minutes},
    {"p95_voice_latency_ms", Format::milliseconds},
    {"interruptions", Format::count},
    {"avg_sentiment", Format::score, false},
    {"cost_per_call", Format::usd},
    {"cost_usd", Format::usd},
};

}  // namespace

LeagueSpec AgentsPage::spec() const {
  LeagueSpec spec = league_spec(Dimension::agent_id, columns, filters());
  spec.search = filters().agent;
  return spec;
}

// What of the address the fleet and its hours depend on, in one zone.
std::string AgentsPage::key(std::string_view what) const {
  const ViewScope scope = this->scope();
  return fmt::format("{}|{}{}:{}|{}:{}|", what, customers_key(), scope.customer.size(), scope.customer, scope.region.size(), scope.region);
}

void AgentsPage::opened(Context& context, const Location&) {
  const ViewScope scope = this->scope();
  Filters shown = filters();
  shown.refresh = Refresh::live;  // does not change what is asked
  Source* source = viewer().source;
  const Ask ask = [source](const Question& q) { return source->ask(q); };
  watch(context, league_slot, {"agents|" + customers_key() + address("/agents", shown), [ask, scope, spec = spec()](Instant now) {
                                 return std::make_shared<League>(compute_league(ask, scope, spec, now));
                               }, 2s, 5s, true});
  watch(context, fleet_slot, {key("fleet"), [source, scope](Instant now) {
                                return std::make_shared<FleetState>(fleet_state(source->fleet({now - Duration(limits::fleet_window), now, scope.customers, scope.customer, scope.region}), now));
                              }, 2s, 3s, true});
  watch(context, adjusted_slot, {"adjusted|" + customers_key() + address("/agents", shown), [ask, scope, spec = spec()](Instant now) {
                                   return std::make_shared<AdjustedState>(compute_adjusted(ask, scope, compute_league(ask, scope, spec, now), now));
                                 }, 15s, 30s, true, true, true});
  shown.sort.clear(), shown.agent.clear();
  watch(context, work_slot, {key("work") + address("/agents", shown), [ask, scope](Instant now) { return std::make_shared<FleetWork>(compute_fleet_work(ask, scope, now)); }, 1s, 3s, true, true});
  watch(context, learners_slot, {key("learners") + address("/agents", shown), [ask, scope](Instant now) { return std::make_shared<Learners>(compute_learners(ask, scope, now)); }, 5s, 15s, true, true});
  watch(context, heat_slot, {key("heat") + address("/agents", shown), [ask, scope](Instant now) { return std::make_shared<Heat>(compute_heat(ask, scope, now)); }, 60s, 300s, true});
}

void AgentsPage::shown(Context& context, std::size_t slot) {
  if (!context.connected()) return;
  if (const auto* fleet = state<FleetState>(fleet_slot); slot == fleet_slot && fleet) {
    field_newest_ = key("fleet") + field_runs(*fleet);
    if (field_newest_ != field_left_) context.push_latest("field:field-fleet", "field", field_event(*fleet));
  }
  if (const auto* work = state<FleetWork>(work_slot); slot == work_slot && work) {
    Filters shown = filters();
    shown.sort.clear(), shown.agent.clear(), shown.refresh = Refresh::live;
    const std::string now = key("work") + address("/agents", shown);
    if (work_key_ != now) work_left_.reset();
    const Range range = range_of(scope(), from_micros(0));
    for (ChartPush& push : work_pushes(work_left_.get(), *work, range.to - range.from, texts())) context.push_latest(std::move(push.event), push.id, std::move(push.json));
    work_key_ = now;
    work_newest_ = std::make_shared<FleetWork>(*work);
  }
  if (const auto* heat = state<Heat>(heat_slot); slot == heat_slot && heat) {
    const std::string now = key("heat") + scope().zone;
    if (!heat_left_ || heat_key_ != now) context.push_latest("chart:chart-heat", "heat", heat_option(*heat, texts()));
    else context.push_latest("chart-data:chart-heat", "heat", heat_data(*heat));
    heat_key_ = now;
    heat_newest_ = std::make_shared<Heat>(*heat);
  }
}

void AgentsPage::on_event(Context& context, const liveview::Event& event) {
  const auto* fleet = state<FleetState>(fleet_slot);
  if (!fleet || (event.name != "field_hover" && event.name != "field_open")) return;
  const auto index = event.value["index"].integer();
  const bool there = index && *index >= 0 && std::size_t(*index) < fleet->agents.size();
  if (event.name == "field_hover") {
    chosen_ = there ? fleet->agents[std::size_t(*index)].agent : "";
    return;
  }
  if (!there) return;
  Filters to = filters();
  to.agent.clear(), to.sort.clear();
  context.push_navigate(address("/agents/" + percent_encoded(fleet->agents[std::size_t(*index)].agent), to));
}

Node AgentsPage::pictures() const {
  const auto* fleet = state<FleetState>(fleet_slot);
  const auto* heat = state<Heat>(heat_slot);
  static const Heat nothing;
  const Heat& h = heat ? *heat : nothing;
  const Texts& t = texts();
  const Node hours = chart({.name = "heat", .size = "w-12 h-4", .loading = heat == nullptr, .empty = h.agents == 0, .error = h.error, .as_of = h.as_of,
                            .n = heat ? t("count.agents", show_count(t, h.agents)) : "", .relative_error = std::nullopt, .filters = filters(), .table = [&] { return heat_table(h, t); }, .every = 300s});
  return html<"{}{}{}{}">(field_tile(fleet, chosen_, filters()), field_reasons(fleet, chosen_, filters()), work_tiles(state<FleetWork>(work_slot), filters()), html<"{}{}">(hours, learners()));
}

// All of them in the first row, then each that told something, with a link to its page.
Node AgentsPage::learners() const {
  const auto* state = this->state<Learners>(learners_slot);
  static const Learners nothing;
  const Learners& l = state ? *state : nothing;
  const Texts& t = texts();
  const TableHead heads[] = {{t("dimension.agent_id"), false}, {t("agents.found")}, {t("agents.proven")}, {t("agents.taken_over")}, {t("agents.improved")}, {t("agents.knowledge")}, {t("agents.unanswered")}};
  std::vector<TableRow> rows;
  const auto add = [&](const Learner& one, const std::string& name, std::string link) {
    rows.push_back({one.agent.empty() ? "all" : "agent|" + one.agent, {name, show_count(t, one.patterns), show_count(t, one.successful), show_count(t, one.replicated), show_count(t, one.improvements),
                                                                       show(t, Format::count, one.knowledge_nodes), show(t, Format::count, one.unanswered)}, std::move(link)});
  };
  Filters to = filters();
  to.agent.clear(), to.sort.clear();
  add(l.all, l.learning > l.agents.size() ? t("agents.all_of", show_count(t, double(l.learning))) : std::string(t("agents.all")), address("/learning", to));
  for (const Learner& one : l.agents) add(one, one.agent, address("/agents/" + percent_encoded(one.agent), to));
  const bool none = l.agents.empty() && l.all.told() == 0 && !l.all.knowledge_nodes;
  return table_tile({.name = "learners", .size = sized("w-12", rows.size(), 5), .texts = t, .loading = state == nullptr, .error = l.error, .empty = none ? why_empty(definition_of(t, "learners").counted, filters()) : "",
                     .as_of = l.as_of, .n = state ? how_many(t, "count.experiments", l.experiments) : "", .table = plain_table(t("figure.learners"), heads, rows), .every = 15s});
}

// "91.2 % [88.0, 94.1]", or why there is none.
std::string AgentsPage::compared(const std::string& agent) const {
  const auto* all = state<AdjustedState>(adjusted_slot);
  if (!all) return std::string(dash);
  const Texts& t = texts();
  if (all->estimate) return std::string(texts()("agents.sampled"));
  const auto at = all->agents.find(agent);
  if (at == all->agents.end() || at->second.n < adjusted_least_calls) return std::string(texts()("agents.too_few"));
  const Adjusted& a = at->second;
  if (!a.comparable()) return texts()("agents.of_mix", fmt::format("{:.0f} %", a.covered * 100));
  return show_share(t, a.rate) + " " + show_interval(t, show_number(t, a.low * 100, 1), show_number(t, a.high * 100, 1));
}

Node AgentsPage::body(const Context&) {
  field_left_ = field_newest_, heat_left_ = heat_newest_, work_left_ = work_newest_;  // this render leaves together with what was pushed
  const LeagueSpec wanted = spec();
  const Filters& f = filters();
  const Texts& t = texts();
  const Node table = league_table({.id = "agents", .caption = t("agents.caption"), .head = t("dimension.agent_id"), .path = "/agents", .columns = columns, .spec = wanted,
                                   .league = state<League>(league_slot), .filters = f, .what = t("dimensions.agent_id"),
                                   .link = [&f](const std::string& name) {
                                     Filters to = f;
                                     to.agent.clear(), to.sort.clear();
                                     return address("/agents/" + percent_encoded(name), to);
                                   },
                                   .extra_head = t("agents.same_mix"), .extra_title = t("agents.same_mix_title"),
                                   .extra = [this](const std::string& name) { return compared(name); }});
  return html<"<header><h1>{}</h1><form id=\"agent-search\" class=\"row-flex call-filters\" method=\"get\" action=\"/agents\" phx-change=\"filter\" phx-submit=\"filter\" phx-auto-recover=\"ignore\">"
              "<input type=\"search\" id=\"search\" name=\"agent\" value=\"{}\" placeholder=\"{}\" aria-label=\"{}\" phx-debounce=\"300\" autocomplete=\"off\"></form></header>"
              "<div id=\"agents-page\" aria-busy=\"{}\"><div class=\"grid\">{}</div>{}</div>">(t("tab.agents"), f.agent, t("agents.search"), t("agents.search"), fresh(league_slot) && fresh(fleet_slot) && fresh(heat_slot) && fresh(work_slot) ? "false" : "true", pictures(), component("agents-table", html<"<section class=\"below\">{}</section>">(table)));
}

}  // namespace aybiza::dashboard
