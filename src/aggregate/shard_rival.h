// The rival of live state: keeps every event, sorts, and computes everything anew when asked. For tests.
//
// Threads  none: owned by one test.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "aggregate/random_events.h"
#include "aggregate/shard.h"

namespace aybiza::testing {

struct RivalTurn {
  Instant time{};
  bool agent = false, interrupted = false;
  Number sentiment, confidence, response, stt, llm, tts;
  std::string state, intent, emotion;
  std::vector<std::string> topics;
};
struct RivalUsage {
  Instant time{};
  std::string model;
  Number tokens[token_kinds], cost;
};
struct RivalCall {
  std::map<Dimension, std::string> dims;
  Instant start{};
  std::optional<Instant> end;
  bool reported = false, escalated = false, intervened = false;
  std::string outcome, resolution;
  std::int64_t errors = 0;
  Number satisfaction, quality, efficiency, duration, voice, cost, all_tokens;
  std::vector<RivalTurn> turns;
  std::vector<RivalUsage> usage;
};

class Rival {
 public:
  void add(const Arrival& arrival) {
    if (seen_.insert(arrival.event.id).second) events_[arrival.event.call].push_back(arrival);
  }
  std::vector<std::pair<Id, RivalCall>> calls(Instant received_now) const {
    std::vector<std::pair<Id, RivalCall>> out;
    for (const auto& [id, events] : events_) out.emplace_back(id, one(events, received_now));
    return out;
  }

 private:
  static RivalCall one(std::vector<Arrival> events, Instant received_now);

  std::map<Id, std::vector<Arrival>> events_;
  std::set<Id> seen_;
};

// Exact values kept one by one, finished like the tally's but from sorted samples.
struct Exact {
  Tally counts;  // without its sketches' say: quantiles come from the samples
  std::map<Quantity, std::vector<std::int64_t>> samples;
  void sample(Quantity q, const Number& v) { if (v) samples[q].push_back(*v); }
};

std::map<LiveKey, Exact> answer(const std::vector<std::pair<Id, RivalCall>>& calls, const LiveQuestion& question);

}  // namespace aybiza::testing
