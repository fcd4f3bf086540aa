// Random batches as a fold would hand them over: calls that are updated, moved to a better start and given other
// dimensions, turns that are merged, usage that counts once. For tests and bench/.
//
// Shape    a maker with a seed; next(n) makes about n events' worth of rows that follow the ones before.
// Threads  None: owned by one test.
#pragma once

#include <map>
#include <random>
#include <string>

#include "model/rows.h"

namespace aybiza {

class SampleRows {
 public:
  explicit SampleRows(std::uint64_t seed) : random_(seed) {}
  RowBatch next(std::size_t events);
  const std::map<Id, CallRow>& calls() const { return calls_; }

 private:
  bool chance(int percent) { return below(100) < std::uint64_t(percent); }
  std::uint64_t below(std::uint64_t bound) { return random_() % bound; }
  Id id() { return {random_(), random_()}; }
  Number number(std::int64_t bound) { return chance(30) ? Number() : Number(std::int64_t(below(std::uint64_t(bound)))); }
  std::string word(const char* stem, int kinds) {
    return chance(20) ? std::string() : stem + std::to_string(below(std::uint64_t(kinds)));
  }
  Instant time() { return from_micros(1'795'000'000'000'000 + std::int64_t(below(7'200'000'000))); }
  CallRow& change_call();
  void change_turn(RowBatch& batch);
  void add_learning(RowBatch& batch);
  void reach(const Id& call, Instant part);

  std::mt19937_64 random_;
  std::uint64_t offset_ = 0;
  std::map<Id, CallRow> calls_;                              // as last handed over, stored_start filled in
  std::map<std::pair<Id, std::int64_t>, TurnRow> turns_;
  std::map<Id, std::pair<Instant, Instant>> parts_;          // where the turns and usage of each lie
};

}  // namespace aybiza
