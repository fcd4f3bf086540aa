#include "spool/dedup.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/limits.h"

namespace aybiza::spool {
namespace {

constexpr std::size_t kFirstSlots = 1024;
constexpr std::uint64_t kNoValue = 0;

// Three quarters of a power of two: the most ids that `bytes` of table hold.
std::size_t ids_in(std::size_t bytes, std::size_t slot_bytes) {
  std::size_t slots = kFirstSlots;
  while (slots * 2 * slot_bytes <= bytes) slots *= 2;
  return slots / 4 * 3;
}

// Times come from a log as it lies on disk: whatever a damaged one says, their difference ends at the largest there is.
Duration between(Instant then, Instant now) {
  std::int64_t difference = 0;
  if (!__builtin_sub_overflow(now.time_since_epoch().count(), then.time_since_epoch().count(), &difference)) return Duration(difference);
  return now > then ? Duration::max() : Duration::min();
}

}  // namespace

std::size_t IdTable::slot_of(const Id& id) const {
  const std::size_t mask = ids_.size() - 1;
  std::size_t slot = id.low & mask;
  while (!ids_[slot].empty() && ids_[slot] != id) slot = (slot + 1) & mask;
  return slot;
}

const std::uint64_t* IdTable::find(const Id& id) const {
  if (used_ == 0) return nullptr;
  const std::size_t slot = slot_of(id);
  if (ids_[slot] != id) return nullptr;
  return with_values_ ? &values_[slot] : &kNoValue;
}

void IdTable::insert(const Id& id, std::uint64_t value) {
  if ((used_ + 1) * 4 > ids_.size() * 3) rehash(std::max(kFirstSlots, ids_.size() * 2));
  const std::size_t slot = slot_of(id);
  ids_[slot] = id;
  if (with_values_) values_[slot] = value;
  ++used_;
}

bool IdTable::erase(const Id& id) {
  if (used_ == 0) return false;
  std::size_t hole = slot_of(id);
  if (ids_[hole] != id) return false;
  // Close the hole: whoever follows and would rather sit at or before it moves up (Knuth 6.4, algorithm R).
  const std::size_t mask = ids_.size() - 1;
  for (std::size_t at = (hole + 1) & mask; !ids_[at].empty(); at = (at + 1) & mask) {
    const std::size_t home = ids_[at].low & mask;
    if (((at - home) & mask) < ((at - hole) & mask)) continue;
    ids_[hole] = ids_[at];
    if (with_values_) values_[hole] = values_[at];
    hole = at;
  }
  ids_[hole] = Id{};
  --used_;
  return true;
}

void IdTable::reserve(std::size_t count) {
  std::size_t slots = kFirstSlots;
  while (slots / 4 * 3 < count) slots *= 2;
  if (slots > ids_.size()) rehash(slots);
}

void IdTable::rehash(std::size_t slots) {
  std::vector<Id, HugePageAllocator<Id>> old_ids(slots);
  std::vector<std::uint64_t> old_values(with_values_ ? slots : 0);
  old_ids.swap(ids_);
  old_values.swap(values_);
  for (std::size_t i = 0; i < old_ids.size(); ++i) {
    if (old_ids[i].empty()) continue;
    const std::size_t slot = slot_of(old_ids[i]);
    ids_[slot] = old_ids[i];
    if (with_values_) values_[slot] = old_values[i];
  }
}

const std::uint64_t* SlicedSet::find(const Id& id) const {
  for (auto slice = slices_.rbegin(); slice != slices_.rend(); ++slice) {
    if (const auto* value = slice->table.find(id)) return value;
  }
  return nullptr;
}

void SlicedSet::open_slice(std::uint64_t number, Instant start) {
  // A slice is likely to be as full as the one before: then it need not grow under way.
  const std::size_t expected = slices_.empty() ? 0 : slices_.back().table.size();
  while (!slices_.empty() && slices_.size() >= limits_.slices) {  // first, so that there is never one more in memory
    slices_.pop_front();
    forgot_ = true;
  }
  slices_.push_back({number, start, start, IdTable(limits_.with_values)});
  if (expected > 0) slices_.back().table.reserve(expected);
  next_number_ = number + 1;
}

std::uint64_t SlicedSet::insert(const Id& id, std::uint64_t value, Instant now) {
  const bool over = slices_.empty() || slices_.back().table.size() >= limits_.ids_per_slice ||
                    (limits_.slice_span != Duration::max() && between(slices_.back().start, now) >= limits_.slice_span);
  if (over) open_slice(next_number_, now);
  Slice& slice = slices_.back();
  slice.table.insert(id, value);
  slice.last = std::max(slice.last, now);
  return slice.number;
}

void SlicedSet::erase(const Id& id) {
  for (auto slice = slices_.rbegin(); slice != slices_.rend(); ++slice) {
    if (slice->table.erase(id)) return;
  }
}

void SlicedSet::forget_before(Instant now) {
  if (limits_.horizon == Duration::max()) return;
  while (!slices_.empty() && between(slices_.front().last, now) > limits_.horizon) {
    slices_.pop_front();
    forgot_ = true;
  }
}

void SlicedSet::load(std::uint64_t number, Instant start, Instant last, const Id& id,
                     std::uint64_t value) {
  if (slices_.empty() || slices_.back().number < number) {
    if (slices_.empty() && number > 1) forgot_ = true;
    open_slice(number, start);
  }
  Slice& slice = slices_.back();
  slice.last = std::max(slice.last, last);
  if (!id.empty() && slice.table.find(id) == nullptr) slice.table.insert(id, value);
}

std::size_t SlicedSet::size() const {
  std::size_t sum = 0;
  for (const auto& slice : slices_) sum += slice.table.size();
  return sum;
}

Dedup::Dedup(Limits limits, std::uint64_t seed)
    : events_({.slices = limits::dedup_event_slices,
               .ids_per_slice = ids_in(limits.event_bytes / limits::dedup_event_slices, sizeof(Id))}),
      batches_({.slices = limits::dedup_batch_slices + 1,
                .ids_per_slice = std::max<std::size_t>(1, limits.batches / limits::dedup_batch_slices),
                .slice_span = limits::dedup_batch_horizon / limits::dedup_batch_slices,
                .horizon = limits::dedup_batch_horizon,
                .with_values = true}),
      seed_(seed) {}

std::uint64_t Dedup::customer_hash(std::string_view customer) const { return hash64(customer, seed_); }

Id Dedup::event_key(std::uint64_t customer, const Id& id) const {
  char bytes[24];
  std::memcpy(bytes, &id.high, 8);
  std::memcpy(bytes + 8, &id.low, 8);
  std::memcpy(bytes + 16, &customer, 8);
  Id key = hash128({bytes, sizeof bytes}, seed_);
  if (key.empty()) key.low = 1;
  return key;
}

Dedup::Batch Dedup::find_batch(const Id& key, std::uint64_t body_hash, Instant now) {
  batches_.forget_before(now);
  const std::uint64_t* const before = batches_.find(key);
  if (before == nullptr) return Batch::fresh;
  const bool other = *before != 0 && body_hash != 0 && *before != body_hash;
  return other ? Batch::conflict : Batch::duplicate;
}

void Dedup::add_batch(const Id& key, std::uint64_t body_hash, Instant now) {
  const std::uint64_t slice = batches_.insert(key, body_hash, now);
  changes_.batches.push_back({slice, now, key, body_hash});
}

bool Dedup::add_event(const Id& key, Instant now) {
  if (events_.find(key) != nullptr) return false;
  const std::uint64_t slice = events_.insert(key, 0, now);
  changes_.events.push_back({slice, now, key, 0});
  return true;
}

DedupChanges Dedup::commit() { return std::exchange(changes_, {}); }

void Dedup::rollback() {
  for (const auto& entry : changes_.events) events_.erase(entry.id);
  for (const auto& entry : changes_.batches) batches_.erase(entry.id);
  changes_ = {};
}

Duration Dedup::horizon(Instant now) const {
  const auto since = events_.since();
  return since ? std::max(Duration(0), between(*since, now)) : Duration(0);
}

}  // namespace aybiza::spool
