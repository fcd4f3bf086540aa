// Tables spread over the nodes of a Citus cluster: which are, what a commit leaves that was cut off, and exports of one moment. On other servers nothing is.
#include "store/postgres_citus.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "store/engine_fixture.h"
#include "store/memory_store.h"
#include "store/postgres_migrate.h"
#include "store/row_text.h"
#include "store/sample_rows.h"

namespace aybiza {
namespace {

constexpr std::int64_t all_tables = 9;

std::vector<std::string> postgres_engines() {
  auto out = TestEngine::names();
  std::erase_if(out, [](const std::string& name) { return !name.starts_with("postgres"); });
  return out;
}

class Citus : public OnEngine {
 protected:
  void SetUp() override {
    OnEngine::SetUp();
    if (IsSkipped()) return;
    connection_ = raw();
    if (!may_distribute(features())) GTEST_SKIP() << "this server has no Citus 13";
  }
  std::unique_ptr<PostgresConnection> raw() {
    auto made = PostgresConnection::open(engine_.url(), clock_, false);
    EXPECT_TRUE(made.has_value()) << made.error().message;
    return std::move(*made);
  }
  PostgresFeatures features() {
    const auto found = detect_features(*connection_);
    EXPECT_TRUE(found.has_value()) << found.error().message;
    return *found;
  }
  std::int64_t asked(std::string_view text) {
    const auto found = connection_->integer(text);
    EXPECT_TRUE(found.has_value()) << found.error().message;
    return found ? found->value_or(0) : 0;
  }
  void run(const std::string& text) {
    const Status done = connection_->script(text);
    ASSERT_TRUE(done.has_value()) << text << ": " << done.error().message;
  }

