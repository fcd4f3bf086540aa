// The compact forms of a Tally that rollup rows hold; what cold panes and snapshots do is in tally_pack.cc.
#include <array>
#include <utility>

#include "aggregate/tally_members.h"
#include "aggregate/tally_sketches.h"
#include "assemble/bytes.h"
#include "sketch/bits.h"

namespace aybiza {

using namespace tally_members;

namespace {

// No tally has counted more, and thousands of such tallies add up within 64 bits.
constexpr std::size_t stats_max = 4;  // of a part
constexpr std::int64_t count_max = std::int64_t{1} << 48;
enum class Form : std::uint8_t { whole = 1, sums = 2, sketches = 3, packed_sketches = 4 };  // the first byte; 3 is read, and not written any more

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
  std::array<Stat*, stats_max> into{};  // of what is left of a part
  std::size_t next = 0;
  unsigned wanted = 0;  // likewise, the next one's lowest
  bool later = false;   // another part follows of which some are wanted
  bool bad = false;
  void operator()(const auto&) {}
  void operator()(const Stat& stat) {
    const bool keeps = (wanted & 1) != 0;
    const bool read = (wanted != 0 || later) && stat.count > 0 && !bad;
    Stat* target = into[next++];
    wanted >>= 1;
    if (!read) return;
    const auto count = std::uint64_t(stat.count);
    bad |= !(keeps && target ? target->sketch.merge_packed(in, count) : DdSketch::skip_packed(in, count));
  }
};

struct StatsOf {
  std::array<Stat*, stats_max> all{};
  std::size_t count = 0;
  void operator()(auto&) {}
  void operator()(Stat& stat) { all[count++] = &stat; }
};

template <typename Part>
std::array<Stat*, stats_max> stats_of(const std::unique_ptr<Part>& part) {
  StatsOf stats;
  if (part) each_member(stats, *part);
  return stats.all;
}

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

template <typename Part>
void read_part(Getting& get, bool present, std::unique_ptr<Part>& part) {
  if (!present || get.bad) return;
  if (!part) part = std::make_unique<Part>();
  each_member(get, *part);
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
  return merge_sketches(from, tally, tally, wanted);
}

Status merge_sketches(std::string_view from, const Tally& tally, Tally& into, std::uint8_t wanted) {
  if (from.size() < 2 || from[0] != char(Form::packed_sketches)) {
    Tally own(tally);
    AYBIZA_TRY(read(from, Form::sketches, own, wanted));
    const auto add = [](const auto& some, const auto& more) {
      for (std::size_t i = 0; i < stats_max; ++i)
        if (some[i] && more[i]) some[i]->sketch.merge(more[i]->sketch);
    };
    add(stats_of(into.calls), stats_of(own.calls));
    add(stats_of(into.turns), stats_of(own.turns));
    return {};
  }
  if (std::uint8_t(from[1]) != parts_of(tally)) return fail(Code::corrupt, "these are the sketches of another tally");
  const unsigned of_turns = unsigned(wanted) >> sketches_of_calls;
  GettingSketches get{.in = bits::Reader(from.substr(2)), .into = stats_of(into.calls), .wanted = wanted & ((1u << sketches_of_calls) - 1),
                      .later = tally.turns && of_turns != 0};
  if (tally.calls) each_member(get, std::as_const(*tally.calls));
  get.into = stats_of(into.turns), get.next = 0, get.wanted = of_turns, get.later = false;
  if (tally.turns) each_member(get, std::as_const(*tally.turns));
  const bool whole = wanted == TallyParts::all_sketches;  // otherwise what follows the last wanted one is not looked at
  if (get.bad || get.in.bad() || (whole && !get.in.done())) return fail(Code::corrupt, "these are not the sketches of this tally");
  return {};
}

}  // namespace aybiza
