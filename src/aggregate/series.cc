#include "aggregate/series.h"

#include <algorithm>
#include <cstdlib>
#include <numeric>

namespace aybiza {
namespace {

using namespace std::chrono_literals;

constexpr Duration seconds_kept = 15min, minutes_kept = 24h, hours_kept = 8 * 24h;
constexpr Duration agent_minutes_kept = 30min, agent_hours_kept = 8h;  // 10 000 busy agents: about 2 MiB a minute, 4 MiB an hour
constexpr Duration agent_minutes_leave = 10min;  // together; the others' stay for whole hours, which is little beside 24

std::uint64_t hash_of(Label customer, Axis axis, Label value) {
  std::uint64_t hash = (std::uint64_t(customer) << 32 | value) * 0x9E3779B97F4A7C15u + std::uint64_t(axis);
  hash ^= hash >> 29;
  hash *= 0xBF58476D1CE4E5B9u;
  return hash ^ (hash >> 32);
}

// What is older than `floor` leaves `fine` and joins the panes of `coarse`; each of these is cooled when it is done.
void merge_down(Ring& fine, Level fine_level, Ring& coarse, Level coarse_level, Instant floor) {
  std::int64_t open = INT64_MIN;
  const auto close = [&] {
    if (Pane* pane = coarse.find(open)) pane->cool();
  };
  fine.drop_below(index_of(fine_level, floor), [&](std::int64_t index, Pane& pane) {
    const std::int64_t into = index_of(coarse_level, start_of(fine_level, index));
    if (into != open) close();
    open = into;
    pane.merge_into(coarse.at(into).warm());
  });
  close();
}

bool has_seconds(Axis axis) { return axis <= Axis::region; }

// Null and "__other__" are always there; customers are bounded by the labels.
bool is_counted(Axis axis, Label value) { return value > other_label && axis > Axis::customer; }

}  // namespace

std::optional<Axis> axis_of(Dimension dimension) {
  switch (dimension) {
    case Dimension::customer_id: return Axis::customer;
    case Dimension::region: return Axis::region;
    case Dimension::agent_type: return Axis::agent_type;
    case Dimension::model_used: return Axis::model_used;
    case Dimension::agent_id: return Axis::agent_id;
    case Dimension::campaign: return Axis::campaign;
    case Dimension::language: return Axis::language;
    case Dimension::direction: return Axis::direction;
    case Dimension::call_outcome: return Axis::call_outcome;
    case Dimension::resolution_status: return Axis::resolution_status;
    case Dimension::end_reason: return Axis::end_reason;
    case Dimension::emotion: return Axis::emotion;
    case Dimension::topic: return Axis::topic;
    case Dimension::intent: return Axis::intent;
    case Dimension::state: return Axis::state;
    case Dimension::speaker: return Axis::speaker;
    case Dimension::sentiment_class: return Axis::sentiment_class;
    default: return std::nullopt;
  }
}

std::string_view name_of(Axis axis) {
  static constexpr std::string_view names[axis_count] = {
      "", "customer_id", "region", "agent_type", "model_used", "agent_id", "campaign", "language", "direction",
      "call_outcome", "resolution_status", "end_reason", "emotion", "topic", "intent", "state", "speaker",
      "sentiment_class"};
  return names[std::size_t(axis)];
}

Duration step_of(Level level) {
  switch (level) {
    case Level::second: return 1s;
    case Level::minute: return 1min;
    case Level::hour: return 1h;
  }
  return 1h;
}

Floors floors_of(Axis axis, Instant newest) {
  if (newest == Instant::min()) return {Instant::min(), Instant::min(), Instant::min()};
  Floors floors;
  const bool agents = axis == Axis::agent_id;
  if (has_seconds(axis)) floors.second = floor_to(newest - seconds_kept, 1min);
  floors.minute = agents ? floor_to(newest - agent_minutes_kept, agent_minutes_leave) : floor_to(newest - minutes_kept, 1h);
  floors.hour = floor_to(newest - (agents ? agent_hours_kept : hours_kept), 1h);
  return floors;
}

std::optional<std::pair<Level, std::int64_t>> Series::place(Instant t) const {
  if (t >= floors.second && has_seconds(axis)) return std::pair{Level::second, index_of(Level::second, t)};
  if (t >= floors.minute) return std::pair{Level::minute, index_of(Level::minute, t)};
  if (t >= floors.hour) return std::pair{Level::hour, index_of(Level::hour, t)};
  return std::nullopt;
}

void Series::move_to(const Floors& fresh) {
  if (has_seconds(axis) && fresh.second > floors.second) {
    floors.second = fresh.second;
    merge_down(seconds, Level::second, minutes, Level::minute, floors.second);
  }
  if (fresh.minute > floors.minute) {
    floors.minute = fresh.minute;
    merge_down(minutes, Level::minute, hours, Level::hour, floors.minute);
  }
  if (fresh.hour > floors.hour) {
    floors.hour = fresh.hour;
    hours.drop_below(index_of(Level::hour, floors.hour), [](std::int64_t, Pane&) {});
  }
}

// A pane that begins before `from` or `to` and ends behind it holds nothing behind the floor of the finer ring, where the bound
// lies: so it is left out, or taken whole.
void Series::merge_range(Instant from, Instant to, Tally& into, const TallyParts& parts) const {
  const auto from_index = [](Level level, Instant t) {
    const std::int64_t index = index_of(level, t);
    return start_of(level, index) == t ? index : index + 1;
  };
  for (const Level level : {Level::second, Level::minute, Level::hour})
    ring(level).each(from == Instant::min() ? INT64_MIN : from_index(level, from), to == Instant::max() ? INT64_MAX : from_index(level, to),
                     [&](std::int64_t, const Pane& pane) { pane.merge_into(into, parts); });
}

std::optional<std::uint32_t> SeriesTable::find(Label customer, Axis axis, Label value) const {
  return index_.find(hash_of(customer, axis, value), [&](std::uint32_t id) {
    const Series& series = series_[id];
    return series.customer == customer && series.axis == axis && series.value == value;
  });
}

std::uint32_t SeriesTable::resolve(Label customer, Axis axis, Label value) {
  if (const auto found = find(customer, axis, value)) return *found;
  if (is_counted(axis, value) && values_of(customer, axis) >= per_dimension_) {
    ++folded_[std::size_t(axis)];
    return resolve(customer, axis, other_label);
  }
  return make(customer, axis, value);
}

std::uint32_t SeriesTable::restore(Label customer, Axis axis, Label value) {
  const auto found = find(customer, axis, value);
  return found ? *found : make(customer, axis, value);
}

std::uint64_t SeriesTable::folded() const { return std::accumulate(std::begin(folded_), std::end(folded_), std::uint64_t(0)); }

std::pair<Label, std::uint32_t> SeriesTable::fullest(Axis axis) const {
  const auto& values = values_[std::size_t(axis)];
  const auto most = std::ranges::max_element(values);
  return most == values.end() ? std::pair(null_label, 0u) : std::pair(Label(most - values.begin()), *most);
}

std::uint32_t& SeriesTable::values_of(Label customer, Axis axis) {
  auto& values = values_[std::size_t(axis)];
  if (values.size() <= customer) values.resize(customer + 1);
  return values[customer];
}

bool SeriesTable::folds(Label customer, Axis axis, Label value) const {
  if (value == other_label) return true;
  if (!is_counted(axis, value) || find(customer, axis, value)) return false;
  const auto& values = values_[std::size_t(axis)];
  return customer < values.size() && values[customer] >= per_dimension_;
}

const std::vector<std::uint32_t>& SeriesTable::regions_of(Label customer) const {
  static const std::vector<std::uint32_t> none;
  return customer < regions_.size() ? regions_[customer] : none;
}

void SeriesTable::merge_total(const Series& total, Instant from, Instant to, Tally& into, const TallyParts& parts) const {
  const auto regions = [&](Instant low, Instant high) {
    if (low >= high) return;
    for (const std::uint32_t region : on(Axis::region)) series_[region].merge_range(low, high, into, parts);
  };
  const Instant low = floor_to(from + Duration(1min) - Duration(1), 1min);
  const Instant high = to == Instant::max() ? to : floor_to(to, 1min);
  if (low >= high) return regions(from, to);
  regions(from, low);
  total.merge_range(low, high, into, parts);
  if (high < to) regions(high, to);
}

bool SeriesTable::sum_total() {
  if (on(Axis::total).empty()) return true;
  Series& total = series_[on(Axis::total).front()];
  if (total.minutes.count() + total.hours.count() > 0) return true;
  constexpr std::int64_t furthest = 100'000;  // minutes or hours: more than any ring holds
  bool near = true;
  const auto add = [&](Ring& ring, std::int64_t index, const Pane& pane) {
    near = near && (ring.empty() || std::abs(index - ring.first()) < furthest);
    if (near) pane.merge_into(ring.at(index).warm());
  };
  for (const std::uint32_t region : on(Axis::region)) {
    const Series& one = series_[region];
    total.floors.minute = std::max(total.floors.minute, one.floors.minute);
    total.floors.hour = std::max(total.floors.hour, one.floors.hour);
    one.seconds.each(INT64_MIN, INT64_MAX, [&](std::int64_t index, const Pane& pane) {
      add(total.minutes, index_of(Level::minute, start_of(Level::second, index)), pane);
    });
    one.minutes.each(INT64_MIN, INT64_MAX, [&](std::int64_t index, const Pane& pane) { add(total.minutes, index, pane); });
    one.hours.each(INT64_MIN, INT64_MAX, [&](std::int64_t index, const Pane& pane) { add(total.hours, index, pane); });
  }
  for (Ring* ring : {&total.minutes, &total.hours})
    for (std::int64_t i = ring->first(); i < ring->end(); ++i) ring->find(i)->cool();
  return near;
}

void SeriesTable::merge_range(std::uint32_t id, Instant from, Instant to, Tally& into, const TallyParts& parts) const {
  const Series& one = series_[id];
  if (one.axis == Axis::total)
    merge_total(one, from, to, into, parts);
  else if (one.axis == Axis::customer)
    for (const std::uint32_t region : regions_of(one.customer)) series_[region].merge_range(from, to, into, parts);
  else
    one.merge_range(from, to, into, parts);
}

std::uint32_t SeriesTable::make(Label customer, Axis axis, Label value) {
  const auto id = std::uint32_t(series_.size());
  if (is_counted(axis, value)) ++values_of(customer, axis);
  Series& series = series_.emplace_back();
  series.customer = customer;
  series.axis = axis;
  series.value = value;
  by_axis_[std::size_t(axis)].push_back(id);
  if (axis == Axis::region) {
    if (regions_.size() <= customer) regions_.resize(customer + 1);
    regions_[customer].push_back(id);
  }
  index_.insert(hash_of(customer, axis, value), id);
  return id;
}

}  // namespace aybiza
