// How far the figures of a Tally may be from those of all calls, where some of its calls were sampled.
//
// Shape    a call that was kept with probability 1/n counts as n calls. Calls are drawn independently, what is in a call is kept
//          whole: so the variance of a sum is the sum of n(n-1) X^2 over the calls kept, X what the call adds to it. A part of a
//          call (a turn) adds n(n-1) x X, X being that of its whole call: over all parts that is X^2, and over some of them, in
//          a range or group that cuts the call, more than their share. So panes and groups add up, and errors are never told
//          too small by cutting a call. Of a mean A/B the three sums n(n-1) of AA, 2AB and BB are kept (linearisation).
// Units    squares of those of assemble/facts.h. Numbers wrap where no honest figure reaches.
// Cost     about 1 KiB; it is there only where a call stands for more than itself.
// Threads  values; none.
// Source   Horvitz and Thompson 1952, clusters drawn independently; ratios: Saerndal et al. 1992, 5.6. docs/sampling.md.
#pragma once

#include <cstdint>
#include <optional>

#include "assemble/facts.h"
#include "model/measure.h"

namespace aybiza {

__extension__ using Wide = __int128;  // sums of 31-day microseconds over any number of rows

struct Tally;

struct Mean {  // a count and a sum, of which the mean is asked
  std::int64_t count = 0;
  Wide sum = 0;
  void add(const Number& value, std::int64_t times = 1) {  // times may be negative: takes back
    if (!value) return;
    count += times;
    sum += Wide(times) * *value;
  }
  void merge(const Mean& other) {
    count += other.count;
    sum += other.sum;
  }
};

// A kept call that stands for `weight` calls, and what its turns and usage come to.
struct SampledCall {
  std::int64_t weight = 1;
  std::int64_t turns = 0, interruptions = 0, usages = 0;
  Mean sentiment, sentiment_confidence, response, stt, llm, tts;
  Mean tokens, input, output, cache_read, cost;
  void add(const TurnFacts& facts);
  void add(const UsageFacts& facts);
};
Number all_tokens(const UsageFacts& facts);

struct RatioSquares {  // of a mean A/B: n(n-1) times
  Wide aa = 0, ab = 0, bb = 0;  // AA, 2AB, BB
};

struct SampledTally {
  Wide calls = 0, known_outcome = 0, successful = 0, known_resolution = 0, resolved = 0, escalated = 0, intervened = 0,
       errors = 0, calls_with_errors = 0;
  RatioSquares satisfaction, quality, efficiency, duration, voice_latency, call_cost;
  Wide turns = 0, interruptions = 0;
  RatioSquares sentiment, sentiment_confidence, response, stt, llm, tts;
  Wide usages = 0, tokens = 0, input = 0, output = 0, cache_read = 0, cost = 0;

  // sign 1 adds, -1 takes back what was added.
  void move(const CallFacts& facts, int sign);
  void move(const TurnFacts& facts, const SampledCall& call, int sign);
  void move(const UsageFacts& facts, const SampledCall& call, int sign);
  void move_reported_cost(std::int64_t nano_usd, std::int64_t weight, int sign);
  void merge(const SampledTally& other);
  bool none() const { return calls == 0 && turns == 0 && usages == 0 && cost == 0; }
};

// Whether the measure's value over the tally rests on sampled calls, and its standard error where it is known: of counts, sums
// and means, not of extremes and quantiles. Wire units.
bool is_estimate(const Measure& measure, const Tally& tally);
std::optional<double> standard_error_of(const Measure& measure, const Tally& tally);

// Every number in one order, for whoever merges, writes and reads them.
template <typename Visit, typename Part>
void each_square(Visit&& visit, Part& part) {
  for (auto* one : {&part.calls, &part.known_outcome, &part.successful, &part.known_resolution, &part.resolved, &part.escalated,
                    &part.intervened, &part.errors, &part.calls_with_errors})
    visit(*one);
  for (auto* ratio : {&part.satisfaction, &part.quality, &part.efficiency, &part.duration, &part.voice_latency, &part.call_cost,
                      &part.sentiment, &part.sentiment_confidence, &part.response, &part.stt, &part.llm, &part.tts})
    visit(ratio->aa), visit(ratio->ab), visit(ratio->bb);
  for (auto* one : {&part.turns, &part.interruptions, &part.usages, &part.tokens, &part.input, &part.output, &part.cache_read, &part.cost})
    visit(*one);
}

}  // namespace aybiza
