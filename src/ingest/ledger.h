// The conservation ledger: every event that was offered is accepted, a duplicate, rejected, shed, or in flight.
//
// Shape    offer() when a request's events are counted, settle() when their fate is known; both move whole numbers under
//          one lock, so that every snapshot balances exactly. Per customer of the key, the platform as "platform";
//          beyond limits::ledger_customers together as "__other__".
// Units    events; a body that cannot be parsed is one.
// Errors   settle() of more than was offered is a bug of the caller: CHECK.
// Threads  any. Counts live as long as the process and begin at `since`; accepted events outlive it as spool offsets.
// Source   decisions.md 18; reliability.md 2.1.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

#include "base/units.h"
#include "codec/json_writer.h"

namespace aybiza {

struct ConservationCounts {
  std::uint64_t offered = 0, accepted = 0, duplicates = 0, in_flight = 0;
  std::map<std::string, std::uint64_t, std::less<>> rejected, shed;

  std::uint64_t rejected_total() const;
  std::uint64_t shed_total() const;
  bool balanced() const { return offered == accepted + duplicates + rejected_total() + shed_total() + in_flight; }
};
// offered, accepted, duplicates, rejected{reason}, shed{reason}, in_flight as members of an object that is open.
void write_conservation(JsonWriter& json, const ConservationCounts& counts);

class Ledger {
 public:
  explicit Ledger(Instant since) : since_(since) {}

  struct Outcome {
    std::uint64_t accepted = 0, duplicates = 0;
    std::map<std::string, std::uint64_t, std::less<>> rejected, shed;
  };
  void offer(std::string_view customer, std::uint64_t events);
  void settle(std::string_view customer, const Outcome& outcome);
  // Both at once: one thing that was refused as a whole.
  void reject(std::string_view customer, std::string_view reason, std::uint64_t events = 1);
  void shed(std::string_view customer, std::string_view reason, std::uint64_t events = 1);

  struct Snapshot {
    Instant since;
    ConservationCounts total;
    std::map<std::string, ConservationCounts, std::less<>> customers;
  };
  Snapshot snapshot() const;

 private:
  ConservationCounts& of(std::string_view customer);

  const Instant since_;
  mutable std::mutex mutex_;  // guards what follows
  ConservationCounts total_;
  std::map<std::string, ConservationCounts, std::less<>> customers_;
};

}  // namespace aybiza
