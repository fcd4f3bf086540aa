#include "aggregate/shard_image.h"

#include <map>

#include "aggregate/shard_state.h"
#include "base/check.h"
#include "base/limits.h"

namespace aybiza {
namespace {

constexpr std::size_t piece_bytes = 64 * limits::KiB;

// Without those that hold nothing: whether one of them is still there depends on what has cooled.
void write_ring(bytes::Writer& out, const Ring& ring) {
  thread_local std::string panes, packed;  // their memory serves again
  panes.clear();
  std::size_t count = 0;
  bytes::Writer into(panes);
  ring.each(INT64_MIN, INT64_MAX, [&](std::int64_t index, const Pane& pane) {
    packed.clear();
    pane.append_packed(packed);
    if (packed.empty()) return;
    into.number(index);
    into.text(packed);
    ++count;
  });
  out.count(count);
  out.raw(panes);
}

void write_status(bytes::Writer& out, const AgentStatusRow& row) {
  out.id(row.id);
  out.id(row.agent_id);
  out.instant(row.time);
  for (const std::string* text : {&row.customer, &row.external_agent_id, &row.status, &row.region, &row.agent_type}) out.text(*text);
  out.optional(row.capacity);
}

}  // namespace

ShardImage::ShardImage(const Shard::State& of, std::size_t at_a_time) : of_(of), at_a_time_(at_a_time) {
  write_head();
  list_calls();
  write_rest();
  series_.waits.assign(of.series.size(), true);
}

void ShardImage::write_head() {
  head_ = magic;
  bytes::Writer out(head_);
  out.byte(version);
  out.count(of_.options.index);
  out.count(of_.options.count);
  out.count(of_.applied);
  out.count(of_.events);
  out.count(of_.late_events);
  out.count(of_.turns);
  for (const Instant t : {of_.calls_since, of_.exact_since, of_.newest, of_.received, of_.idle_check}) out.instant(t);
  out.count(of_.labels.size());
  for (Label i = 2; i < of_.labels.size(); ++i) out.text(of_.labels.text(i));
  out.count(of_.series.size());
}

// The queue first, oldest first, so that calls are let go in the same order after a restart.
void ShardImage::list_calls() {
  order_.reserve(of_.calls.size() - of_.free_slots.size());
  calls_.waits.resize(of_.calls.size());
  for (const auto& [slot, id] : of_.ended) {
    if (!of_.holds(slot, id) || calls_.waits[slot]) continue;
    const CallRecord* record = of_.calls[slot].get();
    if (record && !(record->retained && record->call.ended())) continue;
    calls_.waits[slot] = true;
    order_.push_back(slot);
  }
  for (Slot slot = 0; slot < of_.calls.size(); ++slot) {
    if (!of_.held(slot) || calls_.waits[slot]) continue;
    calls_.waits[slot] = true;
    order_.push_back(slot);
  }
  CHECK(order_.size() == of_.calls.size() - of_.free_slots.size());
}

void ShardImage::write_rest() {
  bytes::Writer out(rest_);
  of_.cold.write(out);
  std::map<Id, const AgentStatusRow*> agents;
  for (const auto& [id, row] : of_.agent_status) agents[id] = &row;
  out.count(agents.size());
  for (const auto& [id, row] : agents) write_status(out, *row);
  of_.shelf.write(out);
  of_.metrics.write(out);
  of_.learning.write(out);
  out.count(of_.joined.size());
  for (const JoinedCall& join : of_.joined) {
    out.id(join.part);
    out.id(join.whole);
    out.text(join.name);
    out.count(join.offset);
  }
}

void ShardImage::write_series(std::uint32_t id, std::string& into) const {
  const Series& one = of_.series[id];
  bytes::Writer out(into);
  out.byte(std::uint8_t(one.axis));
  out.count(one.customer);
  out.count(one.value);
  out.instant(one.floors.second);
  out.instant(one.floors.minute);
  out.instant(one.floors.hour);
  for (const Ring* ring : {&one.seconds, &one.minutes, &one.hours}) write_ring(out, *ring);
}

void ShardImage::write_call(Slot slot, std::string& into) const {
  bytes::Writer out(into);
  if (of_.calls[slot]) of_.calls[slot]->write(out);
  else into.append(of_.frozen[slot].all().substr(0, of_.frozen[slot].written));
}

template <typename Write>
void ShardImage::keep(Part& part, std::uint32_t which, Write&& write) {
  thread_local std::string bytes;  // its memory serves again: what is kept is allocated once, in its size
  bytes.clear();
  write(which, bytes);
  part.before.emplace(which, bytes);
  part.waits[which] = false;
}

void ShardImage::keep_call(Slot slot) {
  keep(calls_, slot, [&](Slot one, std::string& into) { write_call(one, into); });
}

void ShardImage::keep_series(std::uint32_t id) {
  keep(series_, id, [&](std::uint32_t one, std::string& into) { write_series(one, into); });
}

template <typename Write>
void ShardImage::take(Part& part, std::uint32_t which, std::string& into, Write&& write) {
  if (part.waits[which]) {
    part.waits[which] = false;
    return write(which, into);
  }
  const auto kept = part.before.find(which);
  CHECK(kept != part.before.end());
  into += kept->second;
  part.before.erase(kept);
}

bool ShardImage::next(std::string& piece) {
  const std::size_t begin = piece.size(), series_end = 1 + series_.waits.size(), calls_end = series_end + 1 + order_.size();
  bool more = true;
  for (std::size_t items = 0; more && items < at_a_time_ && piece.size() - begin < piece_bytes; ++items, ++at_) {
    if (at_ == 0) piece += std::exchange(head_, {});
    else if (at_ < series_end) take(series_, std::uint32_t(at_ - 1), piece, [&](std::uint32_t id, std::string& into) { write_series(id, into); });
    else if (at_ == series_end) bytes::Writer(piece).count(order_.size());
    else if (at_ < calls_end) take(calls_, order_[at_ - series_end - 1], piece, [&](Slot slot, std::string& into) { write_call(slot, into); });
    else piece += std::exchange(rest_, {}), more = false;
  }
  sum_.add(std::string_view(piece).substr(begin));
  if (!more) bytes::Writer(piece).fixed(sum_.value());
  return more;
}

}  // namespace aybiza
