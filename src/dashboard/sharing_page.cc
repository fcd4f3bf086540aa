#include "dashboard/sharing_page.h"

#include <algorithm>
#include <charconv>

#include "dashboard/reasons.h"
#include "dashboard/show.h"

namespace aybiza::dashboard {

using namespace liveview;

namespace {

constexpr std::pair<std::string_view, std::string_view> places[] = {{"/", "tab.overview"}, {"/agents", "tab.agents"}, {"/conversations", "tab.conversations"}, {"/costs", "tab.costs"}, {"/learning", "tab.learning"}};

Node choice(std::string_view value, std::string_view label) { return html<"<option value=\"{}\">{}</option>">(value, label); }

// "board:ID" or a page's path.
void place_into(std::string_view place, auth::ShareLink& link) {
  if (!place.starts_with("board:")) return void(link.page = place);
  link.page = "/boards", link.board = place.substr(6);
}

}  // namespace

std::string shared_place(const auth::ShareLink& link, const BoardStore* boards) {
  const BoardPtr board = boards && !link.board.empty() ? boards->by_id(link.board) : nullptr;
  const std::string path = link.board.empty() ? link.page : "/boards/" + (board ? board->board.name : "–");
  return link.query.empty() ? path : path + "?" + link.query;
}

bool SharingPage::may_end(const auth::ShareLink& link) const { return viewer().customers.empty() || link.customer == viewer().customer(); }

void SharingPage::on_event(Context& context, const liveview::Event& event) {
  if (reports_.on_event(context, event)) return;
  auth::ShareLinks* links = viewer().keeping.links;
  if (!links || !viewer().gives_away) return;
  made_.clear(), refused_.clear();
  if (event.name == "share_end") {
    const auto all = links->list(context.now());
    const auto at = std::ranges::find(all, event.value["id"].text(), &auth::ShareLink::id);
    if (at == all.end() || !may_end(*at)) return;
    if (const Status done = links->revoke(at->id, context.now()); !done) refused_ = reason_of(texts(), done.error().message);
    else viewer().note(context.now(), "link revoked", at->id);
    return;
  }
  if (event.name != "share_make") return;
  const Form& form = event.form;
  auth::ShareLink wanted;
  place_into(form.text("place"), wanted);
  const BoardPtr board = wanted.board.empty() || !viewer().keeping.boards ? nullptr : viewer().keeping.boards->by_id(wanted.board);
  if (!wanted.board.empty() && (!board || !BoardReader{viewer().person, viewer().customer()}.may_see(*board))) return void(refused_ = texts()("board.none_why"));
  int days = 0;
  const std::string_view typed = form.text("days");
  std::from_chars(typed.data(), typed.data() + typed.size(), days);
  wanted.customer = viewer().customers.empty() && !form.text("customer").empty() ? std::string(form.text("customer")) : viewer().customer();
  Filters fixed;  // of the link: what its reader cannot change
  fixed.range = std::ranges::find(ranges, form.text("range")) == std::end(ranges) ? "1h" : std::string(form.text("range"));
  fixed.zone = viewer().preferences.zone;
  const std::string target = address("", fixed);
  wanted.query = target.empty() ? "" : target.substr(1);
  wanted.origins = form.text("origins"), wanted.name = form.text("name");
  wanted.by = viewer().user.empty() ? viewer().person : viewer().user;
  wanted.expires = context.now() + std::chrono::hours(24) * std::clamp(days, 0, 100'000);
  const std::string told = fmt::format("{}{} of {}", wanted.page, wanted.query.empty() ? "" : "?" + wanted.query, wanted.customer);
  auto made = links->create(std::move(wanted), context.now());
  if (!made) return void(refused_ = reason_of(texts(), made.error().message));
  made_ = "/shared/" + made->token;
  viewer().note(context.now(), "link made", told);
}

Node SharingPage::form() const {
  const Texts& t = texts();
  const Node pages = each(places, [](const auto& p) { return p.first; }, [&](const auto& p) { return choice(p.first, t(p.second)); });
  const auto visible = viewer().keeping.boards ? viewer().keeping.boards->visible({viewer().person, viewer().customer()}) : std::vector<BoardPtr>();
  const Node boards = each(visible, [](const BoardPtr& b) { return b->id; }, [&](const BoardPtr& b) { return choice("board:" + b->id, t("share.board", b->board.name)); });
  const Node spans = each(ranges, [](std::string_view r) { return r; }, [](std::string_view r) { return html<"<option value=\"{}\"{}>{}</option>">(r, flag<"selected">(r == "24h"), range_label(r)); });
  std::optional<Node> customer;
  if (viewer().customers.empty()) customer = html<"<label class=\"field\"><span>{}</span><input name=\"customer\" placeholder=\"{}\" autocomplete=\"off\"></label>">(t("frame.customer"), t("frame.all_customers"));
  return html<"<section class=\"tile making\" aria-labelledby=\"share-title\"><h2 id=\"share-title\">{}</h2><form id=\"share-form\" class=\"sharing\" phx-submit=\"share_make\" phx-auto-recover=\"ignore\">"
              "<label class=\"field\"><span>{}</span><select name=\"place\">{}{}</select></label><label class=\"field\"><span>{}</span><select name=\"range\">{}</select></label>{}"
              "<label class=\"field\"><span>{}</span><input type=\"number\" name=\"days\" value=\"7\" min=\"1\" max=\"366\" required></label>"
              "<label class=\"field\"><span>{}</span><input name=\"name\" maxlength=\"100\" autocomplete=\"off\"></label>"
              "<label class=\"field\"><span>{}</span><input name=\"origins\" placeholder=\"https://intranet.example\" autocomplete=\"off\" spellcheck=\"false\"></label>"
              "<p class=\"hint\">{}</p><p class=\"actions\"><button class=\"primary\">{}</button></p></form></section>">(
      t("share.new"), t("share.what"), pages, boards, t("frame.range"), spans, customer, t("share.days"), t("board.name"), t("share.origins"), t("share.hint"), t("share.make"));
}

Node SharingPage::list(Instant now) const {
  const Texts& t = texts();
  auto all = viewer().keeping.links->list(now);
  std::erase_if(all, [&](const auth::ShareLink& link) { return !link.usable(now) || !may_end(link); });
  std::ranges::reverse(all);
  if (all.empty()) return html<"<section class=\"tile w-12 h-2 empty\"><p class=\"why\">{}</p></section>">(t("share.none"));
  const Zone zone = zone_or_utc(filters().zone);
  const Node body = rows(all, [](const auth::ShareLink& l) { return l.id; }, [&](const auth::ShareLink& l) {
    return html<"<tr><th scope=\"row\">{}</th><td data-label=\"{}\">{}</td><td data-label=\"{}\">{}</td><td data-label=\"{}\">{}</td><td class=\"wrap\" data-label=\"{}\">{}</td><td data-label=\"{}\">{}</td><td><button type=\"button\" class=\"danger\" phx-click=\"share_end\" phx-value-id=\"{}\" aria-label=\"{}\">{}</button></td></tr>">(
        shared_place(l, viewer().keeping.boards), t("board.name"), l.name, t("frame.customer"), l.customer == "*" ? t("frame.all_customers") : std::string_view(l.customer), t("share.by"), l.by, t("share.origins"), l.origins,
        t("share.until"), show_moment(l.expires, zone, t), l.id,
        t("share.end_which", l.name.empty() ? l.id : l.name), t("share.end"));
  });
  return html<"<div class=\"scroll table-card cards\" tabindex=\"0\" role=\"region\" aria-label=\"{}\"><table class=\"rows\" id=\"shares\"><caption class=\"sr\">{}</caption><thead><tr><th scope=\"col\">{}</th><th scope=\"col\">{}</th><th scope=\"col\">{}</th>"
              "<th scope=\"col\">{}</th><th scope=\"col\">{}</th><th scope=\"col\">{}</th><th scope=\"col\"><span class=\"sr\">{}</span></th></tr></thead><tbody>{}</tbody></table></div>">(
      t("tab.sharing"), t("tab.sharing"), t("share.what"), t("board.name"), t("frame.customer"), t("share.by"), t("share.origins"), t("share.until"), t("share.end"), body);
}

Node SharingPage::body(const Context& context) {
  const Texts& t = texts();
  const bool may = viewer().keeping.links && viewer().gives_away;
  std::optional<Node> said, links, making, reports;
  if (!may) said = html<"<section class=\"tile w-12 h-2 refused\"><p class=\"why\">{}</p></section>">(t("share.refused"));
  if (!refused_.empty()) said = html<"<p class=\"flash error\" role=\"alert\" id=\"refused\">{}</p>">(refused_);
  if (!made_.empty())
    said = html<"<div class=\"flash info\" role=\"status\" id=\"made\"><p>{}</p><p class=\"row-flex\"><a id=\"made-link\" href=\"{}\" target=\"_blank\" rel=\"noopener\"><code>{}</code></a>"
                "<button type=\"button\" id=\"copy-link\" phx-hook=\"Copy\" data-copy-from=\"#made-link\" data-copied=\"{}\" data-refused=\"{}\">{}</button></p></div>">(
        t("share.once"), made_, viewer().origin() + made_, t("share.copied"), t("share.not_copied"), t("share.copy"));
  if (may) links = list(context.now()), making = form();
  if (reports_.there()) reports = reports_.shown(context.now());
  return html<"<header><h1>{}</h1></header>{}<div id=\"sharing-page\" aria-busy=\"false\">{}</div>{}{}">(t("tab.sharing"), said, links, making, reports);
}

}  // namespace aybiza::dashboard
