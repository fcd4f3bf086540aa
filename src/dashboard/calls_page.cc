#include "dashboard/calls_page.h"

#include "base/limits.h"
#include "dashboard/show.h"
#include "dashboard/tile.h"

namespace aybiza::dashboard {

using namespace liveview;
using namespace std::chrono_literals;

namespace {

constexpr std::pair<std::string_view, std::string_view> states[] = {{"", "Any state"}, {"active", "In progress"}, {"ended", "Ended"}};

std::vector<std::string> outcome_words() {
  const auto words = info(Field::call_outcome).words;
  return {words.begin(), words.end()};
}

std::string_view tone_of(std::string_view outcome) {
  if (outcome == "successful") return "status good";
  if (outcome == "failed" || outcome == "error" || outcome == "timeout") return "status bad";
  if (outcome == "abandoned" || outcome == "no_answer" || outcome == "busy") return "status warn";
  if (outcome == "transferred") return "status info";
  return "status idle";
}

std::string or_dash(std::string_view text) { return std::string(text.empty() ? dash : text); }

Node row(const CallRow& call, const Filters& filters, const Zone& zone, Instant now) {
  const bool live = call.state == CallState::active;
  const std::string id = to_string(call.call_id);
  Filters to = filters;
  to.cursor.clear();
  const std::string length = call.duration_us ? show_duration(Duration(*call.duration_us)) : live ? show_duration(std::max(Duration(0), now - call.start)) : std::string(dash);
  const std::string_view tone = live ? "status info" : tone_of(call.call_outcome);
  return html<"<tr class=\"{}\" id=\"call-{}\"><td class=\"nowrap\"><a class=\"row\" href=\"{}\" data-phx-link=\"redirect\" data-phx-link-state=\"push\">{}</a></td>"
              "<td><span class=\"{}\">{}</span></td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td class=\"num\">{}</td><td class=\"num\">{}</td><td class=\"num\">{}</td><td class=\"num\">{}</td></tr>">(
      live ? "live" : tone == "status bad" ? "bad" : "", id, address("/calls/" + id, to), show_moment(call.start, zone), tone,
      live ? std::string("In progress") : title_case(call.call_outcome), or_dash(call.dims[Field::customer_id]),
      or_dash(call.dims[Field::agent_name].empty() ? call.dims[Field::agent_id] : call.dims[Field::agent_name]), or_dash(call.dims[Field::region]),
      or_dash(call.dims[Field::model_used]), length, call.turns, show_us(call.voice_latency_us),
      show_usd(call.cost_nano ? std::optional(double(*call.cost_nano) / 1e9) : std::nullopt));
}

Node skeleton() {
  return raw<"<section class=\"tile w-12 h-6 loading\" aria-label=\"Loading\"><div class=\"bone line\"></div><div class=\"bone line\"></div><div class=\"bone line\"></div><div class=\"bone line\"></div></section>">();
}

}  // namespace

void CallsPageView::opened(Context& context, const Location&) {
  const Filters& f = filters();
  const ViewScope scope = this->scope();
  CallsFilter filter{viewer().customers, f.customer, f.region, f.agent, f.outcome, f.state, f.model, std::nullopt, std::nullopt};
  std::string key = "calls|" + customers_key();
  Filters shown = f;  // the zone and the refresh do not change what is asked
  shown.zone = "UTC", shown.refresh = Refresh::live;
  key += address("/calls", shown);
  Source* source = viewer().source;
  watch(context, calls_slot, {key, [source, filter, scope, cursor = f.cursor](Instant now) {
                                CallsFilter ask = filter;
                                const Range range = range_of(scope, now);
                                ask.from = range.from;
                                if (scope.to) ask.to = range.to;
                                return std::make_shared<CallsState>(CallsState{now, source->calls(ask, cursor, limits::page_rows)});
                              }, 500ms, 2s, true});
}

Node CallsPageView::filter_form() const {
  const Filters& f = filters();
  const auto state_options = each(states, [](const auto& s) { return s.second; }, [&](const auto& s) {
    return html<"<option value=\"{}\"{}>{}</option>">(s.first, flag<"selected">(s.first == f.state), s.second);
  });
  const auto outcomes = each(outcome_words(), [](const std::string& w) { return w; }, [&](const std::string& w) {
    return html<"<option value=\"{}\"{}>{}</option>">(w, flag<"selected">(w == f.outcome), title_case(w));
  });
  return html<"<form id=\"call-filters\" class=\"row-flex call-filters\" method=\"get\" action=\"/calls\" phx-change=\"filter\" phx-submit=\"filter\" phx-auto-recover=\"ignore\">"
              "<select name=\"state\" aria-label=\"State\">{}</select><select name=\"outcome\" aria-label=\"Outcome\"><option value=\"\">Any outcome</option>{}</select>"
              "<input type=\"search\" id=\"search\" name=\"agent\" value=\"{}\" placeholder=\"Agent id\" aria-label=\"Agent id\" phx-debounce=\"300\" autocomplete=\"off\">"
              "<input type=\"search\" name=\"model\" value=\"{}\" placeholder=\"Model\" aria-label=\"Model\" phx-debounce=\"300\" autocomplete=\"off\"></form>">(
      state_options, outcomes, f.agent, f.model);
}

Node CallsPageView::body(const Context& context) {
  const auto* calls = state<CallsState>(calls_slot);
  Node content, more;
  if (!calls) {
    content = skeleton();
  } else if (!calls->page) {
    content = html<"<section class=\"tile w-12 h-2 broken\"><p class=\"why\">The calls could not be read: {}</p></section>">(calls->page.error().message);
  } else if (calls->page->calls.empty()) {
    const bool narrow = !filters().agent.empty() || !filters().outcome.empty() || !filters().state.empty() || !filters().model.empty();
    content = html<"<section class=\"tile w-12 h-2 empty\"><p class=\"why\">{}{}</p></section>">(why_empty("calls", filters()), narrow ? " Filters above the table are in force." : "");
  } else {
    const Zone zone = zone_or_utc(filters().zone);
    const Node list = rows(calls->page->calls, [](const CallRow& c) { return to_string(c.call_id); },
                           [&](const CallRow& c) { return row(c, filters(), zone, calls->as_of); });
    content = html<"<div class=\"scroll table-card\" tabindex=\"0\" role=\"region\" aria-label=\"Calls\"><table class=\"rows\" id=\"calls\"><caption class=\"sr\">Calls, in progress first, then the latest</caption><thead><tr>"
                   "<th scope=\"col\">Start</th><th scope=\"col\">Outcome</th><th scope=\"col\">Customer</th><th scope=\"col\">Agent</th><th scope=\"col\">Region</th><th scope=\"col\">Model</th>"
                   "<th scope=\"col\" class=\"num\">Length</th><th scope=\"col\" class=\"num\">Turns</th><th scope=\"col\" class=\"num\">Latency</th><th scope=\"col\" class=\"num\">Cost</th></tr></thead><tbody>{}</tbody></table></div>">(list);
  }
  if (calls && calls->page) {
    Filters first = filters(), next = filters();
    first.cursor.clear(), next.cursor = calls->page->next;
    std::optional<Node> back, on;
    if (!filters().cursor.empty()) back = html<"<a class=\"button\" href=\"{}\" data-phx-link=\"patch\" data-phx-link-state=\"push\">First page</a>">(address("/calls", first));
    if (!next.cursor.empty()) on = html<"<a class=\"button\" id=\"next\" href=\"{}\" data-phx-link=\"patch\" data-phx-link-state=\"push\">Next page</a>">(address("/calls", next));
    more = html<"<footer class=\"row-flex pager\"><span class=\"age\" data-at=\"{}\">now</span><span class=\"muted\">{} calls on this page</span><span class=\"spacer\"></span>{}{}</footer>">(
        to_micros(calls->as_of) / 1000, calls->page->calls.size(), back, on);
  }
  (void)context;
  return html<"<header><h1>Calls</h1>{}</header><div id=\"calls-page\" aria-busy=\"{}\">{}</div>{}">(
      filter_form(), fresh(calls_slot) ? "false" : "true", component("calls-table", html<"<div>{}</div>">(std::move(content))), component("calls-pager", html<"<div>{}</div>">(std::move(more))));
}

}  // namespace aybiza::dashboard
