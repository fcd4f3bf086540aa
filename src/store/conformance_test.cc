// One suite for every engine: the same batches in, the same rows out.
#include <gtest/gtest.h>

#include "store/memory_store.h"
#include "store/row_text.h"
#include "store/sample_rows.h"
#include "store/engine_fixture.h"

namespace aybiza {
namespace {

using Texts = std::vector<std::string>;

class Conformance : public OnEngine {
 protected:
  bool persists() const { return engine_.persists(); }
};

Texts texts(Store& store, const RowFilter& filter = {}) {
  const auto rows = store.rows(filter);
  EXPECT_TRUE(rows.has_value()) << rows.error().message;
  return rows ? row_texts(*rows) : Texts{"failed"};
}

TEST_P(Conformance, AnEmptyStoreHasNothingApplied) {
  auto store = open();
  EXPECT_EQ(store->applied().value(), 0u);
  EXPECT_EQ(texts(*store), Texts{});
  EXPECT_TRUE(store->find_call("nobody", "")->calls.empty());
}

TEST_P(Conformance, ABatchIsTakenOnlyInItsPlace) {
  auto store = open();
  must(store->apply({.from = 0, .to = 5}));
  EXPECT_EQ(store->applied().value(), 5u);
  must(store->apply({.from = 5, .to = 5}));  // an empty range
  RowBatch again{.from = 0, .to = 5};
  again.usage.push_back({.id = {1, 2}});
  EXPECT_EQ(store->apply(again).error().code, Code::conflict);
  EXPECT_EQ(store->apply({.from = 7, .to = 9}).error().code, Code::conflict);
  EXPECT_EQ(store->apply({.from = 5, .to = 4}).error().code, Code::conflict);
  EXPECT_EQ(texts(*store), Texts{});
  EXPECT_EQ(store->applied().value(), 5u);
}

TEST_P(Conformance, RandomBatchesAnswerLikeTheMemoryStore) {
  for (const std::uint64_t seed : {1u, 2u, 3u}) {
    SCOPED_TRACE(seed);
    auto store = open();
    const std::uint64_t before = store->applied().value();
    if (before != 0) {  // the engine kept the seed before: this one goes to a fresh place
      store.reset();
      engine_.renew();
      store = open();
    }
    auto rival = make_memory_store();
    SampleRows sample(seed);
    for (int i = 0; i < 12; ++i) {
      const RowBatch batch = sample.next(300);
      must(store->apply(batch));
      must(rival->apply(batch));
      if (persists() && i % 4 == 3) {
        store.reset();
        store = open();
      }
      if (i % 5 == 4) must(store->checkpoint());
    }
    EXPECT_EQ(store->applied().value(), rival->applied().value());
    const Texts expected = texts(*rival);
    ASSERT_GT(expected.size(), 2000u);
    EXPECT_EQ(texts(*store), expected);

    const auto& [call_id, call] = *sample.calls().begin();
    const Instant from = call.start, to = from + std::chrono::minutes(40);
    const std::string customer = call.dims[Field::customer_id];
    const RowFilter filters[] = {
        {.tables = bit(Table::call_analytics)},
        {.from = from},
        {.from = from, .to = to},
        {.to = from},
        {.call = call_id},
        {.call = call_id, .customer = customer},
        {.call = call_id, .customer = "somebody else"},
        {.customer = customer},
        {.customer = "nobody"},
        {.tables = bit(Table::rollups), .step = std::chrono::hours(1)},
        {.tables = bit(Table::rollups), .customer = "customer-1", .step = std::chrono::minutes(1), .dimension = ""},
        {.tables = bit(Table::rollups), .dimension = "region"},
    };
    for (std::size_t i = 0; i < std::size(filters); ++i) {
      SCOPED_TRACE(i);
      EXPECT_EQ(texts(*store, filters[i]), texts(*rival, filters[i]));
    }
    EXPECT_EQ(row_texts(store->find_call(to_string(call_id), "").value()),
              row_texts(rival->find_call(to_string(call_id), "").value()));
    EXPECT_EQ(row_texts(store->find_call(call.external_call_id, customer).value()),
              row_texts(rival->find_call(call.external_call_id, customer).value()));
    EXPECT_FALSE(store->find_call(call.external_call_id, customer)->calls.empty());
    EXPECT_TRUE(store->find_call(call.external_call_id, "somebody else")->calls.empty());

    for (std::size_t table = 0; table < table_count; ++table)
      EXPECT_EQ(store->forget(Table(table), to).value(), rival->forget(Table(table), to).value());
    EXPECT_EQ(texts(*store), texts(*rival));
  }
}

TEST_P(Conformance, ABetterStartMovesTheCall) {
  auto store = open();
  CallRow call = a_call();
  must(store->apply({.from = 0, .to = 1, .calls = {call}}));
  call.stored_start = call.start;
  call.start += std::chrono::hours(-3);
  must(store->apply({.from = 1, .to = 2, .calls = {call}}));
  const auto found = store->rows({});
  ASSERT_EQ(found->calls.size(), 1u);
  EXPECT_EQ(found->calls[0].start, call.start);
  EXPECT_EQ(found->calls[0].stored_start, call.start);
}

TEST_P(Conformance, UnknownIsNeverZeroAndZeroIsNeverUnknown) {
  auto store = open();
  CallRow unknown = a_call(), zero = a_call();
  zero.call_id = {7, 9};
  zero.duration_us = zero.cost_nano = zero.satisfaction_e4 = zero.error_count = zero.nps = 0;
  must(store->apply({.from = 0, .to = 2, .calls = {unknown, zero}}));
  const auto found = store->rows({});
  ASSERT_EQ(found->calls.size(), 2u);
  EXPECT_FALSE(found->calls[0].duration_us || found->calls[0].cost_nano || found->calls[0].error_count);
  EXPECT_EQ(found->calls[1].duration_us, 0);
  EXPECT_EQ(found->calls[1].cost_nano, 0);
  EXPECT_EQ(found->calls[1].satisfaction_e4, 0);
}

LearningRow told(EventType type, std::uint64_t id, int minute, const char* name) {
  LearningRow row{.id = {0, id}, .time = from_micros(1'795'000'000'000'000) + std::chrono::minutes(minute), .type = type, .customer = "acme",
                  .agent_id = {}, .dims = {}, .pattern_id = {}, .name = {}, .outcome = {}, .replicated_from = {}, .graph_id = {}, .metric = {}, .ext = {}};
  (type == EventType::learning_pattern ? row.pattern_id : row.graph_id) = name;
  row.dims[Field::customer_id] = "acme";
  return row;
}

// What came before the range still counts in it: the last sizes of each graph, and which event told of a pattern first.
TEST_P(Conformance, LearningRowsBeforeARangeThatCountInIt) {
  auto store = open();
  RowBatch batch{.from = 0, .to = 1};
  const auto graph = [&](std::uint64_t id, int minute, const char* name, Number orphans, const char* version = "") {
    batch.learning.push_back(told(EventType::learning_knowledge, id, minute, name));
    batch.learning.back().orphans = orphans;
    batch.learning.back().dims[Field::agent_version] = version;
  };
  graph(1, 1, "g", 4);
  graph(2, 2, "g", 5);
  graph(3, 3, "g", {});
  graph(4, 1, "g", {}, "v2");
  graph(5, 9, "h", {});
  for (const auto& [id, minute, name] : {std::tuple(6u, 2, "p"), {7u, 4, "p"}, {8u, 7, "p"}, {9u, 3, "q"}})
    batch.learning.push_back(told(EventType::learning_pattern, id, minute, name));
  must(store->apply(batch));
  const auto ids = [&](RowFilter filter) {
    filter.tables = bit(Table::learning_events);
    std::vector<std::uint64_t> found;
    const auto rows = store->rows(filter);
    for (const LearningRow& row : rows->learning) found.push_back(row.id.low);
    return found;
  };
  const Instant from = batch.learning[0].time + std::chrono::minutes(4);  // minute 5
  EXPECT_EQ(ids({.from = from}), (std::vector<std::uint64_t>{8, 5}));
  const auto found = ids({.from = from, .to = from + std::chrono::minutes(4), .learning_before = true});
  const std::size_t all = 8;  // but what comes later: the memory store leaves nothing out
  EXPECT_EQ(found.size(), persists() ? 6u : all);
  if (persists()) {
    EXPECT_EQ(found, (std::vector<std::uint64_t>{4, 2, 6, 3, 9, 8}));
  }
  EXPECT_TRUE(ids({.from = from, .customer = "other", .learning_before = true}).empty());
}

// In steps, whoever writes in between; what was asked this version is left alone, and no rollup waits for it.
TEST_P(Conformance, TurnsGetVectorsOfANewModelOnce) {
  auto store = open();
  SampleRows sample(9);
  for (int i = 0; i < 4; ++i) must(store->apply(sample.next(300)));
  RowFilter turns;
  turns.tables = bit(Table::conversation_turns);
  const auto before = store->rows(turns);
  ASSERT_TRUE(before);
  const std::size_t waiting = store->dirty_rollups().size();
  std::size_t with_words = 0, made = 0, steps = 0;
  for (const TurnRow& row : before->turns) with_words += row.text_content.empty() ? 0 : 1;
  const auto make = [&](TurnRow& row) { ++made, row.topic_vector = std::string("\0\0\0\x3F", 4); };
  std::optional<Instant> from = Instant::min();
  for (; from && steps < 100; ++steps) {
    const auto step = store->renew_topics("v2", make, *from, 50);
    ASSERT_TRUE(step) << step.error().message;
    from = step->next;
    if (steps == 1) must(store->apply({.from = store->applied().value(), .to = store->applied().value() + 1}));
  }
  EXPECT_EQ(made, with_words);
  EXPECT_GT(steps, with_words / 60);
  EXPECT_EQ(store->renew_topics("v2", make, Instant::min(), 50)->turns, 0u);
  EXPECT_EQ(store->dirty_rollups().size(), waiting);
  const auto after = store->rows(turns);
  ASSERT_TRUE(after);
  ASSERT_EQ(after->turns.size(), before->turns.size());
  for (std::size_t i = 0; i < after->turns.size(); ++i) {
    TurnRow expected = before->turns[i];
    if (!expected.text_content.empty()) expected.topic_vector = std::string("\0\0\0\x3F", 4), expected.topic_version = "v2";
    EXPECT_EQ(row_texts({.turns = {after->turns[i]}}), row_texts({.turns = {expected}}));
  }
  turns.without_topic = "v2";
  EXPECT_EQ(store->rows(turns)->turns.size(), 0u);
  turns.without_topic = "v3";
  EXPECT_EQ(store->rows(turns)->turns.size(), with_words);
}

INSTANTIATE_TEST_SUITE_P(Engines, Conformance, testing::ValuesIn(TestEngine::names()), [](const auto& engine) { return engine.param; });

}  // namespace
}  // namespace aybiza
