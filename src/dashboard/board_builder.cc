#include "dashboard/board_builder.h"

#include <algorithm>
#include <charconv>

#include "base/lines.h"
#include "dashboard/page_limits.h"
#include "dashboard/show.h"
#include "model/measure.h"

namespace aybiza::dashboard {

using namespace liveview;

namespace {

int whole(std::string_view text, int otherwise) {
  int out = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc() && end == text.data() + text.size() ? out : otherwise;
}

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> out;
  for (Lines lines(text); lines.next();) {
    std::string_view line = lines.line();
    while (line.ends_with('\r') || line.ends_with(' ')) line.remove_suffix(1);
    while (line.starts_with(' ')) line.remove_prefix(1);
    if (!line.empty()) out.emplace_back(line);
  }
  return out;
}

Node choice(std::string_view value, std::string_view label, bool chosen) {
  return html<"<option value=\"{}\"{}>{}</option>">(value, flag<"selected">(chosen), label);
}

Node dimension_choices(std::string_view chosen, const Texts& t) {
  const Node list = each(all_dimensions(), [](const std::string& d) { return d; }, [&](const std::string& d) { return choice(d, title_case(d), d == chosen); });
  return html<"<option value=\"\">{}</option>{}">(t("builder.no_dimension"), list);
}

Node picture_choices(Picture chosen, const Texts& t) {
  return each(all_pictures, [](Picture p) { return to_string(p); }, [&](Picture p) { return choice(to_string(p), t(fmt::format("picture.{}", to_string(p))), p == chosen); });
}

Node format_choices(std::string_view chosen, const Texts& t) {
  constexpr std::string_view words[] = {"", "number", "share", "ms", "usd"};
  return each(words, [](std::string_view w) { return w; }, [&](std::string_view w) { return choice(w, t(fmt::format("format.{}", w.empty() ? "auto" : w)), w == chosen); });
}

Node size_input(std::string_view label, std::string_view name, int value, int most) {
  return html<"<label class=\"field\"><span>{}</span><input type=\"number\" name=\"{}\" value=\"{}\" min=\"1\" max=\"{}\"></label>">(label, name, value, most);
}

}  // namespace

BuilderDraft draft_of(const PlacedTile& tile) {
  BuilderDraft draft{tile.id, tile.spec, "", ""};
  for (const std::string& filter : tile.spec.where) draft.where += filter + "\n";
  return draft;
}

BuilderDraft draft_of(int id, const Form& form) {
  BuilderDraft draft;
  draft.id = id;
  draft.spec.title = form.text("title"), draft.spec.formula = form.text("formula"), draft.spec.by = form.text("by"), draft.spec.format = form.text("format");
  draft.spec.picture = parse_picture(form.text("picture")).value_or(Picture::number);
  draft.spec.width = whole(form.text("width"), 0), draft.spec.height = whole(form.text("height"), 0);
  draft.where = form.text("where");
  draft.spec.where = lines_of(draft.where);
  return draft;
}

Node builder(const BuilderDraft& draft, const Texts& t) {
  std::optional<Node> error;
  if (!draft.error.empty()) error = html<"<p class=\"error\" role=\"alert\" id=\"builder-error\">{}</p>">(draft.error);
  const Node measures = each(all_measures(), [](const std::string& m) { return m; }, [](const std::string& m) { return html<"<option value=\"{}\"></option>">(m); });
  return html<"<section class=\"tile builder\" id=\"builder\" aria-labelledby=\"builder-title\"><h2 id=\"builder-title\">{}</h2>"
              "<form id=\"builder-form\" phx-change=\"tile_draft\" phx-submit=\"tile_save\" phx-auto-recover=\"ignore\">"
              "<label class=\"field wide\"><span>{}</span><input name=\"formula\" value=\"{}\" list=\"measures\" required autocomplete=\"off\" spellcheck=\"false\" phx-debounce=\"200\" maxlength=\"{}\"></label><datalist id=\"measures\">{}</datalist>"
              "<label class=\"field\"><span>{}</span><input name=\"title\" value=\"{}\" phx-debounce=\"200\" autocomplete=\"off\" maxlength=\"{}\"></label>"
              "<label class=\"field\"><span>{}</span><select name=\"picture\">{}</select></label><label class=\"field\"><span>{}</span><select name=\"by\">{}</select></label>"
              "<label class=\"field\"><span>{}</span><select name=\"format\">{}</select></label>{}{}"
              "<label class=\"field wide\"><span>{}</span><textarea name=\"where\" rows=\"2\" phx-debounce=\"200\" spellcheck=\"false\">{}</textarea></label>"
              "<p class=\"hint wide\">{}</p>{}<p class=\"actions wide\"><button type=\"button\" phx-click=\"tile_cancel\">{}</button><button class=\"primary\">{}</button></p></form></section>">(
      t(draft.id == 0 ? "builder.new" : "builder.change"), t("builder.formula"), draft.spec.formula, formula_bytes, measures, t("builder.title"), draft.spec.title, limits::board_title_bytes,
      t("builder.picture"), picture_choices(draft.spec.picture, t), t("builder.by"), dimension_choices(draft.spec.by, t), t("builder.format"), format_choices(draft.spec.format, t),
      size_input(t("builder.width"), "width", draft.spec.width, 12), size_input(t("builder.height"), "height", draft.spec.height, 8), t("builder.where"), draft.where, t("builder.hint"), error,
      t("builder.cancel"), t("builder.save"));
}

}  // namespace aybiza::dashboard
