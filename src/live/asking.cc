#include "live/asking.h"

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

std::string text_in(const Figure& figure) {
  const auto* value = std::get_if<std::string>(&figure);
  return value ? *value : std::string{};
}

}  // namespace aybiza
