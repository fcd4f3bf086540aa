// The few words that the engines' SQL does not share.
//
// Shape    what both read (make_timestamptz, epoch_us, percentile_cont, DOUBLE PRECISION) is written once, in the questions.
// Threads  values; any.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "store/store.h"

namespace aybiza {

inline constexpr auto long_call = std::chrono::hours(1);

class SqlDialect {
 public:
  explicit SqlDialect(Dialect engine) : postgres_(engine == Dialect::postgres) {}

  // How many whole `step` microseconds `time` is after `start`. REQUIRES: it is not before it.
  std::string bucket(std::string_view time, std::int64_t start, std::int64_t step) const;
  // The text of a member of a JSON object in a text column; `key` is a bound text: json_key() of the member's name.
  std::string json_member(std::string_view column, std::string_view key) const;
  std::string json_key(std::string_view name) const;
  // The value of the row of the greatest (time, series, place) among those `condition` holds for.
  std::string last(std::string_view value, std::string_view condition) const;
  // Whether a call is in flight or took longer than long_call: of PostgreSQL as its index call_analytics_long has it.
  std::string long_call(std::string_view alias) const;
  std::string_view place() const { return postgres_ ? "place" : "rowid"; }  // the order of insertion
  std::string_view bytes() const { return postgres_ ? "BYTEA" : "BLOB"; }

 private:
  bool postgres_;
};

}  // namespace aybiza
