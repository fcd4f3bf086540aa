#include "dashboard/plain_table.h"

#include <algorithm>

namespace aybiza::dashboard {

using namespace liveview;

Node plain_table(std::string_view caption, std::span<const TableHead> heads, const std::vector<TableRow>& lines) {
  std::vector<std::size_t> places(heads.size());
  for (std::size_t i = 0; i < places.size(); ++i) places[i] = i;
  const auto number = [](std::size_t i) { return i; };
  const auto style = [&](std::size_t i) { return attr<"class">(heads[i].figure ? std::optional<std::string_view>("num") : std::nullopt); };
  const Node head = each(places, number, [&](std::size_t i) { return html<"<th scope=\"col\"{}>{}</th>">(style(i), heads[i].title); });
  const std::vector<std::size_t> rest(places.begin() + std::min<std::ptrdiff_t>(1, std::ptrdiff_t(places.size())), places.end());
  const Node body = rows(lines, [](const TableRow& r) { return r.key; }, [&](const TableRow& r) {
    const Node cells = each(rest, number, [&](std::size_t i) { return html<"<td class=\"{}\">{}</td>">(heads[i].figure ? "num" : "text", i < r.cells.size() ? r.cells[i] : std::string()); });
    const std::string name = r.cells.empty() ? std::string() : r.cells[0];
    const Node first = r.link.empty() ? Node::text(name) : html<"<a class=\"row\" href=\"{}\" data-phx-link=\"redirect\" data-phx-link-state=\"push\">{}</a>">(r.link, name);
    return html<"<tr><th scope=\"row\">{}</th>{}</tr>">(first, cells);
  });
  return html<"<table class=\"rows\"><caption class=\"sr\">{}</caption><thead><tr>{}</tr></thead><tbody>{}</tbody></table>">(caption, head, body);
}

}  // namespace aybiza::dashboard
