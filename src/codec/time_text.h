// RFC 3339 to Instant for streams of events, whose dates repeat: the date part is parsed once.
//
// Errors   nullopt exactly where base's parse_rfc3339 has it; other shapes than …Z are left to it altogether.
// Cost     about 8 ns for a date seen last time.
// Threads  none: owned by one decoder.
#pragma once

#include <optional>
#include <string_view>

#include "base/units.h"

namespace aybiza {

class TimeText {
 public:
  std::optional<Instant> parse(std::string_view text);

 private:
  char date_[10] = {};
  std::int64_t date_micros_ = 0;  // midnight of date_
};

}  // namespace aybiza
