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
constexpr std::array<FigureLook, moved_figures> looks{{{"column.success_rate", Format::share}, {"call.errors", Format::share}, {"column.escalation_rate", Format::share},
                                                       {"movers.share", Format::share}, {"movers.latency", Format::milliseconds}, {"movers.cost", Format::usd}}};

std::string who(const Mover& mover, const Texts& t) {
  if (!mover.dimension) return std::string(t("movers.all"));
  return fmt::format("{}: {}", t(fmt::format("dimension.{}", to_string(*mover.dimension))), mover.member.empty() ? t("movers.unknown") : mover.member);
}

std::string moved_by(const Mover& mover, Format format, const Texts& t) {
  const TileState tile{.name = {}, .error = {}, .value = mover.now, .previous = mover.before, .relative_error = {}, .standard_error = {}, .trend = mover.trend, .spark = {}};
  const auto shown = trend_of(tile, format, t);
  if (!shown) return std::string(dash);
  return shown->tone == "flat" ? shown->text : fmt::format("{}, {}", shown->text, t(shown->tone == "good" ? "movers.better" : "movers.worse"));
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
  const Texts& t = texts_of(filters);
  const TableHead heads[] = {{t("costs.of"), false}, {t("movers.figure"), false}, {t("learning.before")}, {t("board.now")}, {t("learning.change")}, {t("learning.calls_before")}, {t("movers.calls_now")}};
  std::vector<TableRow> rows;
  for (const Mover& mover : movers.list) {
    const FigureLook& look = looks[std::size_t(mover.figure)];
    rows.push_back({fmt::format("{}|{}", who(mover, t), std::size_t(mover.figure)),
                    {who(mover, t), std::string(t(look.title)), show(t, look.format, mover.before), show(t, look.format, mover.now), moved_by(mover, look.format, t), show_count(t, mover.calls_before), show_count(t, mover.calls_now)},
                    link_of(mover, filters)});
  }
  return plain_table(t("movers.caption"), heads, rows);
}

}  // namespace

Node movers_tile(const Movers* movers, const Filters& filters) {
  static const Movers nothing;
  const Movers& m = movers ? *movers : nothing;
  const Texts& t = texts_of(filters);
  std::string empty;
  if (m.estimate) empty = t("movers.sampled");
  else if (m.list.empty()) empty = t("movers.none");
  const std::string size = sized("w-12", m.list.size(), 4);
  return table_tile({.name = "movers", .size = size, .texts = t, .loading = movers == nullptr, .error = m.error, .empty = std::move(empty), .as_of = {},
                     .n = movers ? t("movers.n", m.list.size(), show_time(m.as_of, zone_or_utc(filters.zone))) : "", .table = table_of(m, filters)});
}

}  // namespace aybiza::dashboard
