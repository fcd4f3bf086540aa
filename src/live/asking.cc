#include "live/asking.h"

#include <algorithm>

#include "base/limits.h"

namespace aybiza {

Question question_of(std::span<const std::string_view> measures, Instant from, Instant to, const ViewScope& scope) {
  Question q;
  for (const std::string_view word : measures) q.measures.push_back(*parse_measure(word));
  q.from = from, q.to = to;
  q.where = filters_of(scope);
  q.limit = limits::query_rows_default;
  return q;
}

Known number_in(const std::vector<Figure>& row, std::size_t column) {
  const auto* value = column < row.size() ? std::get_if<double>(&row[column]) : nullptr;
  return value ? Known(*value) : std::nullopt;
}

bool rests_on_sample(const Answer& answer) { return std::ranges::find(answer.estimate, true) != answer.estimate.end(); }

void note_sample(const Answer& answer, std::size_t column, TileState& tile) {
  if (column >= answer.estimate.size() || !answer.estimate[column] || answer.standard_error.empty()) return;
  tile.estimate = true;
  tile.standard_error = answer.standard_error[0][column];
}

std::string text_in(const Figure& figure) {
  const auto* value = std::get_if<std::string>(&figure);
  return value ? *value : std::string{};
}

}  // namespace aybiza
