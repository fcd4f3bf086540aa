#include "query/flow.h"

#include <fmt/format.h>

#include "query/sql_text.h"

namespace aybiza {

Result<std::vector<FlowPair>> flow_of(Store& store, Instant from, Instant to, std::string_view customer, Duration deadline) {
  SqlText sql;
  const auto within = [](std::string_view column, Instant low, Instant high) {
    return fmt::format("{0} >= make_timestamptz({1}::BIGINT) AND {0} < make_timestamptz({2}::BIGINT)", column, to_micros(low), to_micros(high));
  };
  const std::string calls = fmt::format(" JOIN call_analytics c ON c.call_id = s.call_id AND {}", within("c.time", from - flow_calls_before, to + flow_turns_around));
  const bool samples = store.samples();  // then a turn counts as often as its call
  std::string theirs;
  if (!customer.empty()) theirs = fmt::format("{} AND c.customer_id = {}", calls, sql.bind(customer));
  else if (samples) theirs = " LEFT" + calls;
  const std::string_view count = samples ? "CAST(sum(coalesce(c.sample_weight, 1)) AS BIGINT)" : "count(*)";
  // Turns may be told in another order than they are numbered, so some time after the range is looked at as well.
  const std::string text = fmt::format(
      "WITH steps AS (SELECT t.time, t.state, lag(t.state) OVER (PARTITION BY t.call_id ORDER BY t.turn_number) AS previous, t.call_id "
      "FROM conversation_turns t WHERE t.state IS NOT NULL AND {}) "
      "SELECT s.previous, s.state, {} FROM steps s{} WHERE {} AND s.previous IS NOT NULL GROUP BY 1, 2 "
      "ORDER BY {} DESC, s.previous COLLATE \"C\", s.state COLLATE \"C\" LIMIT {}",
      within("t.time", from - flow_turns_around, to + flow_turns_around), count, theirs, within("s.time", from, to), count, flow_pairs);
  auto rows = store.sql(text, sql.params(), deadline);
  if (!rows) return std::unexpected(rows.error());
  std::vector<FlowPair> out;
  for (;;) {
    const auto more = (*rows)->next();
    if (!more) return std::unexpected(more.error());
    if (!*more) return out;
    for (std::size_t row = 0; row < (*rows)->row_count(); ++row) {
      const Cell before = (*rows)->cell(row, 0), after = (*rows)->cell(row, 1);
      const auto* previous = std::get_if<std::string_view>(&before);
      const auto* state = std::get_if<std::string_view>(&after);
      if (!previous || !state) return fail(Code::corrupt, "a state is no text");
      out.push_back({std::string(*previous), std::string(*state), as_integer((*rows)->cell(row, 2)).value_or(0)});
    }
  }
}

}  // namespace aybiza
