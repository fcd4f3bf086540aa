#include "dashboard/calls_page.h"

#include <algorithm>

#include "base/limits.h"
#include "dashboard/show.h"
#include "dashboard/tile.h"
#include "liveview/row.h"

namespace aybiza::dashboard {

using namespace liveview;
using namespace std::chrono_literals;

namespace {

constexpr std::pair<std::string_view, std::string_view> states[] = {{"", "calls.any_state"}, {"active", "calls.active"}, {"ended", "calls.ended"}};

std::vector<std::string> outcome_words() {
  const auto words = info(Field::call_outcome).words;
  return {words.begin(), words.end()};
}

// The id is in the row once: a row is what changes most where many calls come.
Node row(const CallRow& call, const std::vector<const CallColumn*>& columns, const Filters& filters, const Zone& zone, Instant now) {
  const Texts& t = texts_of(filters);
  const bool live = call.state == CallState::active, bad = outcome_is_bad(call.call_outcome);
  constexpr std::string_view calls = "/calls/";
  Filters to = filters;
  to.cursor.clear();
  std::vector<Node> slots{Node::text(live ? "live" : bad ? "bad" : ""), Node::text(address(fmt::format("{}{}", calls, to_string(call.call_id)), to).substr(calls.size())), Node::text(show_moment(call.start, zone, t))};
  for (const CallColumn* column : columns) slots.push_back(column->cell(call, {t, now}));
  return html_row<"<tr class=\"{}\"><td class=\"nowrap\"><a class=\"row\" href=\"/calls/{}\" data-phx-link=\"redirect\" data-phx-link-state=\"push\">{}</a></td>", "<td>{}</td>", "</tr>">(std::move(slots), columns.size());
}

// Which of the table's columns are figures, the first is 1: cells say it by their place (site.css), not each by itself.
std::string figures_among(const std::vector<const CallColumn*>& columns) {
  std::string out;
  for (std::size_t i = 0; i < columns.size(); ++i)
    if (columns[i]->figure) out += fmt::format("{}{}", out.empty() ? "" : " ", i + 2);
  return out;
}

// New rows at a look, and calls that were shown and are not among those asked for, as they are now.
constexpr std::size_t rows_exchanged = 6;
Result<HeldCalls> look_again(Source& source, const CallsFilter& filter, const std::string& cursor, const CallsPage& shown) {
  auto asked = source.calls(filter, cursor, limits::page_rows);
  if (!asked) return std::unexpected(asked.error());
  CallsFilter of = filter;
  of.ids = not_among(shown, *asked);
  std::vector<CallRow> others;
  if (!of.ids.empty()) {
    Instant first = Instant::max(), last = Instant::min();  // a call's start does not change, and tells a store where to look
    for (const CallRow& call : shown.calls)
      if (std::ranges::find(of.ids, call.call_id) != of.ids.end()) first = std::min(first, call.start), last = std::max(last, call.start);
    of.from = std::max(first, filter.from.value_or(first)), of.to = std::min(last + 1us, filter.to.value_or(Instant::max()));
    if (auto found = source.calls(of, "", of.ids.size())) others = std::move(found->calls);
  }
  return hold_calls(shown, *asked, others, rows_exchanged, limits::page_rows, [&source](const CallRow& call) { return source.cursor_after(call); });
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
  columns_ = keeps() ? viewer().keeping.preferences->of(viewer().person).call_columns : viewer().preferences.call_columns;
  watch(context, calls_slot, {key, [source, filter, scope, cursor = f.cursor, shown = std::make_shared<CallsPage>()](Instant now) {
                                CallsFilter ask = filter;
                                const Range range = range_of(scope, now);
                                ask.from = range.from;
                                if (scope.to) ask.to = range.to;
                                auto held = look_again(*source, ask, cursor, *shown);
                                if (!held) return std::make_shared<CallsState>(CallsState{now, std::unexpected(held.error())});
                                *shown = held->page;
                                return std::make_shared<CallsState>(CallsState{now, std::move(held->page), held->waiting, held->more_waiting});
                              }, 500ms, 2s, true});
}

// Kept at once; where nothing is kept it holds while the page is open.
void CallsPageView::on_event(Context& context, const liveview::Event& event) {
  if (event.name == "columns_reset") columns_.reset();
  else if (event.name != "columns") return;
  else {
    const auto ticked = event.form.all("column[]");
    columns_ = checked_columns(std::vector<std::string>(ticked.begin(), ticked.end()));
  }
  if (!keeps()) return;
  Preferences liked = viewer().keeping.preferences->of(viewer().person);
  liked.call_columns = columns_;
  if (const Status kept = viewer().keeping.preferences->set(viewer().person, liked); !kept) context.put_flash("error", texts()("settings.not_written", kept.error().message));
}

std::optional<Node> CallsPageView::column_form() const {
  if (viewer().read_only()) return std::nullopt;
  const Texts& t = texts();
  const auto chosen = columns_of(columns_);
  const Node boxes = each(call_columns(), [](const CallColumn& c) { return c.name; }, [&](const CallColumn& c) {
    return html<"<label class=\"check\"><input type=\"checkbox\" name=\"column[]\" value=\"{}\"{}> {}</label>">(c.name, flag<"checked">(std::ranges::find(chosen, &c) != chosen.end()), t(c.title));
  });
  std::optional<Node> back;
  if (columns_) back = html<"<button type=\"button\" phx-click=\"columns_reset\">{}</button>">(t("settings.reset"));
  return html<"<button type=\"button\" id=\"choose-columns\" popovertarget=\"columns\">{}</button>"
              "<form id=\"columns\" class=\"def\" popover phx-change=\"columns\" phx-submit=\"columns\" phx-auto-recover=\"ignore\" aria-label=\"{}\"><div class=\"checks\">{}</div><p class=\"hint\">{}</p><div class=\"actions\">{}</div></form>">(
      t("calls.columns"), t("calls.columns"), boxes, t(keeps() ? "calls.columns_kept" : "settings.not_kept"), back);
}

Node CallsPageView::table(const CallsState& calls) const {
  const Texts& t = texts();
  const Zone zone = zone_or_utc(filters().zone);
  const auto columns = columns_of(columns_);
  const Node list = rows(calls.page->calls, [](const CallRow& c) { return to_string(c.call_id); }, [&](const CallRow& c) { return row(c, columns, filters(), zone, calls.as_of); });
  const Node heads = each(columns, [](const CallColumn* c) { return c->name; }, [&](const CallColumn* c) {
    return html<"<th scope=\"col\"{}>{}</th>">(attr<"class">(c->figure ? std::optional<std::string_view>("num") : std::nullopt), t(c->title));
  });
  return html<"<div class=\"scroll table-card\" tabindex=\"0\" role=\"region\" aria-label=\"{}\"><table class=\"rows\" id=\"calls\" data-figures=\"{}\"><caption class=\"sr\">{}</caption><thead><tr><th scope=\"col\">{}</th>{}</tr></thead><tbody>{}</tbody></table></div>">(
      t("tab.calls"), figures_among(columns), t("calls.caption"), t("calls.start"), heads, list);
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
    content = table(*calls);
  }
  if (calls && calls->page) {
    Filters first = filters(), next = filters();
    first.cursor.clear(), next.cursor = calls->page->next;
    std::optional<Node> back, on, waiting;
    if (calls->waiting > 0) waiting = html<"<span class=\"muted\" id=\"calls-waiting\">{}</span>">(t(calls->more_waiting ? "calls.many_waiting" : "calls.waiting", calls->waiting));
    if (!filters().cursor.empty()) back = html<"<a class=\"button\" href=\"{}\" data-phx-link=\"patch\" data-phx-link-state=\"push\">{}</a>">(address("/calls", first), t("calls.first_page"));
    if (!next.cursor.empty()) on = html<"<a class=\"button\" id=\"next\" href=\"{}\" data-phx-link=\"patch\" data-phx-link-state=\"push\">{}</a>">(address("/calls", next), t("calls.next_page"));
    more = html<"<footer class=\"row-flex pager\">{}<span class=\"muted\">{}</span>{}{}<span class=\"spacer\"></span>{}{}</footer>">(
        age(calls->as_of, t), t("calls.on_page", calls->page->calls.size()), waiting, give_buttons(t, t("tab.calls")), back, on);
  }
  (void)context;
  return html<"<header><h1>{}</h1>{}{}</header><div data-gives=\"{}\"><div id=\"calls-page\" aria-busy=\"{}\">{}</div>{}</div>">(
      t("tab.calls"), filter_form(), column_form(), t("tab.calls"), fresh(calls_slot) ? "false" : "true", component("calls-table", html<"<div>{}</div>">(std::move(content))), component("calls-pager", html<"<div>{}</div>">(std::move(more))));
}

}  // namespace aybiza::dashboard
