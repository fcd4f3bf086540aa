#include "live/tokens.h"

#include <algorithm>

namespace aybiza {
namespace {

constexpr std::string_view asked[] = {"input_tokens", "cache_read_tokens", "output_tokens", "tokens"};

// nullopt: nothing was used.
std::optional<std::array<double, token_columns>> kinds_in(const std::vector<Figure>& row, std::size_t first) {
  const Known all = number_in(row, first + 3);
  if (!all) return std::nullopt;
  std::array<double, token_columns> out{};
  for (std::size_t i = 0; i < 3; ++i) out[i] = number_in(row, first + i).value_or(0);
  out[3] = std::max(0.0, *all - out[0] - out[1] - out[2]);
  return out;
}

}  // namespace

TokensState compute_tokens(const Ask& ask, const ViewScope& scope, Instant now) {
  TokensState state;
  state.as_of = now;
  const Range range = range_of(scope, now);
  state.over_time.names.assign(token_column_names.begin(), token_column_names.end());
  state.over_time.values.resize(token_columns);
  Question q = question_of(asked, floor_to(range.from, range.step), range.to, scope);
  q.step = range.step, q.zone = scope.zone;
  const auto series = ask(q);
  if (!series) {
    state.over_time.error = series.error().message;
  } else {
    state.over_time.estimate = rests_on_sample(*series);
    for (const auto& row : series->rows) {
      const auto kinds = kinds_in(row, 1);
      state.over_time.times.push_back(parse_rfc3339(text_in(row[0])).value_or(Instant{}));
      for (std::size_t i = 0; i < token_columns; ++i) state.over_time.values[i].push_back(kinds ? Known((*kinds)[i]) : std::nullopt);
    }
  }
  if (ChartSeries& chart = state.over_time; !chart.times.empty() && chart.times.back() + range.step > now) {  // still filling: it would look like a fall
    chart.times.pop_back();
    for (auto& values : chart.values) values.pop_back();
  }
  Question by_model = question_of(asked, range.from, range.to, scope);
  by_model.by = {{Dimension::model_used, ""}};
  const auto models = ask(by_model);
  if (!models) return state.models_error = models.error().message, state;
  state.models_estimate = rests_on_sample(*models);
  for (const auto& row : models->rows)
    if (const auto kinds = kinds_in(row, 1); kinds && ModelTokens{"", *kinds}.all() > 0) state.models.push_back({text_in(row[0]), *kinds});
  std::ranges::stable_sort(state.models, std::greater(), &ModelTokens::all);
  return state;
}

}  // namespace aybiza
