// Snapshots: a shard from the bytes of its image (shard_image.h).
#include <algorithm>
#include <map>

#include "aggregate/shard_state.h"
#include "base/check.h"
#include "base/limits.h"

namespace aybiza {
namespace {

constexpr std::string_view magic = ShardImage::magic;
constexpr std::uint8_t version = ShardImage::version, oldest_version = ShardImage::oldest_version;

constexpr Instant furthest_time = from_micros(std::int64_t{1} << 60);  // either way: no clock has shown it
bool is_time(Instant t) {
  return t == Instant::min() || t == Instant::max() || (t <= furthest_time && t >= from_micros(-to_micros(furthest_time)));
}

// Panes far apart would make a ring of any size: a snapshot may not ask for more than a ring may hold.
bool read_ring(bytes::Reader& in, Ring& ring, Level level, std::int64_t span_max) {
  const std::int64_t furthest = to_micros(furthest_time) / step_of(level).count();
  std::int64_t first = 0;
  const std::size_t count = in.length(2);
  for (std::size_t i = 0; i < count && !in.bad(); ++i) {
    const std::int64_t index = in.number();
    const std::string_view pane = in.text();
    if (i == 0) first = index;
    if (index < -furthest || index > furthest || index < first || index - first > span_max) return false;
    if (pane.empty()) continue;
    if (!ring.at(index).set_packed(pane)) return false;
  }
  return !in.bad();
}

AgentStatusRow read_status(bytes::Reader& in) {
  AgentStatusRow row;
  row.id = in.id();
  row.agent_id = in.id();
  row.time = in.instant();
  for (std::string* text : {&row.customer, &row.external_agent_id, &row.status, &row.region, &row.agent_type}) *text = in.text();
  row.capacity = in.optional();
  return row;
}

}  // namespace

Status Shard::State::read(bytes::Reader& in, std::uint8_t told_version) {
  const auto broken = [](std::string_view what) { return fail(Code::corrupt, "live snapshot: {} cannot be read", what); };
  const std::uint64_t index = in.count(), count = in.count();
  if (index != options.index || count != options.count)
    return fail(Code::conflict, "live snapshot is of shard {} of {}, this is shard {} of {}: the number of shards is fixed at "
                "the data directory's first start", index, count, options.index, options.count);
  applied = in.count();
  events = in.count();
  late_events = in.count();
  turns = in.count();
  for (Instant* t : {&calls_since, &exact_since, &newest, &received, &idle_check}) *t = in.instant();
  for (const Instant t : {calls_since, exact_since, newest, received, idle_check})
    if (!is_time(t) || (t == Instant::max() && t == newest)) return broken("a time");
  if (newest != never) {
    newest_minute = index_of(Level::minute, newest);
    for (std::size_t i = 0; i < axis_count; ++i) floors[i] = floors_of(Axis(i), newest);
  }
  const std::size_t label_count = in.count();
  for (std::size_t i = 2; i < label_count && !in.bad(); ++i)
    if (const std::string_view text = in.text(); labels.intern(text) != Label(i)) return broken("a dimension value");
  if (in.bad() || labels.size() != label_count) return broken("the dimension values");
  const std::size_t series_count = in.length(6);
  for (std::size_t i = 0; i < series_count && !in.bad(); ++i) {
    const std::uint8_t axis = in.byte();
    const std::uint64_t customer = in.count(), value = in.count();
    if (axis >= axis_count || customer >= label_count || value >= label_count) return broken("a series");
    if (series.restore(Label(customer), Axis(axis), Label(value)) != i) return broken("a series that is there twice");
    Series& one = series[std::uint32_t(i)];
    one.floors.second = in.instant();
    one.floors.minute = in.instant();
    one.floors.hour = in.instant();
    constexpr std::int64_t spans[] = {86'400, 3 * 1'440, 24 * 24};
    for (const Level level : {Level::second, Level::minute, Level::hour})
      if (!read_ring(in, one.ring(level), level, spans[std::size_t(level)])) return broken("a pane");
  }
  if (!series.sum_total()) return broken("panes so far apart");
  const std::size_t call_count = in.length(40);
  for (std::size_t i = 0; i < call_count; ++i) {
    auto record = std::make_unique<CallRecord>();
    if (!record->read(in) || slot_of(record->id)) return broken("a call");
    const Slot slot = record->slot = new_slot();
    by_id.insert(IdHash{}(record->id), slot);
    calls[slot] = std::move(record);
    if (!adopt(*calls[slot])) return broken("a call's turns");
    freeze(slot);
  }
  if (!cold.read(in, told_version >= 7)) return broken("a call let go");
  const std::size_t agents = in.length(36);
  for (std::size_t i = 0; i < agents; ++i) {
    AgentStatusRow row = read_status(in);
    agent_status[row.agent_id] = std::move(row);
  }
  if (!shelf.read(in)) return broken("a price book");
  if (!metrics.read(in)) return broken("a series of metrics");
  if (!learning.read(in)) return broken("what was told of learning");
  if (told_version >= 6) {
    joined.resize(in.length(34));
    for (JoinedCall& join : joined) {
      join.part = in.id();
      join.whole = in.id();
      join.name = in.text();
      join.offset = in.count();
    }
    if (in.bad() || joined.size() > 2 * limits::joined_calls) return broken("a joined call");
  }
  if (in.bad() || !in.done()) return broken("its end");
  return {};
}

// A call as read becomes one as it was: its series, its place in the lists. What its turns and usage add up to must be
// what it says. The store has all of it by the time a snapshot is read, but the rows that waited then.
bool Shard::State::adopt(CallRecord& record) {
  CallRecord open;
  open.packed = record.packed;
  open.is_packed = record.is_packed;
  if (!open.unpack()) return false;
  const CallRecord& parts = record.is_packed ? open : record;
  if (!labels_known(parts)) return false;
  CallSums sums;
  sums.errors = record.errors();
  sums.interventions = record.interventions ? std::int64_t(record.interventions->size()) : 0;
  for (const LiveTurn& turn : parts.turns) sums.add(turn.state.facts(), turn.state.agent_speaks(), 1);
  for (const LiveUsage& usage : parts.usage) sums.add_usage(usage.cost(), usage.all_tokens(), 1);
  if (sums != record.sums) return false;
  for (std::size_t i = 1; i < shared_axes; ++i) record.labels[i] = labels.find(record.call.dimension(field_of(Axis(i))));
  for (std::size_t i = 1; i < shared_axes; ++i)
    if (record.labels[i] == unmet_label) return false;
  resolve_series(record);
  record.stored_start = record.call.start();
  for (LiveTurn& turn : record.turns) turn.stored = turn.state.time();
  if (record.waiting) deferred.push_back({record.slot, record.id, received});
  if (record.in_panes != record.call.ended()) return false;
  record.counted = record.in_panes;
  if (record.in_panes) {
    record.pane_start = record.call.start();
    record.pane_facts = record.call.facts(record.sums);
    resolve_outcomes(record, record.outcome_series);
  }
  update_flight(record);
  told_bytes += record.told.size();
  return true;
}

bool Shard::State::labels_known(const CallRecord& record) const {
  const auto known = [&](Label label) { return label < labels.size(); };
  return std::all_of(record.turns.begin(), record.turns.end(),
                     [&](const LiveTurn& turn) { return known(turn.turn_state) && known(turn.intent) && known(turn.emotion); }) &&
         std::all_of(record.usage.begin(), record.usage.end(), [&](const LiveUsage& usage) { return known(usage.model); });
}

void Shard::begin_snapshot(std::size_t at_a_time) {
  state_->cold.sync();
  state_->image = std::make_unique<ShardImage>(*state_, at_a_time);
}

bool Shard::next_of_snapshot(std::string& piece) {
  CHECK(state_->image);
  const bool more = state_->image->next(piece);
  if (!more) state_->image.reset();
  return more;
}

std::string Shard::snapshot() const {
  state_->cold.sync();
  std::string whole;
  for (ShardImage image(*state_); image.next(whole);) {
  }
  return whole;
}

Status Shard::restore(std::string_view from) {
  auto fresh = std::make_unique<State>(state_->options);
  const auto refuse = [&](auto error) {
    state_ = std::make_unique<State>(state_->options);
    return error;
  };
  if (from.size() < magic.size() + 9 || !from.starts_with(magic)) return refuse(fail(Code::corrupt, "this is no live snapshot"));
  const auto told = std::uint8_t(from[magic.size()]);
  if (told < oldest_version || told > version)
    return refuse(fail(Code::unsupported, "live snapshot of version {}, this program reads {}", unsigned(std::uint8_t(from[magic.size()])), version));
  bytes::Reader sum(from.substr(from.size() - 8));
  if (sum.fixed() != hash64(from.substr(0, from.size() - 8))) return refuse(fail(Code::corrupt, "live snapshot is damaged: its checksum differs"));
  bytes::Reader in(from.substr(0, from.size() - 8));
  in.take(magic.size() + 1);
  if (Status read = fresh->read(in, told); !read) return refuse(std::unexpected(std::move(read).error()));
  state_ = std::move(fresh);
  return {};
}

// Independent of the order in which labels, series and slots were given out, of what is warm, and of whether the texts
// of an ended call were given up already (they go when the store has them).
std::string Shard::State::canonical_dump() const {
  std::vector<std::string> lines;
  for (std::uint32_t i = 0; i < series.size(); ++i) {
    const Series& one = series[i];
    if (one.axis == Axis::total) continue;  // the sum of the regions
    Series now;  // only its floors: where each pane belongs by now, whether or not it was moved already
    now.axis = one.axis;
    now.floors = floors[std::size_t(one.axis)];
    std::map<std::pair<Level, std::int64_t>, Tally> panes;
    for (const Level level : {Level::second, Level::minute, Level::hour})
      one.ring(level).each(INT64_MIN, INT64_MAX, [&](std::int64_t index, const Pane& pane) {
        if (const auto place = now.place(start_of(level, index)))
          pane.merge_into(panes[place->first < level ? std::pair(level, index) : *place]);
      });
    for (const auto& [place, tally] : panes)
      if (!tally.empty())
        lines.push_back(fmt::format("pane {} {} {} {} {} {}", labels.text(one.customer), name_of(one.axis), labels.text(one.value),
                                    int(place.first), place.second, to_string(hash128(serialise(tally)))));
  }
  std::optional<CallRecord> room;
  for (Slot slot = 0; slot < calls.size(); ++slot) {
    if (!held(slot)) continue;
    const CallRecord& record = look(slot, room);
    std::string call;
    bytes::Writer out(call);
    record.call.write(out);
    std::string parts;
    const auto detail_of = detail(record.id);
    for (const TurnRow& turn : detail_of->turns)
      parts += fmt::format(" t{}@{}:{}/{}/{}/{}/{}/{}", turn.turn_number, to_micros(turn.time), turn.state, turn.intent, turn.emotion,
                           turn.topics, record.counted ? std::string_view{} : std::string_view(turn.text_content), turn.response_time_us.value_or(-1));
    for (const UsageRow& usage : detail_of->usage)
      parts += fmt::format(" u{}@{}:{}/{}", to_string(usage.id), to_micros(usage.time), usage.model, usage.cost_nano.value_or(-1));
    lines.push_back(fmt::format("call {} {} {}{}", to_string(record.id), to_string(hash128(call)), record.in_panes, parts));
  }
  std::sort(lines.begin(), lines.end());
  std::string out = fmt::format("newest {} since {} {} late {}\n", to_micros(newest), to_micros(calls_since), to_micros(exact_since), late_events);
  for (const std::string& line : lines) out.append(line).push_back('\n');
  return out;
}

}  // namespace aybiza
