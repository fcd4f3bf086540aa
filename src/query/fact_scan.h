// The rows of a time range as what they contribute to measures, streamed out of an engine that speaks SQL.
//
// Shape    scan_facts() asks for calls by their start, for turns and usage by their own time, with the customer and the
//          dimensions that are wanted beside each, and hands row after row to a FactSink. A turn whose call is not stored
//          has no dimensions of a call. Where calls were sampled the range is gone through in slices, each with what the calls
//          in and around it come to.
// Units    facts as in assemble/facts.h; texts are valid during the call of the sink only.
// Errors   of the store. What was handed over before is to be thrown away then.
// Cost     reads the columns it needs. Turns and usage find their calls among those that start within an hour before; those that
//          do not are asked for once more among a day's, and then among all.
// Threads  any; a connection of the store at a time.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "aggregate/sampled_tally.h"
#include "assemble/facts.h"
#include "model/measure.h"
#include "store/store.h"

namespace aybiza {

using OptionalText = std::optional<std::string_view>;

struct FactRow {
  Instant time{};
  OptionalText customer;
  std::span<const OptionalText> dimensions;  // in the order of what was asked; of topic nothing, see topics
  std::uint32_t topics = 0;                  // of a turn
  const SampledCall* sampled = nullptr;      // of a turn or usage whose call stands for several: to be counted as often
};

class FactSink {
 public:
  virtual ~FactSink() = default;
  virtual void call(const FactRow& row, const CallFacts& facts) = 0;
  virtual void turn(const FactRow& row, const TurnFacts& facts) = 0;
  virtual void usage(const FactRow& row, const UsageFacts& facts) = 0;
};

struct FactScan {
  Instant from{}, to{};                // [from, to)
  bool calls = true, turns = true, usage = true;
  std::function<bool()> stop = {};     // asked now and then; the scan ends with unavailable
  std::span<const Dimension> dimensions;  // below hour_of_day and not customer_id; those of turns are unknown elsewhere
};

Status scan_facts(Store& store, const FactScan& scan, FactSink& sink, Duration deadline = no_deadline);

}  // namespace aybiza
