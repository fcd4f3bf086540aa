#include "dashboard/calls_page.h"

#include "base/limits.h"
#include "dashboard/show.h"
#include "dashboard/tile.h"

namespace aybiza::dashboard {

using namespace liveview;
using namespace std::chrono_literals;

namespace {

constexpr std::pair<std::string_view, std::string_view> states[] = {{"", "calls.any_state"}, {"active", "calls.active"}, {"ended", "calls.ended"}};

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
  const Texts& t = texts_of(filters);
  const bool live = call.state == CallState::active;
  const std::string id = to_string(call.call_id);
  Filters to = filters;
  to.cursor.clear();
  const std::string length = call.duration_us ? show_duration(Duration(*call.duration_us)) : live ? show_duration(std::max(Duration(0), now - call.start)) : std::string(dash);
  const std::string_view tone = live ? "status info" : tone_of(call.call_outcome);
  return html<"<tr class=\"{}\" id=\"call-{}\"><td class=\"nowrap\"><a class=\"row\" href=\"{}\" data-phx-link=\"redirect\" data-phx-link-state=\"push\">{}</a></td>"
              "<td><span class=\"{}\">{}</span></td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td class=\"num\">{}</td><td class=\"num\">{}</td><td class=\"num\">{}</td><td class=\"num\">{}</td></tr>">(
      live ? "live" : tone == "status bad" ? "bad" : "", id, address("/calls/" + id, to), show_moment(call.start, zone, t), tone,
      live ? std::string(t("calls.active")) : show_word(t, call.call_outcome), or_dash(call.dims[Field::customer_id]),
      or_dash(call.dims[Field::agent_name].empty() ? call.dims[Field::agent_id] : call.dims[Field::agent_name]), or_dash(call.dims[Field::region]),
      or_dash(call.dims[Field::model_used]), length, call.turns, show_us(t, call.voice_latency_us),
      show_usd(t, call.cost_nano ? std::optional(double(*call.cost_nano) / 1e9) : std::nullopt));
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
  const Texts& t = texts();
  const auto state_options = each(states, [](const auto& s) { return s.second; }, [&](const auto& s) {
    return html<"<option value=\"{}\"{}>{}</option>">(s.first, flag<"selected">(s.first == f.state), t(s.second));
  });
  const auto outcomes = each(outcome_words(), [](const std::string& w) { return w; }, [&](const std::string& w) {
    return html<"<option value=\"{}\"{}>{}</option>">(w, flag<"selected">(w == f.outcome), show_word(t, w));
  });
  return html<"<form id=\"call-filters\" class=\"row-flex call-filters\" method=\"get\" action=\"/calls\" phx-change=\"filter\" phx-submit=\"filter\" phx-auto-recover=\"ignore\">"
              "<select name=\"state\" aria-label=\"{}\">{}</select><select name=\"outcome\" aria-label=\"{}\"><option value=\"\">{}</option>{}</select>"
              "<input type=\"search\" id=\"search\" name=\"agent\" value=\"{}\" placeholder=\"{}\" aria-label=\"{}\" phx-debounce=\"300\" autocomplete=\"off\">"
              "<input type=\"search\" name=\"model\" value=\"{}\" placeholder=\"{}\" aria-label=\"{}\" phx-debounce=\"300\" autocomplete=\"off\"></form>">(
      t("dimension.state"), state_options, t("dimension.call_outcome"), t("calls.any_outcome"), outcomes, f.agent, t("calls.agent_id"), t("calls.agent_id"), f.model, t("dimension.model_used"), t("dimension.model_used"));
}

Node CallsPageView::body(const Context& context) {
  const auto* calls = state<CallsState>(calls_slot);
  const Texts& t = texts();
  Node content, more;
  if (!calls) {
    content = loading_table(t);
  } else if (!calls->page) {
    content = html<"<section class=\"tile w-12 h-2 broken\"><p class=\"why\">{}</p></section>">(t("calls.broken", calls->page.error().message));
  } else if (calls->page->calls.empty()) {
    const bool narrow = !filters().agent.empty() || !filters().outcome.empty() || !filters().state.empty() || !filters().model.empty();
    content = html<"<section class=\"tile w-12 h-2 empty\"><p class=\"why\">{} {}</p></section>">(why_empty(t("count.calls"), filters()), narrow ? t("calls.narrow") : "");
  } else {
    const Zone zone = zone_or_utc(filters().zone);
    const Node list = rows(calls->page->calls, [](const CallRow& c) { return to_string(c.call_id); },
                           [&](const CallRow& c) { return row(c, filters(), zone, calls->as_of); });
    const auto head = [&](std::string_view key, bool figure) { return html<"<th scope=\"col\"{}>{}</th>">(attr<"class">(figure ? std::optional<std::string_view>("num") : std::nullopt), t(key)); };
    constexpr std::pair<std::string_view, bool> heads[] = {{"calls.start", false}, {"dimension.call_outcome", false}, {"dimension.customer_id", false}, {"dimension.agent_id", false}, {"dimension.region", false},
                                                           {"dimension.model_used", false}, {"calls.length", true}, {"column.turns", true}, {"calls.latency", true}, {"calls.cost", true}};
    content = html<"<div class=\"scroll table-card\" tabindex=\"0\" role=\"region\" aria-label=\"{}\"><table class=\"rows\" id=\"calls\"><caption class=\"sr\">{}</caption><thead><tr>{}</tr></thead><tbody>{}</tbody></table></div>">(
        t("tab.calls"), t("calls.caption"), each(heads, [](const auto& h) { return h.first; }, [&](const auto& h) { return head(h.first, h.second); }), list);
  }
  if (calls && calls->page) {
    Filters first = filters(), next = filters();
    first.cursor.clear(), next.cursor = calls->page->next;
    std::optional<Node> back, on;
    if (!filters().cursor.empty()) back = html<"<a class=\"button\" href=\"{}\" data-phx-link=\"patch\" data-phx-link-state=\"push\">{}</a>">(address("/calls", first), t("calls.first_page"));
    if (!next.cursor.empty()) on = html<"<a class=\"button\" id=\"next\" href=\"{}\" data-phx-link=\"patch\" data-phx-link-state=\"push\">{}</a>">(address("/calls", next), t("calls.next_page"));
    more = html<"<footer class=\"row-flex pager\">{}<span class=\"muted\">{}</span>{}<span class=\"spacer\"></span>{}{}</footer>">(
        age(calls->as_of, t), t("calls.on_page", calls->page->calls.size()), give_buttons(t, t("tab.calls")), back, on);
  }
  (void)context;
  return html<"<header><h1>{}</h1>{}</header><div data-gives=\"{}\"><div id=\"calls-page\" aria-busy=\"{}\">{}</div>{}</div>">(
      t("tab.calls"), filter_form(), t("tab.calls"), fresh(calls_slot) ? "false" : "true", component("calls-table", html<"<div>{}</div>">(std::move(content))), component("calls-pager", html<"<div>{}</div>">(std::move(more))));
}

}  // namespace aybiza::dashboard
