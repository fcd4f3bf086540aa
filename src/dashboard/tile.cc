#include "dashboard/tile.h"

#include <algorithm>
#include <cmath>

#include "dashboard/show.h"

namespace aybiza::dashboard {

using namespace liveview;

namespace {

constexpr std::size_t spark_points = 32;

Node heading(const Definition& d, Node menu) {
  return html<"<header><h2 id=\"h-{}\">{}</h2><button type=\"button\" class=\"info\" popovertarget=\"def-{}\" aria-label=\"Definition of {}\">i</button>"
              "<div id=\"def-{}\" class=\"def\" popover><p>{}</p><code>{}</code><p class=\"src\">Source: {}</p></div><span class=\"spacer\"></span>{}</header>">(
      d.name, d.title, d.name, d.title, d.name, d.text, d.formula, d.source, std::move(menu));
}

Node as_table(const Definition& d, Node table) { return dashboard::as_table(d.name, d.title, std::move(table)); }

Node age(Instant as_of) {
  return html<"<span class=\"age\" data-at=\"{}\">now</span>">(to_micros(as_of) / 1000);
}

std::string error_shown(const std::optional<double>& relative) {
  return relative && *relative > 0 ? fmt::format("± {:.1f} %", *relative * 100) : "";
}

// A bound that holds, or of an estimate what the truth lies within 19 times in 20.
std::string error_shown(const TileState& t) {
  if (!t.estimate) return error_shown(t.relative_error);
  const double value = std::abs(t.value.value_or(0));
  if (!t.standard_error || value == 0) return "estimate";
  return fmt::format("estimate ± {:.1f} %", 200 * *t.standard_error / value);
}

Node kpi_table(const Definition& d, const TileState& t) {
  return html<"<table class=\"rows\"><caption class=\"sr\">{}</caption><tbody><tr><th scope=\"row\">Now</th><td class=\"num\">{} {}</td></tr>"
              "<tr><th scope=\"row\">Period before</th><td class=\"num\">{} {}</td></tr><tr><th scope=\"row\">Sample</th><td class=\"num\">{} {}</td></tr>"
              "<tr><th scope=\"row\">Error bound</th><td class=\"num\">{}</td></tr></tbody></table>">(
      d.title, show(d.format, t.value), d.unit, show(d.format, t.previous), d.unit, show_count(t.n), d.counted,
      error_shown(t).empty() ? std::string("exact") : error_shown(t));
}

Node bones() { return raw<"<div class=\"bone value\"></div><div class=\"bone line\"></div>">(); }

// The period before in figures: a line of its own where the page compares.
std::optional<Node> compared(const Definition& d, const KpiInput& in, std::string_view tone) {
  if (!in.filters.compare) return std::nullopt;
  const TileState& t = *in.state;
  const std::string difference = difference_of(t, d.format), before = show(d.format, t.previous);
  return html<"<p class=\"against\"><span class=\"delta {}\">{}</span> against <span class=\"num\">{}</span></p>">(
      tone, difference.empty() ? std::string(dash) : difference, t.previous ? before : std::string("an unknown figure"));
}

Node kpi_value(const Definition& d, const KpiInput& in) {
  const TileState& t = *in.state;
  const auto trend = trend_of(t, d.format);
  const std::string tone = trend ? std::string(trend->tone) : "flat", text = trend ? trend->text : "", word = trend ? trend->word : "no earlier figure";
  return html<"<div class=\"value\"><data class=\"num\" value=\"{}\">{}</data><span class=\"unit\">{}</span><span class=\"trend {}\" title=\"{}\">{}<span class=\"sr\"> {}</span></span></div>{}"
              "<svg class=\"spark\" viewBox=\"0 0 100 24\" preserveAspectRatio=\"none\" aria-hidden=\"true\"><path class=\"both\" d=\"{}\"/></svg>">(
      fmt::format("{}", t.value.value_or(0)), show(d.format, t.value), d.unit, tone, word, text, word, compared(d, in, tone), in.spark ? spark_path(*in.spark) : std::string());
}

std::string range_words(const Filters& f) { return f.custom() ? "in the chosen range" : fmt::format("in the last {}", range_label(f.range)); }

}  // namespace

// Both are made in the browser of what the tile shows (web/js/give.js).
Node give_buttons(std::string_view title) {
  return html<"<span class=\"give\"><button type=\"button\" data-give=\"csv\" aria-label=\"{} as CSV\">CSV</button><button type=\"button\" data-give=\"png\" aria-label=\"{} as PNG\">PNG</button></span>">(title, title);
}

Node as_table(std::string_view name, std::string_view title, Node table) {
  return html<"<details class=\"as-table\" id=\"table-{}\"><summary class=\"icon\" aria-label=\"{} as table\" title=\"As table\"><svg class=\"pic\" width=\"16\" height=\"16\" viewBox=\"0 0 24 24\" aria-hidden=\"true\"><path d=\"M4 5h16v14H4zM4 10h16M4 14.5h16M10 10v9\"/></svg></summary>{}{}</details>">(
      name, title, give_buttons(title), std::move(table));
}

std::string why_empty(std::string_view what, const Filters& f) {
  std::string out = fmt::format("No {}", what);
  if (!f.customer.empty()) out += fmt::format(" of {}", f.customer);
  if (!f.region.empty()) out += fmt::format(" in {}", f.region);
  out += fmt::format(" {}. Widen the range", range_words(f));
  if (!f.customer.empty()) return out + ", or choose all customers.";
  if (!f.region.empty()) return out + ", or choose all regions.";
  return out + ".";
}

std::string difference_of(const TileState& t, Format format) {
  if (!t.value || !t.previous) return "";
  const double change = *t.value - *t.previous;
  const std::string sign = change > 0 ? "+" : change < 0 ? "−" : "±";
  if (format == Format::share) return fmt::format("{}{:.1f} pt", sign, std::abs(change) * 100);
  if (format == Format::score) return fmt::format("{}{:.2f}", sign, std::abs(change));
  return sign + show(format, std::abs(change));
}

std::optional<TrendShown> trend_of(const TileState& t, Format format) {
  if (!t.value || !t.previous) return std::nullopt;
  const double change = *t.value - *t.previous;
  const bool absolute = format == Format::share || format == Format::score;
  if (!absolute && *t.previous == 0) return change == 0 ? std::optional(TrendShown{"flat", "= 0 %", "as in the period before"}) : std::nullopt;
  const double relative = absolute ? change : change / std::abs(*t.previous);
  std::string amount = format == Format::share   ? fmt::format("{:.1f} pt", std::abs(change) * 100)
                       : format == Format::score ? fmt::format("{:.2f}", std::abs(change))
                       : std::abs(relative) >= 10 ? fmt::format("× {:.0f}", std::abs(*t.value / *t.previous))
                                                 : fmt::format("{:.1f} %", std::abs(relative) * 100);
  const double shown_as_zero = format == Format::score ? 0.005 : 0.0005;
  if (std::abs(relative) < shown_as_zero) return TrendShown{"flat", "= " + amount, "as in the period before"};
  const bool up = change > 0;
  TrendShown out{"flat", (up ? "▲ " : "▼ ") + amount, up ? "more than in the period before" : "less than in the period before"};
  if (t.trend == Trend::neither) return out;
  const bool good = up == (t.trend == Trend::more_is_better);
  return TrendShown{good ? "good" : "bad", out.text, good ? "better than the period before" : "worse than the period before"};
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
  const double span = high > low ? high - low : 1;
  std::string out;
  double last = 0;
  for (std::size_t i = 0; i < points.size(); ++i) {
    if (!points[i] || !std::isfinite(*points[i])) continue;
    const double x = 100.0 * double(i) / double(points.size() - 1), y = 22 - 20 * (*points[i] - low) / span;
    out += out.empty() ? fmt::format("M-2 26L-2 {:.0f}L{:.0f} {:.0f}", y, x, y) : fmt::format("L{:.0f} {:.0f}", x, y);
    last = y;
  }
  return out + fmt::format("L102 {:.0f}L102 26", last);
}

Node kpi(const KpiInput& in) {
  const Definition& d = definition_of(in.name);
  std::string_view state = "";
  Node body, menu, n, error;
  std::optional<Node> how_old;
  if (!in.state) {
    state = " loading";
    body = bones();
  } else {
    const TileState& t = *in.state;
    how_old = age(in.as_of);
    if (!t.error.empty()) {
      state = " broken";
      body = html<"<p class=\"why\">This figure could not be computed: {}</p>">(t.error);
    } else if (!t.value) {
      state = " empty";
      body = html<"<p class=\"why\">{}</p>">(!in.unknown.empty() ? std::string(in.unknown) : why_empty(d.format == Format::score ? "rated caller turns" : d.name == "avg_resolution_ms" ? "resolved calls" : d.name == "spend_today_usd" ? "known cost" : d.name == "success_rate" ? "calls with a known outcome" : "calls with this figure", in.filters));
    } else {
      body = kpi_value(d, in);
      n = html<"<span class=\"n\">n {}</span>">(show_count(t.n));
      if (const std::string bound = error_shown(t); !bound.empty()) error = html<"<span class=\"err\">{}</span>">(bound);
    }
    menu = as_table(d, kpi_table(d, in.tabled ? *in.tabled : t));
  }
  // What moves with every tick is a component of its own: the client looks at a dozen elements for it, not at the whole
  // tile with its definition and table (7 ms of script for eight tiles, measured; 33 times a second).
  Node now = shared_component(number_of_moving(d), html_ptr<"<div class=\"now\">{}<footer>{}{}{}</footer></div>">(std::move(body), how_old, std::move(n), std::move(error)));
  return shared_component(number_of(d),
                   html_ptr<"<section class=\"tile kpi half w-3 h-2{}\" id=\"tile-{}\" aria-labelledby=\"h-{}\">{}{}</section>">(
                       state, d.name, d.name, heading(d, std::move(menu)), std::move(now)));
}

Node chart(ChartInput in) {
  const Definition& d = definition_of(in.name);
  std::string_view state = "";
  std::optional<Node> said, how_old, bound;
  if (in.loading) {
    state = " loading";
    said = raw<"<div class=\"bone line\"></div>">();
  } else {
    how_old = age(in.as_of);
    if (!in.error.empty()) {
      state = " broken";
      said = html<"<p class=\"why\">This chart could not be computed: {}</p>">(in.error);
    } else if (in.empty) {
      state = " empty";
      said = html<"<p class=\"why\">{}</p>">(in.unknown.empty() ? why_empty(d.counted, in.filters) : std::string(in.unknown));
    }
    if (const std::string shown = in.estimate ? "estimate" : error_shown(in.relative_error); !shown.empty()) bound = html<"<span class=\"err\">{}</span>">(shown);
  }
  std::optional<Node> count;
  if (!in.n.empty()) count = html<"<span class=\"n\">{}</span>">(in.n);
  const Attr map = attr<"data-map">(in.map.empty() ? std::nullopt : std::optional(in.map));
  return shared_component(number_of(d),
                   html_ptr<"<section class=\"tile with-chart {}{}\" id=\"tile-{}\" aria-labelledby=\"h-{}\">{}{}<div class=\"chart\" id=\"chart-{}\" phx-hook=\"Chart\" phx-update=\"ignore\" role=\"img\" aria-label=\"{}\"{}></div>{}<footer>{}{}{}</footer></section>">(
                       in.size, state, d.name, d.name, heading(d, as_table(d, std::move(in.table))), said, d.name, d.title, map, in.beside, how_old, count, bound));
}

Node table_tile(TableInput in) {
  const Definition& d = definition_of(in.name);
  std::string_view state = "";
  Node body;
  std::optional<Node> how_old, count;
  if (in.loading) {
    state = " loading";
    body = bones();
  } else {
    if (in.as_of != Instant{}) how_old = age(in.as_of);
    if (!in.error.empty()) {
      state = " broken";
      body = html<"<p class=\"why\">This table could not be read: {}</p>">(in.error);
    } else if (!in.empty.empty()) {
      state = " empty";
      body = html<"<p class=\"why\">{}</p>">(in.empty);
    } else {
      body = html<"<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"{}\">{}</div>">(d.title, std::move(in.table));
    }
  }
  if (!in.n.empty()) count = html<"<span class=\"n\">{}</span>">(in.n);
  return shared_component(number_of(d), html_ptr<"<section class=\"tile {}{}\" id=\"tile-{}\" aria-labelledby=\"h-{}\">{}{}<footer>{}{}</footer></section>">(
                                            in.size, state, d.name, d.name, heading(d, state.empty() ? give_buttons(d.title) : Node{}), std::move(body), how_old, count));
}

Node picture_tile(TableInput in) {
  const Definition& d = definition_of(in.name);
  const std::string_view state = in.loading ? " loading" : !in.error.empty() ? " broken" : !in.empty.empty() ? " empty" : "";
  std::optional<Node> said, how_old;
  if (in.loading) said = raw<"<div class=\"bone line\"></div>">();
  else if (in.as_of != Instant{}) how_old = age(in.as_of);
  if (!in.error.empty()) said = html<"<p class=\"why\">This picture could not be drawn: {}</p>">(in.error);
  else if (!in.empty.empty()) said = html<"<p class=\"why\">{}</p>">(in.empty);
  return shared_component(number_of(d), html_ptr<"<section class=\"tile {}{}\" id=\"tile-{}\" aria-labelledby=\"h-{}\">{}{}{}<footer>{}<span class=\"n\">{}</span></footer></section>">(
                                            in.size, state, d.name, d.name, heading(d, Node{}), said, std::move(in.table), how_old, in.n));
}

Node counts_line(const CountsInput& in) {
  const Definition& d = definition_of(in.name);
  Node body = bones(), menu;
  if (in.counts) {
    std::vector<std::pair<std::string, std::uint64_t>> found;
    for (const auto& count : *in.counts)
      if (count.second > 0) found.push_back(count);
    const auto key = [](const auto& c) { return c.first; };
    body = found.empty() ? html<"<p class=\"why\">Nothing was found since {}.</p>">(in.since)
                         : html<"<p class=\"row-flex\">{}<span class=\"muted\">since {}</span></p>">(
                               each(found, key, [](const auto& c) { return html<"<span class=\"tag\">{} <b class=\"num\">{}</b></span>">(c.first, show_count(double(c.second))); }), in.since);
    const auto lines = rows(*in.counts, key, [](const auto& c) {
      return html<"<tr><th scope=\"row\">{}</th><td class=\"num\">{}</td></tr>">(c.first, show_count(double(c.second)));
    });
    menu = as_table(d, html<"<table class=\"rows\"><caption class=\"sr\">{}</caption><tbody>{}</tbody></table>">(d.title, lines));
  }
  return shared_component(number_of(d), html_ptr<"<section class=\"tile w-12 h-1 slim{}\" id=\"tile-{}\" aria-labelledby=\"h-{}\">{}{}</section>">(
                                            in.counts ? "" : " loading", d.name, d.name, heading(d, std::move(menu)), std::move(body)));
}

}  // namespace aybiza::dashboard
