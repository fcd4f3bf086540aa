#include "dashboard/movers_table.h"

#include "dashboard/plain_table.h"
#include "dashboard/show.h"
#include "dashboard/tile.h"

namespace aybiza::dashboard {

using namespace liveview;

namespace {

struct FigureLook {
  std::string_view title;
  Format format;
};
constexpr std::array<FigureLook, moved_figures> looks{{{"Success", Format::share}, {"Errors", Format::share}, {"Escalated", Format::share},
                                                       {"Share of calls", Format::share}, {"Voice latency, median", Format::milliseconds}, {"Cost per call, median", Format::usd}}};

std::string who(const Mover& mover) {
  if (!mover.dimension) return "All calls";
  std::string kind = title_case(to_string(*mover.dimension));
  if (kind.ends_with(" id")) kind.resize(kind.size() - 3);
  return fmt::format("{}: {}", kind, mover.member.empty() ? "not known" : mover.member);
}

std::string moved_by(const Mover& mover, Format format) {
  const TileState tile{.name = {}, .error = {}, .value = mover.now, .previous = mover.before, .relative_error = {}, .standard_error = {}, .trend = mover.trend, .spark = {}};
  const auto shown = trend_of(tile, format);
  if (!shown) return std::string(dash);
  return shown->tone == "flat" ? shown->text : fmt::format("{}, {}", shown->text, shown->tone == "good" ? "better" : "worse");
}

// The calls behind it, where the table of calls can be asked for them.
std::string link_of(const Mover& mover, Filters to) {
  to.refresh = Refresh::live;  // pages that show the same share it
  if (!mover.dimension || mover.member.empty()) return mover.dimension ? "" : address("/calls", to);
  if (mover.dimension == Dimension::customer_id) to.customer = mover.member;
  else if (mover.dimension == Dimension::region) to.region = mover.member;
  else if (mover.dimension == Dimension::agent_id) to.agent = mover.member;
  else if (mover.dimension == Dimension::model_used) to.model = mover.member;
  else return "";
  return address("/calls", to);
}

Node table_of(const Movers& movers, const Filters& filters) {
  constexpr TableHead heads[] = {{"Of", false}, {"Figure", false}, {"Before"}, {"Now"}, {"Change"}, {"Calls before"}, {"Calls now"}};
  std::vector<TableRow> rows;
  for (const Mover& mover : movers.list) {
    const FigureLook& look = looks[std::size_t(mover.figure)];
    rows.push_back({fmt::format("{}|{}", who(mover), std::size_t(mover.figure)),
                    {who(mover), std::string(look.title), show(look.format, mover.before), show(look.format, mover.now), moved_by(mover, look.format), show_count(mover.calls_before), show_count(mover.calls_now)},
                    link_of(mover, filters)});
  }
  return plain_table("What moved most against the period before", heads, rows);
}

}  // namespace

Node movers_tile(const Movers* movers, const Filters& filters) {
  static const Movers nothing;
  const Movers& m = movers ? *movers : nothing;
  std::string empty;
  if (m.estimate) empty = "Calls are sampled here: their weighed counts are no observations, so nothing is claimed.";
  else if (m.list.empty()) empty = "Nothing moved beyond chance against the period before, or there are fewer than 30 calls to tell it by.";
  return table_tile({.name = "movers", .size = "w-12 h-3", .loading = movers == nullptr, .error = m.error, .empty = std::move(empty), .as_of = {},
                     .n = movers ? fmt::format("beyond chance: {}, as of {}", m.list.size(), show_time(m.as_of, zone_or_utc(filters.zone))) : "", .table = table_of(m, filters)});
}

}  // namespace aybiza::dashboard
