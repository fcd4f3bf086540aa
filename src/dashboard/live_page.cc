#include "dashboard/live_page.h"

#include <algorithm>

#include "base/limits.h"
#include "dashboard/show.h"
#include "live/change_marks.h"
#include "liveview/json.h"

namespace aybiza::dashboard {

using namespace liveview;
using namespace std::chrono_literals;

namespace {

constexpr std::int64_t ticks_in_flight = 2;
constexpr std::size_t open_tables = 64, open_table_bytes = 64;  // tables behind pictures that a page has open, and the name of one
constexpr auto patience = 5s;  // then a browser that never acknowledged is asked again

std::string joined(const std::vector<std::string>& values) {
  std::string out;
  for (const std::string& value : values) out += fmt::format("{}:{},", value.size(), value);
  return out;
}

std::vector<std::string> names_by(Source& source, Dimension dimension, const ViewScope& scope, Instant now) {
  Question q;
  q.measures = {*parse_measure("calls")};
  q.by = {{dimension, ""}};
  const Range range = range_of(scope, now);
  q.from = floor_to(range.from, range.to - range.from <= 24h ? Duration(1min) : Duration(1h)), q.to = range.to;  // where live panes begin: the store need not be asked
  q.where = filters_of(scope);
  q.limit = limits::query_rows_default;
  const auto answer = source.ask(q);
  std::vector<std::pair<double, std::string>> found;
  if (answer)
    for (const auto& row : answer->rows) {
      const auto* name = std::get_if<std::string>(&row[0]);
      const auto* calls = std::get_if<double>(&row[1]);
      if (name && calls && *name != "__other__") found.emplace_back(-*calls, *name);
    }
  std::ranges::sort(found);
  std::vector<std::string> names;
  for (const auto& [calls, name] : found)
    if (names.size() < limits::page_choices) names.push_back(name);
  return names;
}

TopicPlan choices_plan(const Viewer& viewer, const Filters& filters) {
  ViewScope scope;
  scope.customers = viewer.customers;
  scope.range = filters.range;
  Source* source = viewer.source;
  return {"choices|" + joined(viewer.customers) + "|" + filters.range,
          [source, scope](Instant now) {
            return std::make_shared<Choices>(
                Choices{names_by(*source, Dimension::customer_id, scope, now), names_by(*source, Dimension::region, scope, now)});
          },
          10s, 30s, true};
}

}  // namespace

namespace {

constexpr std::size_t choices_slot = 0, marks_slot = 1;
constexpr std::int64_t furthest_ms = 4'102'444'800'000;  // the year 2100: beyond it no data, and no overflow

std::string scope_key(const ViewScope& scope) {
  std::string key = joined(scope.customers) + joined({scope.customer, scope.region, scope.range});
  if (scope.from && scope.to) key += fmt::format("{}-{}", to_micros(*scope.from), to_micros(*scope.to));
  return key;
}

TopicPlan marks_plan(Source* source, const ViewScope& scope) {
  const AskRows rows = [source](const LearningQuestion& q) { return source->learning(q); };
  return {"marks|" + scope_key(scope), [rows, scope](Instant now) { return std::make_shared<ChangeMarks>(compute_change_marks(rows, scope, now)); }, 5s, 15s, true, true};
}

std::string marks_json(const ChangeMarks& marks, const Texts& t) {
  JsonWriter json;
  json.begin_object().key("marks").begin_array();
  for (const auto& change : marks.changes) json.begin_object().field("name", what_of(*change, t)).key("xAxis").integer(to_micros(change->time) / 1000).end_object();
  return json.end_array().end_object().str();
}

}  // namespace

void LivePage::push_marks(Context& context) {
  const auto* marks = state<ChangeMarks>(marks_slot);
  if (!context.connected() || !marks) return;
  std::string json = marks_json(*marks, texts());
  if (json != marks_pushed_) context.push_latest("chart-marks", "marks", json);
  marks_pushed_ = std::move(json);
}

std::string LivePage::customers_key() const { return joined(viewer_.customers); }

ViewScope LivePage::scope() const {
  ViewScope out;
  out.customers = viewer_.customers;
  out.customer = filters_.customer, out.region = filters_.region;
  out.range = filters_.range, out.zone = filters_.zone, out.compare = filters_.compare;
  if (filters_.custom()) out.from = filters_.from, out.to = filters_.to;
  return out;
}

void LivePage::mount(Context& context, const MountInfo&) {
  stop_following();  // what another page showed before
  context.set_title(fmt::format("{} · {}", title_of(tab(), texts()), viewer_.brand));
}

void LivePage::handle_params(Context& context, const Location& at) {
  const auto* share = viewer_.share.get();  // whose range and filters are fixed, whatever the address says
  filters_ = filters_from(share ? Form::decode(share->query) : at.uri.query, viewer_.preferences.range, viewer_.preferences.zone);
  filters_.texts = &texts();
  if (context.connected()) filters_.tables = &tables_;
  path_ = share ? share->page : at.uri.path;
  watch(context, choices_slot, choices_plan(viewer_, filters_));
  watch(context, marks_slot, marks_plan(viewer_.source, scope()));
  opened(context, at);
  rhythm(context);
}

// The same page of another time: everything is computed as if it were that moment.
TopicPlan LivePage::rewound(TopicPlan plan) const {
  if (!filters_.at) return plan;
  plan.key += fmt::format("|at{}-{}x{}", to_micros(*filters_.at), filters_.since ? to_micros(*filters_.since) : 0, filters_.speed);
  plan.compute = [compute = std::move(plan.compute), filters = filters_](Instant now) { return compute(filters.moment(now)); };
  plan.busy = std::max<Duration>(plan.busy, 1s), plan.heavy = true;
  return plan;
}

void LivePage::rewind(Context& context, std::optional<Instant> at, std::string_view speed) const {
  Filters to = filters_;
  to.at = at, to.since = context.now(), to.speed = 1;
  to.from.reset(), to.to.reset();
  for (const int known : speeds)
    if (speed == std::to_string(known)) to.speed = known;
  if (speed == "0") to.since.reset();
  if (!at) to.since.reset();
  go(context, to);
}

void LivePage::watch(Context& context, std::size_t index, TopicPlan given) {
  TopicPlan plan = rewound(std::move(given));
  if (slots_.size() <= index) slots_.resize(index + 1);
  Slot& slot = slots_[index];
  if (slot.key == plan.key) return;
  slot.key = plan.key;
  slot.pending.reset();
  if (!context.connected()) {
    slot.waiting = true;
    if (StatePtr now = viewer_.now(plan)) apply(context, index, std::move(now));
    return;
  }
  if (!slot.name.empty()) context.unsubscribe(slot.name);
  slot.name = fmt::format("slot{}#{}", index, ++serial_);
  context.subscribe(slot.name);
  slot.watch = viewer_.watch(plan, slot.name);
  slot.waiting = true;
  if (const StatePtr newest = slot.watch.newest()) apply(context, index, newest);
}

void LivePage::apply(Context& context, std::size_t index, StatePtr state) {
  Slot& slot = slots_[index];
  slot.shown = std::move(state);
  slot.pending.reset();
  slot.waiting = false;
  if (index == marks_slot) return push_marks(context);
  shown(context, index);
}

bool LivePage::apply_pending(Context& context) {
  bool any = false;
  for (std::size_t i = 0; i < slots_.size(); ++i)
    if (slots_[i].pending) apply(context, i, slots_[i].pending), any = true;
  if (any) tell_tick(context);
  return any;
}

bool LivePage::narrow_to_bucket(Filters& to, const liveview::Event& event, Instant now) const {
  const auto x = event.value["x"].integer();
  if (!x || *x < 0 || *x > furthest_ms) return false;
  to.from = from_micros(*x * 1000), to.to = *to.from + range_of(scope(), now).step;
  to.at.reset(), to.since.reset(), to.cursor.clear();
  return true;
}

void LivePage::follows(std::optional<std::uint64_t> folded) const {
  if (!folded || paused_ || hidden_ || filters_.refresh != Refresh::live || filters_.at || filters_.custom()) return stop_following();
  if (viewer_.screen) viewer_.screen->counts(*folded);
}

void LivePage::stop_following() const {
  if (viewer_.screen) viewer_.screen->stops();
}

bool LivePage::held(Instant now) const {
  return paused_ || hidden_ || filters_.refresh != Refresh::live ||
         (!tick_waits_ && ticks_ - acknowledged_ >= ticks_in_flight && now - last_tick_ < patience);
}

void LivePage::rhythm(Context& context) {
  const Duration every = filters_.refresh == Refresh::five_seconds     ? Duration(5s)
                         : filters_.refresh == Refresh::thirty_seconds ? Duration(30s)
                         : hidden_                                     ? Duration(1s)
                                                                       : Duration(patience);
  context.tick_every(every);
}

void LivePage::tell_tick(Context& context) {
  last_tick_ = context.now();
  if (!tick_waits_) ++ticks_;
  tick_waits_ = true;
  if (viewer_.screen) viewer_.screen->numbered(ticks_);
  const auto tick = [&context](std::int64_t n) { return JsonWriter().begin_object().key("n").integer(n).key("at").integer(to_micros(context.now()) / 1000).end_object().str(); };
  context.push_with("tick", tick(ticks_), tick(ticks_ - 1));  // drawn when all of it is
}

bool LivePage::handle_info(Context& context, const Info& info) {
  if (info.name == "tick") return !paused_ && filters_.refresh != Refresh::off && apply_pending(context);
  const auto slot = std::ranges::find(slots_, info.name, &Slot::name);
  if (slot == slots_.end()) return false;
  const bool first = slot->waiting;
  slot->pending = std::any_cast<StatePtr>(info.value);
  if (first) return apply(context, std::size_t(slot - slots_.begin()), slot->pending), tell_tick(context), true;
  return !held(context.now()) && apply_pending(context);
}

void LivePage::go(Context& context, const Filters& to) const {
  if (to != filters_) context.push_patch(address(path_, to));
}

void LivePage::acknowledged(Context& context, const liveview::Event& event) {
  acknowledged_ = std::clamp(event.value["n"].integer().value_or(0), acknowledged_, ticks_);
  if (viewer_.screen) viewer_.screen->drew(acknowledged_, context.now());
  context.reply(JsonWriter().begin_object().key("at").integer(to_micros(context.now()) / 1000).end_object().str());
  context.unchanged(!held(context.now()) && apply_pending(context));  // one for each diff of each page: half of what pages cost
}

void LivePage::keep_theme(std::string_view word) const {
  if (!keeps()) return;
  Preferences liked = viewer_.keeping.preferences->of(viewer_.person);
  liked.theme = word == to_string(Theme::dark) ? Theme::dark : word == to_string(Theme::light) ? Theme::light : Theme::system;
  static_cast<void>(viewer_.keeping.preferences->set(viewer_.person, liked));  // held all the same; the button did what it could
}

// A tile put in front of another, or all of them back: kept at once, and shown by the style sheet that says it (tiles_style).
void LivePage::arrange(Context& context, const liveview::Event& event) const {
  if (!arranges()) return context.put_flash("info", texts()("frame.not_arranged"));
  const PageTiles& page = *tiles_of_page(path_);
  Preferences liked = viewer_.keeping.preferences->of(viewer_.person);
  if (event.name == "tiles_reset") liked.order.erase(std::string(page.name()));
  else liked = placed(std::move(liked), page, event.value["tile"].text(), event.value["before"].text());
  if (const Status kept = viewer_.keeping.preferences->set(viewer_.person, liked); !kept) context.put_flash("error", texts()("settings.not_written", kept.error().message));
  context.push_event("tiles", JsonWriter().begin_object().field("href", "/preferences.css?v=" + tiles_version(liked)).end_object().str());
}

// Also of those who came by a link: what is behind a picture is theirs to read.
void LivePage::turn_table(const liveview::Event& event) {
  const std::string_view name = event.value["name"].text();
  if (!event.value["open"].boolean().value_or(false)) {
    if (const auto at = tables_.find(name); at != tables_.end()) tables_.erase(at);
  } else if (tables_.size() < open_tables && name.size() <= open_table_bytes) {
    tables_.emplace(name);
  }
}

void LivePage::handle_event(Context& context, const liveview::Event& event) {
  if (event.name == "ack") return acknowledged(context, event);
  if (event.name == "hidden") {
    hidden_ = event.value["hidden"].boolean().value_or(false);
    stop_following();
    rhythm(context);
    if (!held(context.now())) apply_pending(context);
    return;
  }
  if (event.name == "table") return turn_table(event);
  if (event.name == "tile_place" || event.name == "tiles_reset") return arrange(context, event);
  if (viewer_.read_only()) return;
  if (event.name == "toggle_live") {
    if (filters_.refresh == Refresh::off) {
      Filters to = filters_;
      to.refresh = Refresh::live;
      paused_ = false;
      return go(context, to);
    }
    paused_ = !paused_;
    stop_following();
    if (!paused_) apply_pending(context);
    return;
  }
  if (event.name == "theme") return keep_theme(event.value["theme"].text());
  if (event.name == "rewind") return rewind(context, from_local(event.form.text("at"), zone_or_utc(filters_.zone)), event.form.text("speed"));
  if (event.name == "rewind_speed") return rewind(context, filters_.moment(context.now()), event.value["speed"].text());
  if (event.name == "filter") return go(context, changed_by(filters_, event.form));
  if (event.name == "chart_range") {
    const auto from = event.value["from"].integer(), to = event.value["to"].integer();
    if (!from || !to || *from < 0 || *to > furthest_ms || *to - *from < 1000) return;
    Filters chosen = filters_;
    chosen.from = from_micros(*from * 1000), chosen.to = from_micros(*to * 1000);
    chosen.at.reset(), chosen.since.reset();
    return go(context, chosen);
  }
  on_event(context, event);
}

Node LivePage::render(const Context& context) {
  tick_waits_ = false;
  if (viewer_.screen) viewer_.screen->rendered();
  static const auto none = std::make_shared<const Choices>();
  const auto choices = slots_.empty() || !slots_[0].shown ? none : std::static_pointer_cast<const Choices>(slots_[0].shown);
  const FrameInput input{.brand = viewer_.brand, .path = path_, .tab = tab(), .filters = filters_, .texts = texts(), .choices = choices,
                .now = context.now(), .paused = paused_, .one_customer = viewer_.customers.size() == 1, .arranges = arranges(),
                .user = viewer_.user, .pictured = viewer_.pictured, .flash_info = context.flash("info"), .flash_error = context.flash("error")};
  return viewer_.read_only() ? shared_frame(input, body(context)) : frame(frame_, input, body(context));
}

}  // namespace aybiza::dashboard
