#include "aggregate/metric_minutes.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <tuple>

#include "base/limits.h"

namespace aybiza {
namespace {

constexpr std::int64_t minute_us = 60'000'000;

std::int64_t minute_of(Instant t) {
  const std::int64_t us = to_micros(t);
  return us / minute_us - (us % minute_us < 0 ? 1 : 0);
}

bool has_sketch(MetricKind kind) { return kind == MetricKind::summary || kind == MetricKind::distribution; }

}  // namespace

void MetricTally::merge(const MetricTally& other) {
  count += other.count;
  sum += other.sum;
  points += other.points;
  sampled.merge(other.sampled);
  min = std::min(min, other.min);
  max = std::max(max, other.max);
  extremes_known &= other.extremes_known;
  if (std::tie(last_time, last_series) <= std::tie(other.last_time, other.last_series))
    last = other.last, last_time = other.last_time, last_series = other.last_series;
  if (other.sketch) {
    if (!sketch) sketch = std::make_unique<RealSketch>();
    sketch->merge(*other.sketch);
  }
  if (other.members) {
    if (!members) members = std::make_unique<HyperLogLog>();
    members->merge(*other.members);
  }
}

void merge(MetricPartial& into, MetricPartial&& from) {
  for (auto& [key, tally] : from) {
    const auto [at, fresh] = into.try_emplace(key);
    if (fresh) at->second = std::move(tally);
    else at->second.merge(tally);
  }
}

MetricMinutes::Slot MetricMinutes::make(const Series& series) {
  Slot slot = Slot(held_.size());
  if (free_.empty()) held_.emplace_back();
  else slot = free_.back(), free_.pop_back();
  held_[slot] = {series, 1 / series.sample_rate, {}};
  by_name_[std::string(series.name)].push_back(slot);
  return slot;
}

void MetricMinutes::release(Slot slot) {
  const auto at = by_name_.find(std::string(held_[slot].series.name));
  // Its minutes are still asked for: without them the name's answers are whole only after its last one.
  if (!held_[slot].minutes.empty()) since_ = std::max(since_, held_[slot].minutes.back().index + 1);
  std::erase(at->second, slot);
  if (at->second.empty()) by_name_.erase(at);
  held_[slot] = {};
  free_.push_back(slot);
}

MetricTally* MetricMinutes::minute(Held& held, Instant time) {
  newest_ = std::max(newest_, time);
  const std::int64_t index = minute_of(time);
  if (!held.minutes.empty() && held.minutes.back().index == index) [[likely]] return &held.minutes.back().tally;
  if (index < since_) return nullptr;
  const auto at = std::lower_bound(held.minutes.begin(), held.minutes.end(), index, [](const Minute& m, std::int64_t i) { return m.index < i; });
  if (at != held.minutes.end() && at->index == index) return &at->tally;
  return &held.minutes.insert(at, Minute{index, {}})->tally;
}

void MetricMinutes::add(Slot slot, Instant time, double value) {
  Held& held = held_[slot];
  MetricTally* tally = minute(held, time);
  if (tally == nullptr) return;
  tally->count += held.weight;
  tally->sum += value * held.weight;
  tally->points += 1;
  if (held.weight != 1) tally->sampled.add(value, held.weight);
  tally->min = std::min(tally->min, value);
  tally->max = std::max(tally->max, value);
  if (time >= tally->last_time) tally->last = value, tally->last_time = time, tally->last_series = std::int64_t(held.series.id);
  if (has_sketch(held.series.kind)) {
    if (!tally->sketch) tally->sketch = std::make_unique<RealSketch>();
    tally->sketch->add(value);
  } else if (held.series.kind == MetricKind::set) {
    if (!tally->members) tally->members = std::make_unique<HyperLogLog>();
    const auto bits = std::bit_cast<std::uint64_t>(value);
    tally->members->add({reinterpret_cast<const char*>(&bits), sizeof bits});
  }
}

void MetricMinutes::add(Slot slot, const MetricDistributionRow& row, const RealSketch& sketch) {
  Held& held = held_[slot];
  MetricTally* tally = minute(held, row.time);
  if (tally == nullptr) return;
  tally->count += double(row.count);
  tally->sum += row.sum;
  tally->points += double(row.count);
  tally->extremes_known &= row.min.has_value() && row.max.has_value();
  if (row.min) tally->min = std::min(tally->min, *row.min);
  if (row.max) tally->max = std::max(tally->max, *row.max);
  if (!tally->sketch) tally->sketch = std::make_unique<RealSketch>();
  tally->sketch->merge(sketch);
}

void MetricMinutes::drop_before(std::int64_t index) {
  since_ = std::max(since_, index);
  for (Held& held : held_)
    std::erase_if(held.minutes, [&](const Minute& minute) { return minute.index < since_; });
}

void MetricMinutes::advance(Instant received) {
  const std::int64_t now = minute_of(received);
  if (now == swept_) return;
  swept_ = now;
  drop_before(now - limits::metric_live / std::chrono::minutes(1));
  for (std::size_t bytes = heap_bytes(); bytes > limits::metric_live_bytes && since_ < now; bytes = heap_bytes())
    drop_before(since_ + std::max<std::int64_t>((now - since_) / 4, 1));
}

void MetricMinutes::begin_after(Instant newest) {
  newest_ = newest;
  if (newest != Instant::min()) since_ = minute_of(newest) + 1;
}

std::size_t MetricMinutes::heap_bytes() const {
  std::size_t bytes = held_.capacity() * sizeof(Held);
  for (const Held& held : held_) {
    bytes += held.minutes.capacity() * sizeof(Minute);
    for (const Minute& minute : held.minutes) {
      if (minute.tally.sketch) bytes += sizeof(RealSketch) + minute.tally.sketch->heap_bytes();
      if (minute.tally.members) bytes += sizeof(HyperLogLog) + minute.tally.members->heap_bytes();
    }
  }
  return bytes;
}

Coverage MetricMinutes::covers(const MetricQuestion& question) const {
  Coverage out;
  out.exact_since = since_ == std::numeric_limits<std::int64_t>::min() ? Instant::min() : from_micros(since_ * minute_us);
  const auto whole = [&](Instant edge) { return to_micros(edge) % minute_us == 0 || edge > newest_; };
  out.covered = question.edges.front() >= out.exact_since && std::all_of(question.edges.begin(), question.edges.end(), whole);
  out.text = out.exact_since == Instant::min()
                 ? std::string("live state holds generic metrics by whole minutes")
                 : fmt::format("live state holds generic metrics by whole minutes since {}", format_rfc3339(out.exact_since));
  if (!out.covered) return out;
  const auto at = by_name_.find(question.name);
  if (at == by_name_.end()) return out;
  for (const Slot slot : at->second) {
    const MetricKind kind = held_[slot].series.kind;
    if ((!question.quantiles || has_sketch(kind)) && (!question.members || kind == MetricKind::set)) continue;
    out.covered = false;
    out.text = "live state holds quantiles of summaries and distributions only, and distinct members of sets only";
  }
  return out;
}

MetricPartial MetricMinutes::ask(const MetricQuestion& question) const {
  MetricPartial out;
  const auto at = by_name_.find(question.name);
  if (at == by_name_.end()) return out;
  for (const Slot slot : at->second) {
    const Held& held = held_[slot];
    const auto group = question.group(held.series.customer, held.series.tags);
    if (!group) continue;
    for (const Minute& minute : held.minutes) {
      const Instant start = from_micros(minute.index * minute_us);
      if (start < question.edges.front() || start >= question.edges.back()) continue;
      const auto above = std::upper_bound(question.edges.begin(), question.edges.end(), start);
      out[{std::size_t(above - question.edges.begin()) - 1, *group}].merge(minute.tally);
    }
  }
  return out;
}

}  // namespace aybiza
