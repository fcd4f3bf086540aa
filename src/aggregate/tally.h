// Tally: all that one pane counts, kept so that it can be merged in any order and taken back exactly.
//
// Shape    three parts (calls, turns, usage), each there only once something of its kind was added. A Stat is a
//          quantity's count, sum, extremes and DDSketch. retract() takes back what add() gave; equal contents give
//          equal bytes, whatever the order they came in.
// Units    microseconds, nano-USD, x 10^4 inside; value_of answers in wire units (ms, USD, shares).
// Errors   parse refuses what serialise() did not write (code corrupt); it never trusts a length.
// Cost     add is a few increments and up to four sketch updates; an empty Tally is 32 bytes; serialise() is the compact form for cold ones.
// Threads  none: owned by one pane, or a value in an answer.
// Source   docs/metrics.md "Measures"; decisions.md 7, 8, 11; reliability.md 3.1 rules 10, 11.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "aggregate/sampled_tally.h"
#include "assemble/facts.h"
#include "base/status.h"
#include "model/measure.h"
#include "sketch/ddsketch.h"

namespace aybiza {

struct Stat {
  std::int64_t count = 0, min = 0, max = 0;
  Wide sum = 0;
  bool extremes_exact = true;  // false once a value was taken back that was one of them: then they only bound
  DdSketch sketch;

  void add(std::int64_t value) { add(value, DdSketch::slot_of(value)); }
  void add(std::int64_t value, std::uint32_t slot);  // REQUIRES: slot == DdSketch::slot_of(value)
  void add_times(std::int64_t value, std::int64_t times);
  void add_without_sketch(std::int64_t value);
  void remove(std::int64_t value, std::int64_t times = 1);
  void merge(const Stat& other, bool with_sketch = true);
  std::optional<double> lowest() const;   // from the sketch when the exact one is lost
  std::optional<double> highest() const;
};

// The sketch slots of a turn's latencies, found once for all the panes it goes to.
struct TurnSlots {
  std::uint32_t response = 0, stt = 0, llm = 0, tts = 0;
};
TurnSlots slots_of(const TurnFacts& facts);

struct CallTally {
  std::int64_t calls = 0, known_outcome = 0, successful = 0, known_resolution = 0, resolved = 0, escalated = 0,
               intervened = 0, errors = 0, calls_with_errors = 0;
  Mean satisfaction, quality, efficiency;
  Stat duration, voice_latency, cost;
};

struct TurnTally {
  std::int64_t turns = 0, interruptions = 0;
  Mean sentiment, sentiment_confidence;
  Stat response, stt, llm, tts;
};

struct UsageTally {
  std::int64_t usages = 0, unknown_costs = 0;
  Mean tokens[token_kinds];
  Mean cost;  // of usage whose cost counts, and reported costs of calls
};

// What an answer needs of a tally. A Stat without its sketch has its count, sum and extremes (the latter if they are exact);
// its quantiles are not to be asked. Sketches are most of what merging costs, and few questions ask for more than one.
struct TallyParts {
  static constexpr std::uint8_t all_sketches = 0x7F;
  bool calls = true, turns = true, usage = true;
  std::uint8_t sketches = all_sketches;  // of duration, voice latency, cost; response, stt, llm, tts

  static constexpr std::uint8_t sketch_of(Quantity quantity) {
    return std::uint8_t(of_call(quantity) ? 1u << unsigned(quantity)
                        : quantity == Quantity::response_time_ms ? 8u : 16u << (unsigned(quantity) - unsigned(Quantity::stt_latency_ms)));
  }
  bool has(Quantity quantity) const { return (sketches & sketch_of(quantity)) != 0; }
};
// The sketch that the measure's value is read from; 0: none.
std::uint8_t sketch_for(const Measure& measure);

struct Tally {
  std::unique_ptr<CallTally> calls;
  std::unique_ptr<TurnTally> turns;
  std::unique_ptr<UsageTally> usage;
  std::unique_ptr<SampledTally> sampled;  // only where a call stands for more than itself

  Tally() = default;
  Tally(Tally&&) = default;
  Tally& operator=(Tally&&) = default;
  Tally(const Tally& other) { merge(other); }
  Tally& operator=(const Tally& other) { return *this = Tally(other); }

  void add(const CallFacts& facts);
  void add(const TurnFacts& facts) { add(facts, slots_of(facts)); }
  void add(const TurnFacts& facts, const TurnSlots& slots);
  void add(const UsageFacts& facts);
  void add(const CallFacts& facts, const TallyParts& parts);  // with these sketches only, whatever the other parts
  void add(const TurnFacts& facts, const TallyParts& parts);
  void add_reported_cost(std::int64_t nano_usd, std::int64_t weight = 1);
  // Of a call that stands for several: as often.
  void add(const TurnFacts& facts, const SampledCall& call);
  void add(const UsageFacts& facts, const SampledCall& call);
  void retract(const CallFacts& facts);  // REQUIRES of every retract: the same facts were added before
  void retract(const TurnFacts& facts);
  void retract(const UsageFacts& facts);
  void retract_reported_cost(std::int64_t nano_usd, std::int64_t weight = 1);
  void retract(const TurnFacts& facts, const SampledCall& call);
  void retract(const UsageFacts& facts, const SampledCall& call);
  // retract(old), then add(fresh), but values that are in both stay untouched, extremes with them.
  void amend(const CallFacts& old, const CallFacts& fresh);
  void amend(const TurnFacts& old, const TurnFacts& fresh);
  void amend(const UsageFacts& old, const UsageFacts& fresh);

  void merge(const Tally& other, const TallyParts& parts = {});
  std::size_t heap_bytes() const;
  bool empty() const { return !calls && !turns && !usage; }  // parts go when their count is back at zero

 private:
  template <typename With>
  void move_sampled(With&& with);  // changes `sampled`, which goes when nothing is left in it
};

std::string serialise(const Tally& tally);
Result<Tally> parse_tally(std::string_view bytes);
// Counts, sums and extremes apart from the sketches: what most questions need, in a tenth of the bytes.
std::string serialise_sums(const Tally& tally);
std::string serialise_sketches(const Tally& tally);
Result<Tally> parse_sums(std::string_view bytes);              // its sketches are empty: quantiles are unknown
// Of the tally whose sums these are, as TallyParts names them; it is not to be used after a failure. What was written before sketches were packed is read as well.
Status add_sketches(std::string_view bytes, Tally& tally, std::uint8_t wanted = TallyParts::all_sketches);

// The same for memory and snapshots, less than half as long: appended; equal contents give equal bytes. merge_packed() adds what
// was packed, or the named parts of it; false: pack() did not write this, and what was merged is worthless.
void pack(const Tally& tally, std::string& out);
[[nodiscard]] bool merge_packed(std::string_view packed, Tally& into, const TallyParts& parts = {});

// The measure's value over what the tally holds, in wire units; nullopt: unknown. active_*, utilization and metric:
// are not in a tally and answer nullopt; histograms see histogram_of.
std::optional<double> value_of(const Measure& measure, const Tally& tally);
// 0.005 for quantiles (and for extremes after a retraction touched them), nullopt where value_of is exact.
std::optional<double> relative_error_of(const Measure& measure, const Tally& tally);

struct HistogramBin {
  double low = 0, high = 0;  // wire units
  std::int64_t count = 0;
};
std::vector<HistogramBin> histogram_of(const Measure& measure, const Tally& tally);

}  // namespace aybiza
