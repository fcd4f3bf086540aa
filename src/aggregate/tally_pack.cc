// The form of a Tally that cold panes and snapshots hold.
#include <bit>
#include <utility>

#include "aggregate/tally_members.h"
#include "sketch/bits.h"

namespace aybiza {

using namespace tally_members;

namespace {

// Of one pane in memory: a sum of numbers that one event each may tell up to 10^12 of; an hour has not so many.
constexpr std::uint64_t packed_count_max = std::uint64_t{1} << 58;
constexpr std::uint8_t all_parts = has_calls | has_turns | has_usage;

// How a packed Stat tells its extremes: where in the outermost buckets they lie, if they are exact and lie there.
enum class Extremes : std::uint8_t { one_value, in_buckets, exact, bounds };
constexpr unsigned extremes_bits = 2;

unsigned offset_bits(const DdSketch::Bucket& bucket) { return unsigned(std::bit_width(std::uint64_t(bucket.upper - bucket.lower))); }
bool within(std::int64_t value, const DdSketch::Bucket& bucket) { return value >= bucket.lower && value <= bucket.upper; }

void put_sum(bits::Writer& out, Wide sum) {
  const UnsignedWide folded = fold(sum);
  const bool wide = folded >> 64 != 0;
  out.put(wide, 1);
  out.number(std::uint64_t(folded));
  if (wide) out.number(std::uint64_t(folded >> 64));
}

Wide take_sum(bits::Reader& in) {
  const bool wide = in.take(1) != 0;
  const std::uint64_t low = in.number(), high = wide ? in.number() : 0;
  return unfold(UnsignedWide(high) << 64 | low);
}

struct Packing {
  bits::Writer out;
  void operator()(const std::int64_t& value) { out.small(std::uint64_t(value)); }
  void operator()(const Mean& mean) {
    out.small(std::uint64_t(mean.count));
    if (mean.count != 0) put_sum(out, mean.sum);
  }
  void operator()(const Wide& square) { put_sum(out, square); }
  void operator()(const Stat& stat) {
    out.small(std::uint64_t(stat.count));
    if (stat.count == 0) return;
    stat.sketch.pack(out);
    const DdSketch::Reach reach = stat.sketch.reach();
    const bool inside = stat.extremes_exact && within(stat.min, reach.lowest) && within(stat.max, reach.highest);
    const bool one = inside && stat.count == 1 && stat.min == stat.max && stat.sum == stat.min;
    const Extremes how = one ? Extremes::one_value : inside ? Extremes::in_buckets : stat.extremes_exact ? Extremes::exact : Extremes::bounds;
    out.put(std::uint64_t(how), extremes_bits);
    if (inside) out.wide(std::uint64_t(stat.min - reach.lowest.lower), offset_bits(reach.lowest));
    if (one) return;
    put_sum(out, stat.sum);
    if (inside) return out.wide(std::uint64_t(stat.max - reach.highest.lower), offset_bits(reach.highest));
    out.number(std::uint64_t(stat.min));
    out.number(std::uint64_t(stat.max - stat.min));
  }
};

// Adds what was packed; without `keeps` it is only gone through.
struct Merging {
  bits::Reader in;
  bool keeps = true, bad = false;
  unsigned sketches = 0;  // of the part's Stats in their order, the next one's lowest

