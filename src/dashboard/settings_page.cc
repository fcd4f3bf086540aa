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

// A tile in the list, as the Board hook knows it: of which page, and its place as it came.
int id_of(std::size_t page, std::size_t tile) { return int(page * 100 + tile + 1); }

}  // namespace

Preferences SettingsPage::wanted_by(const Form& form) const {
  Preferences out;
  for (const Theme theme : {Theme::dark, Theme::light})
    if (form.text("theme") == to_string(theme)) out.theme = theme;
  if (form.text("density") == to_string(Density::compact)) out.density = Density::compact;
  out.language = form.text("language"), out.zone = form.text("tz"), out.range = form.text("range");
  const auto shown = form.all("show[]");
  for (const PageTiles& page : tiles_of_pages())
    for (const std::string_view tile : page.tiles)
      if (const std::string key = key_of_tile(page, tile); std::ranges::find(shown, key) == shown.end()) out.hidden.push_back(key);
  const Preferences kept = liked();  // what the form does not ask for
  out.order = kept.order, out.call_columns = kept.call_columns;
  return checked(std::move(out));
}

Preferences SettingsPage::liked() const {
  const bool kept = viewer().keeping.preferences && !viewer().person.empty();
  return kept ? viewer().keeping.preferences->of(viewer().person) : viewer().preferences;
}

void SettingsPage::keep(Context& context, const Preferences& wanted) {
  const Texts& now = texts_of(wanted.language);
  if (const Status kept = viewer().keeping.preferences->set(viewer().person, wanted); kept) context.put_flash("info", now("settings.saved"));
  else context.put_flash("error", now("settings.not_written", kept.error().message));
}

// Moved by steps, dropped in front of another (0: to the end), or all of a page put back. Kept at once; what else the form says waits for its button.
void SettingsPage::arrange(Context& context, const liveview::Event& event) {
  const auto pages = tiles_of_pages();
  Preferences wanted = liked();
  if (event.name == "order_reset") {
    wanted.order.erase(std::string(event.value["page"].text()));
  } else {
    const std::int64_t id = event.value["id"].integer().value_or(0) - 1, before = event.value["before"].integer().value_or(0) - 1;
    const std::size_t place = std::size_t(id / 100);
    if (id < 0 || place >= pages.size() || std::size_t(id % 100) >= pages[place].tiles.size()) return;
    const PageTiles& page = pages[place];
    auto order = order_of(wanted, page);
    const std::string tile(page.tiles[std::size_t(id % 100)]);
    auto at = std::ranges::find(order, tile);
    const auto from = at - order.begin();
    order.erase(at);
    std::ptrdiff_t to = std::ssize(order);
    if (event.name == "tile_move") to = std::clamp<std::ptrdiff_t>(from + std::ptrdiff_t(std::clamp<std::int64_t>(event.value["by"].integer().value_or(0), -100, 100)), 0, std::ssize(order));
    else if (before >= 0 && std::size_t(before / 100) == place && std::size_t(before % 100) < page.tiles.size()) to = std::ranges::find(order, page.tiles[std::size_t(before % 100)]) - order.begin();
    order.insert(order.begin() + to, tile);
    wanted.order[std::string(page.name())] = std::move(order);
  }
  wanted = checked(std::move(wanted));
  keep(context, wanted);
  if (draft_) draft_->order = wanted.order;
}

void SettingsPage::on_event(Context& context, const liveview::Event& event) {
  const bool save = event.name == "save_settings", whole = save || event.name == "reset_settings", order = event.name == "tile_move" || event.name == "tile_drop" || event.name == "order_reset";
  if (event.name == "change_settings") draft_ = wanted_by(event.form);
  if (!whole && !order) return;
  if (!viewer().keeping.preferences || viewer().person.empty()) return context.put_flash("error", texts()("settings.not_kept"));
  if (order) return arrange(context, event);
  keep(context, save ? wanted_by(event.form) : Preferences());
  context.redirect("/settings");  // a whole page: the document's root has changed
}

