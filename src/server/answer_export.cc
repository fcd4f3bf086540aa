#include "server/answer_export.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <filesystem>

#include "query/answer_rows.h"
#include "store/export.h"

namespace aybiza {
namespace {

constexpr ExportKind kinds[] = {{ExportFormat::csv, "csv", "text/csv; charset=utf-8"},
                                {ExportFormat::ndjson, "ndjson", "application/x-ndjson"},
                                {ExportFormat::parquet, "parquet", "application/vnd.apache.parquet"}};

Status write_as_parquet(AnswerRows& rows, const ByteSink& sink, const Clock& clock) {
  static std::atomic<unsigned> number{0};
  std::error_code failed;
  const auto path = std::filesystem::temp_directory_path(failed) / fmt::format("aybiza-answer-{}-{}.parquet", ::getpid(), ++number);
  Status done = write_parquet(rows, rows.parquet_columns(), path.string(), clock);
  if (done) done = send_file(path.string(), sink);
  std::filesystem::remove(path, failed);
  return done;
}

}  // namespace

std::optional<ExportKind> export_kind(std::string_view word) {
  const auto known = std::ranges::find(kinds, word, &ExportKind::word);
  return known == std::end(kinds) ? std::nullopt : std::optional(*known);
}

net::Response export_answer(const Question& question, const Answer& answer, const ExportKind& kind, const Clock& clock) {
  AnswerRows rows(question, answer);
  std::string body;
  const ByteSink sink = [&](std::string_view piece) { return body += piece, Status(); };
  const Status done = kind.format == ExportFormat::csv      ? write_csv(rows, sink)
                      : kind.format == ExportFormat::ndjson ? write_ndjson(rows, sink)
                                                            : write_as_parquet(rows, sink, clock);
  if (!done) return net::Response::error(503, "unavailable", done.error().message);
  return net::Response::text(200, std::move(body), std::string(kind.type))
      .with("Aybiza-As-Of", format_rfc3339(answer.as_of))
      .with("Aybiza-Source", answer.source)
      .with("Aybiza-Truncated", answer.truncated ? "true" : "false");
}

}  // namespace aybiza
