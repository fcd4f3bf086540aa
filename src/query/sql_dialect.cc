#include "query/sql_dialect.h"

#include <fmt/format.h>

namespace aybiza {

std::string SqlDialect::bucket(std::string_view time, std::int64_t start, std::int64_t step) const {
  return fmt::format("(epoch_us({}) - {}) {} {}", time, start, postgres_ ? "/" : "//", step);  // of integers in both
}

std::string SqlDialect::json_key(std::string_view name) const {
  if (postgres_) return std::string(name);
  std::string path = "$.\"";
  for (const char c : name) {
    if (c == '"' || c == '\\') path += '\\';
    path += c;
  }
  return path + '"';
}

std::string SqlDialect::json_member(std::string_view column, std::string_view key) const {
  return postgres_ ? fmt::format("({}::json ->> {})", column, key) : fmt::format("json_extract_string({}, {})", column, key);
}

std::string SqlDialect::last(std::string_view value, std::string_view condition) const {
  return postgres_ ? fmt::format("(array_agg({} ORDER BY m.time DESC, m.series DESC, m.place DESC) FILTER (WHERE {}))[1]", value, condition)
                   : fmt::format("arg_max({}, {{'t': m.time, 's': m.series, 'i': m.place}}) FILTER (WHERE {})", value, condition);
}

std::string SqlDialect::long_call(std::string_view alias) const {
  static_assert(aybiza::long_call == std::chrono::hours(1), "PostgreSQL uses the index call_analytics_long for the words of its definition only");
  if (postgres_) return fmt::format("({0}.state = 'active' OR coalesce({0}.ended_at, {0}.updated_at) - {0}.time > interval '1 hour')", alias);
  return fmt::format("({0}.state = 'active' OR epoch_us(coalesce({0}.ended_at, {0}.updated_at)) - epoch_us({0}.time) > {1})", alias,
                     std::chrono::microseconds(aybiza::long_call).count());
}

}  // namespace aybiza