Node SettingsPage::tiles(const Preferences& liked) const {
  const Texts& t = texts();
  const auto pages = tiles_of_pages();
  const auto hides = [&](const PageTiles& page, std::string_view tile) { return std::ranges::find(liked.hidden, key_of_tile(page, tile)) != liked.hidden.end(); };
  return each(pages, [](const PageTiles& page) { return page.path; }, [&](const PageTiles& page) {
    const std::size_t place = std::size_t(std::ranges::find(pages, page.path, &PageTiles::path) - pages.begin());
    const auto hidden = std::ranges::count_if(page.tiles, [&](std::string_view tile) { return hides(page, tile); });
    const auto order = order_of(liked, page);
    const Node boxes = each(order, [](const std::string& tile) { return tile; }, [&](const std::string& tile) {
      const int id = id_of(place, std::size_t(std::ranges::find(page.tiles, tile) - page.tiles.begin()));
      const std::string_view title = definition_of(t, tile).title;
      return html<"<li class=\"check\" data-tile=\"{}\"><button type=\"button\" class=\"icon grip\" id=\"grip-{}\" data-grip=\"{}\" aria-label=\"{}\" title=\"{}\">⠿</button>"
                  "<label><input type=\"checkbox\" name=\"show[]\" value=\"{}\"{}> {}</label></li>">(id, id, id, t("settings.move", title), t("settings.grip"), key_of_tile(page, tile), flag<"checked">(!hides(page, tile)), title);
    });
    std::optional<Node> back;
    if (liked.order.contains(page.name())) back = html<"<p><button type=\"button\" phx-click=\"order_reset\" phx-value-page=\"{}\">{}</button></p>">(page.name(), t("settings.order_reset"));
    return html<"<details id=\"tiles-{}\"><summary>{} <span class=\"muted\">{}</span></summary><ol class=\"checks\" id=\"order-{}\" phx-hook=\"Board\" aria-label=\"{}\">{}</ol>{}</details>">(
        page.name(), t(page.title), hidden > 0 ? t("settings.hidden", hidden) : std::string(), page.name(), t(page.title), boxes, back);
  });
}

Node SettingsPage::body(const Context&) {
  const Texts& t = texts();
  const Preferences p = draft_.value_or(liked());
  const auto themes = each(std::array{Theme::system, Theme::light, Theme::dark}, [](Theme v) { return to_string(v); },
                           [&](Theme v) { return option_of(to_string(v), t(fmt::format("theme.{}", to_string(v))), v == p.theme); });
  const auto densities = each(std::array{Density::comfortable, Density::compact}, [](Density v) { return to_string(v); },
                              [&](Density v) { return option_of(to_string(v), t(fmt::format("density.{}", to_string(v))), v == p.density); });
  const auto languages = each(all_texts(), [](const Texts* l) { return l->language(); },
                              [&](const Texts* l) { return option_of(l->language(), (*l)("language.name"), l->language() == p.language); });
  const auto spans = each(ranges, [](std::string_view r) { return r; }, [&](std::string_view r) { return option_of(r, range_label(r), r == p.range); });
  return html<"<header><h1>{}</h1><span class=\"spacer\"></span><a class=\"button\" href=\"/sharing\" data-phx-link=\"redirect\" data-phx-link-state=\"push\">{}</a></header><form id=\"settings\" class=\"settings\" phx-change=\"change_settings\" phx-submit=\"save_settings\" phx-auto-recover=\"ignore\">"
              "<section class=\"tile stack\" aria-labelledby=\"looks\"><h2 id=\"looks\">{}</h2>{}{}{}{}{}<p class=\"hint\">{}</p></section>"
              "<section class=\"tile stack\" aria-labelledby=\"which\"><h2 id=\"which\">{}</h2><p class=\"hint\">{}</p>{}</section>"
              "<p class=\"actions\"><button type=\"button\" phx-click=\"reset_settings\">{}</button><button class=\"primary\">{}</button></p></form>">(
      t("tab.settings"), t("tab.sharing"), t("settings.looks"), choice(t("settings.theme"), "theme", themes), choice(t("settings.density"), "density", densities),
      choice(t("settings.language"), "language", languages), choice(t("frame.zone"), "tz", zone_options(p.zone)), choice(t("settings.range"), "range", spans),
      t("settings.looks_hint"), t("settings.tiles"), t("settings.tiles_hint"), tiles(p), t("settings.reset"), t("settings.save"));
}

}  // namespace aybiza::dashboard
