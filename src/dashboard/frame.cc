#include "dashboard/frame.h"

#include <algorithm>

#include "dashboard/show.h"
#include "liveview/diff.h"
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

Node refresh_options(Refresh chosen) {
  struct Choice {
    Refresh value;
    std::string_view label;
  };
  constexpr Choice all[] = {{Refresh::live, "Live"}, {Refresh::five_seconds, "5 s"}, {Refresh::thirty_seconds, "30 s"}, {Refresh::off, "Off"}};
  return each(all, [](const Choice& c) { return to_string(c.value); },
              [&](const Choice& c) { return option(to_string(c.value), c.label, c.value == chosen); });
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

Node custom_range(const FrameInput& in) {
  const Zone zone = zone_or_utc(in.filters.zone);
  const std::string from = in.filters.custom() ? local_text(*in.filters.from, zone) : "", to = in.filters.custom() ? local_text(*in.filters.to, zone) : "";
  const std::string label = in.filters.custom() ? show_moment(*in.filters.from, zone).substr(0, 12) + " – " + show_moment(*in.filters.to, zone).substr(0, 12) : "Custom";
  return html<"<button type=\"button\" class=\"seg\" popovertarget=\"custom\"{}>{}</button>"
              "<form id=\"custom\" class=\"def\" popover method=\"get\" action=\"{}\" phx-submit=\"filter\" phx-auto-recover=\"ignore\">"
              "<label class=\"field\"><span>From</span><input type=\"datetime-local\" name=\"from\" value=\"{}\" required></label>"
              "<label class=\"field\"><span>To</span><input type=\"datetime-local\" name=\"to\" value=\"{}\" required></label>"
              "<p class=\"hint\">Times are in {}.</p><div class=\"actions\"><button class=\"primary\">Show this range</button></div></form>">(
      attr<"aria-current">(in.filters.custom() ? std::optional<std::string_view>("true") : std::nullopt), label, in.path, from, to, in.filters.zone);
}

Node filters_form(const FrameInput& in) {
  std::optional<Node> customers;
  if (!in.one_customer)
    customers = html<"<label class=\"field\"><span class=\"only-sheet\">Customer</span><select name=\"customer\" aria-label=\"Customer\"><option value=\"\">All customers</option>{}</select></label>">(
        options(in.choices->customers, in.filters.customer));
  return html<"<form id=\"filters\" class=\"filters\" popover method=\"get\" action=\"{}\" phx-change=\"filter\" phx-auto-recover=\"ignore\">{}"
              "<label class=\"field\"><span class=\"only-sheet\">Region</span><select name=\"region\" aria-label=\"Region\"><option value=\"\">All regions</option>{}</select></label>"
              "<label class=\"field\"><span class=\"only-sheet\">Time zone</span><select name=\"tz\" aria-label=\"Time zone\">{}</select></label>"
              "<label class=\"field\"><span class=\"only-sheet\">Refresh</span><select name=\"refresh\" aria-label=\"Refresh\">{}</select></label>"
              "<noscript><button>Apply</button></noscript></form>">(
      in.path, customers, options(in.choices->regions, in.filters.region), zone_options(in.filters.zone), refresh_options(in.filters.refresh));
}

Node live_button(const FrameInput& in) {
  const bool off = in.paused || in.filters.refresh == Refresh::off;
  return html<"<button type=\"button\" id=\"live\" class=\"{}\" aria-pressed=\"{}\" phx-click=\"toggle_live\" title=\"Space\"><span class=\"dot\"></span>{}</button>">(
      off ? "live paused" : "live", off ? "false" : "true", off ? "Paused" : "Live");
}

struct TabLink {
  Tab tab;
  std::string_view path, title, picture;
};
constexpr TabLink tab_links[] = {
    {Tab::overview, "/", "Overview", "M4 4h7v9H4zM13 4h7v5h-7zM13 11h7v9h-7zM4 15h7v5H4z"},
    {Tab::agents, "/agents", "Agents", "M12 4a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM4 20c0-3.3 3.6-5 8-5s8 1.7 8 5z"},
    {Tab::conversations, "/conversations", "Conversations", "M4 5h16v11H9l-5 4z"},
    {Tab::calls, "/calls", "Calls", "M5 4h4l2 5-2.5 1.5a11 11 0 0 0 5 5L15 13l5 2v4a2 2 0 0 1-2 2A16 16 0 0 1 3 6a2 2 0 0 1 2-2z"},
    {Tab::costs, "/costs", "Costs", "M12 3v18M17 7.5c-1-1.3-2.7-2-5-2-2.8 0-4.7 1.2-4.7 3.2 0 4.6 9.7 2 9.7 6.6 0 2-2.1 3.2-5 3.2-2.4 0-4.4-.8-5.3-2.3"},
    {Tab::learning, "/learning", "Learning", "M3 17l6-6 4 4 8-9M15 6h6v6"},
    {Tab::system, "/system", "System", "M4 4h16v6H4zM4 14h16v6H4zM8 7h.01M8 17h.01"},
};

Node tabs(const FrameInput& in) {
  const Node links = each(tab_links, [](const TabLink& t) { return t.path; }, [&](const TabLink& t) {
    return html<"<a href=\"{}\" data-phx-link=\"redirect\" data-phx-link-state=\"push\"{}><svg class=\"pic\" viewBox=\"0 0 24 24\" aria-hidden=\"true\"><path d=\"{}\"/></svg><span>{}</span></a>">(
        address(t.path, in.filters), attr<"aria-current">(in.tab == t.tab ? std::optional<std::string_view>("page") : std::nullopt), t.picture, t.title);
  });
  return html<"<nav class=\"tabs\" aria-label=\"Pages\">{}</nav>">(links);
}

Node keys() {
  return raw<"<dialog id=\"help\" aria-labelledby=\"help-title\"><h2 id=\"help-title\">Keys</h2><dl class=\"keys\">"
             "<dt><kbd>Space</kbd></dt><dd>Pause or go live</dd><dt><kbd>1</kbd> … <kbd>7</kbd></dt><dd>The tabs, from left to right</dd><dt><kbd>/</kbd></dt><dd>Search</dd>"
             "<dt><kbd>t</kbd></dt><dd>Dark or light</dd><dt><kbd>?</kbd></dt><dd>This list</dd></dl>"
             "<p class=\"field\"><label><input type=\"checkbox\" data-hotkeys-switch checked> Keys are on in this browser</label></p>"
             "<form method=\"dialog\" class=\"actions\"><button>Close</button></form></dialog>">();
}

Node flashes(const FrameInput& in) {
  std::optional<Node> info, error;
  if (!in.flash_info.empty()) info = html<"<div class=\"flash info\" role=\"status\">{}</div>">(in.flash_info);
  if (!in.flash_error.empty()) error = html<"<div class=\"flash error\" role=\"alert\">{}</div>">(in.flash_error);
  return html<"{}{}">(info, error);
}

}  // namespace

