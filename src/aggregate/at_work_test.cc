// Who is at work is what going through all calls says, however they came, changed their agents, moved and went.
#include "aggregate/at_work.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>

namespace aybiza {
namespace {

using namespace std::chrono_literals;

struct Given {
  Id agent{};
  Instant start{};
  std::int64_t weight = 1;
};

void check(const AtWork& at_work, const std::vector<std::optional<Given>>& calls, Instant from) {
  CallsThrough found;
  std::set<std::size_t> beyond, later;
  at_work.through(from, found, [&](std::size_t place) { EXPECT_TRUE(beyond.insert(place).second); });
  std::int64_t number = 0;
  bool estimate = false;
  std::set<Id> agents;
  for (std::size_t i = 0; i < calls.size(); ++i) {
    if (!calls[i]) continue;
    if (calls[i]->start > from) later.insert(i);
    else if (calls[i]->start >= from - at_work_at_most) number += calls[i]->weight, estimate |= calls[i]->weight > 1, agents.insert(calls[i]->agent);
  }
  EXPECT_EQ(found.calls, number);
  EXPECT_EQ(found.estimate, estimate);
  EXPECT_EQ(beyond, later);
  EXPECT_EQ(found.agents.size(), agents.size());  // each once
  EXPECT_EQ(std::set<Id>(found.agents.begin(), found.agents.end()), agents);
}

TEST(AtWork, is_what_going_through_all_calls_says) {
  const Instant t = from_micros(1'763'712'000'000'000);
  for (const unsigned seed : {1u, 2u, 3u}) {
    std::mt19937_64 random(seed);
    const auto number = [&](int low, int high) { return std::uniform_int_distribution(low, high)(random); };
    AtWork at_work;
    std::vector<std::optional<Given>> calls;
    for (int step = 0; step < 4000; ++step) {
      const bool grows = step < 2000;
      if (const int what = number(0, 9); what < (grows ? 4 : 2)) {
        at_work.enter();
        calls.emplace_back();
      } else if (what < 8 && !calls.empty()) {
        const auto place = std::size_t(number(0, int(calls.size()) - 1));
        calls[place] = Given{.agent = uuid_v5(std::to_string(number(0, 60))), .start = t - Duration(number(0, 20) * 1'000'000) - (number(0, 30) == 0 ? at_work_at_most : Duration(0)), .weight = number(0, 40) == 0 ? 10 : 1};
        at_work.set(place, calls[place]->agent, calls[place]->start, calls[place]->weight);
      } else if (what >= (grows ? 9 : 8) && !calls.empty()) {
        const auto place = std::size_t(number(0, int(calls.size()) - 1));
        at_work.leave(place);
        calls[place] = calls.back();
        calls.pop_back();
      }
      std::set<Id> agents;
      for (const auto& call : calls)
        if (call) agents.insert(call->agent);
      ASSERT_EQ(at_work.agents(), agents.size());
      if (step % 40 == 0) check(at_work, calls, t - Duration(number(0, 20) * 1'000'000));
    }
    while (!calls.empty()) at_work.leave(calls.size() - 1), calls.pop_back();
    EXPECT_EQ(at_work.agents(), 0u);
  }
}

}  // namespace
}  // namespace aybiza
