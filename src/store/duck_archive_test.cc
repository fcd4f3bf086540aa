// What is the embedded store's own: files that are gone, copies that are taken while rows are written. The rest: archive_test.cc.
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
  Scratch scratch_, other_;
  ManualClock clock_{base};
};

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
  EXPECT_EQ(texts(*store->with_archive(Instant::min(), Instant::max()), Table::conversation_turns).size(), texts(*store, Table::conversation_turns).size() + moved->rows);
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
