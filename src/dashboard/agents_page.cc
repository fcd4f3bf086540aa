#include "dashboard/agents_page.h"

#include "dashboard/league_table.h"
#include "liveview/text.h"

namespace aybiza::dashboard {

using namespace liveview;
using namespace std::chrono_literals;

namespace {

constexpr LeagueColumn columns[] = {
    {"calls", "Calls", Format::count},
    {"success_rate", "Success", Format::share, false},
    {"escalation_rate", "Escalated", Format::share},
    {"avg_duration_ms", "Avg length", Format::minutes},
    {"p95_voice_latency_ms", "p95 latency", Format::milliseconds},
    {"interruptions", "Interrupted", Format::count},
    {"avg_sentiment", "Sentiment", Format::score, false},
    {"cost_per_call", "Per call", Format::usd},
    {"cost_usd", "Spend", Format::usd},
};

}  // namespace

LeagueSpec AgentsPage::spec() const {
  LeagueSpec spec = league_spec(Dimension::agent_id, columns, filters());
  spec.search = filters().agent;
  return spec;
}

void AgentsPage::opened(Context& context, const Location&) {
  const ViewScope scope = this->scope();
  Filters shown = filters();
  shown.refresh = Refresh::live;  // does not change what is asked
  std::string key = "agents|" + customers_key();
  key += address("/agents", shown);
  const Ask ask = [source = viewer().source](const Question& q) { return source->ask(q); };
  watch(context, league_slot, {key, [ask, scope, spec = spec()](Instant now) {
                                 return std::make_shared<League>(compute_league(ask, scope, spec, now));
                               }, 2s, 5s, true});
}

Node AgentsPage::body(const Context&) {
  const LeagueSpec wanted = spec();
  const Filters& f = filters();
  const Node table = league_table({.id = "agents", .caption = "Agents and what they did in the range", .head = "Agent", .path = "/agents", .columns = columns, .spec = wanted,
                                   .league = state<League>(league_slot), .filters = f, .what = "agents",
                                   .link = [&f](const std::string& name) {
                                     Filters to = f;
                                     to.agent.clear(), to.sort.clear();
                                     return address("/agents/" + percent_encoded(name), to);
                                   }});
  return html<"<header><h1>Agents</h1><form id=\"agent-search\" class=\"row-flex call-filters\" method=\"get\" action=\"/agents\" phx-change=\"filter\" phx-submit=\"filter\" phx-auto-recover=\"ignore\">"
              "<input type=\"search\" id=\"search\" name=\"agent\" value=\"{}\" placeholder=\"Part of an agent's id\" aria-label=\"Part of an agent's id\" phx-debounce=\"300\" autocomplete=\"off\"></form></header>"
              "<div id=\"agents-page\" aria-busy=\"{}\">{}</div>">(f.agent, fresh(league_slot) ? "false" : "true", component("agents-table", html<"<div>{}</div>">(table)));
}

}  // namespace aybiza::dashboard
