#include "dashboard/frame.h"

#include <algorithm>
#include <span>

#include "dashboard/show.h"
#include "dashboard/viewer.h"
#include "liveview/diff.h"
#include "liveview/text.h"
#include "web_assets.h"

namespace aybiza::dashboard {

using namespace liveview;

namespace {

constexpr std::string_view zones[] = {"UTC", "Europe/London", "Europe/Berlin", "Europe/Helsinki", "America/New_York", "America/Chicago",
                                      "America/Denver", "America/Los_Angeles", "America/Sao_Paulo", "Africa/Johannesburg", "Asia/Dubai",
                                      "Asia/Kolkata", "Asia/Singapore", "Asia/Tokyo", "Australia/Sydney"};

Node logo() {
  return raw<"<svg class=\"logo\" viewBox=\"0 0 24 24\" aria-hidden=\"true\"><path d=\"M3 13v-2M7.5 17V7M12 21V3M16.5 17V7M21 13v-2\"/></svg>">();
}

Node option(std::string_view value, std::string_view label, bool chosen) {
  return html<"<option value=\"{}\"{}>{}</option>">(value, flag<"selected">(chosen), label);
}

Node refresh_options(Refresh chosen, const Texts& t) {
  constexpr std::pair<Refresh, std::string_view> all[] = {
      {Refresh::live, "refresh.live"}, {Refresh::five_seconds, "refresh.5s"}, {Refresh::thirty_seconds, "refresh.30s"}, {Refresh::off, "refresh.off"}};
  return each(all, [](const auto& c) { return to_string(c.first); }, [&](const auto& c) { return option(to_string(c.first), t(c.second), c.first == chosen); });
}

Node range_links(const FrameInput& in) {
  return each(ranges, [](auto range) { return range; }, [&](std::string_view range) {
    Filters to = in.filters;
    to.range = range;
    to.from.reset(), to.to.reset(), to.cursor.clear();
    const bool chosen = !in.filters.custom() && in.filters.range == range;
    return html<"<a class=\"seg\" href=\"{}\" data-phx-link=\"patch\" data-phx-link-state=\"push\"{}>{}</a>">(
        address(in.path, to), attr<"aria-current">(chosen ? std::optional<std::string_view>("true") : std::nullopt), range_label(range));
  });
}

std::string short_moment(Instant t, const Zone& zone, const Texts& texts) { return show_day(t, zone, texts) + " " + show_time(t, zone).substr(0, 5); }

Node custom_range(const FrameInput& in) {
  const Zone zone = zone_or_utc(in.filters.zone);
  const std::string from = in.filters.custom() ? local_text(*in.filters.from, zone) : "", to = in.filters.custom() ? local_text(*in.filters.to, zone) : "";
  const std::string label = in.filters.custom() ? short_moment(*in.filters.from, zone, in.texts) + " – " + short_moment(*in.filters.to, zone, in.texts) : std::string(in.texts("frame.custom"));
  return html<"<button type=\"button\" class=\"seg\" popovertarget=\"custom\"{}>{}</button>"
              "<form id=\"custom\" class=\"def\" popover method=\"get\" action=\"{}\" phx-submit=\"filter\" phx-auto-recover=\"ignore\">"
              "<label class=\"field\"><span>{}</span><input type=\"datetime-local\" name=\"from\" value=\"{}\" required></label>"
              "<label class=\"field\"><span>{}</span><input type=\"datetime-local\" name=\"to\" value=\"{}\" required></label>"
              "<p class=\"hint\">{}</p><div class=\"actions\"><button type=\"button\" popovertarget=\"rewind\">{}</button><span class=\"spacer\"></span><button class=\"primary\">{}</button></div></form>">(
      attr<"aria-current">(in.filters.custom() || in.filters.at ? std::optional<std::string_view>("true") : std::nullopt), label, in.path, in.texts("frame.from"), from, in.texts("frame.to"), to,
      in.texts("frame.times_in", in.filters.zone), in.texts("frame.rewind_to"), in.texts("frame.show_range"));
}

std::optional<Node> reset_zoom(const FrameInput& in) {
  if (!in.filters.custom()) return std::nullopt;
  Filters to = in.filters;
  to.from.reset(), to.to.reset(), to.cursor.clear();
  return html<"<a class=\"seg\" id=\"reset-zoom\" href=\"{}\" data-phx-link=\"patch\" data-phx-link-state=\"push\" title=\"z\">{}</a>">(address(in.path, to), in.texts("frame.reset_zoom"));
}

Node rewind_form(const FrameInput& in) {
  const Zone zone = zone_or_utc(in.filters.zone);
  const Node choices = each(speeds, [](int speed) { return speed; }, [&](int speed) { return option(std::to_string(speed), fmt::format("{} ×", speed), speed == in.filters.speed); });
  return html<"<form id=\"rewind\" class=\"def\" popover method=\"get\" action=\"{}\" phx-submit=\"rewind\" phx-auto-recover=\"ignore\">"
              "<label class=\"field\"><span>{}</span><input type=\"datetime-local\" name=\"at\" value=\"{}\" required></label>"
              "<label class=\"field\"><span>{}</span><select name=\"speed\">{}</select></label>"
              "<p class=\"hint\">{}</p><div class=\"actions\"><button class=\"primary\">{}</button></div></form>">(
      in.path, in.texts("frame.rewind_at"), in.filters.at ? local_text(*in.filters.at, zone) : std::string(), in.texts("frame.rewind_speed"), choices, in.texts("frame.times_in", in.filters.zone), in.texts("frame.rewind"));
}

// Where a rewound page is, and how it goes on.
std::optional<Node> rewound(const FrameInput& in) {
  if (!in.filters.at) return std::nullopt;
  const Instant moment = in.filters.moment(in.now);
  const int playing = in.filters.since ? in.filters.speed : 0;
  const auto speed = [&](int one, std::string label) {
    return html<"<button type=\"button\" phx-click=\"rewind_speed\" phx-value-speed=\"{}\" aria-pressed=\"{}\">{}</button>">(one, playing == one ? "true" : "false", label);
  };
  Filters live = in.filters;
  live.at.reset(), live.since.reset(), live.speed = 1;
  return html<"<div class=\"rewound\"><span>{} <b class=\"num\">{}</b></span>{}{}<a class=\"button\" href=\"{}\" data-phx-link=\"patch\" data-phx-link-state=\"push\">{}</a></div>">(
      in.texts("frame.rewound"), show_moment(moment, zone_or_utc(in.filters.zone), in.texts), speed(0, std::string(in.texts("frame.hold"))), each(speeds, [](int one) { return one; }, [&](int one) { return speed(one, fmt::format("{} ×", one)); }), address(in.path, live), in.texts("frame.back_to_now"));
}

Node compare_switch(const FrameInput& in) {
  Filters to = in.filters;
  to.compare = !to.compare, to.cursor.clear();
  return html<"<a class=\"seg compare\" id=\"compare\" role=\"switch\" aria-checked=\"{}\" href=\"{}\" data-phx-link=\"patch\" data-phx-link-state=\"push\" title=\"{}\">{}</a>">(
      in.filters.compare ? "true" : "false", address(in.path, to), in.texts("frame.compare_title"), in.texts("frame.compare"));
}

Node filters_form(const FrameInput& in) {
  const Texts& t = in.texts;
  const auto field = [](std::string_view label, std::string_view name, Node choices) {
    return html<"<label class=\"field\"><span class=\"only-sheet\">{}</span><select name=\"{}\" aria-label=\"{}\">{}</select></label>">(label, name, label, std::move(choices));
  };
  const auto any_or = [](std::string_view any, Node choices) { return html<"<option value=\"\">{}</option>{}">(any, std::move(choices)); };
  std::optional<Node> customers;
  if (!in.one_customer) customers = field(t("frame.customer"), "customer", any_or(t("frame.all_customers"), options(in.choices->customers, in.filters.customer)));
  return html<"<form id=\"filters\" class=\"filters\" popover method=\"get\" action=\"{}\" phx-change=\"filter\" phx-auto-recover=\"ignore\">{}{}{}{}<noscript><button>{}</button></noscript></form>">(
      in.path, customers, field(t("frame.region"), "region", any_or(t("frame.all_regions"), options(in.choices->regions, in.filters.region))),
      field(t("frame.zone"), "tz", zone_options(in.filters.zone)), field(t("frame.refresh"), "refresh", refresh_options(in.filters.refresh, t)), t("frame.apply"));
}

// Settings and lists of boards or links are what they are now, whatever the range.
bool timeless(const FrameInput& in) { return in.tab == Tab::sharing || in.tab == Tab::none || in.path == "/boards"; }

std::optional<Node> when(const FrameInput& in) {
  if (timeless(in)) return std::nullopt;
  return html<"<nav class=\"range\" aria-label=\"{}\">{}{}{}{}{}</nav>{}">(in.texts("frame.range"), range_links(in), custom_range(in), reset_zoom(in), compare_switch(in), rewind_form(in), filters_form(in));
}

// Whether it goes on by itself; and on a phone what opens the filters.
std::optional<Node> live_buttons(const FrameInput& in) {
  if (timeless(in)) return std::nullopt;
  const bool off = in.paused || in.filters.refresh == Refresh::off;
  return html<"<button type=\"button\" id=\"live\" class=\"{}\" aria-pressed=\"{}\" phx-click=\"toggle_live\" title=\"{}\"><span class=\"dot\"></span>{}</button>"
              "<button type=\"button\" class=\"icon only-phone\" popovertarget=\"filters\" aria-label=\"{}\"><svg class=\"pic\" width=\"20\" height=\"20\" viewBox=\"0 0 24 24\" aria-hidden=\"true\"><path d=\"M4 6h16M7 12h10M10 18h4\"/></svg></button>">(
      off ? "live paused" : "live", off ? "false" : "true", in.texts("keys.space"), in.texts(off ? "frame.paused" : "frame.live"), in.texts("frame.filters"));
}

// Where a page has no search of its own, what was said is looked for.
Node search_link(const FrameInput& in) {
  return html<"<a id=\"search-link\" class=\"button icon only-wide\" href=\"{}#search\" data-phx-link=\"redirect\" data-phx-link-state=\"push\" aria-label=\"{}\" title=\"{}\"><svg class=\"pic\" width=\"18\" height=\"18\" viewBox=\"0 0 24 24\" aria-hidden=\"true\"><path d=\"M10.5 4a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13zM15.5 15.5L20 20\"/></svg></a>">(
      address("/conversations", in.filters), in.texts("search.placeholder"), in.texts("search.title"));
}

// The page as a file, in a tab of its own: a refusal is read there.
Node give_menu(const FrameInput& in) {
  if (timeless(in) || in.path == "/wall") return raw<"">();
  const std::string of = percent_encoded(address(in.path, in.filters));
  const auto file = [&](std::string_view kind, std::string_view label) {
    return html<"<a class=\"button\" id=\"give-{}\" href=\"/give/page.{}?of={}\" target=\"_blank\" rel=\"noopener\">{}</a>">(kind, kind, of, label);
  };
  return html<"<button type=\"button\" class=\"icon only-wide\" popovertarget=\"give\" aria-label=\"{}\" title=\"{}\"><svg class=\"pic\" width=\"18\" height=\"18\" viewBox=\"0 0 24 24\" aria-hidden=\"true\"><path d=\"M12 4v11M7.5 10.5L12 15l4.5-4.5M5 20h14\"/></svg></button>"
              "<div id=\"give\" class=\"def\" popover>{}{}<p class=\"src\">{}</p></div>">(
      in.texts("frame.give"), in.texts("frame.give"), file("pdf", in.texts("frame.give_pdf")), file("png", in.texts("frame.give_png")), in.texts("frame.give_hint"));
}

// Shows the grips of the tiles, which the browser keeps to itself; where a tile then is, is kept for the person (live_page.cc).
std::optional<Node> arrange_buttons(const FrameInput& in) {
  if (!in.arranges) return std::nullopt;
  const Texts& t = in.texts;
  return html<"<button type=\"button\" id=\"arrange-reset\" class=\"only-arranging\" phx-click=\"tiles_reset\">{}</button>"
              "<button type=\"button\" id=\"arrange\" class=\"icon only-wide\" phx-hook=\"Arrange\" phx-update=\"ignore\" aria-pressed=\"false\" aria-label=\"{}\" title=\"{}\"><svg class=\"pic\" width=\"18\" height=\"18\" viewBox=\"0 0 24 24\" aria-hidden=\"true\">"
              "<path d=\"M12 3v18M3 12h18M9.5 5.5L12 3l2.5 2.5M9.5 18.5L12 21l2.5-2.5M5.5 9.5L3 12l2.5 2.5M18.5 9.5L21 12l-2.5 2.5\"/></svg></button>">(t("settings.order_reset"), t("frame.arrange"), t("frame.arrange_title"));
}

struct TabLink {
  Tab tab;
  std::string_view path, title, picture;
};
constexpr TabLink tab_links[] = {
    {Tab::overview, "/", "tab.overview", "M4 4h7v9H4zM13 4h7v5h-7zM13 11h7v9h-7zM4 15h7v5H4z"},
    {Tab::agents, "/agents", "tab.agents", "M12 4a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM4 20c0-3.3 3.6-5 8-5s8 1.7 8 5z"},
    {Tab::conversations, "/conversations", "tab.conversations", "M4 5h16v11H9l-5 4z"},
    {Tab::calls, "/calls", "tab.calls", "M5 4h4l2 5-2.5 1.5a11 11 0 0 0 5 5L15 13l5 2v4a2 2 0 0 1-2 2A16 16 0 0 1 3 6a2 2 0 0 1 2-2z"},
    {Tab::costs, "/costs", "tab.costs", "M12 3v18M17 7.5c-1-1.3-2.7-2-5-2-2.8 0-4.7 1.2-4.7 3.2 0 4.6 9.7 2 9.7 6.6 0 2-2.1 3.2-5 3.2-2.4 0-4.4-.8-5.3-2.3"},
    {Tab::learning, "/learning", "tab.learning", "M3 17l6-6 4 4 8-9M15 6h6v6"},
    {Tab::system, "/system", "tab.system", "M4 4h16v6H4zM4 14h16v6H4zM8 7h.01M8 17h.01"},
    {Tab::boards, "/boards", "tab.boards", "M3 5h18v11H3zM8 20h8M12 16v4M7 12l3-3 2 2 5-4"},
};

constexpr std::size_t phone_tabs = 4;  // what a phone's bar has room for; the others are behind its last place

// One list for all: on a desktop the sheet is no box of its own, on a phone it is what "More" opens.
Node tabs(const FrameInput& in) {
  const auto links = [&](std::span<const TabLink> some) {
    return each(some, [](const TabLink& t) { return t.path; }, [&](const TabLink& t) {
      return html<"<a href=\"{}\" data-phx-link=\"redirect\" data-phx-link-state=\"push\"{}><svg class=\"pic\" viewBox=\"0 0 24 24\" aria-hidden=\"true\"><path d=\"{}\"/></svg><span>{}</span></a>">(
          address(t.path, in.filters), attr<"aria-current">(in.tab == t.tab ? std::optional<std::string_view>("page") : std::nullopt), t.picture, in.texts(t.title));
    });
  };
  const std::span all(tab_links);
  const auto rest = all.subspan(phone_tabs);
  const bool here = std::ranges::find(rest, in.tab, &TabLink::tab) != rest.end();
  return html<"<nav class=\"tabs\" aria-label=\"{}\">{}<button type=\"button\" class=\"only-phone\" id=\"more-tabs\" popovertarget=\"more\"{}><svg class=\"pic\" viewBox=\"0 0 24 24\" aria-hidden=\"true\"><path d=\"M5 12h.01M12 12h.01M19 12h.01\"/></svg><span>{}</span></button>"
              "<div id=\"more\" class=\"more\" popover>{}</div></nav>">(
      in.texts("frame.pages"), links(all.first(phone_tabs)), attr<"aria-current">(here ? std::optional<std::string_view>("true") : std::nullopt), in.texts("frame.more"), links(rest));
}

Node keys(const Texts& t) {
  constexpr std::pair<std::string_view, std::string_view> all[] = {{"keys.space", "keys.pause"}, {"1 … 8", "keys.tabs"},       {"/", "keys.search"},
                                                                   {"z", "keys.zoom"}, {"t", "keys.theme"},          {"m", "frame.arrange"},    {",", "keys.settings"},  {"← ↑ → ↓", "keys.move"},
                                                                   {"keys.shift_arrows", "keys.size"}, {"?", "keys.help"}};
  const Node list = each(all, [](const auto& key) { return key.second; }, [&](const auto& key) {
    return html<"<dt><kbd>{}</kbd></dt><dd>{}</dd>">(key.first.starts_with("keys.") ? t(key.first) : key.first, t(key.second));
  });
  return html<"<dialog id=\"help\" aria-labelledby=\"help-title\"><h2 id=\"help-title\">{}</h2><dl class=\"keys\">{}</dl>"
              "<p class=\"field\"><label><input type=\"checkbox\" data-hotkeys-switch checked> {}</label></p>"
              "<form method=\"dialog\" class=\"actions\"><button>{}</button></form></dialog>">(t("keys.title"), list, t("keys.switch"), t("keys.close"));
}

Node flashes(const FrameInput& in) {
  std::optional<Node> info, error;
  if (!in.flash_info.empty()) info = html<"<div class=\"flash info\" role=\"status\">{}</div>">(in.flash_info);
  if (!in.flash_error.empty()) error = html<"<div class=\"flash error\" role=\"alert\">{}</div>">(in.flash_error);
  return html<"{}{}">(info, error);
}

}  // namespace

std::string_view title_of(Tab tab, const Texts& texts) {
  const auto at = std::ranges::find(tab_links, tab, &TabLink::tab);
  return texts(at != std::end(tab_links) ? at->title : tab == Tab::sharing ? "tab.sharing" : "tab.settings");
}

Node zone_options(std::string_view chosen) {
  std::vector<std::string_view> all(std::begin(zones), std::end(zones));
  if (std::ranges::find(all, chosen) == all.end()) all.push_back(chosen);
  return each(all, [](auto zone) { return zone; }, [&](auto zone) {
    const std::size_t slash = zone.rfind('/');
    std::string city(slash == zone.npos ? zone : zone.substr(slash + 1));
    std::ranges::replace(city, '_', ' ');
    return option(zone, city, zone == chosen);
  });
}

Node options(const std::vector<std::string>& values, std::string_view chosen) {
  std::vector<std::string> all = values;
  if (!chosen.empty() && std::ranges::find(all, chosen) == all.end()) all.emplace_back(chosen);
  return each(all, [](const std::string& value) { return value; }, [&](const std::string& value) { return option(value, value, value == chosen); });
}

// What somebody prefers is in the document's root, so that the first paint has it.
Node layout(const LayoutInput& in) {
  const Viewer& viewer = viewer_of(in.visitor);
  const Preferences& liked = viewer.preferences;
  std::optional<std::string_view> theme;
  if (liked.theme != Theme::system) theme = to_string(liked.theme);
  std::optional<Node> hiding;
  if (!liked.hidden.empty() || !liked.order.empty()) hiding = html<"<link rel=\"stylesheet\" href=\"/preferences.css?v={}\">">(tiles_version(liked));
  return html<"<!doctype html><html lang=\"{}\" data-density=\"{}\"{}{}{}{}{}><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width, initial-scale=1, viewport-fit=cover\">"
              "<meta name=\"csrf-token\" content=\"{}\"><meta name=\"color-scheme\" content=\"light dark\"><title>{}</title>"
              "<link rel=\"icon\" href=\"{}\"><link rel=\"stylesheet\" href=\"{}\"><link rel=\"preload\" as=\"script\" href=\"{}\"><script src=\"{}\" data-app=\"{}\"></script>{}</head><body>{}</body></html>">(
      viewer.texts().language(), to_string(liked.density), attr<"data-theme">(theme), flag<"data-kept">(!viewer.person.empty() || viewer.pictured), flag<"data-wall">(in.view == "wall"), flag<"data-shared">(viewer.share != nullptr), flag<"data-pictured">(viewer.pictured),
      in.csrf_token, in.title, web::path_of("icon.svg"), web::path_of("app.css"), web::path_of("app.js"), web::path_of("theme.js"), web::path_of("app.js"), hiding, in.main);
}

std::string scope_words(const Filters& filters, const Texts& texts) {
  const Zone zone = zone_or_utc(filters.zone);
  std::string out = filters.custom() ? show_moment(*filters.from, zone, texts) + " – " + show_moment(*filters.to, zone, texts) : std::string(range_label(filters.range));
  for (const std::string* one : {&filters.customer, &filters.region})
    if (!one->empty()) out += " · " + *one;
  if (filters.compare) out += fmt::format(" · {}", texts("frame.compare"));
  return out + " · " + filters.zone;
}

Node shared_frame(const FrameInput& in, Node main) {
  const std::string of = in.pictured ? fmt::format("{} · {} · {}", title_of(in.tab, in.texts), scope_words(in.filters, in.texts), show_moment(in.filters.moment(in.now), zone_or_utc(in.filters.zone), in.texts))
                         : in.filters.custom() ? std::string(in.texts("share.fixed")) : std::string(range_label(in.filters.range));
  return html<"<a class=\"skip\" href=\"#main\">{}</a><header class=\"top\"><span class=\"brand\">{}<span>{}</span></span><span class=\"spacer\"></span><span class=\"muted\">{}</span></header>"
              "<div id=\"pulse\" phx-hook=\"Pulse\" phx-update=\"ignore\"></div><main class=\"page\" id=\"main\" tabindex=\"-1\" data-tz=\"{}\">{}</main><div class=\"offline\" role=\"status\">{}</div>">(
      in.texts("frame.skip"), logo(), in.brand, of, in.filters.zone, std::move(main), in.texts("frame.offline"));
}

Node frame(FramePieces& own, const FrameInput& in, Node main) {
  if (own.filters != in.filters || own.choices != in.choices || own.path != in.path || own.paused != in.paused)
    own = {in.filters, in.choices, std::string(in.path), in.paused, logo(), search_link(in), give_menu(in), tabs(in), keys(in.texts), when(in), live_buttons(in)};
  const Texts& t = in.texts;
  std::optional<Node> user;
  if (!in.user.empty()) user = html<"<form class=\"user\" method=\"post\" action=\"/sign-out\"><span>{}</span><button>{}</button></form>">(in.user, t("frame.sign_out"));
  return html<"<a class=\"skip\" href=\"#main\">{}</a>"
              "<header class=\"top\"><a class=\"brand\" href=\"/\" data-phx-link=\"redirect\" data-phx-link-state=\"push\">{}<span>{}</span></a>"
              "{}<span class=\"spacer\"></span>{}{}{}{}<button type=\"button\" id=\"theme\" class=\"icon only-wide\" phx-hook=\"Theme\" phx-update=\"ignore\" data-system=\"{}\" data-dark=\"{}\" data-light=\"{}\" aria-label=\"{}\"><svg class=\"pic\" width=\"18\" height=\"18\" viewBox=\"0 0 24 24\" aria-hidden=\"true\"><circle cx=\"12\" cy=\"12\" r=\"9\"/><path d=\"M12 3a9 9 0 0 0 0 18z\" fill=\"currentColor\"/></svg></button>"
              "<a id=\"settings-link\" class=\"button icon\" href=\"/settings\" data-phx-link=\"redirect\" data-phx-link-state=\"push\" aria-label=\"{}\" title=\"{}\"><svg class=\"pic\" width=\"18\" height=\"18\" viewBox=\"0 0 24 24\" aria-hidden=\"true\"><path d=\"M4 7h9M17 7h3M4 17h3M11 17h9M15 4.5v5M9 14.5v5\"/></svg></a>{}</header>"
              "{}<div id=\"pulse\" phx-hook=\"Pulse\" phx-update=\"ignore\"></div><div id=\"keys\" phx-hook=\"Hotkeys\" phx-update=\"ignore\"></div>{}"
              "<main class=\"page\" id=\"main\" tabindex=\"-1\" data-tz=\"{}\"{}>{}{}{}</main>"
              "<div class=\"offline\" role=\"status\">{}</div>">(
      t("frame.skip"), own.logo, in.brand, own.when, own.live, own.search, own.give, arrange_buttons(in), t("theme.system"), t("theme.dark"), t("theme.light"), t("frame.theme"), t("tab.settings"), t("tab.settings"), user, own.tabs,
      own.keys, in.filters.zone, flag<"data-rewound">(in.filters.at.has_value()), flashes(in), rewound(in), std::move(main), t("frame.offline"));
}

std::string plain_page(const Texts& t, std::string_view title, std::string_view text, std::string_view code) {
  const Node next = code.starts_with('/') ? html<"<a class=\"button\" href=\"{}\">{}</a>">(code, t(code == "/" ? "door.home" : "door.back")) : html<"<code>{}</code>">(code);
  return to_html(html<"<!doctype html><html lang=\"{}\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>{}</title>"
                      "<link rel=\"icon\" href=\"{}\"><link rel=\"stylesheet\" href=\"{}\"></head><body><main class=\"page stack plain\"><h1>{}</h1><p>{}</p><p>{}</p></main></body></html>">(
      t.language(), title, web::path_of("icon.svg"), web::path_of("app.css"), title, text, next));
}

}  // namespace aybiza::dashboard
