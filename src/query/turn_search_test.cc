// Searching turns on every engine, beside the rival that looks at each row: the same hits in the same order, scores within rounding.
#include "query/turn_search.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <set>

#include "base/limits.h"
#include "query/turn_filters.h"
#include "store/memory_store.h"
#include "store/engine_fixture.h"
#include "text/topic_model.h"

namespace aybiza {
namespace {

using namespace std::chrono_literals;
using By = TurnSearch::By;

const Instant noon = from_micros(1'795'003'200'000'000);
constexpr const char* vocabulary[] = {"refund", "invoice", "router", "Don't", "flight", "\xC3\x84rger", "\xD0\x94\xD0\xB0", "please", "charged", "4711", "again", "[phone:~34]"};

std::vector<float> random_vector(std::mt19937_64& random, std::size_t size, const std::vector<float>& near = {}) {
  std::normal_distribution<float> normal;
  std::vector<float> out(size);
  for (std::size_t i = 0; i < size; ++i) out[i] = (near.empty() ? 0 : near[i]) + normal(random) * (near.empty() ? 1.0f : 0.7f);
  return out;
}

class Search : public OnStore {
 protected:
  Search() : OnStore(noon) {}

  // Calls of three customers, a turn every ten seconds.
  void fill(std::size_t turns, std::size_t embedding_numbers) {
    RowBatch batch{.from = 0, .to = 1};
    std::vector<std::vector<float>> centres;
    for (int i = 0; i < 20; ++i) centres.push_back(random_vector(random_, embedding_numbers));
    for (std::size_t i = 0; i < turns; ++i) {
      const Id call{1, i / 10};
      if (i % 10 == 0) {
        CallRow row;
        row.call_id = call, row.start = row.updated = noon + 10s * i;
        row.dims[Field::customer_id] = i / 10 % 10 == 0 ? "tiny" : i / 10 % 2 == 0 ? "acme" : "o'neill";
        row.dims[Field::agent_id] = "agent-" + std::to_string(i / 10 % 3);
        row.external_call_id = "call-" + std::to_string(i / 10);
        batch.calls.push_back(std::move(row));
      }
      TurnRow row;
      row.call_id = call, row.turn_number = std::int64_t(i % 10), row.time = row.updated = noon + 10s * i;
      row.agent_speaks = i % 2 == 1, row.intent = i % 3 == 0 ? "request" : "", row.topics = std::uint32_t(i % 4);
      row.sentiment_e4 = std::int64_t(i % 5) * 4'000 - 8'000;
      for (std::size_t word = 0; i % 17 != 0 && word < 3 + i % 5; ++word) row.text_content.append(word == 0 ? "" : " ").append(vocabulary[random_() % std::size(vocabulary)]);
      if (i % 3 != 0) row.embedding = float_bytes(random_vector(random_, embedding_numbers, centres[random_() % centres.size()]));
      if (i % 11 == 0) row.embedding = float_bytes(std::vector<float>{1, 2});                        // of another length
      if (i % 13 == 1) row.embedding = float_bytes(std::vector<float>(embedding_numbers));           // points nowhere
      row.topic_vector = float_bytes(random_vector(random_, TopicModel::dimensions, {}));
      row.topic_version = i % 4 == 0 ? "lsa1-old" : "lsa1-new";
      batch.turns.push_back(std::move(row));
    }
    ASSERT_TRUE(store_->apply(batch)) << "apply";
    ASSERT_TRUE(rival_->apply(batch));
  }

  TurnSearch search(By by, std::size_t hits = 10) const {
    TurnSearch out;
    out.by = by, out.hits = hits, out.from = noon, out.to = noon + 24h * 30;
    if (by == By::topic) out.version = "lsa1-new";
    return out;
  }

  void check(const TurnSearch& asked) {
    const auto found = search_turns(*store_, asked, no_deadline);
    ASSERT_TRUE(found) << found.error().message;
    const auto expected = search_rows(*rival_, asked);
    ASSERT_TRUE(expected);
    EXPECT_EQ(found->turns, expected->turns);
    EXPECT_EQ(found->looked_at, expected->looked_at);
    EXPECT_TRUE(found->complete);
    ASSERT_EQ(found->hits.size(), expected->hits.size());
    for (std::size_t i = 0; i < found->hits.size(); ++i) {
      const TurnHit &a = found->hits[i], &b = expected->hits[i];
      EXPECT_NEAR(a.score, b.score, 2e-5) << i;
      if (i > 0 && std::abs(b.score - expected->hits[i - 1].score) < 4e-5) continue;  // rounded, they may change places
      if (i + 1 < found->hits.size() && std::abs(b.score - expected->hits[i + 1].score) < 4e-5) continue;
      EXPECT_EQ(std::tie(a.call_id, a.turn_number, a.time, a.agent_speaks, a.text, a.intent, a.external_call_id, a.customer, a.agent, a.sentiment_e4, a.topics),
                std::tie(b.call_id, b.turn_number, b.time, b.agent_speaks, b.text, b.intent, b.external_call_id, b.customer, b.agent, b.sentiment_e4, b.topics)) << i;
    }
  }

  std::unique_ptr<Store> rival_ = make_memory_store();
  std::mt19937_64 random_{7};
};
INSTANTIATE_TEST_SUITE_P(Engines, Search, testing::ValuesIn(TestEngine::names()), [](const auto& engine) { return engine.param; });

TEST_P(Search, ByWordsAsTheRivalRanks) {
  fill(600, 8);
  for (const std::vector<std::string>& words : {std::vector<std::string>{"refund"}, {"refund", "invoice"}, {"dont"}, {"\xC3\xA4rger", "4711"}, {"\xD0\xB4\xD0\xB0"}, {"[phone]"}, {"nobody", "said"}})
    for (const bool every : {false, true}) {
      SCOPED_TRACE(words.front());
      TurnSearch asked = search(By::words, 15);
      asked.words = words, asked.every_word = every;
      check(asked);
    }
  TurnSearch asked = search(By::words, 200);
  asked.words = {"refund"};
  asked.where = {{"customer_id", {"o'neill", "tiny"}}, {"speaker", {"caller"}}};
  check(asked);
  asked.where = {{"topic", {"billing", "account"}}, {"sentiment", {"negative"}}};
  check(asked);
  asked.where = {{"intent", {"request"}}, {"agent_id", {"agent-1"}}};
  check(asked);
  asked.where = {{"call_id", {to_string(Id{1, 3}), to_string(Id{1, 4})}}};
  check(asked);
  asked.where.clear(), asked.from = noon + 600s, asked.to = noon + 1200s;
  check(asked);
  asked.customers = {"acme"};
  check(asked);
}

TEST_P(Search, ByVectorsAsTheRivalRanks) {
  fill(600, 8);
  for (const By by : {By::topic, By::embedding}) {
    TurnSearch asked = search(by);
    asked.vector = random_vector(random_, by == By::topic ? TopicModel::dimensions : 8);
    check(asked);
    asked.hits = 200;
    asked.customers = {"tiny"};
    check(asked);
    asked.customers.clear();
    asked.where = {{"speaker", {"agent"}}, {"customer_id", {"acme"}}};
    check(asked);
    asked.from = noon + 24h * 20;  // nothing is there
    check(asked);
  }
  TurnSearch old = search(By::topic);
  old.vector = random_vector(random_, TopicModel::dimensions), old.version = "lsa1-old";
  check(old);
  old.version = "lsa1-never";
  const auto none = search_turns(*store_, old, no_deadline);
  ASSERT_TRUE(none);
  EXPECT_TRUE(none->hits.empty());
  EXPECT_EQ(none->turns, 600u);
  EXPECT_EQ(none->looked_at, 0u);
}

// A turn that says exactly this is the first, whoever asks among those who may see it.
TEST_P(Search, ShowsOneCustomerNothingOfAnother) {
  fill(200, 8);
  for (const By by : {By::words, By::topic, By::embedding}) {
    TurnSearch asked = search(by, 200);
    asked.words = {"please", "again"};
    if (by != By::words) asked.vector = random_vector(random_, by == By::topic ? TopicModel::dimensions : 8);
    asked.customers = {"acme"};
    auto found = search_turns(*store_, asked, no_deadline);
    ASSERT_TRUE(found) << found.error().message;
    EXPECT_FALSE(found->hits.empty());
    for (const TurnHit& hit : found->hits) EXPECT_EQ(hit.customer, "acme");
    asked.where = {{"customer_id", {"o'neill"}}};
    found = search_turns(*store_, asked, no_deadline);
    ASSERT_TRUE(found);
    EXPECT_TRUE(found->hits.empty());
    EXPECT_EQ(found->turns, 0u);
  }
}

// Of the nearest by comparing all, an index has to find 95 of 100; asked for exactness, all of them.
TEST_P(Search, AnIndexFindsNinetyFiveOfAHundred) {
  fill(3'000, limits::embedding_numbers);
  const auto built = store_->index_vectors(false);
  if (!built) {
    EXPECT_EQ(built.error().code, Code::unsupported) << built.error().message;
    EXPECT_NE(GetParam(), "postgres_newer") << built.error().message;
    GTEST_SKIP() << built.error().message;
  }
  for (const By by : {By::embedding, By::topic})
    for (const char* customer : {"", "acme", "tiny"}) {
      SCOPED_TRACE(fmt::format("{} '{}'", int(by), customer));
      std::size_t found = 0, wanted = 0, by_index = 0;
      for (int n = 0; n < 15; ++n) {
        TurnSearch asked = search(by);
        asked.vector = random_vector(random_, by == By::topic ? TopicModel::dimensions : limits::embedding_numbers);
        if (*customer != '\0') asked.customers = {customer};
        const auto nearest = search_rows(*rival_, asked);
        const auto got = search_turns(*store_, asked, no_deadline);
        ASSERT_TRUE(got) << got.error().message;
        by_index += got->index ? 1 : 0;
        std::set<std::pair<Id, std::int64_t>> best;
        for (const TurnHit& hit : nearest->hits) best.insert({hit.call_id, hit.turn_number});
        for (const TurnHit& hit : got->hits) found += best.contains({hit.call_id, hit.turn_number}) ? 1 : 0;
        wanted += best.size();
        asked.exact = true;
        check(asked);
      }
      EXPECT_GE(double(found), 0.95 * double(wanted));
      fmt::print("recall by {}{}{}: {:.3f} of {} nearest in 3 000 turns, {} of 15 answers by the index\n", by == By::embedding ? "embedding" : "topic vector", *customer ? " of customer " : "",
                 customer, double(found) / double(wanted), wanted, by_index);
      EXPECT_GT(by_index, 0u);
    }
  EXPECT_TRUE(store_->index_vectors(false));  // once more
  EXPECT_TRUE(store_->index_vectors(true));
  TurnSearch asked = search(By::embedding);
  asked.vector = random_vector(random_, limits::embedding_numbers);
  const auto without = search_turns(*store_, asked, no_deadline);
  ASSERT_TRUE(without);
  EXPECT_FALSE(without->index);
  check(asked);
}

}  // namespace
}  // namespace aybiza