  std::int64_t count() {
    const std::uint64_t value = in.small();
    bad |= in.bad() || value > packed_count_max;
    return bad ? 0 : std::int64_t(value);
  }
  std::int64_t place_in(const DdSketch::Bucket& bucket) {  // it may lie beyond, or wrap: the caller looks
    return std::int64_t(std::uint64_t(bucket.lower) + in.wide(offset_bits(bucket)));
  }
  void operator()(std::int64_t& into) { into += count(); }
  void operator()(Wide& into) { into = take_sum(in); }
  void operator()(Mean& into) {
    const std::int64_t added = count();
    if (added == 0) return;
    const Wide sum = take_sum(in), most = Wide(added) << 63;
    bad |= sum > most || sum < -most;
    into.count += added;
    into.sum += sum;
  }
  void operator()(Stat& into) {
    stat(into);
    sketches >>= 1;
  }
  void stat(Stat& into) {
    const std::int64_t added = count();
    if (added == 0) return;
    const bool with_sketch = keeps && (sketches & 1) != 0;
    const DdSketch::Reach reach =
        with_sketch ? into.sketch.merge_packed(in, std::uint64_t(added)) : DdSketch::skip_packed(in, std::uint64_t(added));
    const auto how = Extremes(in.take(extremes_bits));
    bad |= !reach || (how == Extremes::one_value && added != 1);
    if (bad) return;
    const bool inside = how <= Extremes::in_buckets;
    std::int64_t low = 0, high = 0;
    if (inside) low = place_in(reach.lowest);
    const Wide sum = how == Extremes::one_value ? Wide(low) : take_sum(in);
    if (how == Extremes::one_value) high = low;
    else if (inside) high = place_in(reach.highest);
    if (!inside) {
      const std::uint64_t least = in.number(), span = in.number();
      bad |= least > std::uint64_t(INT64_MAX) || span > std::uint64_t(INT64_MAX) - least;
      if (bad) return;
      low = std::int64_t(least);
      high = std::int64_t(least + span);
    }
    bad |= in.bad() || low > high || sum < 0 || sum > Wide(added) << 63 || (inside && !(within(low, reach.lowest) && within(high, reach.highest)));
    into.min = into.count == 0 ? low : std::min(into.min, low);
    into.max = into.count == 0 ? high : std::max(into.max, high);
    into.extremes_exact = into.extremes_exact && how != Extremes::bounds;
    into.count += added;
    into.sum += sum;
  }
};

template <typename Part>
void merge_part(Merging& merge, bool wanted, unsigned sketches, std::unique_ptr<Part>& into) {
  if (merge.bad) return;
  merge.keeps = wanted;
  merge.sketches = sketches;
  if (!wanted) {
    Part passed;
    return each_member(merge, passed);
  }
  if (!into) into = std::make_unique<Part>();
  each_member(merge, *into);
}

}  // namespace

void pack(const Tally& tally, std::string& out) {
  Packing put{.out = bits::Writer(out)};
  if (tally.sampled) {  // announced by no parts and a bit, which nothing else begins with
    put.out.put(0, 3);
    put.out.put(1, 1);
    each_member(put, std::as_const(*tally.sampled));
  }
  put.out.put(parts_of(tally) & all_parts, 3);
  if (tally.usage) each_member(put, std::as_const(*tally.usage));
  if (tally.calls) each_member(put, std::as_const(*tally.calls));
  if (tally.turns) each_member(put, std::as_const(*tally.turns));
  put.out.finish();
}

bool merge_packed(std::string_view packed, Tally& into, const TallyParts& wanted) {
  Merging merge{.in = bits::Reader(packed)};
  std::uint64_t parts = merge.in.take(3);
  if (parts == 0 && merge.in.take(1) != 0) {
    Tally squares;
    squares.sampled = std::make_unique<SampledTally>();
    each_member(merge, *squares.sampled);
    into.merge(squares);
    parts = merge.in.take(3);
  }
  if ((parts & has_usage) != 0) merge_part(merge, wanted.usage, 0, into.usage);
  if (!wanted.calls && !wanted.turns) return !merge.bad && !merge.in.bad();
  if ((parts & has_calls) != 0) merge_part(merge, wanted.calls, wanted.sketches, into.calls);
  if (!wanted.turns) return !merge.bad && !merge.in.bad();
  if ((parts & has_turns) != 0) merge_part(merge, wanted.turns, unsigned(wanted.sketches) >> sketches_of_calls, into.turns);
  return !merge.bad && merge.in.done() && !merge.in.bad();
}

}  // namespace aybiza
