// A stranger's query string: never crashes, and what is accepted keeps its bounds.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "base/limits.h"
#include "query/answer.h"
#include "query/rows_scan.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace aybiza;
  if (size > 8192) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const Instant now = from_micros(1'795'251'600'000'000);
  const auto question = parse_question(parse_query_string(text), now);
  if (!question) {
    CHECK(!question.error().message.empty() && !to_json(question.error()).empty());
    return 0;
  }
  CHECK(question->from < question->to && question->limit > 0 && question->limit <= limits::query_rows_max);
  CHECK(!question->measures.empty());
  // Empty rows: every bucket of a question without groups is there, with nothing in it.
  if (question->step.count() != 0 && (question->to - question->from) / question->step > 2'000) return 0;
  const auto answer = answer_from_rows(*question, RowSet{}, now, "fuzz");
  CHECK(!answer || answer->columns.size() == columns(*question).size());
  return 0;
}
