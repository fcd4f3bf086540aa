// What was moved into Parquet against a store that keeps everything: the same rows, whatever moved, came late and moved again.
#include "store/duck_archive.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "store/duckdb_store.h"
#include "store/row_text.h"
#include "store/sample_rows.h"
#include "store/scratch.h"

namespace aybiza {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

const Instant base = from_micros(1'795'000'000'000'000);  // rows lie in the two hours after it
constexpr Table tables[] = {Table::call_analytics, Table::conversation_turns, Table::usage_events, Table::interventions, Table::system_performance_metrics,
                            Table::agent_status, Table::metric_values, Table::metric_distributions, Table::learning_events, Table::change_events, Table::raw_events};

class DuckArchiveTest : public testing::Test {
 protected:
  std::unique_ptr<Store> open(const Scratch& scratch) {
    auto store = open_duckdb_store({.directory = scratch.path(), .clock = &clock_});
    EXPECT_TRUE(store.has_value()) << store.error().message;
    return store ? std::move(*store) : nullptr;
  }
  static std::vector<std::string> texts(Store& store, Table table) {
    const auto rows = store.rows({.tables = bit(table), .call = {}, .customer = {}, .step = {}, .dimension = {}});
    EXPECT_TRUE(rows.has_value()) << rows.error().message;
    auto out = rows ? row_texts(*rows) : std::vector<std::string>();
    std::sort(out.begin(), out.end());  // points of one moment have no order of their own
    return out;
  }
  static void same(Store& store, Store& rival) {
    for (const Table table : tables) EXPECT_EQ(texts(store.with_archive(), table), texts(rival, table)) << to_string(table);
  }
  static std::size_t files(const Store& store) {
    std::size_t count = 0;
    for (const auto& entry : fs::recursive_directory_iterator(store.archive_folder()))
      if (entry.is_regular_file()) {
        EXPECT_EQ(entry.path().extension(), ".parquet");
        ++count;
      }
    return count;
  }

  Scratch scratch_, other_;
  ManualClock clock_{base};
};

TEST_F(DuckArchiveTest, NothingArchivedIsTheStoreItself) {
  auto store = open(scratch_);
  EXPECT_EQ(&store->with_archive(), store.get());
  EXPECT_EQ(store->archived_before(), Instant::min());
  EXPECT_EQ(store->archive(Table::rollups, base, base + 1h).error().code, Code::invalid);
}

TEST_F(DuckArchiveTest, RowsAreTheSameWhereverTheyLie) {
  auto store = open(scratch_), rival = open(other_);
  SampleRows sample(11);
  const auto feed = [&] {
    RowBatch batch = sample.next(300);
    batch.late.clear();  // of a call that is not in the table becomes a raw event
    ASSERT_TRUE(store->apply(batch).has_value());
    ASSERT_TRUE(rival->apply(batch).has_value());
  };
  for (int i = 0; i < 4; ++i) feed();
  for (const Table table : tables) {
    const std::size_t before = texts(*store, table).size();
    const auto first = store->archive(table, base, base + 40min);
    ASSERT_TRUE(first.has_value()) << to_string(table) << ": " << first.error().message;
    EXPECT_TRUE(first->replaced.empty());
    EXPECT_EQ(texts(*store, table).size() + first->rows, before) << to_string(table);
    ASSERT_TRUE(store->archive(table, base + 40min, base + 80min).has_value());
  }
  EXPECT_EQ(store->archived_before(), base + 80min);
  EXPECT_NE(&store->with_archive(), store.get());
  same(*store, *rival);

  // Changed rows of calls that were moved lie in the table again, and take the place of the archived ones; then they move too.
  for (int i = 0; i < 3; ++i) feed();
  same(*store, *rival);
  for (const Table table : tables) {
    const auto again = store->archive(table, base + 10min, base + 50min);
    ASSERT_TRUE(again.has_value()) << again.error().message;
    EXPECT_EQ(again->replaced.size(), 2u) << to_string(table);
    EXPECT_EQ(again->from, base);
    EXPECT_EQ(again->to, base + 80min);
  }
  same(*store, *rival);
  EXPECT_EQ(files(*store), std::size(tables) * 3);  // who read the replaced ones may still do

  // A start finds it as it was, and removes what nothing lists.
  store.reset();
  std::ofstream(scratch_.path() + "/archive/call_analytics/0000-9.parquet") << "left by a transaction that did not commit";
  store = open(scratch_);
  EXPECT_EQ(store->stats().repaired, "");
  EXPECT_EQ(files(*store), std::size(tables));
  EXPECT_EQ(store->archived_before(), base + 80min);
  same(*store, *rival);
}

TEST_F(DuckArchiveTest, AFileThatIsGoneIsSaidAndItsRowsAreNotTakenForNone) {
  auto store = open(scratch_);
  SampleRows sample(12);
  ASSERT_TRUE(store->apply(sample.next(300)).has_value());
  const auto moved = store->archive(Table::conversation_turns, base, base + 1h);
  ASSERT_TRUE(moved.has_value()) << moved.error().message;
  EXPECT_EQ(store->gone_before(Table::conversation_turns), Instant::min());
  store.reset();
  const fs::path file = fs::path(scratch_.path()) / "archive" / moved->file, away = scratch_.path() + "/away";
  fs::rename(file, away);
  store = open(scratch_);
  EXPECT_NE(store->stats().repaired.find("conversation_turns"), std::string::npos);
  EXPECT_EQ(store->gone_before(Table::conversation_turns), base + 1h);
  EXPECT_EQ(store->gone_before(Table::call_analytics), Instant::min());
  store.reset();
  fs::rename(away, file);
  store = open(scratch_);
  EXPECT_EQ(store->stats().repaired, "");
  EXPECT_EQ(store->gone_before(Table::conversation_turns), Instant::min());
  EXPECT_EQ(texts(store->with_archive(), Table::conversation_turns).size(), texts(*store, Table::conversation_turns).size() + moved->rows);
}

TEST_F(DuckArchiveTest, ACopyIsOfTheCheckpointWhateverIsWrittenMeanwhile) {
  auto store = open(scratch_);
  SampleRows sample(13);
  ASSERT_TRUE(store->apply(sample.next(300)).has_value());
  std::vector<std::vector<std::string>> before;
  for (const Table table : tables) before.push_back(texts(*store, table));
  auto copy = store->begin_copy();
  ASSERT_TRUE(copy.has_value()) << copy.error().message;
  const std::uint64_t applied = (*copy)->applied();
  EXPECT_EQ(applied, store->applied().value());
  EXPECT_EQ(store->begin_copy().error().code, Code::conflict);
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(store->apply(sample.next(300)).has_value());
  EXPECT_EQ(store->checkpoint().error().code, Code::unavailable);
  std::string bytes((*copy)->bytes(), '\0');
  EXPECT_EQ((*copy)->read(bytes, 0).value(), bytes.size());
  EXPECT_EQ((*copy)->read(std::span(bytes).first(10), bytes.size()).value(), 0u);
  ASSERT_TRUE((*copy)->intact().has_value());
  copy->reset();
  ASSERT_TRUE(store->checkpoint().has_value());
  std::ofstream(other_.path() + "/store.duckdb", std::ios::binary) << bytes;
  auto restored = open(other_);
  EXPECT_EQ(restored->applied().value(), applied);
  for (std::size_t i = 0; i < std::size(tables); ++i) EXPECT_EQ(texts(*restored, tables[i]), before[i]) << to_string(tables[i]);
}

}  // namespace
}  // namespace aybiza
