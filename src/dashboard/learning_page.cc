#include "dashboard/learning_page.h"

#include <algorithm>

#include "dashboard/chart_options.h"
#include "dashboard/plain_table.h"
#include "dashboard/show.h"
#include "dashboard/tile.h"

namespace aybiza::dashboard {

using namespace liveview;
using namespace std::chrono_literals;

namespace {

constexpr Duration learning_rhythm = 2s;
constexpr std::string_view progress_colours[] = {"$good", "$bad", "$c1"}, size_colours[] = {"$c1", "$c3"}, pattern_colours[] = {"$good", "$bad", "$c8"};

bool known_anywhere(const ChartSeries& series) {
  return std::ranges::any_of(series.values, [](const auto& values) { return std::ranges::any_of(values, [](const auto& value) { return value && *value != 0; }); });
}

std::string progress_option(const LearningState& s, Duration length, const Texts& t) {
  return lines_option(s.progress, s.as_of, {.length = length, .colours = progress_colours, .format = "@pct", .low = 0, .high = 1}, t);
}
std::string knowledge_option(const LearningState& s, Duration length, const Texts& t) { return lines_option(s.knowledge, s.as_of, {.length = length, .colours = size_colours, .format = "@int"}, t); }
std::string patterns_option(const LearningState& s, Duration length, const Texts& t) { return stacked_bars_option(s.patterns, s.as_of, length, pattern_colours, t); }

Node series_rows(const Texts& t, std::string_view title, const ChartSeries& series, Format format, const Zone& zone) {
  std::vector<TableHead> heads{{t("frame.from"), false}};
  for (const std::string& name : series.names) heads.push_back({show_name(t, name)});
  std::vector<TableRow> rows;
  for (std::size_t i = 0; i < series.times.size(); ++i) {
    TableRow row{fmt::format("{}", to_micros(series.times[i])), {show_moment(series.times[i], zone, t)}};
    for (const auto& values : series.values) row.cells.push_back(show(t, format, values[i]));
    rows.push_back(std::move(row));
  }
  return plain_table(title, heads, rows);
}

std::string whom(const Texts& t, const Dimensions& dims, const std::string& customer) {
  if (!dims[Field::agent_id].empty()) return dims[Field::agent_id];
  return customer.empty() ? std::string(t("learning.everybody")) : customer;
}

Node changes_table(const Texts& t, const LearningState& s, const Zone& zone) {
  const TableHead heads[] = {{t("learning.change"), false}, {t("learning.when"), false}, {t("costs.of"), false}, {t("learning.success_before")}, {t("learning.after")}, {t("learning.errors_before")}, {t("learning.after")}, {t("learning.calls_before")}, {t("learning.after")}};
  std::vector<TableRow> rows;
  for (const ChangeCard& card : s.cards)
    rows.push_back({to_string(card.change->id), {what_of(*card.change, t), show_moment(card.change->time, zone, t), whom(t, card.change->dims, card.change->customer),
                                                 show(t, Format::share, card.success_before), show(t, Format::share, card.success_after), show(t, Format::share, card.errors_before),
                                                 show(t, Format::share, card.errors_after), show_count(t, card.calls_before), show_count(t, card.calls_after)}});
  return plain_table(t("learning.changes_caption"), heads, rows);
}

Node patterns_table(const Texts& t, const LearningState& s, const Zone& zone) {
  const TableHead heads[] = {{t("learning.pattern"), false}, {t("dimension.call_outcome"), false}, {t("learning.confidence")}, {t("tab.agents")}, {t("learning.from"), false}, {t("learning.discovered"), false}, {t("learning.told")}};
  std::vector<TableRow> rows;
  for (const PatternLife& life : s.lives)
    rows.push_back({life.last->customer + "|" + life.last->pattern_id,
                    {life.name.empty() ? life.last->pattern_id : life.name, life.outcome.empty() ? std::string(dash) : show_word(t, life.outcome),
                     life.confidence_e4 ? show_share(t, double(*life.confidence_e4) / 1e4) : std::string(dash), show_count(t, double(life.agents.size())),
                     life.replicated_from.empty() ? std::string(dash) : life.replicated_from, show_moment(life.first->time, zone, t), show_count(t, double(life.events))}});
  return plain_table(t("learning.patterns_caption"), heads, rows);
}

// "+3.1 %", "−12.0 %"
std::string show_change(const Texts& t, double share) { return (share > 0 ? "+" : share < 0 ? "−" : "") + show_share(t, std::abs(share)); }

Node improvements_table(const Texts& t, const LearningState& s, const Zone& zone) {
  const TableHead heads[] = {{t("learning.metric"), false}, {t("learning.when"), false}, {t("costs.of"), false}, {t("learning.before")}, {t("learning.after_head")}, {t("learning.change")}};
  std::vector<TableRow> rows;
  const auto figure = [&t](const std::optional<double>& value) { return value ? in_notation(t, fmt::format("{:.4g}", *value)) : std::string(dash); };
  for (const Told& row : s.improvements) {
    const bool both = row->before && row->after && *row->before != 0;
    rows.push_back({to_string(row->id), {show_word(t, row->metric), show_moment(row->time, zone, t), whom(t, row->dims, row->customer), figure(row->before), figure(row->after),
                                         both ? show_change(t, (*row->after - *row->before) / std::abs(*row->before)) : std::string(dash)}});
  }
  return plain_table(t("learning.improvements_caption"), heads, rows);
}

}  // namespace

std::string LearningPage::key() const {
  Filters shown = filters();
  shown.refresh = Refresh::live;
  std::string key = "learning|" + customers_key();
  return key + address("/learning", shown);
}

void LearningPage::opened(Context& context, const Location&) {
  const ViewScope scope = this->scope();
  Source* source = viewer().source;
  const Ask ask = [source](const Question& q) { return source->ask(q); };
  const AskRows rows = [source](const LearningQuestion& q) { return source->learning(q); };
  watch(context, progress_slot, {key(), [ask, rows, scope](Instant now) { return std::make_shared<LearningState>(compute_learning(ask, rows, scope, now)); }, learning_rhythm, 5s, true});
  std::string about = "experiments|" + customers_key();
  about += fmt::format("{}:{}|{}", scope.customer.size(), scope.customer, scope.region);
  watch(context, experiments_slot, {about, [ask, scope](Instant now) { return std::make_shared<Experiments>(compute_experiments(ask, scope, now)); }, 10s, 30s, true});
}

void LearningPage::shown(Context& context, std::size_t slot) {
  const auto* now = state<LearningState>(progress_slot);
  if (slot != progress_slot || !context.connected() || !now) return;
  const Range range = range_of(scope(), from_micros(0));
  const Duration length = range.to - range.from;
  const bool anew = !left_ || drawn_key_ != key();
  if (anew) left_.reset();
  const auto follow = [&](std::string_view id, const ChartSeries LearningState::*series, std::string (*whole)(const LearningState&, Duration, const Texts&)) {
    if (anew) return context.push_latest(fmt::format("chart:chart-{}", id), id, whole(*now, length, texts()));
    if (std::string changed = appended((*left_).*series, now->*series, now->as_of, 0); !changed.empty()) context.push_latest(fmt::format("chart-data:chart-{}", id), id, std::move(changed));
  };
  follow("progress", &LearningState::progress, progress_option);
  follow("knowledge", &LearningState::knowledge, knowledge_option);
  follow("patterns", &LearningState::patterns, patterns_option);
  drawn_key_ = key();
  newest_ = std::make_shared<LearningState>(*now);
}

Node LearningPage::tiles(const LearningState* state) const {
  std::array<std::size_t, learning_tiles> all{};
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = i;
  return each(all, [](std::size_t i) { return i; }, [&](std::size_t i) {
    return kpi({.name = learning_tile_names[i], .state = state ? &state->tiles[i] : nullptr, .spark = state ? &state->tiles[i].spark : nullptr,
                .as_of = state ? state->as_of : Instant{}, .filters = filters(), .unknown = i >= knowledge_tile ? texts()("learning.no_graph") : std::string_view(), .every = learning_rhythm});
  });
}

Node LearningPage::charts(const LearningState* state) const {
  static const LearningState nothing;
  const LearningState& s = state ? *state : nothing;
  const Zone zone = zone_or_utc(filters().zone);
  const auto tile = [&](std::string_view name, std::string_view size, const ChartSeries& series, Format format, std::string n) {
    return chart({.name = name, .size = size, .loading = state == nullptr, .empty = !known_anywhere(series), .error = series.error, .as_of = s.as_of, .n = std::move(n),
                  .relative_error = std::nullopt, .filters = filters(), .table = [&] { return series_rows(texts(), definition_of(texts(), name).title, series, format, zone); }, .every = learning_rhythm});
  };
  return html<"{}{}{}">(tile("progress", "w-12 h-4", s.progress, Format::share, state ? texts()("learning.marked", s.changes.size()) : ""),
                        tile("knowledge", "w-6 h-4", s.knowledge, Format::count, ""), tile("patterns", "w-6 h-4", s.patterns, Format::count, ""));
}

Node LearningPage::tables(const LearningState* state) const {
  static const LearningState nothing;
  const LearningState& s = state ? *state : nothing;
  const Zone zone = zone_or_utc(filters().zone);
  const Texts& t = texts();
  const auto tile = [&](std::string_view name, const std::string& size, bool empty, std::size_t count, Node table) {
    return table_tile({.name = name, .size = size, .texts = t, .loading = state == nullptr, .error = s.rows_error, .empty = empty ? why_empty(definition_of(t, name).counted, filters()) : "", .as_of = s.as_of,
                       .n = state ? fmt::format("{} {}", show_count(t, double(count)), definition_of(t, name).counted) : "", .table = std::move(table), .every = learning_rhythm});
  };
  return html<"{}{}{}">(tile("changes", sized("w-12", s.cards.size(), 5), s.cards.empty(), s.changes.size(), changes_table(t, s, zone)), tile("pattern_list", "w-7 h-5", s.lives.empty(), s.lives.size(), patterns_table(t, s, zone)),
                        tile("improvement_list", "w-5 h-5 wide", s.improvements.empty(), s.improvements.size(), improvements_table(t, s, zone)));
}

Node LearningPage::body(const Context&) {
  left_ = newest_;  // this render leaves together with what was pushed
  const auto* progress = state<LearningState>(progress_slot);
  return html<"<h1 class=\"sr\">{}</h1><div class=\"grid\" id=\"learning-page\" aria-busy=\"{}\">{}{}{}{}</div>">(
      texts()("tab.learning"), fresh(progress_slot) && fresh(experiments_slot) ? "false" : "true", tiles(progress), charts(progress), experiments_node(state<Experiments>(experiments_slot), filters()), tables(progress));
}

}  // namespace aybiza::dashboard