std::string_view title_of(Tab tab) { return std::ranges::find(tab_links, tab, &TabLink::tab)->title; }

Node options(const std::vector<std::string>& values, std::string_view chosen) {
  std::vector<std::string> all = values;
  if (!chosen.empty() && std::ranges::find(all, chosen) == all.end()) all.emplace_back(chosen);
  return each(all, [](const std::string& value) { return value; }, [&](const std::string& value) { return option(value, value, value == chosen); });
}

Node layout(const LayoutInput& in) {
  return html<"<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width, initial-scale=1, viewport-fit=cover\">"
              "<meta name=\"csrf-token\" content=\"{}\"><meta name=\"color-scheme\" content=\"light dark\"><title>{}</title>"
              "<link rel=\"icon\" href=\"{}\"><link rel=\"stylesheet\" href=\"{}\"><script src=\"{}\"></script><script defer src=\"{}\"></script></head><body>{}</body></html>">(
      in.csrf_token, in.title, web::path_of("icon.svg"), web::path_of("app.css"), web::path_of("theme.js"), web::path_of("app.js"), in.main);
}

Node frame(FramePieces& own, const FrameInput& in, Node main) {
  if (own.filters != in.filters || own.choices != in.choices || own.path != in.path || own.paused != in.paused)
    own = {in.filters, in.choices, std::string(in.path), in.paused, logo(), range_links(in), custom_range(in), filters_form(in), live_button(in), tabs(in), keys()};
  std::optional<Node> user;
  if (!in.user.empty()) user = html<"<form class=\"user\" method=\"post\" action=\"/sign-out\"><span>{}</span><button>Sign out</button></form>">(in.user);
  return html<"<a class=\"skip\" href=\"#main\">Skip to content</a>"
              "<header class=\"top\"><a class=\"brand\" href=\"/\" data-phx-link=\"redirect\" data-phx-link-state=\"push\">{}<span>{}</span></a>"
              "<nav class=\"range\" aria-label=\"Range\">{}{}</nav>{}<span class=\"spacer\"></span>{}"
              "<button type=\"button\" class=\"icon only-phone\" popovertarget=\"filters\" aria-label=\"Filters\"><svg class=\"pic\" width=\"20\" height=\"20\" viewBox=\"0 0 24 24\" aria-hidden=\"true\"><path d=\"M4 6h16M7 12h10M10 18h4\"/></svg></button>"
              "<button type=\"button\" id=\"theme\" class=\"icon\" phx-hook=\"Theme\" phx-update=\"ignore\" aria-label=\"Theme\"><svg class=\"pic\" width=\"18\" height=\"18\" viewBox=\"0 0 24 24\" aria-hidden=\"true\"><circle cx=\"12\" cy=\"12\" r=\"9\"/><path d=\"M12 3a9 9 0 0 0 0 18z\" fill=\"currentColor\"/></svg></button>{}</header>"
              "{}<div id=\"pulse\" phx-hook=\"Pulse\" phx-update=\"ignore\"></div><div id=\"keys\" phx-hook=\"Hotkeys\" phx-update=\"ignore\"></div>{}"
              "<main class=\"page\" id=\"main\" tabindex=\"-1\" data-tz=\"{}\">{}{}</main>"
              "<div class=\"offline\" role=\"status\">Connection lost. Reconnecting…</div>">(
      own.logo, in.brand, own.ranges, own.custom, own.form, own.live, user, own.tabs, own.keys, in.filters.zone, flashes(in), std::move(main));
}

std::string plain_page(std::string_view title, std::string_view text, std::string_view code) {
  return to_html(html<"<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>{}</title>"
                      "<link rel=\"icon\" href=\"{}\"><link rel=\"stylesheet\" href=\"{}\"></head><body><main class=\"page\"><h1>{}</h1><p>{}</p><p><code>{}</code></p></main></body></html>">(
      title, web::path_of("icon.svg"), web::path_of("app.css"), title, text, code));
}

}  // namespace aybiza::dashboard
