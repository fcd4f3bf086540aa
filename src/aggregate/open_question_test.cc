// A question answered some calls at a time, while the shard goes on, has the answer of the moment it was asked.
#include "aggregate/open_question.h"

#include <gtest/gtest.h>

#include <fmt/format.h>

#include "aggregate/random_life.h"

namespace aybiza {
namespace {

using namespace std::chrono_literals;
using testing::Life;

std::string told(const LivePartial& partial) {
  std::vector<std::string> lines;
  const auto text = [](const LiveGroup& group) {
    std::string out;
    for (const auto& value : group) out += value.value_or("-") + "|";
    return out;
  };
  for (const auto& [key, tally] : partial.cells) {
    std::string line = fmt::format("{} {}", key.bucket, text(key.group));
    for (const std::string_view word : {"calls", "successful_calls", "resolved_calls", "errors", "rated_calls", "avg_satisfaction", "quality_score", "turns", "interruptions", "avg_sentiment",
                                        "cost_usd", "tokens", "input_tokens", "p50_duration_ms", "p95_voice_latency_ms", "p99_response_time_ms", "p90_llm_latency_ms", "p50_cost_usd"}) {
      const auto value = value_of(*parse_measure(word), tally);
      line += value ? fmt::format(" {} {}", word, *value) : fmt::format(" {} -", word);
    }
    lines.push_back(std::move(line));
  }
  for (const CallInterval& one : partial.intervals)
    lines.push_back(fmt::format("{} {} {} {} {} {}", to_string(one.call), to_string(one.agent), to_micros(one.start), to_micros(one.end), one.weight, text(one.group)));
  for (const auto& [group, calls] : partial.through) {
    auto agents = calls.agents;
    std::ranges::sort(agents);
    lines.push_back(fmt::format("through {} {} {}", text(group), calls.calls, calls.estimate));
    for (const Id& agent : agents) lines.push_back(to_string(agent));
  }
  lines.push_back(fmt::format("in flight {}", partial.calls_in_flight));
  std::ranges::sort(lines);
  return fmt::format("{}", fmt::join(lines, "\n"));
}

std::vector<LiveQuestion> questions_at(Instant now) {
  const LiveFilter north{.dimension = Dimension::region, .values = {"eu-west"}};
  LiveQuestion ended{.by = {Dimension::region, Dimension::call_outcome}, .where = {}, .edges = {now - 3h - 7s, now}};  // no pane fits
  LiveQuestion turns{.by = {Dimension::speaker}, .where = {north}, .edges = {now - 95min, now - 11min, now}};
  LiveQuestion spend{.by = {Dimension::model_used, Dimension::agent_type}, .where = {}, .edges = {now - 26h, now}};
  LiveQuestion edge{.by = {}, .where = {}, .edges = {now - 61min - 3s, now - 17s}};                                      // panes, and what they leave
  LiveQuestion busy{.by = {Dimension::agent_id, Dimension::channel}, .where = {}, .edges = {now - 40min, now}, .calls = false, .turns = false, .usage = false, .intervals = true};
  LiveQuestion fleet{.by = {}, .where = {}, .edges = {now - 20min - 1s, now}, .turn_detail = false, .usage_detail = false, .extremes = false, .intervals = true};
  return {ended, turns, spend, edge, busy, fleet};
}

TEST(OpenQuestion, has_the_answer_of_the_moment_it_was_asked) {
  std::size_t asked = 0, changed = 0, late = 0;
  for (unsigned seed = 1; seed <= 16; ++seed) {
    Life life(seed, seed % 3 == 0 ? 25 : 0);
    while (!life.over()) {
      for (int i = 0; i < 60 && !life.over(); ++i) life.step();
      const Instant now = life.last().received;
      struct Asked {
        LiveQuestion question;
        std::string wanted;
        std::uint64_t number = 0;
      };
      std::vector<Asked> under_way;
      for (const LiveQuestion& question : questions_at(now)) under_way.push_back({question, told(life.shard.ask(question, now)), life.shard.begin_ask(question, now)});
      while (!under_way.empty()) {
        for (int i = 0; i < 8 && !life.over() && life.chance(80); ++i) life.step();
        const auto at = under_way.begin() + (life.chance(50) ? 0 : std::ptrdiff_t(under_way.size()) - 1);
        const auto answer = life.shard.next_of_ask(at->number, life.chance(50) ? 1 : 9);
        if (!answer) {
          ++late;
          continue;
        }
        ASSERT_EQ(told(*answer), at->wanted) << "seed " << seed << " question " << at->number;
        ++asked;
        changed += told(life.shard.ask(at->question, now)) != at->wanted;
        under_way.erase(at);
      }
    }
  }
  EXPECT_GT(asked, 500u);
  EXPECT_GT(late, 2000u);
  EXPECT_GT(changed, asked / 3);  // else nothing was shown
}

}  // namespace
}  // namespace aybiza