  std::unique_ptr<PostgresConnection> connection_;
};
INSTANTIATE_TEST_SUITE_P(Engines, Citus, testing::ValuesIn(postgres_engines()), [](const auto& engine) { return engine.param; });

TEST_P(Citus, WhatBelongsToACallLiesTogether) {
  auto store = open();
  ASSERT_TRUE(store);
  EXPECT_EQ(features().distributed, all_tables);
  EXPECT_EQ(asked("SELECT count(DISTINCT colocationid) FROM pg_dist_partition WHERE logicalrelid IN "
                  "('call_analytics'::regclass, 'conversation_turns'::regclass, 'usage_events'::regclass, 'interventions'::regclass)"), 1);
  SampleRows sample(51);
  ASSERT_TRUE(store->apply(sample.next(2'000)).has_value());
  EXPECT_GT(asked("SELECT count(*) FROM (SELECT get_shard_id_for_distribution_column('call_analytics', call_id) AS shard FROM call_analytics GROUP BY 1) shards"), 1);
  EXPECT_GT(store->stats().file_bytes, 0u);
}

// A start that was killed between two groups goes on with the next; a group with rows stays where it is, and so does all that belongs to it.
TEST_P(Citus, ADistributionGoesOnAndAHistoryThatIsThereStays) {
  ASSERT_TRUE(open());
  run("SELECT undistribute_table('raw_events')");
  for (const char* table : {"interventions", "usage_events", "conversation_turns"}) run(fmt::format("SELECT undistribute_table('{}')", table));
  EXPECT_EQ(features().distributed, all_tables - 4);
  run("INSERT INTO raw_events (time, event_id) VALUES (now(), '00000000-0000-0000-0000-000000000001')");
  auto store = open();
  ASSERT_TRUE(store);
  EXPECT_EQ(features().distributed, all_tables - 1);  // raw events have a row
  const auto rival = make_memory_store();
  SampleRows sample(52);
  for (int round = 0; round < 3; ++round) {
    const RowBatch batch = sample.next(300);
    const Status written = store->apply(batch);
    ASSERT_TRUE(written.has_value()) << written.error().message;
    ASSERT_TRUE(rival->apply(batch).has_value());
  }
  run("DELETE FROM raw_events WHERE event_id = '00000000-0000-0000-0000-000000000001'");
  EXPECT_EQ(row_texts(store->rows({}).value()), row_texts(rival->rows({}).value()));
}

// Views of another program are made anew over tables that are distributed, and what later versions change is changed on every node.
TEST_P(Citus, ViewsAreMadeAnew) {
  auto store = open();
  ASSERT_TRUE(store);
  SampleRows sample(53);
  ASSERT_TRUE(store->apply(sample.next(500)).has_value());
  store.reset();
  run("DELETE FROM published_views; DROP VIEW call_analytics_hourly; CREATE VIEW call_analytics_hourly AS SELECT 1 AS other");
  store = open();
  ASSERT_TRUE(store);
  EXPECT_EQ(asked("SELECT coalesce(sum(total_calls), 0)::bigint FROM call_analytics_hourly"), asked("SELECT count(*) FROM call_analytics"));
  store.reset();
  std::vector<Migration> tomorrow(postgres_migrations().begin(), postgres_migrations().end());
  tomorrow.push_back({tomorrow.back().version + 1, "of_tomorrow", "ALTER TABLE conversation_turns ADD COLUMN of_tomorrow TEXT; CREATE INDEX of_tomorrow ON conversation_turns (of_tomorrow);\n"
                                                                   "UPDATE conversation_turns SET of_tomorrow = 'x'"});
  const Status done = migrate(*connection_, tomorrow, clock_.now());
  ASSERT_TRUE(done.has_value()) << done.error().message;
  EXPECT_EQ(asked("SELECT count(*) FROM conversation_turns WHERE of_tomorrow = 'x'"), asked("SELECT count(*) FROM conversation_turns"));
  run(fmt::format("DELETE FROM schema_migrations WHERE version = {}", tomorrow.back().version));
  store = open();
  ASSERT_TRUE(store);
  ASSERT_TRUE(store->apply(sample.next(500)).has_value());
}

// What a node has prepared is decided before a writer goes on: with a line of the coordinator's it is committed, without one rolled back.
TEST_P(Citus, WhatWasCutOffInACommitIsDecidedFirst) {
  auto store = open();
  ASSERT_TRUE(store);
  SampleRows sample(54);
  ASSERT_TRUE(store->apply(sample.next(300)).has_value());
  store.reset();
  const std::int64_t group = asked("SELECT groupid FROM pg_dist_node WHERE isactive ORDER BY nodeid LIMIT 1");
  if (asked("SELECT groupid FROM pg_dist_local_group") != group) GTEST_SKIP() << "the coordinator is no node of this cluster";
  run("CREATE TABLE cut_off (what TEXT)");
  const std::string id = std::to_string(asked("SELECT (random() * 1000000)::bigint"));
  for (const char* what : {"1", "2"})
    run(fmt::format("BEGIN; INSERT INTO cut_off VALUES ('{0}'); PREPARE TRANSACTION 'citus_0_{1}_{0}_0'", what, id));
  run(fmt::format("INSERT INTO pg_dist_transaction (groupid, gid) VALUES ({}, 'citus_0_{}_2_0')", group, id));
  EXPECT_EQ(asked("SELECT count(*) FROM cut_off"), 0);
  store = open();
  ASSERT_TRUE(store);
  EXPECT_EQ(asked("SELECT count(*) FROM pg_prepared_xacts WHERE gid LIKE 'citus\\_0\\_" + id + "%'"), 0);
  EXPECT_EQ(asked("SELECT sum(what::int) FROM cut_off"), 2);
}

TEST_P(Citus, AnExportIsOfOneMomentOnAllNodes) {
  auto store = open();
  ASSERT_TRUE(store);
  std::atomic<bool> done = false;
  constexpr std::uint64_t calls = 40;  // a batch
  std::thread writer([&] {
    for (std::uint64_t batch = 0; !done; ++batch) {
      RowBatch rows{.from = batch * calls, .to = (batch + 1) * calls};
      for (std::uint64_t i = 0; i < calls; ++i) {
        CallRow call;
        call.call_id = {batch, i * 0x9E3779B97F4A7C15ull}, call.agent_id = {1, 1}, call.start = call.updated = clock_.now();
        rows.calls.push_back(std::move(call));
      }
      const Status written = store->apply(rows);
      ASSERT_TRUE(written.has_value()) << written.error().message;
    }
  });
  for (int i = 0; i < 40; ++i) {
    std::uint64_t as_of = 0, lines = 0;
    const Status told = store->export_table("call_analytics", ExportFormat::ndjson, Instant::min(), Instant::max(), [&](std::string_view piece) {
      lines += std::uint64_t(std::ranges::count(piece, '\n'));
      return Status();
    }, {.as_of = &as_of});
    EXPECT_TRUE(told.has_value()) << told.error().message;
    EXPECT_EQ(lines, as_of) << i;
  }
  done = true;
  writer.join();
}

// Late news of archived calls: rows lie in a file and, newer, on a node, and which counts is on the coordinator.
TEST_P(Citus, AnExportThatReadsTheArchiveIsOfOneMoment) {
  auto store = open();
  ASSERT_TRUE(store);
  constexpr std::uint64_t batches = 60, calls = 20;
  const Instant begin = clock_.now();
  const auto batch = [&](std::uint64_t number, bool again) {
    const std::uint64_t from = ((again ? batches : 0) + number) * calls;
    RowBatch rows{.from = from, .to = from + calls};
    for (std::uint64_t i = 0; i < calls; ++i) {
      CallRow call;
      call.call_id = {number, i * 0x9E3779B97F4A7C15ull}, call.agent_id = {1, 1}, call.start = call.updated = begin + std::chrono::seconds(number);
      if (again) call.stored_start = call.start, call.turns = 1;
      rows.calls.push_back(std::move(call));
    }
    return store->apply(rows);
  };
  for (std::uint64_t i = 0; i < batches; ++i) ASSERT_TRUE(batch(i, false).has_value());
  ASSERT_TRUE(store->archive(Table::call_analytics, begin, begin + std::chrono::hours(1)).has_value());
  std::atomic<std::uint64_t> written = 0;
  std::thread writer([&] {
    for (; written < batches; ++written) ASSERT_TRUE(batch(written, true).has_value());
  });
  std::size_t between = 0;
  for (bool over = false; !over;) {
    over = written == batches;
    std::uint64_t as_of = 0;
    std::string text;
    const auto both = store->with_archive(Instant::min(), Instant::max());
    const Status told = both->export_table("call_analytics", ExportFormat::ndjson, Instant::min(), Instant::max(), [&](std::string_view piece) {
      text += piece;
      return Status();
    }, {.as_of = &as_of});
    ASSERT_TRUE(told.has_value()) << told.error().message;
    EXPECT_EQ(std::uint64_t(std::ranges::count(text, '\n')), batches * calls);
    std::uint64_t changed = 0;
    for (std::size_t at = 0; (at = text.find("\"turns\":1,", at)) != std::string::npos; ++at) ++changed;
    EXPECT_EQ(changed, as_of - batches * calls);
    between += changed > 0 && changed < batches * calls ? 1 : 0;
  }
  writer.join();
  EXPECT_GT(between, 1u);  // or nothing was shown
}

}  // namespace
}  // namespace aybiza
