#include "dashboard/league_table.h"

#include <algorithm>

#include "base/limits.h"
#include "dashboard/show.h"
#include "dashboard/tile.h"
#include "liveview/row.h"

namespace aybiza::dashboard {

using namespace liveview;

namespace {

Node head_cell(const LeagueInput& in, std::size_t i) {
  const LeagueColumn& column = in.columns[i];
  const bool sorted = in.spec.sorted_by == i;
  const bool descending = sorted ? !in.spec.descending : column.high_first;  // where a click leads
  Filters to = in.filters;
  to.sort = fmt::format("{}{}", descending ? "-" : "", column.measure);
  const auto state = sorted ? std::optional<std::string_view>(in.spec.descending ? "descending" : "ascending") : std::nullopt;
  return html<"<th scope=\"col\" class=\"num\"{}><a class=\"sort\" href=\"{}\" data-phx-link=\"patch\" data-phx-link-state=\"replace\">{}</a></th>">(
      attr<"aria-sort">(state), address(in.path, to), texts_of(in.filters)(fmt::format("column.{}", column.measure)));
}

Node body_row(const LeagueInput& in, const LeagueRow& row) {
  const Texts& t = texts_of(in.filters);
  const bool word = of_turn(in.spec.dimension) || in.spec.dimension == Dimension::call_outcome;  // of the program's own vocabulary
  const std::string name = word && !row.name.empty() && row.name != "__other__" ? show_word(t, row.name) : or_unknown(t, row.name);
  const std::string to = in.link && !row.name.empty() && row.name != "__other__" ? in.link(row.name) : "";
  const Node first = to.empty() ? html<"<span class=\"muted\">{}</span>">(name)
                                : html<"<a class=\"row\" href=\"{}\" data-phx-link=\"redirect\" data-phx-link-state=\"push\">{}</a>">(to, name);
  std::vector<Node> slots{first};
  for (std::size_t i = 0; i < row.figures.size(); ++i) slots.push_back(Node::text(show(t, in.columns[i].format, row.figures[i])));
  if (in.extra) slots.push_back(Node::text(in.extra(row.name)));
  const std::size_t cells = slots.size() - 1;
  return html_row<"<tr><th scope=\"row\" class=\"nowrap\">{}</th>", "<td class=\"num\">{}</td>", "</tr>">(std::move(slots), cells);
}

Node foot(const LeagueInput& in) {
  const League& league = *in.league;
  double worst = 0;
  for (const auto& error : league.relative_error) worst = std::max(worst, error.value_or(0));
  const Texts& t = texts_of(in.filters);
  const std::string bound = league.estimate ? std::string(t("league.estimates")) : show_bound(t, worst);
  const std::string many = league.found > league.rows.size() || !league.complete
                               ? t(league.complete ? "league.some" : "league.some_more", league.rows.size(), show_count(t, double(league.found)), in.what)
                               : fmt::format("{} {}", show_count(t, double(league.found)), in.what);
  return html<"<footer class=\"row-flex pager\">{}<span class=\"muted\">{}</span><span class=\"muted\">{}</span>{}</footer>">(age(league.as_of, t, std::chrono::seconds(2)), many, bound, give_buttons(t, in.caption));
}

}  // namespace

LeagueSpec league_spec(Dimension dimension, std::span<const LeagueColumn> columns, const Filters& filters) {
  LeagueSpec spec;
  spec.dimension = dimension;
  spec.rows = limits::page_rows;
  std::string_view wanted = filters.sort;
  const bool descending = wanted.starts_with('-');
  if (descending) wanted.remove_prefix(1);
  for (std::size_t i = 0; i < columns.size(); ++i) {
    spec.measures.push_back(columns[i].measure);
    if (columns[i].measure == wanted) spec.sorted_by = i, spec.descending = descending;
  }
  return spec;
}

const LeagueCut& cut_of(std::span<const LeagueCut> cuts, std::string_view name) {
  const auto at = std::ranges::find_if(cuts, [&](const LeagueCut& cut) { return to_string(cut.dimension) == name; });
  return at == cuts.end() ? cuts.front() : *at;
}

std::string_view title_of(const LeagueCut& cut, const Texts& t) { return t(fmt::format("dimension.{}", to_string(cut.dimension))); }
std::string_view what_of(const LeagueCut& cut, const Texts& t) { return t(fmt::format("dimensions.{}", to_string(cut.dimension))); }

Node cut_links(std::span<const LeagueCut> cuts, const Filters& filters, std::string_view path) {
  const Texts& t = texts_of(filters);
  const LeagueCut& chosen = cut_of(cuts, filters.by);
  const Node links = each(cuts, [](const LeagueCut& cut) { return to_string(cut.dimension); }, [&](const LeagueCut& cut) {
    Filters to = filters;
    to.by = &cut == &cuts.front() ? "" : std::string(to_string(cut.dimension));
    return html<"<a class=\"seg\" href=\"{}\" data-phx-link=\"patch\" data-phx-link-state=\"replace\"{}>{}</a>">(
        address(path, to), attr<"aria-current">(&cut == &chosen ? std::optional<std::string_view>("true") : std::nullopt), title_of(cut, t));
  });
  return html<"<nav class=\"range cuts\" aria-label=\"{}\">{}</nav>">(t("league.by"), links);
}

Node league_table(const LeagueInput& in) {
  const Texts& t = texts_of(in.filters);
  if (!in.league) return loading_table(t);
  if (!in.league->error.empty())
    return html<"<section class=\"tile w-12 h-2 broken\"><p class=\"why\">{}</p></section>">(t("league.broken", in.league->error));
  if (in.league->rows.empty())
    return html<"<section class=\"tile w-12 h-2 empty\"><p class=\"why\">{} {}</p></section>">(
        why_empty(t("count.calls"), in.filters), in.spec.search.empty() ? "" : t("league.searched", in.what, in.spec.search));
  std::vector<std::size_t> places(in.columns.size());
  for (std::size_t i = 0; i < places.size(); ++i) places[i] = i;
  const Node heads = each(places, [](std::size_t i) { return i; }, [&](std::size_t i) { return head_cell(in, i); });
  std::optional<Node> extra;
  if (in.extra) extra = html<"<th scope=\"col\" class=\"num\" title=\"{}\">{}</th>">(in.extra_title, in.extra_head);
  const Node body = rows(in.league->rows, [](const LeagueRow& r) { return r.name; }, [&](const LeagueRow& r) { return body_row(in, r); });
  return html<"<div data-gives=\"{}\"><div class=\"scroll table-card\" tabindex=\"0\" role=\"region\" aria-label=\"{}\"><table class=\"rows\" id=\"{}\"><caption class=\"sr\">{}</caption>"
              "<thead><tr><th scope=\"col\">{}</th>{}{}</tr></thead><tbody>{}</tbody></table></div>{}</div>">(in.caption, in.caption, in.id, in.caption, in.head, heads, extra, body, foot(in));
}

}  // namespace aybiza::dashboard
