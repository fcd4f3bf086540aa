// Whether a customer's request may come in now: the rate of its events, and its share of the memory when that is short.
//
// Shape    below the soft mark of the budget everybody may; above it whoever holds most waits; above the hard mark
//          everybody does. Rates are off unless configured.
// Errors   a AdmissionRefusal: status, reason for the counters, and after how long to try again.
// Threads  any; one short lock.
// Source   reliability.md 3.2, points 12-14.
#pragma once

#include <expected>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/units.h"
#include "runtime/budget.h"
#include "runtime/token_bucket.h"

namespace aybiza {

struct AdmissionRefusal {
  int status = 503;  // 429: this customer should slow down; 503: the server cannot
  std::string_view reason;
  std::string_view message;
  Duration retry_after = std::chrono::seconds(1);
};

class IngestAdmission {
 public:
  struct Config {
    Budget* budget = nullptr;              // null: memory is not watched
    std::int64_t events_per_second = 0;    // for each customer; 0: no limit
    std::int64_t events_burst = 0;         // at least limits::batch_events, or a full batch could never come in
  };
  explicit IngestAdmission(Config config) : config_(config) {}

  // Memory of one request of a customer, held until the request is answered.
  class Hold {
   public:
    Hold(IngestAdmission& owner, std::string customer, Reservation memory)
        : owner_(&owner), customer_(std::move(customer)), memory_(std::move(memory)) {}
    Hold(Hold&& other) noexcept
        : owner_(std::exchange(other.owner_, nullptr)), customer_(std::move(other.customer_)),
          memory_(std::move(other.memory_)) {}
    Hold& operator=(Hold&&) = delete;
    ~Hold();

   private:
    friend class IngestAdmission;
    IngestAdmission* owner_;
    std::string customer_;
    Reservation memory_;
    std::size_t bytes_ = 0;
  };

  // Room for a body of so many bytes and what it becomes. The Hold or why not.
  std::expected<Hold, AdmissionRefusal> admit(std::string_view customer, std::size_t bytes);
  // So many events of it, at `now` = Clock::elapsed().
  std::optional<AdmissionRefusal> take_rate(std::string_view customer, std::uint64_t events, Duration now);

 private:
  bool holds_most(std::string_view customer, std::size_t bytes) const;

  const Config config_;
  mutable std::mutex mutex_;  // guards what follows
  std::map<std::string, std::size_t, std::less<>> held_;  // only those that hold something
  std::map<std::string, TokenBucket, std::less<>> rates_;
};

}  // namespace aybiza
