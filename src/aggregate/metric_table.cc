#include "aggregate/metric_table.h"

#include <algorithm>
#include <bit>

#include "base/limits.h"

namespace aybiza {
namespace {

constexpr std::string_view other_word = "__other__";
constexpr std::string_view other_tags = R"({"__other__":"__other__"})";
constexpr Instant no_time = Instant::min();

}  // namespace

MetricTable::Track& MetricTable::track_of(Entry& entry) {
  if (!entry.track) entry.track = std::make_unique<Track>();
  return *entry.track;
}

MetricStats MetricTable::stats() const {
  MetricStats stats = stats_;
  stats.series = by_id_.size();
  return stats;
}

// Series that were silent for an hour make room for new ones; what they counted is in the store.
void MetricTable::let_go(Instant before) {
  for (Slot slot = 0; slot < entries_.size(); ++slot) {
    const auto& entry = entries_[slot];
    if (!entry || entry->received >= before) continue;
    by_id_.erase(entry->id, slot);
    minutes_.release(entry->minutes);
    if (!entry->other) --held_[entry->customer];
    entries_[slot].reset();
    free_.push_back(slot);
  }
}

MetricTable::Slot MetricTable::make(std::string_view customer, const MetricSeries& series, std::uint64_t id, bool other) {
  auto entry = std::make_unique<Entry>();
  entry->id = id;
  entry->customer = customer;
  entry->name = series.name;
  entry->unit = series.unit;
  entry->tags = series.tags;
  entry->kind = series.kind;
  entry->sample_rate = series.sample_rate;
  entry->other = other;
  if (entry->kind == MetricKind::last_value && !other)
    if (auto known = well_known(entry->name, entry->unit, entry->tags)) entry->known = std::make_unique<const WellKnown>(std::move(*known));
  entry->minutes = minutes_.make({entry->customer, entry->name, entry->tags, entry->kind, entry->sample_rate, id});
  Slot slot = Slot(entries_.size());
  if (free_.empty()) entries_.emplace_back();
  else slot = free_.back(), free_.pop_back();
  entries_[slot] = std::move(entry);
  by_id_.insert(id, slot);
  if (!other) ++held_[std::string(customer)];
  return slot;
}

MetricTable::Slot MetricTable::resolve(std::string_view customer, const MetricSeries& series, Instant received, RowBatch& out) {
  const auto find = [&](std::uint64_t id) { return by_id_.find(id, [&](Slot slot) { return entries_[slot]->id == id; }); };
  MetricSeries wanted = series;
  std::uint64_t id = series_identity(customer, wanted);
  auto found = find(id);
  bool other = false;
  if (!found && held_[std::string(customer)] >= series_per_customer_) {
    if (swept_ == no_time || received - swept_ >= std::chrono::minutes(1)) {
      swept_ = received;
      let_go(received - limits::metric_series_idle);
    }
    if (held_[std::string(customer)] >= series_per_customer_) {
      other = true;
      wanted.tags = other_tags;
      wanted.sample_rate = series.sample_rate;
      id = series_identity(customer, wanted);
      found = find(id);
      // Names have a bound too: twice as many series in all, then even the name is one of the rest.
      if (!found && entries_.size() - free_.size() >= 2 * series_per_customer_ + held_.size()) {
        wanted.name = other_word, wanted.unit = {}, wanted.sample_rate = 1;
        id = series_identity(customer, wanted);
        found = find(id);
      }
    }
  }
  if (!found) {
    found = make(customer, wanted, id, other);
    const Entry& entry = *entries_[*found];
    out.metric_series.push_back({entry.id, entry.customer, entry.name, std::string(to_string(entry.kind)), entry.unit, entry.tags, entry.sample_rate});
  }
  entries_[*found]->received = received;
  return *found;
}

void MetricTable::put(Entry& entry, Instant time, double value, RowBatch& out) {
  out.metric_points.push_back({time, entry.id, value});
  minutes_.add(entry.minutes, time, value);
  ++stats_.stored;
}

void MetricTable::put_gauge(Entry& entry, Instant time, double value, RowBatch& out) {
  put(entry, time, value, out);
  if (!entry.known || time < entry.track->time + std::chrono::seconds(1)) return;
  const auto number = entry.known->in_memory(value);
  if (!number) return;
  entry.track->time = time;  // of a gauge: when it was last told of here
  SystemRow& row = out.system.emplace_back();
  row.id = {entry.id, std::uint64_t(to_micros(time))};
  row.time = time;
  row.customer = entry.customer;
  row.region = entry.known->region;
  row.*entry.known->column = number;
}

bool MetricTable::is_repeated(Entry& entry, const MetricPoint& point) {
  Track& track = track_of(entry);
  const bool repeated = track.known && track.start == point.start && track.time == point.time;
  track.known = true, track.start = point.start, track.time = point.time;
  if (repeated) ++stats_.duplicates;
  return repeated;
}

// A gauge with a sign: added to the last value, or, as long as there is none, an increment of a sum.
void MetricTable::fold_gauge(Entry& entry, const MetricSeries& series, std::string_view customer, const MetricPoint& point,
                             Instant received, RowBatch& out) {
  if (entry.track && entry.track->known) {
    entry.track->value += point.value;
    return put_gauge(entry, point.time, entry.track->value, out);
  }
  MetricSeries sum = series;
  sum.kind = MetricKind::sum;
  put(*entries_[resolve(customer, sum, received, out)], point.time, point.value, out);
}

void MetricTable::fold_total(Entry& entry, const MetricPoint& point, RowBatch& out) {
  Track& track = track_of(entry);
  if (track.known && point.time <= track.time) {
    ++stats_.duplicates;
    return;
  }
  const bool started = point.start != MetricPoint::unknown_start && point.start != point.time;
  const bool same = track.known && track.start == point.start && point.value >= track.value;
  double increment = point.value;
  if (same) increment -= track.value;
  else if (track.known) ++stats_.resets;
  const bool is_base = !track.known && (!started || point.start < since_);
  track.known = true, track.start = point.start, track.time = point.time, track.value = point.value;
  if (is_base) ++stats_.bases;
  else put(entry, point.time, increment, out);
}

void MetricTable::fold_distribution(Entry& entry, const MetricSeries& series, const MetricPoint& point, const MetricDistribution& one,
                                    RowBatch& out) {
  RealSketch sketch;
  if (!one.sketch.empty())
    if (auto read = RealSketch::deserialise(one.sketch)) sketch = std::move(*read);
  MetricDistributionRow row{point.time, entry.id, std::int64_t(one.count), one.sum, one.min, one.max, {}};
  if (series.temporality == Temporality::cumulative) {
    Track& track = track_of(entry);
    if (track.known && point.time <= track.time) {
      ++stats_.duplicates;
      return;
    }
    const bool started = point.start != MetricPoint::unknown_start && point.start != point.time;
    RealSketch whole = sketch;
    const bool same = track.known && track.start == point.start && one.count >= track.count && sketch.subtract_earlier(track.sketch, started);
    const bool is_base = !track.known && (!started || point.start < since_);
    if (same) {
      row.count = std::int64_t(one.count - track.count);
      row.sum -= track.value;
      row.min.reset(), row.max.reset();  // of all since the start, not of this interval
    } else if (track.known) {
      ++stats_.resets;
    }
    track.known = true, track.start = point.start, track.time = point.time, track.value = one.sum, track.count = one.count;
    track.sketch = std::move(whole);
    if (is_base) {
      ++stats_.bases;
      return;
    }
  } else if (point.start != MetricPoint::unknown_start && is_repeated(entry, point)) {
    return;
  }
  ++stats_.stored;
  if (row.count == 0) return;  // nothing happened in the interval
  if (!sketch.empty()) sketch.serialise(row.sketch);
  minutes_.add(entry.minutes, row, sketch);
  out.metric_distributions.push_back(std::move(row));
}

void MetricTable::fold(std::string_view customer, const MetricBatch& batch, Instant received, RowBatch& out) {
  if (customer.empty()) customer = "default";
  since_ = std::min(since_, received);
  constexpr Slot unresolved = UINT32_MAX;
  std::vector<Slot> slots(batch.series().size(), unresolved);
  for (const MetricPoint& point : batch.points) {
    const MetricSeries& series = batch.series()[point.series];
    Slot& slot = slots[point.series];
    if (slot == unresolved) slot = resolve(customer, series, received, out);
    Entry& entry = *entries_[slot];
    ++stats_.points;
    if (entry.other) ++stats_.folded;
    const bool cumulative = series.temporality == Temporality::cumulative;
    if (point.distribution != MetricPoint::plain) {
      fold_distribution(entry, series, point, batch.distributions[point.distribution], out);
    } else if (series.kind == MetricKind::last_value) {
      if (!cumulative) {
        fold_gauge(entry, series, customer, point, received, out);
        continue;
      }
      Track& track = track_of(entry);
      track.known = true, track.value = point.value;
      put_gauge(entry, point.time, point.value, out);
    } else if (cumulative) {
      fold_total(entry, point, out);
    } else if (point.start == MetricPoint::unknown_start || !is_repeated(entry, point)) {
      put(entry, point.time, point.value, out);
    }
  }
}

void MetricTable::write(bytes::Writer& out) const {
  out.instant(since_);
  out.instant(swept_);
  for (const std::uint64_t n : {stats_.points, stats_.stored, stats_.bases, stats_.duplicates, stats_.resets, stats_.folded}) out.count(n);
  out.instant(minutes_.newest());
  out.count(by_id_.size());
  for (const auto& entry : entries_) {
    if (!entry) continue;
    out.text(entry->customer);
    out.text(entry->name);
    out.text(entry->unit);
    out.text(entry->tags);
    out.byte(std::uint8_t(std::uint8_t(entry->kind) | (entry->other ? 0x40 : 0) | (entry->track ? 0x80 : 0)));
    out.fixed(std::bit_cast<std::uint64_t>(entry->sample_rate));
    out.instant(entry->received);
    if (!entry->track) continue;
    const Track& track = *entry->track;
    out.byte(track.known ? 1 : 0);
    out.instant(track.start);
    out.instant(track.time);
    out.fixed(std::bit_cast<std::uint64_t>(track.value));
    out.count(track.count);
    std::string sketch;
    if (!track.sketch.empty()) track.sketch.serialise(sketch);
    out.text(sketch);
  }
}

bool MetricTable::read(bytes::Reader& in) {
  since_ = in.instant();
  swept_ = in.instant();
  for (std::uint64_t* n : {&stats_.points, &stats_.stored, &stats_.bases, &stats_.duplicates, &stats_.resets, &stats_.folded}) *n = in.count();
  minutes_.begin_after(in.instant());
  const std::size_t count = in.length(16);
  for (std::size_t i = 0; i < count && !in.bad(); ++i) {
    const std::string_view customer = in.text();
    MetricSeries series;
    series.name = in.text();
    series.unit = in.text();
    series.tags = in.text();
    const std::uint8_t flags = in.byte();
    if ((flags & 0x3F) >= metric_kind_count) return false;
    series.kind = MetricKind(flags & 0x3F);
    series.sample_rate = std::bit_cast<double>(in.fixed());
    const std::uint64_t id = series_identity(customer, series);
    if (by_id_.find(id, [&](Slot slot) { return entries_[slot]->id == id; })) return false;
    Entry& entry = *entries_[make(customer, series, id, (flags & 0x40) != 0)];
    entry.received = in.instant();
    if ((flags & 0x80) == 0) continue;
    Track& track = track_of(entry);
    track.known = in.byte() != 0;
    track.start = in.instant();
    track.time = in.instant();
    track.value = std::bit_cast<double>(in.fixed());
    track.count = in.count();
    const std::string_view sketch = in.text();
    if (sketch.empty()) continue;
    auto read = RealSketch::deserialise(sketch);
    if (!read) return false;
    track.sketch = std::move(*read);
  }
  return !in.bad();
}

}  // namespace aybiza
