// Civil time in a named zone: midnights and hours for buckets, hour_of_day and day_of_week.
//
// Errors   load answers nullopt for a name the system's zone files do not hold.
// Threads  immutable after load; any.
// Source   IANA tz database through Abseil's civil time.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/units.h"

namespace aybiza {

class Zone {
 public:
  static std::optional<Zone> load(const std::string& name);
  Instant midnight_of(Instant t) const;              // start of the civil day that contains t
  Instant next_midnight(Instant t) const;            // start of the civil day after it
  int hour_of_day(Instant t) const;                  // 0..23
  int day_of_week(Instant t) const;                  // 1 = Monday .. 7 = Sunday (ISO 8601)
  Duration offset(Instant t) const;                  // east of UTC

 private:
  struct Inner;
  explicit Zone(std::shared_ptr<const Inner> inner) : inner_(std::move(inner)) {}
  std::shared_ptr<const Inner> inner_;
};

}  // namespace aybiza
