#include "server/recompute.h"

#include <fmt/format.h>

#include "base/clock.h"
#include "codec/event_binary.h"
#include "query/oracle.h"
#include "server/pipeline.h"
#include "spool/reader.h"
#include "spool/verify.h"

namespace aybiza {

int run_recompute(const std::filesystem::path& data, const std::string& query) {
  const SystemClock clock;
  const Instant now = clock.now();
  const auto question = parse_question(parse_query_string(query), now);
  if (!question) {
    fmt::print("{}\n", to_json(question.error()));
    return 1;
  }
  auto reader = spool::read_directory(spool::posix_fs(), (data / "spool").string(), spool::Offset{0});
  if (!reader) {
    fmt::print(stderr, "aybiza recompute: {}\n", reader.error().message);
    return 2;
  }
  const auto prices = prices_before(data, (*reader)->position().value);
  if (!prices) {
    fmt::print(stderr, "aybiza recompute: {}\n", prices.error().message);
    return 1;
  }
  Oracle oracle(*prices);
  if (const Instant began = data_began(data); began != Instant::max()) oracle.begin(began);
  std::vector<Value> values;
  Instant received{};
  std::uint64_t first = 0;
  for (;;) {
    auto record = (*reader)->next();
    if (!record) {
      fmt::print(stderr, "aybiza recompute: {}\n", record.error().message);
      return 1;
    }
    if (!*record) break;
    if (first == 0) first = (*record)->first.value;
    received = std::max(received, (*record)->received);
    for (std::size_t i = 0; i < (*record)->count(); ++i)
      if (const auto decoded = decode_event((*record)->event(i).bytes, values)) oracle.add(decoded->event, received);
  }
  // Older segments may have been released: then the log speaks only from there on.
  if (first > 1) fmt::print(stderr, "aybiza recompute: the log reaches back to offset {}; what came before is in the store only\n", first);
  const auto answer = answer_from_rows(*question, oracle.rows(std::max(received, now)), now, "recompute");
  if (!answer) {
    fmt::print("{}\n", to_json(answer.error()));
    return 1;
  }
  fmt::print("{}\n", to_json(*answer));
  return 0;
}

int run_verify(const std::filesystem::path& data) {
  const auto report = spool::verify(spool::posix_fs(), (data / "spool").string());
  if (!report) {
    fmt::print(stderr, "aybiza verify: {}\n", report.error().message);
    return 2;
  }
  fmt::print("{}", to_text(*report));
  return report->clean() ? 0 : 1;
}

}  // namespace aybiza
