// Rollup rows out of the rows they sum up: what a minute or an hour held, by customer and one dimension.
//
// Shape    a FactSink that adds every row to the total and to its value of each dimension; topics are many per turn.
//          kept_by_minute() ones are kept by the minute, rollup_dimensions() by the hour and, merged from hours, by the day. A minute has no
//          row of its total: every row has one region or none, so the total is the sum of these.
// Cost     a look-up and an add per row and dimension.
// Threads  none: owned by one repair.
#pragma once

#include <array>
#include <map>
#include <string>
#include <unordered_map>

#include "aggregate/tally.h"
#include "query/fact_scan.h"

namespace aybiza {

inline constexpr std::size_t rolled_dimensions = std::size_t(Dimension::hour_of_day) - 1;
std::span<const Dimension> rollup_dimensions();  // all of calls and turns but the customer, who is in every row
inline constexpr Dimension minute_dimension = Dimension::region;
bool kept_by_minute(Dimension dimension);

class RollupFold final : public FactSink {
 public:
  // REQUIRES: rows come with rollup_dimensions().
  explicit RollupFold(Duration step) : step_(step) {}
  RollupFold(const RollupFold&) = delete;  // one per bucket or hour that is made
  RollupFold& operator=(const RollupFold&) = delete;
  void call(const FactRow& row, const CallFacts& facts) override;
  void turn(const FactRow& row, const TurnFacts& facts) override;
  void usage(const FactRow& row, const UsageFacts& facts) override;
  Status merge(const RollupRow& row);  // of a finer step
  void rows(std::vector<RollupRow>& out) const;          // appends

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };
  struct Axis {
    std::unordered_map<std::string, Tally, Hash, std::equal_to<>> values;
    Tally unknown;
    bool as_total = true;  // of a call's dimension: no value is known, so `unknown` is the pane's total and not kept again
    Tally& at(OptionalText value);
    Axis& apart() { return as_total = false, *this; }
  };
  struct Pane {  // of a customer in a bucket
    Tally total;
    std::array<Axis, rolled_dimensions> by;
  };
  Pane& pane(Instant time, std::string_view customer);
  template <typename Add>
  void each(const FactRow& row, bool of_turns, Add&& add);

  Duration step_;
  std::map<std::pair<Instant, std::string>, Pane> panes_;
  const std::pair<Instant, std::string>* last_key_ = nullptr;  // rows come in runs of the same
  Pane* last_ = nullptr;
};

}  // namespace aybiza
