// The compact forms of a Tally: what rollup rows hold, and, denser, what cold panes and snapshots do.
#include <bit>

#include "aggregate/tally.h"
#include "assemble/bytes.h"
#include "sketch/bits.h"

namespace aybiza {
namespace {

// No tally has counted more, and thousands of such tallies add up within 64 bits.
constexpr std::int64_t count_max = std::int64_t{1} << 48;
// Of one pane in memory: a sum of numbers that one event each may tell up to 10^12 of; an hour has not so many.
constexpr std::uint64_t packed_count_max = std::uint64_t{1} << 58;
constexpr std::uint8_t has_calls = 1, has_turns = 2, has_usage = 4, has_sampled = 8;
constexpr unsigned sketches_of_calls = 3;  // the first of TallyParts::sketches; turns have the rest
constexpr std::uint8_t all_parts = has_calls | has_turns | has_usage;
enum class Form : std::uint8_t { whole = 1, sums = 2, sketches = 3, packed_sketches = 4 };  // the first byte; 3 is read, and not written any more

__extension__ using UnsignedWide = unsigned __int128;

UnsignedWide fold(Wide value) { return (UnsignedWide(value) << 1) ^ UnsignedWide(value >> 127); }
Wide unfold(UnsignedWide value) { return Wide(value >> 1) ^ -Wide(value & 1); }

void put_wide(bytes::Writer& out, Wide value) {
  auto rest = fold(value);
  for (; rest >= 0x80; rest >>= 7) out.byte(std::uint8_t((rest & 0x7F) | 0x80));
  out.byte(std::uint8_t(rest));
}

Wide get_wide(bytes::Reader& in, bool& bad) {
  UnsignedWide value = 0;
  for (unsigned shift = 0; shift < 128; shift += 7) {
    const std::uint8_t part = in.byte();
    value |= UnsignedWide(part & 0x7F) << shift;
    if (part < 0x80) return unfold(value);
  }
  bad = true;
  return 0;
}

// Writing and reading are one description, so that they cannot drift apart.
struct Putting {
  bytes::Writer out;
  Form form;
  std::string sketch = {};  // room that is used again
  void operator()(const std::int64_t& value) {
    if (form != Form::sketches) out.number(value);
  }
  void operator()(const Mean& mean) {
    if (form == Form::sketches) return;
    out.number(mean.count);
    if (mean.count != 0) put_wide(out, mean.sum);
  }
  void operator()(const Wide& square) {
    if (form != Form::sketches) put_wide(out, square);
  }
  void operator()(const Stat& stat) {
    if (form != Form::sketches) sums(stat);
    if (form == Form::sums || stat.count == 0) return;
    sketch.clear();
    stat.sketch.serialise(sketch);
    out.text(sketch);
  }
  void sums(const Stat& stat) {
    out.count(std::uint64_t(stat.count) * 2 + (stat.extremes_exact ? 0 : 1));
    if (stat.count == 0) return;
    put_wide(out, stat.sum);
    out.number(stat.min);
    out.number(stat.max - stat.min);
  }
};

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

// Sketches alone, each after the other: how many values each holds is said by the sums.
struct PackingSketches {
  bits::Writer out;
  void operator()(const auto&) {}
  void operator()(const Stat& stat) {
    if (stat.count > 0) stat.sketch.pack(out);
  }
};

struct GettingSketches {
  bits::Reader in;
  unsigned wanted = 0;  // of what is left of a part, the next one's lowest
  bool later = false;   // another part follows of which some are wanted
  bool bad = false;
  void operator()(auto&) {}
  void operator()(Stat& stat) {
    const bool keeps = (wanted & 1) != 0;
    const bool read = (wanted != 0 || later) && stat.count > 0 && !bad;
    wanted >>= 1;
    if (!read) return;
    const auto count = std::uint64_t(stat.count);
    bad |= !(keeps ? stat.sketch.merge_packed(in, count) : DdSketch::skip_packed(in, count));
  }
};

struct Getting {
  bytes::Reader in;
  Form form;
  unsigned wanted = TallyParts::all_sketches;  // where sketches stand alone
  bool bad = false;
  void operator()(std::int64_t& value) {
    if (form == Form::sketches) return;
    value = in.number();
    bad |= value < 0 || value > count_max;
  }
  void operator()(Wide& square) {
    if (form != Form::sketches) square = get_wide(in, bad);
  }
  void operator()(Mean& mean) {
    if (form == Form::sketches) return;
    mean.count = in.number();
    bad |= mean.count < 0 || mean.count > count_max;
    if (mean.count == 0 || bad) return;
    mean.sum = get_wide(in, bad);
    const Wide most = Wide(mean.count) << 63;
    bad |= mean.sum > most || mean.sum < -most;
  }
  void operator()(Stat& stat) {
    if (form != Form::sketches) sums(stat);
    const bool keeps = (std::exchange(wanted, wanted >> 1) & 1) != 0;
    if (form == Form::sums || stat.count == 0 || bad) return;
    const std::string_view text = in.text();
    if (!keeps && form == Form::sketches) return;
    auto sketch = DdSketch::deserialise(text);
    if (!sketch || sketch->count() != std::uint64_t(stat.count)) bad = true;
    else stat.sketch = std::move(*sketch);
  }
  void sums(Stat& stat) {
    const std::uint64_t head = in.count();
    stat.count = std::int64_t(head / 2);
    stat.extremes_exact = head % 2 == 0;
    bad |= stat.count > count_max || (stat.count == 0 && head != 0);
    if (stat.count == 0 || bad) return;
    stat.sum = get_wide(in, bad);
    bad |= stat.sum < 0 || stat.sum > Wide(stat.count) << 63;
    stat.min = in.number();
    const std::int64_t span = in.number();
    bad |= stat.min < 0 || span < 0 || span > INT64_MAX - stat.min;
    if (bad) return;
    stat.max = stat.min + span;
  }
};

template <typename Visit, typename Part>
void each_member(Visit& visit, Part& part)
  requires std::is_same_v<std::remove_const_t<Part>, CallTally>
{
  visit(part.calls); visit(part.known_outcome); visit(part.successful); visit(part.known_resolution);
  visit(part.resolved); visit(part.escalated); visit(part.intervened); visit(part.errors);
  visit(part.calls_with_errors); visit(part.satisfaction); visit(part.quality); visit(part.efficiency);
  visit(part.duration); visit(part.voice_latency); visit(part.cost);
}
template <typename Visit, typename Part>
void each_member(Visit& visit, Part& part)
  requires std::is_same_v<std::remove_const_t<Part>, TurnTally>
{
  visit(part.turns); visit(part.interruptions); visit(part.sentiment); visit(part.sentiment_confidence);
  visit(part.response); visit(part.stt); visit(part.llm); visit(part.tts);
}
template <typename Visit, typename Part>
void each_member(Visit& visit, Part& part)
  requires std::is_same_v<std::remove_const_t<Part>, UsageTally>
{
  visit(part.usages); visit(part.unknown_costs);
  for (auto& kind : part.tokens) visit(kind);
  visit(part.cost);
}

template <typename Visit, typename Part>
void each_member(Visit& visit, Part& part)
  requires std::is_same_v<std::remove_const_t<Part>, SampledTally>
{
  each_square(visit, part);
}

template <typename Part>
void read_part(Getting& get, bool present, std::unique_ptr<Part>& part) {
  if (!present || get.bad) return;
  if (!part) part = std::make_unique<Part>();
  each_member(get, *part);
}

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

std::uint8_t parts_of(const Tally& tally) {
  return std::uint8_t((tally.calls ? has_calls : 0) | (tally.turns ? has_turns : 0) | (tally.usage ? has_usage : 0) | (tally.sampled ? has_sampled : 0));
}

std::string write(const Tally& tally, Form form) {
  std::string out;
  Putting put{bytes::Writer(out), form};
  put.out.byte(std::uint8_t(form));
  put.out.byte(parts_of(tally));
  if (tally.calls) each_member(put, *tally.calls);
  if (tally.turns) each_member(put, *tally.turns);
  if (tally.usage) each_member(put, *tally.usage);
  if (tally.sampled) each_member(put, *tally.sampled);
  return out;
}

Status read(std::string_view from, Form form, Tally& tally, unsigned wanted = TallyParts::all_sketches) {
  Getting get{bytes::Reader(from), form, wanted};
  const std::uint8_t written = get.in.byte(), parts = get.in.byte();
  if (written != std::uint8_t(form)) return fail(Code::unsupported, "a tally of form {} where {} was expected", written, int(form));
  if (form == Form::sketches && parts != parts_of(tally)) return fail(Code::corrupt, "these are the sketches of another tally");
  read_part(get, (parts & has_calls) != 0, tally.calls);
  get.wanted = wanted >> sketches_of_calls;
  read_part(get, (parts & has_turns) != 0, tally.turns);
  read_part(get, (parts & has_usage) != 0, tally.usage);
  read_part(get, (parts & has_sampled) != 0, tally.sampled);
  if (get.bad || get.in.bad() || !get.in.done() || parts > 15) return fail(Code::corrupt, "these are not the bytes of a tally");
  if (tally.sampled && tally.sampled->none()) return fail(Code::corrupt, "a tally says nothing of no sampled calls");  // nor does a merged one keep such a part
  return {};
}

Result<Tally> read(std::string_view from, Form form) {
  Tally tally;
  AYBIZA_TRY(read(from, form, tally));
  return tally;
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
  if ((parts & has_turns) != 0) merge_part(merge, wanted.turns, wanted.sketches >> 3u, into.turns);
  return !merge.bad && merge.in.done() && !merge.in.bad();
}

std::string serialise(const Tally& tally) { return write(tally, Form::whole); }
std::string serialise_sums(const Tally& tally) { return write(tally, Form::sums); }
std::string serialise_sketches(const Tally& tally) {
  std::string out{char(Form::packed_sketches), char(parts_of(tally))};
  PackingSketches put{bits::Writer(out)};
  if (tally.calls) each_member(put, *tally.calls);
  if (tally.turns) each_member(put, *tally.turns);
  put.out.finish();
  return out;
}
Result<Tally> parse_tally(std::string_view from) { return read(from, Form::whole); }
Result<Tally> parse_sums(std::string_view from) { return read(from, Form::sums); }
Status add_sketches(std::string_view from, Tally& tally, std::uint8_t wanted) {
  if (from.size() < 2 || from[0] != char(Form::packed_sketches)) return read(from, Form::sketches, tally, wanted);
  if (std::uint8_t(from[1]) != parts_of(tally)) return fail(Code::corrupt, "these are the sketches of another tally");
  const unsigned of_turns = unsigned(wanted) >> sketches_of_calls;
  GettingSketches get{.in = bits::Reader(from.substr(2)), .wanted = wanted & ((1u << sketches_of_calls) - 1), .later = tally.turns && of_turns != 0};
  if (tally.calls) each_member(get, *tally.calls);
  get.wanted = of_turns, get.later = false;
  if (tally.turns) each_member(get, *tally.turns);
  const bool whole = wanted == TallyParts::all_sketches;  // otherwise what follows the last wanted one is not looked at
  if (get.bad || get.in.bad() || (whole && !get.in.done())) return fail(Code::corrupt, "these are not the sketches of this tally");
  return {};
}

}  // namespace aybiza
