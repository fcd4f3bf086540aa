// Rollup rows out of the rows they sum up: what a minute or an hour held, by customer and one dimension.
//
// Shape    a FactSink that adds every row to the total and to its value of each dimension; topics are many per turn.
//          minute_dimensions are kept by the minute, rollup_dimensions by the hour and, merged from hours, by the day.
// Cost     a look-up and an add per row and dimension.
// Threads  none: owned by one repair.
#pragma once

#include <string>
#include <unordered_map>

#include "aggregate/tally.h"
#include "query/fact_scan.h"

namespace aybiza {

std::span<const Dimension> rollup_dimensions();  // all of calls and turns but the customer, who is in every row
bool kept_by_minute(Dimension dimension);        // besides the total

class RollupFold final : public FactSink {
 public:
  // REQUIRES: rows come with rollup_dimensions().
  explicit RollupFold(Duration step) : step_(step) {}
  void call(const FactRow& row, const CallFacts& facts) override;
  void turn(const FactRow& row, const TurnFacts& facts) override;
  void usage(const FactRow& row, const UsageFacts& facts) override;
  void rows(std::vector<RollupRow>& out) const;  // appends
  void merge(const RollupRow& row, const Tally& tally);  // of a finer step

 private:
  struct Key {
    std::int64_t bucket = 0;
    std::string customer, dimension, value;
    bool value_is_null = false;
    friend bool operator==(const Key&, const Key&) = default;
  };
  struct Hash {
    std::size_t operator()(const Key& key) const;
  };
  template <typename Add>
  void each(const FactRow& row, bool of_turns, Add&& add);
  Tally& at(Instant time, OptionalText customer, std::string_view dimension, OptionalText value);

  Duration step_;
  Key key_;  // used again: its texts keep their room
  std::unordered_map<Key, Tally, Hash> tallies_;
};

}  // namespace aybiza
