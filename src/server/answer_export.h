// The answer to a question as a file: CSV, NDJSON or Parquet.
//
// Threads  functions of their arguments.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "net/http.h"
#include "query/answer.h"
#include "store/store.h"

namespace aybiza {

struct ExportKind {
  ExportFormat format;
  std::string_view word, type;  // "csv", "text/csv; charset=utf-8"
};
std::optional<ExportKind> export_kind(std::string_view word);

// As of when, from where and whether it was cut is told by the headers Aybiza-As-Of, Aybiza-Source and Aybiza-Truncated.
net::Response export_answer(const Question& question, const Answer& answer, const ExportKind& kind, const Clock& clock);

}  // namespace aybiza
