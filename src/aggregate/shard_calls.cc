// The calls a shard holds: as records while they change, as bytes once they have been silent for a while after their end.
#include <algorithm>

#include "aggregate/shard_state.h"
#include "base/check.h"

namespace aybiza {

Id Shard::State::id_at(Slot slot) const {
  return calls[slot] ? calls[slot]->id : bytes::Reader(frozen[slot].all()).id();  // a record's bytes begin with it
}

std::optional<Slot> Shard::State::slot_of(const Id& id) const {
  return by_id.find(IdHash{}(id), [&](Slot slot) { return id_at(slot) == id; });
}

CallRecord* Shard::State::find(const Id& id) {
  const auto slot = slot_of(id);
  if (!slot) return nullptr;
  keep(*slot);
  if (calls[*slot]) return calls[*slot].get();
  to_pack.push_back({*slot, id});
  return &thaw(*slot);
}

const CallRecord& Shard::State::look(Slot slot, std::optional<CallRecord>& room) const {
  if (calls[slot]) return *calls[slot];
  room.emplace().thaw(frozen[slot].all());
  return *room;
}

void Shard::State::freeze(Slot slot) {
  const CallRecord& record = *calls[slot];
  if (!record.can_freeze()) return;
  thread_local std::string room;  // its memory serves again
  room.clear();
  Frozen& into = frozen[slot];
  into.written = std::uint32_t(record.freeze(room));
  into.size = std::uint32_t(room.size());
  into.bytes.reset(new char[room.size()]);
  std::copy(room.begin(), room.end(), into.bytes.get());
  calls[slot].reset();
}

CallRecord& Shard::State::thaw(Slot slot) {
  keep(slot);
  calls[slot] = std::make_unique<CallRecord>();
  calls[slot]->thaw(frozen[slot].all());
  calls[slot]->slot = slot;
  frozen[slot] = {};
  return *calls[slot];
}

bool Shard::State::was_evicted(const Event& event) const {
  if (cold.knows(IdHash{}(event.call))) return true;
  // Older ids are forgotten: a call that begins with its rating or a correction is one of those.
  return cold.forgot() && (event.type == EventType::call_rated || event.type == EventType::call_updated ||
                              event.type == EventType::call_intervened);
}

Slot Shard::State::new_slot() {
  if (free_slots.empty()) {
    calls.emplace_back();
    frozen.emplace_back();
    return Slot(calls.size() - 1);
  }
  const Slot slot = free_slots.back();
  free_slots.pop_back();
  return slot;
}

CallRecord& Shard::State::create(const Id& id) {
  const Slot slot = new_slot();
  calls[slot] = std::make_unique<CallRecord>();
  calls[slot]->id = id;
  calls[slot]->slot = slot;
  by_id.insert(IdHash{}(id), slot);
  return *calls[slot];
}

void Shard::State::unpack(CallRecord& record) {
  if (!record.is_packed) return;
  CHECK(record.unpack());  // our own bytes, or those restore() has read
  to_pack.push_back({record.slot, record.id});
}

void Shard::State::pack_calls(Instant received_at) {
  while (!to_pack.empty()) {
    const auto [slot, id] = to_pack.front();
    CallRecord* record = slot < calls.size() ? calls[slot].get() : nullptr;
    if (record && record->id == id && record->call.ended()) {
      if (record->touched || record->waiting || received_at - record->call.last_received() < Duration(limits::turn_texts_kept)) return;
      keep(slot);
      told_bytes -= record->told.size();
      record->forget_texts();
      freeze(slot);
    }
    to_pack.pop_front();
  }
}

void Shard::State::bound_calls() {
  while (ended.size() > options.calls_retained) {
    const auto [slot, id] = ended.front();
    if (holds(slot, id)) {
      CallRecord* record = calls[slot].get();
      keep(slot);
      if (record && record->retained && !record->call.ended()) record->retained = false;  // it lives again, and comes back when it ends
      else if (record && record->retained && (record->touched || record->waiting)) return;  // the store does not have it yet
      else if (!record || record->retained) evict(slot);
    }
    ended.pop_front();
  }
}

void Shard::State::evict(Slot slot) {
  keep(slot);
  calls_since = std::max(calls_since, extents[slot].high + Duration(1));
  const std::uint64_t hash = IdHash{}(id_at(slot));
  by_id.erase(hash, slot);
  if (calls[slot]) {
    told_bytes -= calls[slot]->told.size();
    if (cold.keeps_bytes()) {
      calls[slot]->forget_texts();
      freeze(slot);
    }
  }
  cold.put(hash, frozen[slot].all());
  calls[slot].reset();
  frozen[slot] = {};
  extents.clear(slot);
  free_slots.push_back(slot);
}

CallRecord* Shard::State::wake(const Id& id) {
  const std::uint64_t hash = IdHash{}(id);
  const auto bytes = cold.bytes_of(hash);
  if (!bytes) return nullptr;
  auto record = std::make_unique<CallRecord>();
  record->thaw(*bytes);
  if (record->id != id || record->high < floors[std::size_t(Axis::customer)].hour) return nullptr;  // another's hash; no pane is as old
  cold.erase(hash);
  const Slot slot = record->slot = new_slot();
  by_id.insert(hash, slot);
  extents.set(slot, {record->low, record->high});
  ended.push_back({slot, id});
  to_pack.push_back({slot, id});
  ++woken;
  return (calls[slot] = std::move(record)).get();
}

}  // namespace aybiza
