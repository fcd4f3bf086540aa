// An answer as rows, so that what writes tables writes answers too.
//
// Shape    one chunk; a histogram is a JSON text, the start of a bucket a time, everything else what it is in JSON. A measure
//          that is an estimate (docs/sampling.md) has a column `<its name>_standard_error` after all measures, empty where
//          the error is not known; an answer without estimates has none.
// Threads  as Rows.
#pragma once

#include "query/answer.h"
#include "store/parquet.h"

namespace aybiza {

class AnswerRows final : public Rows {
 public:
  // REQUIRES: the answer outlives it and is the question's.
  AnswerRows(const Question& question, const Answer& answer);
  std::vector<ParquetColumn> parquet_columns() const;

  const std::vector<std::string>& columns() const override { return columns_; }
  Result<bool> next() override { return !std::exchange(told_, true) && !answer_.rows.empty(); }
  std::size_t row_count() const override { return answer_.rows.size(); }
  Cell cell(std::size_t row, std::size_t column) const override;
  void cancel() override {}

 private:
  const Answer& answer_;
  std::vector<std::string> columns_;
  std::vector<std::size_t> estimates_;  // columns of the answer whose errors stand behind them all
  bool timed_, told_ = false;
  std::size_t keys_;                                         // texts before the figures
  std::map<std::pair<std::size_t, std::size_t>, std::string> histograms_;  // by row and column
};

}  // namespace aybiza
