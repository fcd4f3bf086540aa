#include "dashboard/tile.h"

#include <algorithm>
#include <cmath>

#include "dashboard/show.h"

namespace aybiza::dashboard {

using namespace liveview;

namespace {

constexpr std::size_t spark_points = 32;
constexpr double spark_bridged = 12.5;  // of a width of 100: what is unknown for longer is a gap, not a line

Node heading(const Texts& t, const Definition& d, Node menu) {
  return html<"<header><button type=\"button\" class=\"icon grip\" id=\"grip-{}\" data-grip=\"{}\" aria-label=\"{}\" title=\"{}\">⠿</button><h2 id=\"h-{}\">{}</h2><button type=\"button\" class=\"info\" popovertarget=\"def-{}\" aria-label=\"{}\">i</button>"
              "<div id=\"def-{}\" class=\"def\" popover><p>{}</p><code>{}</code><p class=\"src\">{}</p></div><span class=\"spacer\"></span>{}</header>">(
      d.name, d.name, t("settings.move", d.title), t("settings.grip"), d.name, d.title, d.name, t("board.definition", d.title), d.name, d.text, d.formula, t("tile.source", d.source), std::move(menu));
}

// A component of its own: a figure of it changes each second, and the client looks at all of a component for that (30 ms for the
// Overview's tiles with their headings and charts, measured).
Node as_table(const Filters& filters, const Definition& d, const std::function<Node()>& table) {
  return dashboard::as_table(filters, d.name, d.title, [&] { return shared_component(number_of_table(d), html_ptr<"<div>{}</div>">(table())); });
}

// A bound that holds, or of an estimate what the truth lies within 19 times in 20.
std::string error_shown(const TileState& s, const Texts& t) {
  if (!s.estimate) return show_bound(t, s.relative_error);
  const double value = std::abs(s.value.value_or(0));
  if (!s.standard_error || value == 0) return std::string(t("board.estimate"));
  return t("tile.estimate", show_number(t, 200 * *s.standard_error / value, 1));
}

Node kpi_table(const Definition& d, const TileState& s, const Texts& t) {
  return html<"<table class=\"rows\"><caption class=\"sr\">{}</caption><tbody><tr><th scope=\"row\">{}</th><td class=\"num\">{} {}</td></tr>"
              "<tr><th scope=\"row\">{}</th><td class=\"num\">{} {}</td></tr><tr><th scope=\"row\">{}</th><td class=\"num\">{} {}</td></tr>"
              "<tr><th scope=\"row\">{}</th><td class=\"num\">{}</td></tr></tbody></table>">(
      d.title, t("board.now"), show(t, d.format, s.value), d.unit, t("board.before"), show(t, d.format, s.previous), d.unit, t("tile.sample"), show_count(t, s.n), d.counted,
      t("tile.bound"), error_shown(s, t).empty() ? std::string(t("tile.exact")) : error_shown(s, t));
}

Node bones() { return raw<"<div class=\"bone value\"></div><div class=\"bone line\"></div>">(); }

// The period before in figures: a line of its own where the page compares, or where nothing else says how it was.
std::optional<Node> compared(const Definition& d, const KpiInput& in, std::string_view tone) {
  const TileState& s = *in.state;
  if (!in.filters.compare && (!s.previous || (in.spark && !spark_path(*in.spark).empty()))) return std::nullopt;  // also where there is no sparkline to show it
  const Texts& t = texts_of(in.filters);
  const std::string difference = difference_of(s, d.format, t), before = show(t, d.format, s.previous);
  return html<"<p class=\"against\"><span class=\"delta {}\">{}</span> {} <span class=\"num\">{}</span></p>">(
      tone, difference.empty() ? std::string(dash) : difference, t("tile.against"), s.previous ? before : std::string(t("tile.unknown_figure")));
}

Node kpi_value(const Definition& d, const KpiInput& in) {
  const TileState& s = *in.state;
  const Texts& t = texts_of(in.filters);
  const auto trend = trend_of(s, d.format, t);
  const std::string tone = trend ? std::string(trend->tone) : "flat", text = trend ? trend->text : "", word = trend ? trend->word : std::string(t("tile.no_earlier"));
  return html<"<div class=\"value\"><data class=\"num\" value=\"{}\">{}</data><span class=\"unit\">{}</span><span class=\"trend {}\" title=\"{}\">{}<span class=\"sr\"> {}</span></span></div>{}"
              "<svg class=\"spark\" viewBox=\"0 0 100 24\" preserveAspectRatio=\"none\" aria-hidden=\"true\"><path class=\"both\" d=\"{}\"/></svg>">(
      fmt::format("{}", s.value.value_or(0)), show(t, d.format, s.value), d.unit, tone, word, text, word, compared(d, in, tone), in.spark ? spark_path(*in.spark) : std::string());
}

// What is said where a figure has no value: what there is none of, and when. Today is no range that could be widened.
std::string why_missing(const Definition& d, const Filters& filters) {
  const Texts& t = texts_of(filters);
  if (d.name == "spend_today_usd") return std::string(t("empty.cost_today"));
  return why_empty(t(d.format == Format::score ? "missing.rated" : d.name == "avg_resolution_ms" ? "missing.resolved" : d.name == "success_rate" ? "missing.outcome" : "missing.figure"), filters);
}

}  // namespace

Node age(Instant as_of, const Texts& t, Duration every) {
  const auto seldom = every > Duration(0) ? std::optional(std::to_string(to_micros(Instant(every)) / 1000)) : std::nullopt;
  return html<"<span class=\"age\" data-at=\"{}\"{}>{}</span>">(to_micros(as_of) / 1000, attr<"data-every">(seldom ? std::optional<std::string_view>(*seldom) : std::nullopt), t("tile.now"));
}

std::string sized(std::string_view width, std::size_t rows, std::size_t most) {
  constexpr std::size_t room[] = {0, 0, 3, 6, 10, 13};  // rows of a table that a tile of so many rows of the grid shows
  std::size_t high = 2;
  while (high < most && high + 1 < std::size(room) && rows > room[high]) ++high;
  return fmt::format("{} h-{}", width, high);
}

// Both are made in the browser of what the tile shows (web/js/give.js).
Node give_buttons(const Texts& t, std::string_view title) {
  return html<"<span class=\"give\"><button type=\"button\" data-give=\"csv\" aria-label=\"{}\">CSV</button><button type=\"button\" data-give=\"png\" aria-label=\"{}\">PNG</button></span>">(t("tile.as", title, "CSV"), t("tile.as", title, "PNG"));
}

// The browser's own: Escape leads back (web/js/give.js).
Node full_button(const Texts& t, std::string_view title) {
  const std::string label = t("tile.full", title);
  return html<"<button type=\"button\" class=\"icon only-wide\" data-give=\"full\" aria-label=\"{}\" title=\"{}\"><svg class=\"pic\" width=\"14\" height=\"14\" viewBox=\"0 0 24 24\" aria-hidden=\"true\"><path d=\"M4 9V4h5M15 4h5v5M20 15v5h-5M9 20H4v-5\"/></svg></button>">(label, label);
}

Node as_table(const Filters& filters, std::string_view name, std::string_view title, const std::function<Node()>& table) {
  const Texts& t = texts_of(filters);
  std::optional<Node> open;
  if (table_open(filters, name)) open = html<"{}{}">(give_buttons(t, title), table());
  return html<"<details class=\"as-table\" id=\"table-{}\"><summary class=\"icon\" aria-label=\"{}\" title=\"{}\"><svg class=\"pic\" width=\"16\" height=\"16\" viewBox=\"0 0 24 24\" aria-hidden=\"true\"><path d=\"M4 5h16v14H4zM4 10h16M4 14.5h16M10 10v9\"/></svg></summary>{}</details>">(
      name, t("tile.title_as_table", title), t("tile.as_table"), open);
}

Node loading_table(const Texts& t) {
  return html<"<section class=\"tile w-12 h-6 loading\" aria-label=\"{}\"><div class=\"bone line\"></div><div class=\"bone line\"></div><div class=\"bone line\"></div><div class=\"bone line\"></div></section>">(t("tile.loading"));
}

std::string why_empty(std::string_view what, const Filters& f) {
  const Texts& t = texts_of(f);
  std::string last(range_label(f.range));
  if (const std::size_t space = last.find(' '); space != last.npos) last.replace(space, 1, "\u00a0");  // a figure and its unit stay on one line
  const std::string range = f.custom() ? std::string(t("empty.chosen")) : t("empty.last", last);
  const std::string who = f.customer.empty() ? std::string(what) : t("empty.of", what, f.customer);
  const std::string where = f.region.empty() ? who : t("empty.in", who, f.region);
  return t(!f.customer.empty() ? "empty.widen_customers" : !f.region.empty() ? "empty.widen_regions" : "empty.widen", where, range);
}

std::string difference_of(const TileState& s, Format format, const Texts& t) {
  if (!s.value || !s.previous) return "";
  const double change = *s.value - *s.previous;
  const std::string sign = change > 0 ? "+" : change < 0 ? "−" : "±";
  if (format == Format::share) return sign + t("unit.points", show_number(t, std::abs(change) * 100, 1));
  if (format == Format::score) return sign + show_number(t, std::abs(change), 2);
  return sign + show(t, format, std::abs(change));
}

std::optional<TrendShown> trend_of(const TileState& s, Format format, const Texts& t) {
  if (!s.value || !s.previous) return std::nullopt;
  const double change = *s.value - *s.previous;
  const auto word = [&](std::string_view key) { return std::string(t(key)); };
  const bool absolute = format == Format::share || format == Format::score;
  if (!absolute && *s.previous == 0) return change == 0 ? std::optional(TrendShown{"flat", "= 0 %", word("trend.same")}) : std::nullopt;
  const double relative = absolute ? change : change / std::abs(*s.previous);
  std::string amount = format == Format::share   ? t("unit.points", show_number(t, std::abs(change) * 100, 1))
                       : format == Format::score ? show_number(t, std::abs(change), 2)
                       : std::abs(relative) >= 10 ? fmt::format("× {:.0f}", std::abs(*s.value / *s.previous))
                                                 : show_share(t, std::abs(relative));
  const double shown_as_zero = format == Format::score ? 0.005 : 0.0005;
  if (std::abs(relative) < shown_as_zero) return TrendShown{"flat", "= " + amount, word("trend.same")};
  const bool up = change > 0;
  TrendShown out{"flat", (up ? "▲ " : "▼ ") + amount, word(up ? "trend.more" : "trend.less")};
  if (s.trend == Trend::neither) return out;
  const bool good = up == (s.trend == Trend::more_is_better);
  return TrendShown{good ? "good" : "bad", out.text, word(good ? "trend.better" : "trend.worse")};
}

// One path for line and wash: it runs out of the box left and right and below, where it is clipped.
std::string spark_path(const std::vector<std::optional<double>>& values) {
  std::vector<std::optional<double>> points = values;
  if (values.size() > spark_points) {
    points.assign(spark_points, std::nullopt);
    for (std::size_t i = 0; i < spark_points; ++i) {  // the mean of what falls into the point
      const std::size_t from = i * values.size() / spark_points, to = (i + 1) * values.size() / spark_points;
      double sum = 0, n = 0;
      for (std::size_t k = from; k < to; ++k)
        if (values[k]) sum += *values[k], ++n;
      if (n > 0) points[i] = sum / n;
    }
  }
  double low = 0, high = 0;
  std::size_t known = 0;
  for (const auto& p : points) {
    if (!p || !std::isfinite(*p)) continue;
    low = known == 0 ? std::min(0.0, *p) : std::min(low, *p);
    high = known == 0 ? *p : std::max(high, *p);
    ++known;
  }
  if (known < 2) return "";
  const double span = high > low ? high - low : 1, step = 100.0 / double(points.size() - 1);
  const auto bridged = [&](double gap) { return gap <= std::max(spark_bridged, step); };
  std::string out;
  double at = 0, last = 0;  // of the point before
  for (std::size_t i = 0; i < points.size(); ++i) {
    if (!points[i] || !std::isfinite(*points[i])) continue;
    const double x = step * double(i), y = 22 - 20 * (*points[i] - low) / span;
    if (out.empty() && bridged(x)) out = fmt::format("M-2 26L-2 {:.0f}L{:.0f} {:.0f}", y, x, y);
    else if (!out.empty() && bridged(x - at)) out += fmt::format("L{:.0f} {:.0f}", x, y);
    else out += fmt::format("{}M{:.0f} 26L{:.0f} {:.0f}", out.empty() ? std::string() : fmt::format("L{:.0f} 26", at), x, x, y);
    at = x, last = y;
  }
  return out + (bridged(100 - at) ? fmt::format("L102 {:.0f}L102 26", last) : fmt::format("L{:.0f} 26", at));
}

Node kpi(const KpiInput& in) {
  const Texts& t = texts_of(in.filters);
  const Definition& d = definition_of(t, in.name);
  std::string_view state = "";
  Node body, menu, n, error;
  std::optional<Node> how_old;
  if (!in.state) {
    state = " loading";
    body = bones();
  } else {
    const TileState& s = *in.state;
    if (in.as_of != Instant{}) how_old = age(in.as_of, t, in.every);
    if (!s.error.empty()) {
      state = " broken";
      body = html<"<p class=\"why\">{}</p>">(t("tile.broken_figure", s.error));
    } else if (!s.value) {
      state = " empty";
      body = html<"<p class=\"why\">{}</p>">(!in.unknown.empty() ? std::string(in.unknown) : why_missing(d, in.filters));
    } else {
      body = kpi_value(d, in);
      n = html<"<span class=\"n\">n {}{}{}</span>">(show_count(t, s.n), in.beside.empty() ? "" : " · ", in.beside);
      if (const std::string bound = error_shown(s, t); !bound.empty()) error = html<"<span class=\"err\">{}</span>">(bound);
    }
    menu = as_table(in.filters, d, [&] { return kpi_table(d, in.tabled ? *in.tabled : s, t); });
  }
  // What moves with every tick is a component of its own: the client looks at a dozen elements for it, not at the whole
  // tile with its definition and table (7 ms of script for eight tiles, measured; 33 times a second).
  Node now = shared_component(number_of_moving(d), html_ptr<"<div class=\"now\">{}<footer>{}{}{}</footer></div>">(std::move(body), how_old, std::move(n), std::move(error)));
  return shared_component(number_of(d),
                   html_ptr<"<section class=\"tile kpi half w-3 h-2{}\" id=\"tile-{}\" aria-labelledby=\"h-{}\">{}{}</section>">(
                       state, d.name, d.name, heading(t, d, std::move(menu)), std::move(now)));
}

Node chart(ChartInput in) {
  const Texts& t = texts_of(in.filters);
  const Definition& d = definition_of(t, in.name);
  std::string_view state = "";
  std::optional<Node> said, how_old, bound;
  if (in.loading) {
    state = " loading";
    said = raw<"<div class=\"bone line\"></div>">();
  } else {
    how_old = age(in.as_of, t, in.every);
    if (!in.error.empty()) {
      state = " broken";
      said = html<"<p class=\"why\">{}</p>">(t("tile.broken_chart", in.error));
    } else if (in.empty) {
      state = " empty";
      said = html<"<p class=\"why\">{}</p>">(in.unknown.empty() ? why_empty(d.counted, in.filters) : std::string(in.unknown));
    }
    if (const std::string shown = in.estimate ? std::string(t("board.estimate")) : show_bound(t, in.relative_error); !shown.empty()) bound = html<"<span class=\"err\">{}</span>">(shown);
  }
  std::optional<Node> count;
  if (!in.n.empty()) count = html<"<span class=\"n\">{}</span>">(in.n);
  Node foot = shared_component(number_of_moving(d), html_ptr<"<footer>{}{}{}</footer>">(how_old, std::move(count), std::move(bound)));
  const Attr map = attr<"data-map">(in.map.empty() ? std::nullopt : std::optional(in.map));
  return shared_component(number_of(d),
                   html_ptr<"<section class=\"tile with-chart {}{}\" id=\"tile-{}\" aria-labelledby=\"h-{}\">{}{}<div class=\"chart\" id=\"chart-{}\" phx-hook=\"Chart\" phx-update=\"ignore\" role=\"img\" aria-label=\"{}\"{}></div>{}{}</section>">(
                       in.size, state, d.name, d.name, heading(t, d, html<"{}{}">(full_button(t, d.title), as_table(in.filters, d, in.table))), said, d.name, d.title, map, in.beside, std::move(foot)));
}

Node table_tile(TableInput in) {
  const Texts& t = in.texts;
  const Definition& d = definition_of(t, in.name);
  std::string_view state = "";
  Node body;
  std::optional<Node> how_old, count;
  if (in.loading) {
    state = " loading";
    body = bones();
  } else {
    if (in.as_of != Instant{}) how_old = age(in.as_of, t, in.every);
    if (!in.error.empty()) {
      state = " broken";
      body = html<"<p class=\"why\">{}</p>">(t("tile.broken_table", in.error));
    } else if (!in.empty.empty()) {
      state = " empty";
      body = html<"<p class=\"why\">{}</p>">(in.empty);
    } else {
      body = html<"<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"{}\">{}</div>">(d.title, std::move(in.table));
    }
  }
  if (!in.n.empty()) count = html<"<span class=\"n\">{}</span>">(in.n);
  return shared_component(number_of(d), html_ptr<"<section class=\"tile {}{}\" id=\"tile-{}\" aria-labelledby=\"h-{}\">{}{}<footer>{}{}</footer></section>">(
                                            in.size, state, d.name, d.name, heading(t, d, state.empty() ? html<"{}{}">(give_buttons(t, d.title), full_button(t, d.title)) : Node{}), std::move(body), how_old, count));
}

Node picture_tile(TableInput in) {
  const Texts& t = in.texts;
  const Definition& d = definition_of(t, in.name);
  const std::string_view state = in.loading ? " loading" : !in.error.empty() ? " broken" : !in.empty.empty() ? " empty" : "";
  std::optional<Node> said, how_old;
  if (in.loading) said = raw<"<div class=\"bone line\"></div>">();
  else if (in.as_of != Instant{}) how_old = age(in.as_of, t, in.every);
  if (!in.error.empty()) said = html<"<p class=\"why\">{}</p>">(t("tile.broken_picture", in.error));
  else if (!in.empty.empty()) said = html<"<p class=\"why\">{}</p>">(in.empty);
  return shared_component(number_of(d), html_ptr<"<section class=\"tile {}{}\" id=\"tile-{}\" aria-labelledby=\"h-{}\">{}{}{}<footer>{}<span class=\"n\">{}</span></footer></section>">(
                                            in.size, state, d.name, d.name, heading(t, d, in.fills ? full_button(t, d.title) : Node{}), said, std::move(in.table), how_old, in.n));
}

Node counts_line(const CountsInput& in) {
  const Texts& t = texts_of(in.filters);
  const Definition& d = definition_of(t, in.name);
  Node body = bones(), menu;
  if (in.counts) {
    std::vector<std::pair<std::string, std::uint64_t>> found;
    for (const auto& count : *in.counts)
      if (count.second > 0) found.push_back(count);
    const auto key = [](const auto& c) { return c.first; };
    body = found.empty() ? html<"<p class=\"why\">{}</p>">(t("masked.none", in.since))
                         : html<"<p class=\"row-flex\">{}<span class=\"muted\">{}</span></p>">(
                               each(found, key, [&t](const auto& c) { return html<"<span class=\"tag\">{} <b class=\"num\">{}</b></span>">(c.first, show_count(t, double(c.second))); }), t("tile.since", in.since));
    menu = as_table(in.filters, d, [&] {
      const auto lines = rows(*in.counts, key, [&t](const auto& c) {
        return html<"<tr><th scope=\"row\">{}</th><td class=\"num\">{}</td></tr>">(c.first, show_count(t, double(c.second)));
      });
      return html<"<table class=\"rows\"><caption class=\"sr\">{}</caption><tbody>{}</tbody></table>">(d.title, lines);
    });
  }
  return shared_component(number_of(d), html_ptr<"<section class=\"tile w-12 h-1 slim{}\" id=\"tile-{}\" aria-labelledby=\"h-{}\">{}{}</section>">(
                                            in.counts ? "" : " loading", d.name, d.name, heading(t, d, std::move(menu)), std::move(body)));
}

}  // namespace aybiza::dashboard
