#include "dashboard/fleet_field.h"

#include <algorithm>

#include "dashboard/definitions.h"
#include "dashboard/plain_table.h"
#include "dashboard/show.h"
#include "dashboard/tile.h"
#include "liveview/json.h"
#include "liveview/text.h"

namespace aybiza::dashboard {

using namespace liveview;

namespace {

constexpr std::size_t worst_shown = 12;

std::string value_of(const Cost& cost, const Texts& t) {
  const auto member = health_signals[cost.signal].value;
  if (member == &AgentSignals::response_ms) return show_ms(t, cost.value);
  if (member == &AgentSignals::silence_s) return show_span(t, cost.value * 1e3);
  if (member == &AgentSignals::slope) return t("fleet.a_turn", show_score(t, cost.value));
  return show_share(t, cost.value);
}

// Within a sentence: the word of charts begins with a capital.
std::string_view name_of(const Cost& cost, const Texts& t) {
  const std::string_view name = health_signals[cost.signal].name;
  return name == "errors" ? t("fleet.errors") : show_name(t, name);
}

std::string_view word_of(char letter, const Texts& t) { return t(letter == 'b' ? "fleet.bad" : letter == 'w' ? "fleet.warning" : letter == 'g' ? "fleet.good" : "fleet.idle"); }

TableRow row_of(const AgentHealth& a, const Filters& filters, bool chosen) {
  const Texts& t = texts_of(filters);
  Filters to = filters;
  to.agent.clear(), to.sort.clear();
  return {(chosen ? "*" : "") + a.agent, {a.agent, a.letter == 'i' ? std::string(dash) : fmt::format("{:.0f} {}", a.health, word_of(a.letter, t)), reasons_of(a, t), show_count(t, double(a.calls))},
          address("/agents/" + percent_encoded(a.agent), to)};
}

std::string legend(const FleetState& s, const Texts& t) {
  return t("fleet.legend", show_count(t, double(s.counts[0])), show_count(t, double(s.counts[1])), show_count(t, double(s.counts[2])), show_count(t, double(s.counts[3]))) + (s.estimate ? fmt::format(" · {}", t("board.estimate")) : "");
}

}  // namespace

std::string reasons_of(const AgentHealth& agent, const Texts& t) {
  if (agent.letter == 'i') return std::string(t("fleet.no_call"));
  std::string out;
  for (const Cost& cost : agent.costs) out += fmt::format("{}{} −{:.0f} ({})", out.empty() ? "" : ", ", name_of(cost, t), std::max(1.0, cost.points), value_of(cost, t));
  return out.empty() ? std::string(t("fleet.nothing")) : out;
}

std::string field_event(const FleetState& state) {
  return JsonWriter().begin_object().key("as_of").integer(to_micros(state.as_of) / 1000).field("runs", field_runs(state)).end_object().str();
}

namespace {

// Where the field fills the screen the list beside it is not there: what it would say of the chosen agent.
Node picked(const FleetState& s, const std::string& chosen, const Texts& t) {
  const auto at = std::ranges::find(s.agents, chosen, &AgentHealth::agent);
  if (chosen.empty() || at == s.agents.end()) return html<"<p class=\"picked\" role=\"status\">{}</p>">(t("fleet.choose"));
  return html<"<p class=\"picked\" role=\"status\"><b>{}</b> {} · {}</p>">(at->agent, at->letter == 'i' ? std::string(dash) : fmt::format("{:.0f} {}", at->health, word_of(at->letter, t)), reasons_of(*at, t));
}

}  // namespace

Node field_tile(const FleetState* state, const std::string& chosen, const Filters& filters) {
  const Texts& t = texts_of(filters);
  const Definition& d = definition_of(t, "fleet");
  static const FleetState nothing;
  const FleetState& s = state ? *state : nothing;
  const std::string empty = state && s.agents.empty() ? why_empty(t("count.calls"), filters) : "";
  return picture_tile({.name = d.name, .size = "w-8 h-5 wide", .texts = t, .loading = state == nullptr, .error = s.error, .empty = empty, .as_of = s.as_of, .n = state ? legend(s, t) : "",
                       .table = html<"<canvas id=\"field-fleet\" class=\"field\" phx-hook=\"Field\" phx-update=\"ignore\" tabindex=\"0\" role=\"application\" aria-label=\"{}\"></canvas>{}">(t("fleet.keys", d.title), picked(s, chosen, t)), .every = std::chrono::seconds(2), .fills = true});
}

Node field_reasons(const FleetState* state, const std::string& chosen, const Filters& filters) {
  static const FleetState nothing;
  const FleetState& s = state ? *state : nothing;
  const Texts& t = texts_of(filters);
  const TableHead heads[] = {{t("dimension.agent_id"), false}, {t("fleet.health"), false}, {t("figure.fleet_worst"), false}, {t("column.calls")}};
  std::vector<TableRow> rows;
  const auto at = std::ranges::find(s.agents, chosen, &AgentHealth::agent);
  if (!chosen.empty() && at != s.agents.end()) rows.push_back(row_of(*at, filters, true));
  for (const AgentHealth& agent : s.agents)
    if (agent.letter != 'i' && agent.agent != chosen && rows.size() < worst_shown) rows.push_back(row_of(agent, filters, false));
  return table_tile({.name = "fleet_worst", .size = "w-4 h-5 mid", .texts = t, .loading = state == nullptr, .error = s.error, .empty = rows.empty() ? std::string(t("fleet.none")) : "", .as_of = s.as_of,
                     .n = fmt::format("{}{}{}", chosen.empty() ? "" : t("fleet.chosen_first"), s.estimate && !chosen.empty() ? " · " : "", s.estimate ? t("board.estimate") : ""), .table = plain_table(t("fleet.caption"), heads, rows), .every = std::chrono::seconds(2)});
}

}  // namespace aybiza::dashboard
