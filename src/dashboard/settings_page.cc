#include "dashboard/settings_page.h"

#include <algorithm>
#include <array>

#include "dashboard/definitions.h"

namespace aybiza::dashboard {

using namespace liveview;

namespace {

Node choice(std::string_view label, std::string_view name, Node options) {
  return html<"<label class=\"field\"><span>{}</span><select name=\"{}\">{}</select></label>">(label, name, std::move(options));
}

Node option_of(std::string_view value, std::string_view label, bool chosen) {
  return html<"<option value=\"{}\"{}>{}</option>">(value, flag<"selected">(chosen), label);
}

Preferences wanted_by(const Form& form) {
  Preferences out;
  for (const Theme theme : {Theme::dark, Theme::light})
    if (form.text("theme") == to_string(theme)) out.theme = theme;
  if (form.text("density") == to_string(Density::compact)) out.density = Density::compact;
  out.language = form.text("language"), out.zone = form.text("tz"), out.range = form.text("range");
  const auto shown = form.all("show[]");
  for (const PageTiles& page : tiles_of_pages())
    for (const std::string_view tile : page.tiles)
      if (std::ranges::find(shown, tile) == shown.end()) out.hidden.emplace_back(tile);
  return checked(std::move(out));
}

}  // namespace

Preferences SettingsPage::liked() const {
  const bool kept = viewer().keeping.preferences && !viewer().person.empty();
  return kept ? viewer().keeping.preferences->of(viewer().person) : viewer().preferences;
}

void SettingsPage::on_event(Context& context, const liveview::Event& event) {
  if (event.name != "save_settings" && event.name != "reset_settings") return;
  const Texts& t = texts();
  if (!viewer().keeping.preferences || viewer().person.empty()) return context.put_flash("error", t("settings.not_kept"));
  const Preferences wanted = event.name == "save_settings" ? wanted_by(event.form) : Preferences();
  const Status kept = viewer().keeping.preferences->set(viewer().person, wanted);
  const Texts& now = texts_of(wanted.language);
  if (kept) context.put_flash("info", now("settings.saved"));
  else context.put_flash("error", now("settings.not_written", kept.error().message));
  context.redirect("/settings");  // a whole page: the document's root has changed
}

Node SettingsPage::tiles(const Preferences& liked) const {
  return each(tiles_of_pages(), [](const PageTiles& page) { return page.path; }, [&](const PageTiles& page) {
    const auto hidden = std::ranges::count_if(page.tiles, [&](std::string_view tile) { return std::ranges::find(liked.hidden, tile) != liked.hidden.end(); });
    const Node boxes = each(page.tiles, [](std::string_view tile) { return tile; }, [&](std::string_view tile) {
      const bool shown = std::ranges::find(liked.hidden, tile) == liked.hidden.end();
      return html<"<label class=\"check\"><input type=\"checkbox\" name=\"show[]\" value=\"{}\"{}> {}</label>">(tile, flag<"checked">(shown), definition_of(tile).title);
    });
    return html<"<details id=\"tiles-{}\"><summary>{} <span class=\"muted\">{}</span></summary><fieldset class=\"checks\"><legend class=\"sr\">{}</legend>{}</fieldset></details>">(
        page.title.substr(4), texts()(page.title), hidden > 0 ? texts()("settings.hidden", hidden) : std::string(), texts()(page.title), boxes);
  });
}

Node SettingsPage::body(const Context&) {
  const Texts& t = texts();
  const Preferences p = liked();
  const auto themes = each(std::array{Theme::system, Theme::light, Theme::dark}, [](Theme v) { return to_string(v); },
                           [&](Theme v) { return option_of(to_string(v), t(fmt::format("theme.{}", to_string(v))), v == p.theme); });
  const auto densities = each(std::array{Density::comfortable, Density::compact}, [](Density v) { return to_string(v); },
                              [&](Density v) { return option_of(to_string(v), t(fmt::format("density.{}", to_string(v))), v == p.density); });
  const auto languages = each(all_texts(), [](const Texts* l) { return l->language(); },
                              [&](const Texts* l) { return option_of(l->language(), (*l)("language.name"), l->language() == p.language); });
  const auto spans = each(ranges, [](std::string_view r) { return r; }, [&](std::string_view r) { return option_of(r, range_label(r), r == p.range); });
  return html<"<header><h1>{}</h1><span class=\"spacer\"></span><a class=\"button\" href=\"/sharing\" data-phx-link=\"redirect\" data-phx-link-state=\"push\">{}</a></header><form id=\"settings\" class=\"settings\" phx-submit=\"save_settings\" phx-auto-recover=\"ignore\">"
              "<section class=\"tile stack\" aria-labelledby=\"looks\"><h2 id=\"looks\">{}</h2>{}{}{}{}{}<p class=\"hint\">{}</p></section>"
              "<section class=\"tile stack\" aria-labelledby=\"which\"><h2 id=\"which\">{}</h2><p class=\"hint\">{}</p>{}</section>"
              "<p class=\"actions\"><button type=\"button\" phx-click=\"reset_settings\">{}</button><button class=\"primary\">{}</button></p></form>">(
      t("tab.settings"), t("tab.sharing"), t("settings.looks"), choice(t("settings.theme"), "theme", themes), choice(t("settings.density"), "density", densities),
      choice(t("settings.language"), "language", languages), choice(t("frame.zone"), "tz", zone_options(p.zone)), choice(t("settings.range"), "range", spans),
      t("settings.looks_hint"), t("settings.tiles"), t("settings.tiles_hint"), tiles(p), t("settings.reset"), t("settings.save"));
}

}  // namespace aybiza::dashboard
