#include "fleet/replay.h"

#include <gtest/gtest.h>

#include <fstream>

#include "base/ids.h"

namespace aybiza {
namespace {

using namespace std::chrono_literals;

TEST(Replay, MovesTimesAndSaltsIdsAndNothingElse) {
  const auto line = rewrite_line(
      R"({"type":"turn","id":"e1","time":"2026-11-20T08:00:00.000Z","data":{"call_id":"c","started_at":"2026-11-20T07:59:58Z","text_content":"at \"08:00\"","turn_number":1}})",
      60s, "s1");
  ASSERT_TRUE(line);
  EXPECT_EQ(line->line,
            R"({"type":"turn","id":"e1-s1","time":"2026-11-20T08:01:00.000Z","data":{"call_id":"c-s1","started_at":"2026-11-20T08:00:58.000Z","text_content":"at \"08:00\"","turn_number":1}})");
  EXPECT_FALSE(rewrite_line("[1]", 0s, ""));
  EXPECT_FALSE(rewrite_line(R"({"type":"turn"})", 0s, ""));
}

TEST(Replay, LastEventComesToLieNow) {
  const auto file = std::filesystem::temp_directory_path() / ("aybiza-replay-" + to_string(random_id()) + ".ndjson");
  std::ofstream(file) << R"({"type":"x","time":"2026-01-01T00:00:10Z","data":{}})" "\n\n"
                      << R"({"type":"x","time":"2026-01-01T00:00:00Z","data":{}})" "\n";
  const Instant now = *parse_rfc3339("2026-11-21T09:00:00Z");
  const auto lines = load_replay(file, {.last_event_at = now, .salt = ""});
  ASSERT_TRUE(lines);
  ASSERT_EQ(lines->size(), 2u);
  EXPECT_EQ((*lines)[0].time, now - 10s);
  EXPECT_EQ((*lines)[1].time, now);
  std::filesystem::remove(file);
  EXPECT_FALSE(load_replay(file, {}));
}

}  // namespace
}  // namespace aybiza
