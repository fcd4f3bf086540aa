#include "dashboard/board_tile_view.h"

#include <cmath>

#include "dashboard/chart_options.h"
#include "dashboard/reasons.h"
#include "dashboard/show.h"
#include "dashboard/tile.h"
#include "liveview/json.h"

namespace aybiza::dashboard {

using namespace liveview;

namespace {

constexpr std::string_view line_colours[] = {"$c1", "$c2", "$c3", "$c4", "$c5", "$c6"};

enum class Shown : unsigned char { number, share, ms, usd };

bool is_share(std::string_view measure) {
  return measure.ends_with("_rate") || measure == "utilization" || measure == "efficiency_score" || measure == "quality_score" || measure.ends_with("_confidence");
}

// The format asked for, or that of the one measure there is.
Shown shown_as(const TileSpec& spec) {
  if (spec.format == "share") return Shown::share;
  if (spec.format == "ms") return Shown::ms;
  if (spec.format == "usd") return Shown::usd;
  if (!spec.format.empty()) return Shown::number;
  const std::string_view word = spec.formula;
  if (!parse_measure(word)) return Shown::number;
  if (word.ends_with("_ms")) return Shown::ms;
  if (word.find("cost_") != word.npos) return Shown::usd;
  return is_share(word) ? Shown::share : Shown::number;
}

Format format_of(Shown shown) {
  constexpr Format formats[] = {Format::rating, Format::share, Format::milliseconds, Format::usd};
  return formats[std::size_t(shown)];
}

std::string_view chart_format(const TileSpec& spec) {
  constexpr std::string_view formats[] = {"@num", "@pct", "@ms", "@usd"};
  return formats[std::size_t(shown_as(spec))];
}

std::string name_of(const std::string& name, const Texts& t) {
  return name.empty() ? std::string(t("board.unknown")) : name == "__other__" ? std::string(t("board.others")) : name;
}

std::string title_of(const TileSpec& spec) { return spec.title.empty() ? spec.formula : spec.title; }

Node named_rows(const BoardTileInput& in) {
  const TileSpec& spec = in.tile.spec;
  const Node body = rows(in.state->rows, [](const NamedValue& r) { return r.name; }, [&](const NamedValue& r) {
    return html<"<tr><th scope=\"row\">{}</th><td class=\"num\"><data value=\"{}\">{}</data></td></tr>">(
        name_of(r.name, in.texts), r.value ? fmt::format("{}", *r.value) : "", show_value(in.texts, spec, r.value));
  });
  return html<"<table class=\"rows\"><caption class=\"sr\">{}</caption><thead><tr><th scope=\"col\">{}</th><th scope=\"col\" class=\"num\">{}</th></tr></thead><tbody>{}</tbody></table>">(
      title_of(spec), show_word(in.texts, spec.by), spec.formula, body);
}

Node timed_rows(const BoardTileInput& in) {
  const ChartSeries& series = in.state->series;
  const Zone zone = zone_or_utc(in.filters.zone);
  std::vector<std::size_t> places(series.times.size()), columns(series.names.size());
  for (std::size_t i = 0; i < places.size(); ++i) places[i] = places.size() - 1 - i;  // the newest first
  for (std::size_t i = 0; i < columns.size(); ++i) columns[i] = i;
  const Node heads = each(columns, [](std::size_t c) { return c; }, [&](std::size_t c) {
    return html<"<th scope=\"col\" class=\"num\">{}</th>">(in.tile.spec.by.empty() ? in.tile.spec.formula : name_of(series.names[c], in.texts));
  });
  const Node body = rows(places, [&](std::size_t i) { return to_micros(series.times[i]); }, [&](std::size_t i) {
    const Node cells = each(columns, [](std::size_t c) { return c; }, [&](std::size_t c) { return html<"<td class=\"num\">{}</td>">(show_value(in.texts, in.tile.spec, series.values[c][i])); });
    return html<"<tr><th scope=\"row\" class=\"nowrap\">{}</th>{}</tr>">(show_moment(series.times[i], zone, in.texts), cells);
  });
  return html<"<table class=\"rows\"><caption class=\"sr\">{}</caption><thead><tr><th scope=\"col\">{}</th>{}</tr></thead><tbody>{}</tbody></table>">(
      title_of(in.tile.spec), in.texts("frame.from"), heads, body);
}

Node number_rows(const BoardTileInput& in) {
  const TileSpec& spec = in.tile.spec;
  return html<"<table class=\"rows\"><caption class=\"sr\">{}</caption><tbody><tr><th scope=\"row\">{}</th><td class=\"num\">{}</td></tr><tr><th scope=\"row\">{}</th><td class=\"num\">{}</td></tr></tbody></table>">(
      title_of(spec), in.texts("board.now"), show_value(in.texts, spec, in.state->value), in.texts("board.before"), show_value(in.texts, spec, in.state->previous));
}

Node table_of(const BoardTileInput& in) { return in.state->series.names.empty() ? named_rows(in) : timed_rows(in); }

bool empty(const TileSpec& spec, const BuiltTile& state) {
  if (spec.picture == Picture::number) return !state.value;
  for (const NamedValue& row : state.rows)
    if (row.value) return false;
  for (const auto& values : state.series.values)
    for (const auto& value : values)
      if (value) return false;
  return true;
}

Node number(const BoardTileInput& in) {
  const TileSpec& spec = in.tile.spec;
  TileState state;
  state.value = in.state->value, state.previous = in.state->previous;
  const auto trend = trend_of(state, format_of(shown_as(spec)), in.texts);
  std::optional<Node> shown;
  if (trend) shown = html<"<span class=\"trend {}\" title=\"{}\">{}<span class=\"sr\"> {}</span></span>">(trend->tone, trend->word, trend->text, trend->word);
  return html<"<div class=\"value\"><data class=\"num\" value=\"{}\">{}</data>{}</div>">(fmt::format("{}", *in.state->value), show_value(in.texts, spec, in.state->value), shown);
}

Node body(const BoardTileInput& in) {
  if (!in.state) return raw<"<div class=\"bone value\"></div><div class=\"bone line\"></div>">();
  if (!in.state->error.empty()) return html<"<p class=\"why\">{}</p>">(in.texts("board.broken", reason_of(in.texts, in.state->error)));
  if (empty(in.tile.spec, *in.state)) return html<"<p class=\"why\">{}</p>">(in.texts("board.empty"));
  if (in.tile.spec.picture == Picture::number) return number(in);
  if (in.tile.spec.picture == Picture::table)
    return html<"<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"{}\">{}</div>">(title_of(in.tile.spec), table_of(in));
  return Node{};
}

Node asked(const BoardTileInput& in) {
  const TileSpec& spec = in.tile.spec;
  std::string where;
  for (const std::string& filter : spec.where) where += (where.empty() ? "" : " · ") + filter;
  return html<"<button type=\"button\" class=\"info\" popovertarget=\"def-b{}\" aria-label=\"{}\">i</button><div id=\"def-b{}\" class=\"def\" popover><p>{}</p><code>{}</code><p class=\"src\">{}</p></div>">(
      in.tile.id, in.texts("board.definition", title_of(spec)), in.tile.id, spec.by.empty() ? std::string(in.texts("board.asks")) : in.texts("board.asks_by", spec.by), spec.formula,
      where.empty() ? std::string(in.texts("board.no_filter")) : in.texts("board.filtered", where));
}

std::vector<PieSlice> slices_of(const BuiltTile& state, const Texts& t) {
  std::vector<PieSlice> out;
  for (const NamedValue& row : state.rows)
    if (row.value && *row.value > 0) out.push_back({or_unknown(t, row.name), *row.value});
  return out;
}

NamedBars bars_of(const TileSpec& spec, const BuiltTile& state, const Texts& t) {
  NamedBars bars;
  bars.series = {{spec.title.empty() ? std::string_view(spec.formula) : std::string_view(spec.title), "$c1", {}}};
  bars.format = chart_format(spec) == "@num" ? "@int" : chart_format(spec);
  for (const NamedValue& row : state.rows) bars.labels.push_back(or_unknown(t, row.name)), bars.series[0].values.push_back(row.value);
  return bars;
}

Node move_button(int id, int by, std::string_view label, std::string_view sign) {
  return html<"<button type=\"button\" class=\"icon\" phx-click=\"tile_move\" phx-value-id=\"{}\" phx-value-by=\"{}\" aria-label=\"{}\" title=\"{}\">{}</button>">(id, by, label, label, sign);
}

Node size_button(int id, int wider, int taller, std::string_view label, std::string_view sign) {
  return html<"<button type=\"button\" class=\"icon\" phx-click=\"tile_size\" phx-value-id=\"{}\" phx-value-wider=\"{}\" phx-value-taller=\"{}\" aria-label=\"{}\" title=\"{}\">{}</button>">(
      id, wider, taller, label, label, sign);
}

// The handles: each works by pointer and by keyboard (web/js/hooks/board.js does the dragging and the arrow keys).
Node handles(const BoardTileInput& in) {
  const Texts& t = in.texts;
  const int id = in.tile.id;
  return html<"<div class=\"handles\" role=\"group\" aria-label=\"{}\"><button type=\"button\" class=\"icon grip\" id=\"grip-{}\" data-grip=\"{}\" aria-label=\"{}\" title=\"{}\">⠿</button>"
              "{}{}{}{}{}{}<button type=\"button\" class=\"icon\" phx-click=\"tile_edit\" phx-value-id=\"{}\" aria-label=\"{}\" title=\"{}\">✎</button>"
              "<button type=\"button\" class=\"icon\" phx-click=\"tile_remove\" phx-value-id=\"{}\" aria-label=\"{}\" title=\"{}\">✕</button></div>"
              "<span class=\"corner\" data-resize=\"{}\" aria-hidden=\"true\"></span>">(
      t("board.edit_tile", title_of(in.tile.spec)), id, id, t("board.grip"), t("board.grip"), move_button(id, -1, t("board.earlier"), "←"), move_button(id, 1, t("board.later"), "→"),
      size_button(id, -1, 0, t("board.narrower"), "⇥⇤"), size_button(id, 1, 0, t("board.wider"), "⇤⇥"), size_button(id, 0, -1, t("board.lower"), "↥"), size_button(id, 0, 1, t("board.taller"), "↧"),
      id, t("board.configure"), t("board.configure"), id, t("board.remove"), t("board.remove"), id);
}

Node menu(const BoardTileInput& in) {
  if (!in.state || !in.state->error.empty() || empty(in.tile.spec, *in.state)) return Node{};
  if (in.tile.spec.picture == Picture::table) return give_buttons(in.texts, title_of(in.tile.spec));
  if (in.tile.spec.picture == Picture::number) return as_table(in.filters, fmt::format("b{}", in.tile.id), title_of(in.tile.spec), [&] { return number_rows(in); });
  return as_table(in.filters, fmt::format("b{}", in.tile.id), title_of(in.tile.spec), [&] { return table_of(in); });
}

}  // namespace

bool has_chart(Picture picture) { return picture == Picture::line || picture == Picture::bar || picture == Picture::pie; }

std::string show_value(const Texts& t, const TileSpec& spec, std::optional<double> value) {
  const Shown shown = shown_as(spec);
  if (shown != Shown::number || !value) return show(t, format_of(shown), value);
  if (*value == std::floor(*value) || std::abs(*value) >= 1e4) return show_count(t, *value);
  return std::abs(*value) < 0.01 ? in_notation(t, fmt::format("{:.3g}", *value)) : show_number(t, *value, 2);
}

Node board_tile(const BoardTileInput& in) {
  const TileSpec& spec = in.tile.spec;
  const int id = in.tile.id;
  const std::string_view state = !in.state ? " loading" : !in.state->error.empty() ? " broken" : empty(spec, *in.state) ? " empty" : "";
  std::optional<Node> picture, foot, edit;
  if (has_chart(spec.picture))
    picture = html<"<div class=\"chart\" id=\"chart-b{}\" phx-hook=\"Chart\" phx-update=\"ignore\" role=\"img\" aria-label=\"{}\"></div>">(id, title_of(spec));
  if (in.state) {
    const std::string bound = in.state->estimate ? std::string(in.texts("board.estimate")) : show_bound(in.texts, in.state->relative_error);
    const std::size_t shown = std::max(in.state->rows.size(), in.state->series.names.size());
    const std::string many = in.state->found > shown ? in.texts("board.some", shown, in.state->found) : "";
    foot = html<"{}<span class=\"n\">{}</span><span class=\"err\">{}</span>">(age(in.as_of, in.texts), many, bound);
  }
  if (in.editing) edit = handles(in);
  return component(fmt::format("tile-b{}", id),
                   html<"<section class=\"tile is-{} w-{} h-{}{}{}\" id=\"tile-b{}\" data-tile=\"{}\" aria-labelledby=\"h-b{}\"><header><h2 id=\"h-b{}\">{}</h2>{}<span class=\"spacer\"></span>{}</header>{}{}<footer>{}</footer>{}</section>">(
                       to_string(spec.picture), spec.width, spec.height, state, in.editing ? " editing" : "", id, id, id, id, title_of(spec), asked(in), menu(in), body(in), picture, foot, edit));
}

std::string board_chart(const TileSpec& spec, const BuiltTile& state, Instant as_of, Duration length, const Texts& t) {
  if (spec.picture == Picture::line) {
    ChartSeries named = state.series;
    for (std::string& name : named.names)
      if (spec.by.empty()) name = title_of(spec);
    return lines_option(named, as_of, {length, line_colours, chart_format(spec)}, t);
  }
  if (spec.picture == Picture::pie) return pie_option(slices_of(state, t), as_of, chart_format(spec));
  if (spec.by.empty()) return bars_option(state.series, as_of, length, {spec.title.empty() ? std::string_view(spec.formula) : std::string_view(spec.title), "$c1", chart_format(spec), 56, 0}, t);
  return named_bars_option(bars_of(spec, state, t), as_of);
}

std::string board_chart_change(const TileSpec& spec, const BuiltTile& from, const BuiltTile& to, Instant as_of, const Texts& t) {
  if (spec.picture == Picture::pie) return from.rows == to.rows ? "" : pie_data(slices_of(to, t), as_of);
  if (spec.picture == Picture::bar && !spec.by.empty()) return from.rows == to.rows ? "" : named_bars_data(bars_of(spec, to, t), as_of);
  return appended(from.series, to.series, as_of, 0);
}

}  // namespace aybiza::dashboard
