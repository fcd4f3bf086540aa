// Series: the rings of one value of one dimension of one customer, and the table of all series of a shard.
//
// Shape    A contribution lies in exactly one pane: the finest ring that still reaches back to it. What leaves the seconds
//          is merged into its minute, what leaves the minutes into its hour; whole minutes and whole hours leave at once,
//          so a minute is never half in one ring and half in another. Agents' minutes leave ten at a time: an hour may be in part
//          an hour's pane, and from the floor on minutes.
//          Every contribution lies in exactly one region (null is one). So the customers have no panes of their own: they are
//          the sum of their regions. The total is that too, but it is asked many times a second: what changes a region
//          changes the total's minute or hour as well (Shard::State::total_pane), and only its seconds are summed.
// Cost     rings grow with what is used; cold panes are bytes (pane.h).
// Threads  none: owned by one shard.
// Source   decisions.md 1, 2.
#pragma once

#include <deque>
#include <functional>

#include "aggregate/labels.h"
#include "aggregate/pane.h"
#include "base/units.h"
#include "model/measure.h"

namespace aybiza {

// What series are kept by. The first nine are of calls, turns and usage; outcomes of calls alone; the rest of turns.
enum class Axis : std::uint8_t {
  total, customer, region, agent_type, model_used, agent_id, campaign, language, direction,
  call_outcome, resolution_status, end_reason,
  emotion, topic, intent, state, speaker, sentiment_class,
};
inline constexpr std::size_t axis_count = std::size_t(Axis::sentiment_class) + 1;
inline constexpr std::size_t shared_axes = std::size_t(Axis::direction) + 1;   // of calls, turns and usage
inline constexpr std::size_t first_paned = std::size_t(Axis::region);  // total and customer are sums of it
inline constexpr std::size_t call_axes = std::size_t(Axis::end_reason) + 1;
constexpr bool of_turn(Axis axis) { return axis >= Axis::emotion; }
std::optional<Axis> axis_of(Dimension dimension);
std::string_view name_of(Axis axis);  // the dimension's name; "" for the total; customer_id for customer

enum class Level : std::uint8_t { second, minute, hour };
Duration step_of(Level level);
inline std::int64_t index_of(Level level, Instant t) {
  return to_micros(floor_to(t, step_of(level))) / step_of(level).count();
}
inline Instant start_of(Level level, std::int64_t index) { return from_micros(index * step_of(level).count()); }

// From where on each ring of an axis reaches, for a newest event time.
struct Floors {
  Instant second = Instant::max(), minute = Instant::max(), hour = Instant::max();  // max: no such ring
};
Floors floors_of(Axis axis, Instant newest);

struct Series {
  Label customer = null_label, value = null_label;
  Axis axis = Axis::total;
  Ring seconds, minutes, hours;
  Floors floors{Instant::min(), Instant::min(), Instant::min()};  // where the rings begin now
  std::uint32_t moved = 0;                // of the shard's floors, when move_to() was last called

  // Where a contribution at t belongs; nullopt: older than the hours.
  std::optional<std::pair<Level, std::int64_t>> place(Instant t) const;
  Ring& ring(Level level) { return level == Level::second ? seconds : level == Level::minute ? minutes : hours; }
  const Ring& ring(Level level) const { return const_cast<Series*>(this)->ring(level); }
  void move_to(const Floors& fresh);  // lets old panes leave
  // Everything in [from, to), whichever ring it is in. REQUIRES: the bounds are aligned to the rings they cut.
  void merge_range(Instant from, Instant to, Tally& into, const TallyParts& parts = {}) const;
  std::size_t heap_bytes() const { return seconds.heap_bytes() + minutes.heap_bytes() + hours.heap_bytes(); }
};

class SeriesTable {
 public:
  explicit SeriesTable(std::size_t per_dimension) : per_dimension_(per_dimension) {}

  // The series of a value, made when it is not there; of "__other__" when the customer has too many values.
  std::uint32_t resolve(Label customer, Axis axis, Label value);
  std::uint32_t restore(Label customer, Axis axis, Label value);  // as resolve, but without regard to the bound
  std::optional<std::uint32_t> find(Label customer, Axis axis, Label value) const;
  Series& operator[](std::uint32_t id) { return series_[id]; }
  const Series& operator[](std::uint32_t id) const { return series_[id]; }
  std::size_t size() const { return series_.size(); }
  // Everything in [from, to) of a series, whichever rings and regions it is in. REQUIRES: as Series::merge_range.
  void merge_range(std::uint32_t id, Instant from, Instant to, Tally& into, const TallyParts& parts = {}) const;
  const std::vector<std::uint32_t>& regions_of(Label customer) const;
  // Gives the total its panes, where it has none: a snapshot of a time before it had them. False: they lie too far apart.
  bool sum_total();
  // Whether contributions of this value go to "__other__".
  bool folds(Label customer, Axis axis, Label value) const;
  const std::vector<std::uint32_t>& on(Axis axis) const { return by_axis_[std::size_t(axis)]; }
  std::uint64_t folded() const;
  std::uint64_t folded(Axis axis) const { return folded_[std::size_t(axis)]; }
  // The customer with most values on an axis, and how many; none: 0.
  std::pair<Label, std::uint32_t> fullest(Axis axis) const;
  std::size_t per_dimension() const { return per_dimension_; }

 private:
  void merge_total(const Series& total, Instant from, Instant to, Tally& into, const TallyParts& parts) const;
  std::uint32_t& values_of(Label customer, Axis axis);
  std::uint32_t make(Label customer, Axis axis, Label value);
  std::deque<Series> series_;
  FlatIndex index_;
  std::vector<std::uint32_t> by_axis_[axis_count];
  std::vector<std::vector<std::uint32_t>> regions_;  // by customer label
  std::vector<std::uint32_t> values_[axis_count];  // by customer label: how many values it has
  std::size_t per_dimension_;
  std::uint64_t folded_[axis_count] = {};
};

}  // namespace aybiza
