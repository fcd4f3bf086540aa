#include "dashboard/system_page.h"

#include <algorithm>
#include <cmath>

#include "dashboard/chart_options.h"
#include "dashboard/plain_table.h"
#include "dashboard/show.h"
#include "dashboard/system_tables.h"
#include "dashboard/tile.h"

namespace aybiza::dashboard {

using namespace liveview;
using namespace std::chrono_literals;

namespace {

constexpr std::size_t changes_shown = 100;
constexpr std::string_view ingest_colours[] = {"$c1", "$line-strong", "$bad"};

std::string count(const Texts& t, std::uint64_t n) { return show_count(t, double(n)); }
std::string bytes(const Texts& t, std::uint64_t n) { return show_bytes(t, double(n)); }
std::string span(const Texts& t, std::optional<double> seconds) { return seconds ? show_span(t, *seconds * 1e3) : std::string(dash); }
std::string age_of(const Texts& t, const std::optional<Instant>& then, Instant now) {
  return then ? t("system.ago", show_span(t, double((now - std::min(now, *then)).count()) / 1e3)) : std::string(t("system.never"));
}

Node ways_table(const Texts& t, const SystemFigures& f) {
  const TableHead heads[] = {{t("system.way"), false}, {t("system.offered")}, {t("system.accepted")}, {t("system.duplicates")}, {t("system.rejected")}, {t("system.shed")}, {t("system.in_flight")}, {t("system.last_seen")}};
  std::vector<TableRow> rows;
  const auto add = [&](const std::string& name, const Conserved& c, const std::string& seen) {
    rows.push_back({name, {name, count(t, c.offered), count(t, c.accepted), count(t, c.duplicates), count(t, c.rejected), count(t, c.shed), count(t, c.in_flight), seen}});
  };
  for (const WayIn& way : f.ways) add(way.name, way.counts, age_of(t, way.last_seen, f.as_of));
  add(std::string(t("system.all")), f.total, "");
  return plain_table(t("system.ways_caption"), heads, rows);
}

Node facts_table(const Texts& t, const SystemFigures& f) {
  const TableHead heads[] = {{t("system.what"), false}, {t("board.now")}};
  const auto behind = [&](std::uint64_t offset) { return f.durable > offset ? t("system.behind", count(t, offset), count(t, f.durable - offset)) : count(t, offset); };
  const auto ms = [&t](const std::optional<double>& value) { return value ? show_ms(t, *value) : std::string(dash); };
  std::vector<TableRow> rows;
  const auto add = [&](std::string_view what, std::string now) { rows.push_back({std::string(what), {std::string(t(what)), std::move(now)}}); };
  add("system.durable", count(t, f.durable));
  add("system.folded", behind(f.folded));
  add("system.applied", behind(f.applied));
  add("system.snapshot", behind(f.snapshot));
  add("system.commit", ms(f.commit_p50_ms));
  add("system.store_commit", ms(f.store_commit_ms));
  add("system.segments", count(t, f.spool_segments));
  add("system.free", f.spool_free_bytes > 0 ? bytes(t, f.spool_free_bytes) : std::string(dash));
  add("system.store", f.store);
  add("system.rows", count(t, f.store_rows));
  add("system.file", f.store_bytes > 0 ? bytes(t, f.store_bytes) + " + " + bytes(t, f.store_log_bytes) : std::string(dash));
  add("system.live_bytes", bytes(t, f.live_bytes));
  add("system.series", t("system.and", count(t, f.live_series), count(t, f.live_panes)));
  add("system.bodies", t("board.some", bytes(t, f.requests_bytes), bytes(t, f.requests_bytes_limit)));
  add("system.sampled", count(t, f.sampled));
  add("system.requests", count(t, f.requests));
  add("system.store_error", f.store_error.empty() ? std::string(t("system.none")) : f.store_error);
  return plain_table(t("figure.log_and_store"), heads, rows);
}

// Nobody looked: unknown. A bound says "at most", and is shown unrounded.
std::string wait_of(const Texts& t, const ScreenWaits& waits, double q) {
  const auto ms = waits.quantile_ms(q);
  if (!ms) return std::string(dash);
  if (std::isinf(*ms)) return "> " + show_ms(t, screen_bound_ms(screen_bounds - 1));
  int places = 0;
  for (double shown = *ms; places < 2 && shown != std::round(shown); shown *= 10) ++places;
  return "≤ " + (*ms < 1e3 ? show_number(t, *ms, places) + " ms" : show_ms(t, *ms));
}

Node screen_table(const Texts& t, const SystemFigures& f) {
  const TableHead heads[] = {{t("system.stage"), false}, {"p50"}, {"p95"}, {"p99"}, {t("system.waits")}, {t("system.p99_since")}};
  std::vector<TableRow> rows;
  for (const auto& [key, stage] : {std::pair("system.written", ScreenLatency::written), std::pair("system.drawn", ScreenLatency::drawn)}) {
    const ToScreen& s = f.screen[stage];
    rows.push_back({key, {std::string(t(key)), wait_of(t, s.lately, .5), wait_of(t, s.lately, .95), wait_of(t, s.lately, .99), count(t, s.lately.count()), wait_of(t, s.all, .99)}});
  }
  return plain_table(t("figure.to_screen"), heads, rows);
}

Node shards_table(const Texts& t, const SystemFigures& f) {
  const TableHead heads[] = {{t("system.shard"), false}, {t("system.mailbox")}, {t("system.waiting")}, {t("system.behind_log")}, {t("system.lag")}, {t("system.calls_in_flight")}, {t("system.late")}, {t("figure.memory_used")}};
  std::vector<TableRow> rows;
  for (std::size_t i = 0; i < f.shards.size(); ++i) {
    const ShardFigures& s = f.shards[i];
    const std::string name = fmt::format("{}", i);
    rows.push_back({name, {name, count(t, s.depth), bytes(t, s.queued_bytes), count(t, s.behind), span(t, s.watermark_lag_s), count(t, s.calls_in_flight), count(t, s.late), bytes(t, s.bytes)}});
  }
  return plain_table(t("figure.shards"), heads, rows);
}

Node troubles_table(const Texts& t, const SystemFigures& f) {
  const TableHead heads[] = {{t("system.where"), false}, {t("system.reason"), false}, {t("system.cases")}};
  std::vector<TableRow> rows;
  for (const Trouble& one : f.troubles) rows.push_back({one.where + "|" + one.reason, {show_word(t, one.where), std::string(show_name(t, one.reason)), count(t, one.count)}});
  return plain_table(t("figure.troubles"), heads, rows);
}

Node machines_table(const Texts& t, const std::vector<SystemRow>& machines, Instant now) {
  const TableHead heads[] = {{t("dimension.region"), false}, {"CPU"}, {t("figure.memory_used")}, {t("system.network")}, {t("call.errors")}, {t("system.available")}, {t("system.capacity")}, {t("system.queue")}, {t("system.age")}};
  const auto percent = [&t](const Number& e4) { return e4 ? show_number(t, double(*e4) / 1e4, 1) + " %" : std::string(dash); };
  const auto whole = [&t](const Number& n) { return n ? show_count(t, double(*n)) : std::string(dash); };
  const bool several = std::ranges::any_of(machines, [&](const SystemRow& m) { return m.customer != machines[0].customer; });
  std::vector<TableRow> rows;
  for (const SystemRow& m : machines) {
    rows.push_back({m.customer + "|" + m.region, {several ? t("system.region_of", m.region, m.customer) : m.region, percent(m.cpu_e4), percent(m.memory_e4), show_us(t, m.network_latency_us), m.error_rate_e4 ? show_share(t, double(*m.error_rate_e4) / 1e4) : std::string(dash),
                           percent(m.availability_e4), whole(m.max_capacity), whole(m.queue_depth), span(t, double((now - std::min(now, m.time)).count()) / 1e6)}});
  }
  return plain_table(t("system.machines_caption"), heads, rows);
}

Node rates_table(const Texts& t, const ChartSeries& series, const Zone& zone) {
  const TableHead heads[] = {{t("system.until"), false}, {t("system.accepted_s")}, {t("system.duplicates_s")}, {t("system.refused_s")}};
  std::vector<TableRow> rows;
  for (std::size_t i = series.times.size(); i-- > 0;) {
    TableRow row{fmt::format("{}", to_micros(series.times[i])), {show_time(series.times[i], zone)}};
    for (const auto& values : series.values) row.cells.push_back(show(t, Format::rate, values[i]));
    rows.push_back(std::move(row));
  }
  return plain_table(t("figure.ingest"), heads, rows);
}

std::string what_to_do(bool good, const Texts& t, std::string_view otherwise) { return std::string(t(good ? "audit.fine" : otherwise)); }

// Two audits in a line each, then what they found.
Node audit_table(const Texts& t, const Conserved& c, const Reconciled* r, const Zone& zone) {
  const TableHead heads[] = {{t("audit.check"), false}, {t("audit.looked_at")}, {t("audit.differences")}, {t("audit.last"), false}, {t("audit.to_do"), false}};
  std::vector<TableRow> rows;
  const std::uint64_t accounted = c.accepted + c.duplicates + c.rejected + c.shed + c.in_flight, apart = std::max(c.offered, accounted) - std::min(c.offered, accounted);
  rows.push_back({"conservation", {std::string(t("audit.conservation")), count(t, c.offered), count(t, apart), std::string(t("tile.now")), what_to_do(apart == 0, t, "audit.tell")}});
  if (!r) return plain_table(t("figure.audit"), heads, rows);
  rows.push_back({"reconcile", {std::string(t("audit.reconcile")), t("audit.minutes", count(t, r->minutes)), count(t, r->differences.size()), show_moment(r->as_of, zone, t), what_to_do(r->differences.empty(), t, "audit.recompute")}});
  for (std::size_t i = 0; i < std::min<std::size_t>(r->differences.size(), 20); ++i) {
    const ReconcileDifference& d = r->differences[i];
    const auto figure = [&t](const std::optional<double>& value) { return value ? in_notation(t, fmt::format("{:g}", *value)) : std::string(dash); };
    rows.push_back({fmt::format("{}|{}", d.time, d.measure), {fmt::format("{} {}", d.time, d.measure), "", t("audit.apart", figure(d.live), figure(d.store)), "", ""}});
  }
  return plain_table(t("figure.audit"), heads, rows);
}

Node changes_table(const Texts& t, const std::vector<auth::ChangeRecord>& changes, const Zone& zone) {
  const TableHead heads[] = {{t("learning.when"), false}, {t("changed.who"), false}, {t("system.what"), false}, {t("changed.target"), false}, {t("dimension.customer_id"), false}};
  std::vector<TableRow> rows;
  for (std::size_t i = 0; i < changes.size(); ++i) {
    const auth::ChangeRecord& c = changes[i];
    rows.push_back({fmt::format("{}", changes.size() - i), {show_moment(c.time, zone, t), c.who, std::string(show_name(t, c.what)), c.target, c.customer}});
  }
  return plain_table(t("figure.changed"), heads, rows);
}

}  // namespace

void SystemPage::opened(Context& context, const Location&) {
  Source* source = viewer().source;
  const ViewScope scope = this->scope();
  const auto customers = scope.customers;
  const std::string customer = scope.customer;
  watch(context, figures_slot, {"system|" + customers_key(), [source, customers](Instant) {
                                  auto state = std::make_shared<SystemState>();
                                  state->figures = source->system(customers);
                                  state->tiles = system_tiles(state->figures);
                                  state->ingest = ingest_series(state->figures);
                                  state->masked = source->masked(customers, "");
                                  return state;
                                }, 1s, 1s, true});
  watch(context, reconcile_slot, {"reconcile|" + customers_key(), [source, customers](Instant now) { return std::make_shared<ReconcileState>(ReconcileState{source->reconcile(customers), now}); }, 5min, 5min, true, true});
  if (sees_changes())
    watch(context, changes_slot, {"changed", [log = viewer().keeping.changes](Instant now) { return std::make_shared<ChangesState>(ChangesState{now, log->recent(changes_shown)}); }, 5s, 5s, true, true});
  if (viewer().sees_changes) watch(context, admission_slot, {"admission", [source](Instant) { return std::make_shared<Admission>(source->admission()); }, 10s, 10s, true, true});
  if (customers.empty()) watch(context, inventory_slot, {"inventory", [source](Instant) { return std::make_shared<Inventory>(source->inventory()); }, 15s, 15s, true, true, true});
  watch(context, machines_slot, {fmt::format("machines|{}{}", customers_key(), customer), [source, customers, customer](Instant now) {
                                   auto state = std::make_shared<MachinesState>();
                                   state->as_of = now;
                                   auto rows = source->machines(customers, customer, now - 1h);
                                   if (rows) state->rows = std::move(*rows);
                                   else state->error = rows.error().message;
                                   return state;
                                 }, 5s, 10s, true});
}

void SystemPage::shown(Context& context, std::size_t slot) {
  const auto* now = state<SystemState>(figures_slot);
  if (slot != figures_slot || !context.connected() || !now || !now->figures.whole) return;
  if (!left_) context.push_latest("chart:chart-ingest", "ingest", rates_option(now->ingest, now->figures.as_of, ingest_colours, texts()));
  else if (std::string rows = appended(*left_, now->ingest, now->figures.as_of, 0); !rows.empty()) context.push_latest("chart-data:chart-ingest", "ingest", std::move(rows));
  newest_ = std::make_shared<ChartSeries>(now->ingest);
}

Node SystemPage::tiles(const SystemState* state) const {
  std::vector<std::size_t> all;
  for (std::size_t i = 0; i < system_tiles_count; ++i)
    if (!state || state->figures.whole || i == refused_tile) all.push_back(i);
  return each(all, [](std::size_t i) { return i; }, [&](std::size_t i) {
    return kpi({.name = system_tile_names[i], .state = state ? &state->tiles[i] : nullptr, .spark = state ? &state->tiles[i].spark : nullptr,
                .as_of = state ? state->figures.as_of : Instant{}, .filters = filters(),
                .unknown = texts()(i == horizon_tile ? "system.all_ids" : i == rate_tile || i == refused_tile || i == commit_tile ? "system.nothing_yet" : "system.not_known")});
  });
}

Node SystemPage::machine(const SystemState* state) const {
  static const SystemState nothing;
  const SystemState& s = state ? *state : nothing;
  const SystemFigures& f = s.figures;
  const bool loading = state == nullptr;
  const Texts& t = texts();
  const auto table = [&](std::string_view name, const std::string& size, std::string empty, Node node, std::string n = "") {
    return table_tile({.name = name, .size = size, .texts = t, .loading = loading, .error = "", .empty = std::move(empty), .as_of = f.as_of, .n = std::move(n), .table = std::move(node)});
  };
  const Node troubles = table("troubles", f.whole ? "w-6 h-4" : "w-12 h-4", f.troubles.empty() ? std::string(t("system.no_trouble")) : "", troubles_table(t, f));
  const Node ways = table("ways_in", sized("w-12", f.ways.size() + 1, 5), f.total.offered == 0 ? std::string(t("system.no_way")) : "", ways_table(t, f), t("tile.since", show_moment(f.since, zone_or_utc(filters().zone), t)));
  if (!f.whole) return html<"{}{}">(ways, troubles);
  const Node rates = chart({.name = "ingest", .size = "w-6 h-4", .loading = loading, .empty = s.ingest.times.empty(), .error = "", .as_of = f.as_of, .n = "", .relative_error = std::nullopt,
                            .filters = filters(), .table = [&] { return rates_table(t, s.ingest, zone_or_utc(filters().zone)); }, .unknown = t("system.first_sample")});
  const std::uint64_t waits = f.screen[ScreenLatency::written].all.count();
  const Node screen = table("to_screen", "w-12 h-2", waits == 0 ? std::string(t("system.nobody_looked")) : "", screen_table(t, f), waits == 0 ? "" : "n " + count(t, waits));
  return html<"{}{}{}{}{}{}">(screen, rates, troubles, ways, table("log_and_store", "w-6 h-6", "", facts_table(t, f)), table("shards", "w-6 h-3", "", shards_table(t, f)));
}

Node SystemPage::machines() const {
  const auto* state = this->state<MachinesState>(machines_slot);
  static const MachinesState nothing;
  const MachinesState& s = state ? *state : nothing;
  return table_tile({.name = "machines", .size = "w-6 h-3", .texts = texts(), .loading = state == nullptr, .error = s.error,
                     .empty = s.rows.empty() ? std::string(texts()("system.no_machine")) : "", .as_of = s.as_of,
                     .n = "", .table = machines_table(texts(), s.rows, s.as_of)});
}

Node SystemPage::audit(const SystemState* state) const {
  const auto* found = this->state<ReconcileState>(reconcile_slot);
  const bool known = found && found->found;
  return table_tile({.name = "audit", .size = "w-12 h-2", .texts = texts(), .loading = state == nullptr, .error = found && !known ? found->found.error().message : "", .empty = "", .as_of = {},
                     .n = known ? "" : std::string(texts()("audit.running")), .table = audit_table(texts(), state ? state->figures.total : Conserved{}, known ? &*found->found : nullptr, zone_or_utc(filters().zone))});
}

std::optional<Node> SystemPage::inventory() const {
  if (!viewer().customers.empty()) return std::nullopt;
  const auto* state = this->state<Inventory>(inventory_slot);
  static const Inventory nothing;
  const Inventory& held = state ? *state : nothing;
  const Texts& t = texts();
  const auto table = [&](std::string_view name, std::string_view size, std::string empty, const std::string& error, Node node, std::string n = "") {
    return table_tile({.name = name, .size = size, .texts = t, .loading = state == nullptr, .error = error, .empty = std::move(empty), .as_of = held.as_of, .n = std::move(n), .table = std::move(node), .every = 15s});
  };
  const Retained& kept = held.retained;
  return html<"{}{}{}">(table("cardinality", "w-6 h-6", held.dimensions.empty() ? std::string(t("system.no_dimension")) : "", "", dimensions_table(t, held.dimensions)),
                        table("retention", "w-6 h-3", kept.rules.empty() ? std::string(t("system.kept_for_good")) : "", kept.error, retention_table(t, kept), retention_done(t, kept)),
                        table("models", "w-6 h-3", "", "", models_table(t, held.models)));
}

std::optional<Node> SystemPage::admission() const {
  if (!viewer().sees_changes) return std::nullopt;
  const auto* state = this->state<Admission>(admission_slot);
  static const Admission nothing;
  const Admission& a = state ? *state : nothing;
  const std::string size = sized("w-12", a.list.size(), 4);
  return table_tile({.name = "admission", .size = size, .texts = texts(), .loading = state == nullptr, .error = "", .empty = a.list.empty() ? std::string(texts()("admission.none")) : "", .as_of = a.as_of,
                     .n = a.list.empty() ? "" : "n " + show_count(texts(), double(a.list.size())), .table = admission_table(texts(), a, zone_or_utc(filters().zone)), .every = 10s});
}

std::optional<Node> SystemPage::changes() const {
  if (!sees_changes()) return std::nullopt;
  const auto* state = this->state<ChangesState>(changes_slot);
  static const ChangesState nothing;
  const ChangesState& s = state ? *state : nothing;
  const std::string size = sized("w-12", s.list.size(), 4);
  return table_tile({.name = "changed", .size = size, .texts = texts(), .loading = state == nullptr, .error = "", .empty = s.list.empty() ? std::string(texts()("changed.none")) : "", .as_of = s.as_of,
                     .n = "", .table = changes_table(texts(), s.list, zone_or_utc(filters().zone))});
}

Node SystemPage::body(const Context&) {
  left_ = newest_;  // this render leaves together with what was pushed
  const auto* now = state<SystemState>(figures_slot);
  const std::string since = now ? show_moment(now->masked.since, zone_or_utc(filters().zone), texts()) : "";
  std::optional<Node> note;
  if (now && !now->figures.whole) note = html<"<p class=\"muted\">{}</p>">(texts()("system.only_yours"));
  return html<"<h1 class=\"sr\">{}</h1>{}<div class=\"grid\" id=\"system-page\" aria-busy=\"{}\">{}{}{}{}{}{}{}{}</div>">(
      texts()("tab.system"), note, fresh(figures_slot) && fresh(machines_slot) ? "false" : "true", tiles(now), machine(now), machines(), inventory(), audit(now), admission(), changes(),
      counts_line({.name = "masked", .counts = now ? &now->masked.classes : nullptr, .since = since, .filters = filters()}));
}

}  // namespace aybiza::dashboard
