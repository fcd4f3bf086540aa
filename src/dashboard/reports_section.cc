#include "dashboard/reports_section.h"

#include <algorithm>

#include "base/check.h"
#include "dashboard/board_store.h"
#include "dashboard/frame.h"
#include "dashboard/reasons.h"
#include "dashboard/show.h"
#include "liveview/text.h"

namespace aybiza::dashboard {

using namespace liveview;

namespace {

constexpr std::pair<std::string_view, std::string_view> pages[] = {{"/", "tab.overview"}, {"/agents", "tab.agents"}, {"/conversations", "tab.conversations"}, {"/calls", "tab.calls"},
                                                                   {"/costs", "tab.costs"}, {"/learning", "tab.learning"}, {"/system", "tab.system"}};
constexpr std::string_view weekdays[] = {"day.mon", "day.tue", "day.wed", "day.thu", "day.fri", "day.sat", "day.sun"};

Node choice(std::string_view value, std::string_view label, bool chosen = false) { return html<"<option value=\"{}\"{}>{}</option>">(value, flag<"selected">(chosen), label); }

std::string days_shown(unsigned days, const Texts& t) {
  const std::string word = days_text(days);
  if (word == "daily" || word == "weekdays") return std::string(t("report." + word));
  std::string out;
  for (std::size_t i = 0; i < std::size(weekdays); ++i)
    if ((days >> i & 1) != 0) out += fmt::format("{}{}", out.empty() ? "" : ", ", t(weekdays[i]));
  return out;
}

}  // namespace

std::vector<Report> ReportsSection::all(Instant now) const { return viewer_.keeping.reports->list_of(viewer_.customer(), now); }

bool ReportsSection::on_event(const Context& context, const liveview::Event& event) {
  if (!event.name.starts_with("report_") || !there()) return false;
  refused_.clear(), done_.clear();
  const Instant now = context.now();
  ReportBook& book = *viewer_.keeping.reports;
  if (event.name == "report_make") return make(event.form, now), true;
  const auto theirs = all(now);
  const auto at = std::ranges::find(theirs, event.value["id"].text(), &Report::id);
  if (at == theirs.end()) return true;
  Status kept;
  if (event.name == "report_remove") kept = book.remove(at->id);
  if (event.name == "report_switch") kept = book.set_on(at->id, !at->on, now);
  if (event.name == "report_send" && viewer_.keeping.send_reports) {
    book.ask_now(at->id);
    viewer_.keeping.send_reports();
    done_ = viewer_.texts()("report.being_sent", at->name);
  }
  if (!kept) refused_ = reason_of(viewer_.texts(), kept.error().message);
  else if (event.name != "report_send") viewer_.note(now, event.name == "report_remove" ? "report remove" : at->on ? "report off" : "report on", at->name);
  return true;
}

void ReportsSection::make(const Form& form, Instant now) {
  const Texts& t = viewer_.texts();
  Report wanted;
  wanted.name = form.text("name"), wanted.to = parse_recipients(form.text("to")), wanted.pdf = form.text("format") != "png";
  wanted.when.minute = parse_clock(form.text("at")).value_or(-1), wanted.when.zone = form.text("tz").empty() ? viewer_.preferences.zone : std::string(form.text("tz"));
  wanted.when.days = 0;
  for (std::size_t i = 0; i < std::size(weekdays); ++i)
    if (!form.text(weekdays[i]).empty()) wanted.when.days |= 1U << i;
  Filters filters;
  filters.range = std::ranges::find(ranges, form.text("range")) == std::end(ranges) ? "24h" : std::string(form.text("range"));
  filters.zone = wanted.when.zone;
  const std::string_view place = form.text("place");
  const BoardPtr board = place.starts_with("board:") && viewer_.keeping.boards ? viewer_.keeping.boards->by_id(place.substr(6)) : nullptr;
  if (place.starts_with("board:") && (!board || !BoardReader{viewer_.person, viewer_.customer()}.may_see(*board))) return void(refused_ = t("board.none_why"));
  wanted.page = address(board ? "/boards/" + percent_encoded(board->board.name) : std::string(place), filters);
  wanted.customer = viewer_.customers.empty() && !form.text("customer").empty() ? std::string(form.text("customer")) : viewer_.customer();
  wanted.person = viewer_.person, wanted.by = viewer_.user.empty() ? viewer_.person : viewer_.user;
  auto made = viewer_.keeping.reports->add(std::move(wanted), now);
  if (made) done_ = t("report.made", made->name), viewer_.note(now, "report add", fmt::format("{} {} to {}", made->name, made->page, fmt::join(made->to, ", ")));
  else refused_ = reason_of(t, made.error().message);
}

Node ReportsSection::form() const {
  const Texts& t = viewer_.texts();
  const Node tabs = each(pages, [](const auto& p) { return p.first; }, [&](const auto& p) { return choice(p.first, t(p.second)); });
  const auto visible = viewer_.keeping.boards ? viewer_.keeping.boards->visible({viewer_.person, viewer_.customer()}) : std::vector<BoardPtr>();
  const Node boards = each(visible, [](const BoardPtr& b) { return b->id; }, [&](const BoardPtr& b) { return choice("board:" + b->id, t("share.board", b->board.name)); });
  const Node spans = each(ranges, [](std::string_view r) { return r; }, [](std::string_view r) { return choice(r, range_label(r), r == "24h"); });
  const Node days = each(weekdays, [](std::string_view d) { return d; }, [&](std::string_view d) {
    return html<"<label><input type=\"checkbox\" name=\"{}\" value=\"1\"{}> {}</label>">(d, flag<"checked">(d != "day.sat" && d != "day.sun"), t(d));
  });
  std::optional<Node> customer;
  if (viewer_.customers.empty()) customer = html<"<label class=\"field\"><span>{}</span><input name=\"customer\" placeholder=\"{}\" autocomplete=\"off\"></label>">(t("frame.customer"), t("frame.all_customers"));
  return html<"<section class=\"tile making\" aria-labelledby=\"report-title\"><h2 id=\"report-title\">{}</h2><form id=\"report-form\" class=\"sharing\" phx-submit=\"report_make\" phx-update=\"ignore\" phx-auto-recover=\"ignore\">"
              "<label class=\"field\"><span>{}</span><input name=\"name\" maxlength=\"{}\" autocomplete=\"off\" required></label>"
              "<label class=\"field\"><span>{}</span><input name=\"to\" placeholder=\"ada@example.com, bob@example.com\" autocomplete=\"off\" spellcheck=\"false\" required></label>"
              "<label class=\"field\"><span>{}</span><select name=\"place\">{}{}</select></label><label class=\"field\"><span>{}</span><select name=\"range\">{}</select></label>{}"
              "<label class=\"field\"><span>{}</span><input type=\"time\" name=\"at\" value=\"07:00\" required></label>"
              "<label class=\"field\"><span>{}</span><select name=\"tz\">{}</select></label>"
              "<label class=\"field\"><span>{}</span><select name=\"format\">{}{}</select></label>"
              "<fieldset class=\"row-flex\"><legend>{}</legend>{}</fieldset>"
              "<p class=\"hint\">{}</p><p class=\"actions\"><button class=\"primary\">{}</button></p></form></section>">(
      t("report.new"), t("board.name"), report_name_bytes, t("report.to"), t("share.what"), tabs, boards, t("frame.range"), spans, customer, t("report.at"), t("frame.zone"), zone_options(viewer_.preferences.zone),
      t("report.format"), choice("pdf", t("report.as_pdf")), choice("png", t("report.as_png")), t("report.days"), days, t("report.hint"), t("report.make"));
}

Node ReportsSection::row(const Report& r, Instant now) const {
  const Texts& t = viewer_.texts();
  const Zone zone = zone_or_utc(r.when.zone);
  const ReportState state = viewer_.keeping.reports->state_of(r.id, now);
  const auto next = r.on ? next_slot(r.when, zone, now) : std::nullopt;
  std::string became = state.sent_at ? show_moment(*state.sent_at, zone, t) : std::string(dash);
  std::optional<Node> error, send;
  if (!state.error.empty()) error = html<"<span class=\"status bad\">{}</span>">(state.error);
  if (state.outcome == ReportState::sending) error = html<"<span class=\"status info\">{}</span>">(t("report.sending"));
  const auto press = [&](std::string_view event, std::string_view label, std::string_view look) {
    return html<"<button type=\"button\" class=\"{}\" phx-click=\"{}\" phx-value-id=\"{}\" aria-label=\"{}\">{}</button>">(look, event, r.id, t("report.which", label, r.name), label);
  };
  if (viewer_.keeping.send_reports) send = press("report_send", t("report.send_now"), "");
  return html<"<tr><th scope=\"row\">{}</th><td data-label=\"{}\">{}</td><td data-label=\"{}\">{}</td><td class=\"wrap\" data-label=\"{}\">{}</td><td data-label=\"{}\"><span>{} {} <span class=\"muted nowrap\">{}</span></span></td>"
              "<td data-label=\"{}\">{}</td><td data-label=\"{}\">{} {}</td><td><div class=\"row-flex\">{}{}{}</div></td></tr>">(
      r.name, t("share.what"), r.page, t("frame.customer"), r.customer == "*" ? t("frame.all_customers") : std::string_view(r.customer), t("report.to"), fmt::format("{}", fmt::join(r.to, ", ")),
      t("report.at"), clock_text(r.when.minute), days_shown(r.when.days, t), r.when.zone, t("report.next"), next ? show_moment(*next, zone, t) : std::string(t("report.off")), t("report.last"), became, error, send, press("report_switch", t(r.on ? "report.switch_off" : "report.switch_on"), ""), press("report_remove", t("report.remove"), "danger"));
}

Node ReportsSection::list(const std::vector<Report>& reports, Instant now) const {
  const Texts& t = viewer_.texts();
  if (reports.empty()) return html<"<section class=\"tile w-12 h-2 empty\"><p class=\"why\">{}</p></section>">(t("report.none"));
  const Node body = rows(reports, [](const Report& r) { return r.id; }, [&](const Report& r) { return row(r, now); });
  return html<"<div class=\"scroll table-card cards\" tabindex=\"0\" role=\"region\" aria-label=\"{}\"><table class=\"rows\" id=\"reports\"><caption class=\"sr\">{}</caption><thead><tr><th scope=\"col\">{}</th><th scope=\"col\">{}</th><th scope=\"col\">{}</th>"
              "<th scope=\"col\">{}</th><th scope=\"col\">{}</th><th scope=\"col\">{}</th><th scope=\"col\">{}</th><th scope=\"col\"><span class=\"sr\">{}</span></th></tr></thead><tbody>{}</tbody></table></div>">(
      t("report.title"), t("report.title"), t("board.name"), t("share.what"), t("frame.customer"), t("report.to"), t("report.at"), t("report.next"), t("report.last"), t("report.remove"), body);
}

Node ReportsSection::shown(Instant now) const {
  CHECK(there());
  const Texts& t = viewer_.texts();
  std::optional<Node> said, no_server;
  if (!refused_.empty()) said = html<"<p class=\"flash error\" role=\"alert\" id=\"report-refused\">{}</p>">(refused_);
  if (!done_.empty()) said = html<"<p class=\"flash info\" role=\"status\" id=\"report-done\">{}</p>">(done_);
  if (!viewer_.keeping.send_reports) no_server = html<"<p class=\"hint\" id=\"no-mail-server\">{}</p>">(t("report.no_server"));
  return html<"<section class=\"below\" id=\"reports-section\"><header><h2>{}</h2></header>{}{}{}{}</section>">(t("report.title"), no_server, said, list(all(now), now), form());
}

}  // namespace aybiza::dashboard
