// The conservation ledger: every event that was offered is accepted, a duplicate, rejected, shed, or in flight.
//
// Shape    offer() when a request's events are counted, settle() when their fate is known; both move whole numbers under
//          one lock, so that every snapshot balances exactly. Per customer of the key, the platform as "platform";
//          beyond limits::ledger_customers together as "__other__". By the way in and its format too, where the sender says it.
// Units    events; a body that cannot be parsed is one.
// Errors   settle() of more than was offered is a bug of the caller: CHECK.
// Threads  any. Counts live as long as the process and begin at `since`; accepted events outlive it as spool offsets.
// Source   decisions.md 18; reliability.md 2.1.
#pragma once

#include <concepts>
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

// Who offered: whose key it was; by which way in and format it came ("events ndjson", "otlp protobuf", "vapi"), and when.
// A bare customer counts by no way: what the server itself orders. REQUIRES: offer and settle name the same way.
struct LedgerSender {
  std::string_view customer, way = {};
  Instant at{};
  template <typename Text>
    requires std::convertible_to<const Text&, std::string_view>
  LedgerSender(const Text& of) : customer(of) {}  // NOLINT: a customer is a sender
  LedgerSender(std::string_view of, std::string_view by, Instant when = {}) : customer(of), way(by), at(when) {}
};

struct WayCounts {
  ConservationCounts counts;
  Instant last_seen{};  // epoch: nothing since the start
};

class Ledger {
 public:
  explicit Ledger(Instant since) : since_(since) {}

  struct Outcome {
    std::uint64_t accepted = 0, duplicates = 0;
    std::map<std::string, std::uint64_t, std::less<>> rejected, shed;
  };
  void offer(const LedgerSender& sender, std::uint64_t events);
  void settle(const LedgerSender& sender, const Outcome& outcome);
  // Both at once: one thing that was refused as a whole.
  void reject(const LedgerSender& sender, std::string_view reason, std::uint64_t events = 1);
  void shed(const LedgerSender& sender, std::string_view reason, std::uint64_t events = 1);

  struct Snapshot {
    Instant since;
    ConservationCounts total;
    std::map<std::string, ConservationCounts, std::less<>> customers;
    std::map<std::string, WayCounts, std::less<>> ways;  // as many as there are words for in this program
  };
  Snapshot snapshot() const;

 private:
  ConservationCounts& of(std::string_view customer);
  template <typename Change>
  void count(const LedgerSender& sender, Change&& change);  // REQUIRES: mutex_ held

  const Instant since_;
  mutable std::mutex mutex_;  // guards what follows
  ConservationCounts total_;
  std::map<std::string, ConservationCounts, std::less<>> customers_;
  std::map<std::string, WayCounts, std::less<>> ways_;
};

}  // namespace aybiza
