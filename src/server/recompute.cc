#include "server/recompute.h"

#include <fmt/format.h>

#include <cstdio>
#include <fstream>

#include "base/clock.h"
#include "codec/event_binary.h"
#include "query/oracle.h"
#include "query/rollup_repair.h"
#include "server/open_store.h"
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

namespace {

Result<Instant> time_of(const std::string& text, Instant otherwise) {
  if (text.empty()) return otherwise;
  if (const auto time = parse_rfc3339(text)) return *time;
  return fail(Code::invalid, "'{}' is not a time like 2026-11-21T09:00:00Z", text);
}

// A run that was cut off has left its range in `note`, and its marks in the store.
Status mark_range(Store& store, const std::filesystem::path& note, const std::string& range, Instant from, Instant to) {
  std::string left;
  std::getline(std::ifstream(note), left);
  if (left == range) {
    fmt::print("going on with what a run before left of {}\n", range);
    return {};
  }
  AYBIZA_TRY(store.mark_rollups(from, to));
  std::ofstream(note) << range << "\n";
  return {};
}

Status recompute_rollups(const std::filesystem::path& data, const std::string& store_text, const std::string& from_text, const std::string& to_text) {
  const auto from = time_of(from_text, Instant::min()), to = time_of(to_text, Instant::max());
  if (!from) return std::unexpected(from.error());
  if (!to) return std::unexpected(to.error());
  const SystemClock clock;
  auto store = open_store(data, store_text, clock);
  if (!store) return std::unexpected(store.error());
  const std::filesystem::path note = data / "recompute";
  const std::string range = fmt::format("[{}, {})", from_text.empty() ? "the beginning" : from_text, to_text.empty() ? "the end" : to_text);
  AYBIZA_TRY(mark_range(**store, note, range, *from, *to));
  const std::size_t all = (*store)->dirty_rollups().size();
  std::size_t told = 0;
  const auto progress = [&](const RepairReport& report) {
    const std::size_t percent = all == 0 ? 100 : report.buckets * 100 / all;
    if (percent / 5 == told / 5 && percent != 100) return;
    told = percent;
    fmt::print("{} of {} buckets, {} rows\n", report.buckets, all, report.rows);
    std::fflush(stdout);
  };
  const auto done = repair_rollups(**store, {.now = clock.now(), .elapsed = clock.elapsed(), .at_once = true}, [] { return false; }, progress);
  if (!done) return std::unexpected(done.error());
  AYBIZA_TRY((*store)->checkpoint());
  std::error_code ignored;  // then the next run of this range finds nothing left to do
  std::filesystem::remove(note, ignored);
  fmt::print("made anew: {} minutes, hours and days, {} rows\n", done->buckets, done->rows);
  return {};
}

}  // namespace

int run_recompute_apply(const std::filesystem::path& data, const std::string& store, const std::string& from, const std::string& to) {
  const Status done = recompute_rollups(data, store, from, to);
  if (!done) fmt::print(stderr, "aybiza recompute: {}\n", done.error().message);
  return done ? 0 : done.error().code == Code::invalid ? 2 : 1;
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
