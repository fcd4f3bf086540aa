#include "query/answer_rows.h"

#include <fmt/format.h>

#include "base/check.h"

namespace aybiza {
namespace {

std::string json_of(const Histogram& histogram) {
  std::string out = "[";
  for (const HistogramBucket& bucket : histogram)
    out += fmt::format("{}[{},{},{}]", out.size() == 1 ? "" : ",", bucket.low, bucket.high, bucket.count);
  return out + "]";
}

}  // namespace

AnswerRows::AnswerRows(const Question& question, const Answer& answer)
    : answer_(answer), columns_(answer.columns), timed_(question.step.count() != 0), keys_((timed_ ? 1 : 0) + question.by.size()) {
  for (std::size_t column = 0; column < answer.estimate.size(); ++column) {
    if (!answer.estimate[column]) continue;
    estimates_.push_back(column);
    columns_.push_back(answer.columns[column] + "_standard_error");
  }
  for (std::size_t row = 0; row < answer.rows.size(); ++row)
    for (std::size_t column = 0; column < answer.columns.size(); ++column)
      if (const auto* histogram = std::get_if<Histogram>(&answer.rows[row][column])) histograms_[{row, column}] = json_of(*histogram);
}

std::vector<ParquetColumn> AnswerRows::parquet_columns() const {
  std::vector<ParquetColumn> out;
  for (const std::string& name : columns_) {
    const std::size_t place = out.size();
    const bool text = place < keys_ || (name.starts_with("hist_") && place < answer_.columns.size());
    out.push_back({name, place == 0 && timed_ ? "TIMESTAMP WITH TIME ZONE" : text ? "VARCHAR" : "DOUBLE"});
  }
  return out;
}

Cell AnswerRows::cell(std::size_t row, std::size_t column) const {
  CHECK(row < answer_.rows.size() && column < columns_.size());
  if (column >= answer_.columns.size()) {
    const auto error = answer_.standard_error[row][estimates_[column - answer_.columns.size()]];
    return error ? Cell(*error) : Cell(std::monostate{});
  }
  const Figure& figure = answer_.rows[row][column];
  if (const auto* number = std::get_if<double>(&figure)) return *number;
  if (std::holds_alternative<Histogram>(figure)) return std::string_view(histograms_.at({row, column}));
  const auto* text = std::get_if<std::string>(&figure);
  if (!text) return std::monostate{};
  if (column == 0 && timed_)
    if (const auto time = parse_rfc3339(*text)) return *time;
  return std::string_view(*text);
}

}  // namespace aybiza
