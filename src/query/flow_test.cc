// Flow on every engine that speaks SQL: a fixture whose pairs can be counted by hand.
#include "query/flow.h"

#include <gtest/gtest.h>

#include "store/engine_fixture.h"

namespace aybiza {
namespace {

using namespace std::chrono_literals;

const Instant noon = from_micros(1'795'003'200'000'000);

class Flow : public OnStore {
 protected:
  Flow() : OnStore(noon) {}
  void call(std::uint64_t id, const char* customer, Instant start) {
    CallRow row;
    row.call_id = {1, id};
    row.start = row.updated = start;
    row.dims[Field::customer_id] = customer;
    batch_.calls.push_back(std::move(row));
  }
  void turn(std::uint64_t call, std::int64_t number, Instant time, const char* state) {
    TurnRow row;
    row.call_id = {1, call}, row.turn_number = number, row.time = row.updated = time, row.state = state;
    batch_.turns.push_back(std::move(row));
  }
  void apply() { ASSERT_TRUE(store_->apply(batch_)); }
  std::string flow(Instant from, Instant to, std::string_view customer = "") {
    const auto pairs = flow_of(*store_, from, to, customer, no_deadline);
    if (!pairs) return pairs.error().message;
    std::string out;
    for (const FlowPair& pair : *pairs) out += fmt::format("{}>{} {}, ", pair.from, pair.to, pair.count);
    return out;
  }

  RowBatch batch_{.from = 0, .to = 1};
};
INSTANTIATE_TEST_SUITE_P(Engines, Flow, testing::ValuesIn(TestEngine::speaking_sql()), [](const auto& engine) { return engine.param; });

TEST_P(Flow, CountsPairsWhoseSecondTurnIsInTheRange) {
  call(1, "acme", noon);
  turn(1, 1, noon, "greeting");
  turn(1, 2, noon + 10s, "request");
  turn(1, 3, noon + 20s, "");  // unknown: the next one follows on what was before it
  turn(1, 4, noon + 30s, "closing");
  call(2, "o'neill", noon + 5s);
  turn(2, 2, noon + 6s, "request");  // told before the first
  turn(2, 1, noon + 8s, "greeting");
  turn(2, 3, noon + 50s, "Request");
  call(3, "acme", noon);
  turn(3, 1, noon + 1s, "greeting");  // alone
  apply();
  EXPECT_EQ(flow(noon, noon + 1min), "greeting>request 2, request>Request 1, request>closing 1, ");
  EXPECT_EQ(flow(noon, noon + 1min, "acme"), "greeting>request 1, request>closing 1, ");
  EXPECT_EQ(flow(noon, noon + 1min, "o'neill"), "greeting>request 1, request>Request 1, ");
  EXPECT_EQ(flow(noon, noon + 1min, "nobody"), "");
  EXPECT_EQ(flow(noon + 10s, noon + 30s), "greeting>request 1, ");  // the first turn lies before the range
  EXPECT_EQ(flow(noon + 6s, noon + 7s), "greeting>request 1, ");    // or behind it
  EXPECT_EQ(flow(noon + 30s, noon + 31s, "acme"), "request>closing 1, ");
}

TEST_P(Flow, LooksADayBackAndNoFurther) {
  call(1, "acme", noon - 72h);
  turn(1, 1, noon - 48h, "a");
  turn(1, 2, noon - 24h, "b");
  turn(1, 3, noon, "c");
  apply();
  EXPECT_EQ(flow(noon, noon + 1s), "b>c 1, ");
  EXPECT_EQ(flow(noon - 24h, noon + 1s, "acme"), "a>b 1, b>c 1, ");
  EXPECT_EQ(flow(noon + 1us, noon + 1h), "");
  EXPECT_EQ(flow(noon - 24h, noon), "a>b 1, ");
  EXPECT_EQ(flow(noon - 1us, noon + 1s), "b>c 1, ");
}

}  // namespace
}  // namespace aybiza
