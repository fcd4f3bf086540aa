// Which calls stay: whole ones, by their id alone, and as they began when rules change.
#include "ingest/call_sampler.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>

#include "base/limits.h"

namespace aybiza {
namespace {

using namespace std::chrono_literals;

const Instant begin = from_micros(1'795'000'000'000'000);

class CallSampling : public testing::Test {
 protected:
  CallSampling() {
    std::filesystem::create_directories(directory_);
    rules_ = std::move(*SamplingRules::open(directory_));
    restart();
  }
  ~CallSampling() override { std::filesystem::remove_all(directory_); }

  void restart() { sampler_ = std::make_unique<CallSampler>(*rules_); }
  std::string rule(double keep, const char* customer = "*") {
    const auto done = rules_->set({.id = {}, .customer = customer, .what = SamplingRule::What::calls, .pattern = "money", .keep = keep}, begin);
    EXPECT_TRUE(done) << done.error().message;
    return done ? done->id : "";
  }
  // What becomes of an event of a call: 0 left out, else its weight.
  std::int64_t send(std::uint64_t call, EventType type, Instant now, std::string_view scope = "acme") {
    EventBatch batch;
    const auto values = batch.arena.array<Value>(1);
    values[0] = {Field::call_id, 0, "x"};
    batch.events.push_back({.type = type, .time = now, .id = {call, ++next_}, .call = {9, call}, .scope = scope, .values = values});
    batch.index.push_back(0);
    batch.wire_bytes.push_back(0);
    const std::uint64_t out = sampler_->sample(batch, now);
    EXPECT_EQ(batch.events.size() + out, 1u);
    EXPECT_EQ(batch.index.size(), batch.events.size());
    if (batch.events.empty()) return 0;
    EXPECT_TRUE(std::ranges::is_sorted(batch.events[0].values, {}, &Value::field));
    return batch.events[0].number(Field::sample_weight).value_or(1);
  }

  const std::filesystem::path directory_ = std::filesystem::temp_directory_path() / ("aybiza-calls-" + to_string(random_id()));
  std::unique_ptr<SamplingRules> rules_;
  std::unique_ptr<CallSampler> sampler_;
  std::uint64_t next_ = 0;
};

using enum EventType;

TEST_F(CallSampling, NothingWithoutARule) {
  for (std::uint64_t call = 1; call < 200; ++call) EXPECT_EQ(send(call, turn, begin), 1);
  EXPECT_EQ(sampler_->left_out(), 0u);
}

TEST_F(CallSampling, OneInTenOfTheCallsStayAndAllOfTheirEvents) {
  rule(0.1);
  restart();
  std::uint64_t kept = 0;
  for (std::uint64_t call = 1; call <= 20'000; ++call) {
    const std::int64_t weight = send(call, call_started, begin);
    EXPECT_TRUE(weight == 0 || weight == 10);
    kept += weight > 0;
    for (const EventType type : {turn, usage, call_updated, call_ended, call_rated, call_intervened}) EXPECT_EQ(send(call, type, begin + 1h), weight);
    EXPECT_EQ(weight, CallSampler::weight({9, call}, 10));
  }
  EXPECT_NEAR(double(kept), 2000, 200);  // five standard errors
  EXPECT_EQ(sampler_->left_out(), (20'000 - kept) * 7);
  for (std::uint64_t call = 1; call < 50; ++call)
    for (const EventType type : {agent_status, EventType::system, metric, learning_pattern, change, other}) EXPECT_EQ(send(call, type, begin), 1);
}

TEST_F(CallSampling, ARestartDecidesAlikeAndALaxerRuleKeepsWhatAStricterOneKept) {
  rule(0.25);
  restart();
  std::map<std::uint64_t, std::int64_t> before;
  for (std::uint64_t call = 1; call < 500; ++call) before[call] = send(call, turn, begin);
  restart();
  for (const auto& [call, weight] : before) {
    EXPECT_EQ(send(call, turn, begin + 1h), weight);
    if (CallSampler::weight({9, call}, 100) > 0) {
      EXPECT_EQ(weight, 4);
    }
  }
}

TEST_F(CallSampling, OfACustomerOrOfAll) {
  rule(0.001, "acme");
  rule(0.5);
  restart();
  int halves = 0, of_acme = 0;
  for (std::uint64_t call = 1; call <= 2000; ++call) {
    const std::int64_t other = send(call, turn, begin, "platform");
    EXPECT_TRUE(other == 0 || other == 2);
    halves += other > 0;
    const std::int64_t acme = send(call, turn, begin, "acme");
    EXPECT_TRUE(acme == 0 || acme == 1000);
    of_acme += acme > 0;
  }
  EXPECT_NEAR(halves, 1000, 120);
  EXPECT_LT(of_acme, 15);
}

TEST_F(CallSampling, CallsInFlightGoOnAsTheyBegan) {
  const auto spoken = [&](std::uint64_t first, Instant now, EventType type) {
    std::map<std::uint64_t, std::int64_t> out;
    for (std::uint64_t call = first; call < first + 300; ++call) out[call] = send(call, type, now);
    return out;
  };
  const auto whole = spoken(1, begin, call_started);
  const std::string id = rule(0.1);
  const Instant after = begin + 2s;
  EXPECT_EQ(spoken(1, after, turn), whole);              // began before
  const auto sampled = spoken(1000, after, call_started);  // begin now
  EXPECT_NE(sampled, whole);
  EXPECT_EQ(spoken(1000, after + 1s, turn), sampled);
  const auto unsaid = spoken(2000, after + 1min, turn);  // nobody says that they begin: as before, for now
  for (const auto& [call, weight] : unsaid) EXPECT_EQ(weight, 1);
  for (int minutes = 10; minutes <= 120; minutes += 10) {  // long calls
    EXPECT_EQ(spoken(1, after + std::chrono::minutes(minutes), turn), whole) << minutes;
    EXPECT_EQ(spoken(2000, after + std::chrono::minutes(minutes), turn), unsaid) << minutes;
  }
  const Instant later = after + 121min;
  for (const auto& [call, weight] : spoken(3000, later, turn)) EXPECT_EQ(weight, CallSampler::weight({9, call}, 10));
  // And when the rule goes.
  EXPECT_TRUE(rules_->remove(id));
  const Instant gone = later + 2s;
  EXPECT_EQ(spoken(1000, gone, turn), sampled);
  const auto full = spoken(4000, gone, call_started);
  for (const auto& [call, weight] : full) EXPECT_EQ(weight, 1);
  EXPECT_EQ(spoken(1000, gone + 20min, call_ended), sampled);
  for (const auto& [call, weight] : spoken(5000, gone + 2h, turn)) EXPECT_EQ(weight, 1);
}

TEST_F(CallSampling, RulesNameMoneyAndWholeNumbers) {
  const auto refused = [&](const char* pattern, double keep) {
    const auto done = rules_->set({.id = {}, .what = SamplingRule::What::calls, .pattern = pattern, .keep = keep}, begin);
    EXPECT_FALSE(done) << keep;
    return done ? std::string() : done.error().message;
  };
  EXPECT_NE(refused("nothing else", 0.1).find("name money too"), std::string::npos);
  EXPECT_NE(refused("money", 0.7).find("one in a whole number"), std::string::npos);
  EXPECT_NE(refused("money", 0.0001).find("from 2 to 1000"), std::string::npos);
  refused("money", 1);
  refused("money", 0);
  rule(0.333);
  rule(0.02, "acme");
  auto again = SamplingRules::open(directory_);
  ASSERT_TRUE(again);
  const CallShares want = {{"*", 3}, {"acme", 50}};
  EXPECT_EQ(call_shares((*again)->list()), want);
  EXPECT_EQ(one_in(want, "beta"), 3);
  EXPECT_EQ(one_in(want, "acme"), 50);
  EXPECT_EQ((*again)->look(begin)->keep("acme", "voice", ""), 1);  // metrics are not meant
}

}  // namespace
}  // namespace aybiza
