#include "dashboard/address.h"

#include <algorithm>

#include "base/limits.h"
#include "dashboard/show.h"

namespace aybiza::dashboard {
namespace {

constexpr Duration rewind_longest = std::chrono::hours(24 * 366);  // of playing: so that no address overflows

struct TextFilter {
  std::string_view name;
  std::string Filters::*member;
  std::string_view page = {}, other_page = {};  // of whose table it is; none: of every page
};
constexpr TextFilter texts[] = {
    {"customer", &Filters::customer},        {"region", &Filters::region},           {"agent", &Filters::agent, "/calls", "/agents"},
    {"outcome", &Filters::outcome, "/calls"}, {"state", &Filters::state, "/calls"},   {"model", &Filters::model, "/calls"},
    {"cursor", &Filters::cursor, "/calls"},   {"human", &Filters::human, "/costs"},      {"sort", &Filters::sort},
    {"q", &Filters::find, "/conversations"}, {"in", &Filters::find_by, "/conversations"},
    {"by", &Filters::by, "/costs", "/conversations"}, {"board", &Filters::board, "/wall"}};
constexpr std::string_view sorted_pages[] = {"/agents", "/conversations", "/costs"};

bool belongs(const TextFilter& filter, std::string_view path) {
  if (filter.member == &Filters::sort) return std::ranges::any_of(sorted_pages, [&](std::string_view page) { return path == page; });
  return filter.page.empty() || path.starts_with(filter.page) || (!filter.other_page.empty() && path.starts_with(filter.other_page));
}

// Pages whose figures are of a time: the list of calls and what the program itself counts are of now.
bool rewinds(std::string_view path) { return !path.starts_with("/calls") && !path.starts_with("/system"); }

bool known_range(std::string_view range) { return std::ranges::find(ranges, range) != std::end(ranges); }

std::optional<Refresh> parse_refresh(std::string_view text) {
  for (const Refresh r : {Refresh::live, Refresh::five_seconds, Refresh::thirty_seconds, Refresh::off})
    if (text == to_string(r)) return r;
  return std::nullopt;
}

void take_range(Filters& filters, std::optional<Instant> from, std::optional<Instant> to) {
  filters.from.reset(), filters.to.reset();
  if (from && to && *from < *to) filters.from = from, filters.to = to;
}

void take(Filters& filters, const liveview::Form& form) {
  if (const auto zone = form.get("tz")) {
    const std::string name(*zone);
    filters.zone = !name.empty() && name.size() <= limits::id_bytes && Zone::load(name) ? name : "UTC";
  }
  if (const auto range = form.get("range"); range && known_range(*range)) filters.range = *range;
  if (const auto refresh = form.get("refresh")) filters.refresh = parse_refresh(*refresh).value_or(Refresh::live);
  if (const auto compare = form.get("compare")) filters.compare = *compare == "1";
  for (const TextFilter& one : texts)
    if (const auto value = form.get(one.name)) filters.*one.member = value->size() <= 4 * limits::id_bytes ? *value : "";
}

}  // namespace

const Texts& texts_of(const Filters& filters) { return filters.texts ? *filters.texts : *all_texts().front(); }

std::string_view range_label(std::string_view range) {
  constexpr std::string_view labels[] = {"5 m", "15 m", "1 h", "24 h", "7 d", "30 d"};
  const auto at = std::ranges::find(ranges, range);
  return at == std::end(ranges) ? range : labels[at - std::begin(ranges)];
}

Instant Filters::moment(Instant now) const {
  if (!at) return now;
  const Duration gone = since && now > *since ? std::min(now - *since, rewind_longest) : Duration(0);
  return std::min(*at + gone * speed, now);
}

std::string_view to_string(Refresh refresh) {
  constexpr std::string_view words[] = {"live", "5s", "30s", "off"};
  return words[std::size_t(refresh)];
}

Filters filters_from(const liveview::Form& query, const std::string& usual_range, const std::string& usual_zone) {
  Filters filters;
  filters.range = filters.usual_range = usual_range;
  filters.zone = filters.usual_zone = usual_zone;
  take(filters, query);
  take_range(filters, parse_rfc3339(query.text("from")), parse_rfc3339(query.text("to")));
  if (filters.custom()) return filters;  // a range has its own time
  filters.at = parse_rfc3339(query.text("at")), filters.since = parse_rfc3339(query.text("since"));
  for (const int speed : speeds)
    if (query.text("speed") == std::to_string(speed)) filters.speed = speed;
  return filters;
}

std::string address(std::string_view path, const Filters& filters) {
  const Filters plain;
  liveview::Form form;
  if (filters.custom()) form.set("from", format_rfc3339(*filters.from)), form.set("to", format_rfc3339(*filters.to));
  if (filters.range != plain.range || filters.usual_range != plain.range) form.set("range", filters.range);
  if (filters.compare) form.set("compare", "1");
  if (filters.zone != plain.zone || filters.usual_zone != plain.zone) form.set("tz", filters.zone);
  if (filters.refresh != plain.refresh) form.set("refresh", to_string(filters.refresh));
  for (const TextFilter& one : texts)
    if (!(filters.*one.member).empty() && belongs(one, path)) form.set(one.name, filters.*one.member);
  if (filters.at && rewinds(path)) {
    form.set("at", format_rfc3339(*filters.at));
    if (filters.since) form.set("since", format_rfc3339(*filters.since));
    if (filters.speed != plain.speed) form.set("speed", std::to_string(filters.speed));
  }
  const std::string query = form.encode();
  return query.empty() ? std::string(path) : std::string(path) + "?" + query;
}

Filters changed_by(const Filters& filters, const liveview::Form& form) {
  Filters out = filters;
  take(out, form);
  if (form.get("from") || form.get("to")) {
    const Zone zone = zone_or_utc(filters.zone);  // the inputs showed the old zone's time
    const auto from = from_local(form.text("from"), zone), to = from_local(form.text("to"), zone);
    if (from && to) take_range(out, from, to), out.at.reset(), out.since.reset();
  }
  if (!form.get("cursor")) out.cursor.clear();  // another filter, another first page
  return out;
}

}  // namespace aybiza::dashboard
