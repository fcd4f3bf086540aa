// What was moved into Parquet against a store that keeps everything: the same rows, whatever moved, came late and moved again, from every engine.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <regex>

#include "store/duck.h"
#include "store/memory_store.h"
#include "store/row_text.h"
#include "store/sample_rows.h"
#include "store/scratch.h"
#include "store/engine_fixture.h"

namespace aybiza {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

const Instant base = from_micros(1'795'000'000'000'000);  // rows lie in the two hours after it
constexpr Table tables[] = {Table::call_analytics, Table::conversation_turns, Table::usage_events, Table::interventions, Table::system_performance_metrics,
                            Table::agent_status, Table::metric_values, Table::metric_distributions, Table::learning_events, Table::change_events, Table::raw_events};

class Archive : public OnEngine {
 protected:
  Archive() : OnEngine(base) {}
  static std::vector<std::string> texts(Store& store, Table table) {
    const auto rows = store.rows({.tables = bit(table), .call = {}, .customer = {}, .step = {}, .dimension = {}});
    EXPECT_TRUE(rows.has_value()) << rows.error().message;
    auto out = rows ? row_texts(*rows) : std::vector<std::string>();
    std::sort(out.begin(), out.end());  // points of one moment have no order of their own
    return out;
  }
  static void same(Store& store, Store& rival) {
    for (const Table table : tables) EXPECT_EQ(texts(*store.with_archive(Instant::min(), Instant::max()), table), texts(rival, table)) << to_string(table);
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

  static void without_columns(const std::string& file, std::string_view columns) {
    const SystemClock clock;
    const Scratch scratch;
    DuckDatabase database;
    ASSERT_EQ(duckdb_open((scratch.path() + "/any.duckdb").c_str(), database.out()), DuckDBSuccess);
    auto connection = DuckConnection::open(database.get(), clock);
    ASSERT_TRUE(connection.has_value());
    const auto copied = connection->run(fmt::format("COPY (SELECT * EXCLUDE ({0}) FROM read_parquet('{1}') ORDER BY time, call_id, turn_number) TO '{1}.tmp' (FORMAT parquet)", columns, file));
    ASSERT_TRUE(copied.has_value()) << copied.error().message;
    ASSERT_GT(*copied, 10u);
    fs::rename(file + ".tmp", file);
  }

  // "1.500" and "1.5" are one number: engines differ in what they write behind it.
  static std::string trimmed(std::string_view line) {
    static const std::regex zeros(R"((\.\d*?)0+([,}]))"), point(R"((\d)\.([,}]))");
    return std::regex_replace(std::regex_replace(std::string(line), zeros, "$1$2"), point, "$1$2");
  }
  // All rows of a table or view, in an order of their own.
  static std::vector<std::string> exported(Store& store, std::string_view table) {
    std::string text;
    const Status done = store.export_table(table, ExportFormat::ndjson, Instant::min(), Instant::max(), [&](std::string_view piece) -> Status {
      text += piece;
      return {};
    });
    EXPECT_TRUE(done.has_value()) << table << ": " << done.error().message;
    std::vector<std::string> out;
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t end = text.find('\n', at);
      out.push_back(trimmed(std::string_view(text).substr(at, end - at)));
      at = end + 1;
    }
    std::sort(out.begin(), out.end());
    return out;
  }

};

TEST_P(Archive, NothingArchivedIsTheStoreItself) {
  auto store = open();
  EXPECT_EQ(store->with_archive(Instant::min(), Instant::max()).get(), store.get());
  EXPECT_EQ(store->archived_before(), Instant::min());
  EXPECT_EQ(store->archive(Table::rollups, base, base + 1h).error().code, Code::invalid);
}

TEST_P(Archive, RowsAreTheSameWhereverTheyLie) {
  auto store = open();
  const auto rival = make_memory_store();
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
  EXPECT_NE(store->with_archive(Instant::min(), Instant::max()).get(), store.get());
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
  std::ofstream(engine_.folder() + "/archive/call_analytics/0000-9.parquet") << "left by a transaction that did not commit";
  store = open();
  EXPECT_EQ(store->stats().repaired, "");
  EXPECT_EQ(files(*store), std::size(tables));
  EXPECT_EQ(store->archived_before(), base + 80min);
  same(*store, *rival);
}

// A view over what is archived and what is not says what it said before.
TEST_P(Archive, PublishedViewsReadIt) {
  auto store = open();
  SampleRows sample(17);
  RowBatch batch = sample.next(400);
  ASSERT_TRUE(store->apply(batch).has_value());
  const char* const views[] = {"call_analytics", "conversation_turns", "call_analytics_hourly", "metric_points"};
  std::vector<std::vector<std::string>> before;
  for (const char* view : views) before.push_back(exported(*store, view));
  for (const Table table : tables) ASSERT_TRUE(store->archive(table, base, base + 100min).has_value()) << to_string(table);
  for (std::size_t i = 0; i < std::size(views); ++i) {
    EXPECT_LT(exported(*store, views[i]).size(), before[i].size()) << views[i];
    EXPECT_EQ(exported(*store->with_archive(Instant::min(), Instant::max()), views[i]), before[i]) << views[i];
  }
}

// Calls are found with all that is theirs, whichever of it was moved.
TEST_P(Archive, ACallIsFoundWhereverItsRowsLie) {
  auto store = open();
  const auto rival = make_memory_store();
  SampleRows sample(19);
  RowBatch batch = sample.next(400);
  batch.late.clear();
  ASSERT_TRUE(store->apply(batch).has_value());
  ASSERT_TRUE(rival->apply(batch).has_value());
  ASSERT_TRUE(store->archive(Table::conversation_turns, base, base + 2h).has_value());
  ASSERT_TRUE(store->archive(Table::call_analytics, base, base + 1h).has_value());
  int looked = 0;
  for (const auto& [id, call] : sample.calls()) {
    if (++looked > 6) break;
    const auto found = store->with_archive(Instant::min(), Instant::max())->find_call(call.external_call_id, call.dims[Field::customer_id]);
    const auto wanted = rival->find_call(call.external_call_id, call.dims[Field::customer_id]);
    ASSERT_TRUE(found.has_value()) << found.error().message;
    EXPECT_EQ(row_texts(*found), row_texts(*wanted)) << call.external_call_id;
  }
  EXPECT_TRUE(store->with_archive(Instant::min(), Instant::max())->find_call("nobody", "").value().calls.empty());
}

// A row that is removed, or moves away from what was archived, is not seen there any more: also when that is moved again, and after a start.
TEST_P(Archive, ARemovedRowOfThenIsGone) {
  auto store = open();
  const auto rival = make_memory_store();
  SampleRows sample(23);
  RowBatch batch = sample.next(300), next;
  batch.late.clear();
  ASSERT_TRUE(store->apply(batch).has_value());
  ASSERT_TRUE(rival->apply(batch).has_value());
  for (const Table table : {Table::conversation_turns, Table::usage_events}) ASSERT_TRUE(store->archive(table, base, base + 2h).has_value());
  ASSERT_GE(batch.turns.size(), 4u);
  ASSERT_GE(batch.usage.size(), 2u);
  next.from = batch.to, next.to = batch.to + 2;
  for (int i = 0; i < 2; ++i) {
    TurnRow turn = batch.turns[std::size_t(i)];
    turn.stored_time = turn.time;
    if (i == 0) turn.removed = true;
    else turn.time += 3h;
    next.turns.push_back(turn);
  }
  next.usage.push_back(batch.usage[0]);
  next.usage[0].removed = true;
  ASSERT_TRUE(store->apply(next).has_value());
  ASSERT_TRUE(rival->apply(next).has_value());
  const auto same_of_both = [&] {
    for (const Table table : {Table::conversation_turns, Table::usage_events})
      EXPECT_EQ(texts(*store->with_archive(Instant::min(), Instant::max()), table), texts(*rival, table)) << to_string(table);
  };
  same_of_both();
  EXPECT_EQ(texts(*store, Table::conversation_turns).size(), 1u);
  store.reset();
  store = open();
  same_of_both();
  for (const Table table : {Table::conversation_turns, Table::usage_events}) ASSERT_EQ(store->archive(table, base, base + 2h)->replaced.size(), 1u);
  same_of_both();
  // One that is told again is there again.
  RowBatch again{.from = next.to, .to = next.to + 1};
  again.turns = {batch.turns[0]};
  ASSERT_TRUE(store->apply(again).has_value());
  ASSERT_TRUE(rival->apply(again).has_value());
  same_of_both();
}

// A file of before a column was there: what it does not have is unknown, also when it is moved together with newer rows.
TEST_P(Archive, FilesOfAnOlderVersionLackColumns) {
  auto store = open();
  const auto rival = make_memory_store();
  SampleRows sample(31);
  RowBatch batch = sample.next(400);
  batch.late.clear();
  ASSERT_TRUE(store->apply(batch).has_value());
  const auto old = store->archive(Table::conversation_turns, base, base + 1h);
  ASSERT_TRUE(old.has_value()) << old.error().message;
  ASSERT_TRUE(store->archive(Table::conversation_turns, base + 1h, base + 90min).has_value());
  store.reset();
  without_columns(engine_.folder() + "/archive/" + old->file, "topic_version");
  std::size_t with_vector = 0;
  for (TurnRow& turn : batch.turns) {
    if (turn.time < base + 1h) turn.topic_version.clear();
    with_vector += turn.topic_vector.empty() ? 0 : 1;
  }
  EXPECT_GT(with_vector, 3u);
  ASSERT_TRUE(rival->apply(batch).has_value());
  store = open();
  EXPECT_EQ(texts(*store->with_archive(Instant::min(), Instant::max()), Table::conversation_turns), texts(*rival, Table::conversation_turns));
  const auto again = store->archive(Table::conversation_turns, base, base + 2h);
  ASSERT_TRUE(again.has_value()) << again.error().message;
  EXPECT_EQ(again->replaced.size(), 2u);
  EXPECT_EQ(texts(*store->with_archive(Instant::min(), Instant::max()), Table::conversation_turns), texts(*rival, Table::conversation_turns));
}

// An export is of one moment, and ends when nobody wants it any more.
TEST_P(Archive, ExportsSayOfWhenTheyAreAndCanBeStopped) {
  auto store = open();
  SampleRows sample(29);
  RowBatch batch = sample.next(300);
  ASSERT_TRUE(store->apply(batch).has_value());
  for (const ExportFormat format : {ExportFormat::csv, ExportFormat::ndjson, ExportFormat::parquet}) {
    std::uint64_t as_of = 0, told = 0;
    const auto sink = [&](std::string_view) -> Status {
      told = as_of;
      return {};
    };
    ASSERT_TRUE(store->export_table("call_analytics", format, Instant::min(), Instant::max(), sink, {.deadline = no_deadline, .stop = {}, .as_of = &as_of}));
    EXPECT_EQ(told, batch.to);
    bool any = false;
    const Status stopped = store->export_table("call_analytics_hourly", format, Instant::min(), Instant::max(),
                                               [&](std::string_view) -> Status {
                                                 any = true;
                                                 return {};
                                               },
                                               {.deadline = no_deadline, .stop = [] { return true; }, .as_of = nullptr});
    EXPECT_FALSE(any);
    ASSERT_FALSE(stopped.has_value());
    EXPECT_EQ(stopped.error().code, Code::unavailable);
  }
  EXPECT_TRUE(store->applied().has_value());
}

// Each question has a snapshot and tables of its own, however many are open and in whatever order they name tables.
TEST_P(Archive, QuestionsAtOnceAreApart) {
  auto store = open();
  SampleRows sample(41);
  RowBatch batch = sample.next(600);
  batch.late.clear();
  ASSERT_TRUE(store->apply(batch).has_value());
  const auto wanted = std::array{texts(*store, Table::conversation_turns).size(), texts(*store, Table::usage_events).size()};
  for (const Table table : {Table::conversation_turns, Table::usage_events, Table::call_analytics}) ASSERT_TRUE(store->archive(table, base, base + 1h).has_value());
  const auto count = [](Store& asked, std::string_view table, Instant from = Instant::min()) {
    const Param params[] = {from};
    auto rows = asked.sql(fmt::format("SELECT count(*) FROM {} WHERE time >= $1", table), params);
    if (!rows || !(*rows)->next().value_or(false)) return std::size_t(0);
    return std::size_t(as_integer((*rows)->cell(0, 0)).value_or(0));
  };
  const auto one = store->with_archive(Instant::min(), Instant::max()), late = store->with_archive(base + 40 * 24h, base + 50 * 24h);
  const auto open_answer = one->sql("SELECT event_id FROM usage_events", {});
  ASSERT_TRUE(open_answer.has_value()) << open_answer.error().message;
  EXPECT_EQ(count(*late, "conversation_turns", base + 40 * 24h), 0u);
  EXPECT_EQ(count(*store->with_archive(base, base + 2h), "conversation_turns"), wanted[0]);
  EXPECT_EQ(count(*one, "conversation_turns"), wanted[0]);
  EXPECT_EQ(count(*one, "usage_events"), wanted[1]);
  std::size_t seen = 0;
  while ((*open_answer)->next().value()) seen += (*open_answer)->row_count();
  EXPECT_EQ(seen, wanted[1]);
}

// Rows are weighed where there is something to weigh.
TEST_P(Archive, FilesWithSampledCallsAreKnown) {
  auto store = open();
  SampleRows sample(37);
  RowBatch batch = sample.next(300);
  batch.late.clear();
  ASSERT_TRUE(store->apply(batch).has_value());
  ASSERT_TRUE(store->archive(Table::call_analytics, base, base + 40min).has_value());
  EXPECT_FALSE(store->dialect() == Dialect::postgres && store->with_archive(Instant::min(), Instant::max())->samples());
  RowBatch heavy{.from = batch.to, .to = batch.to + 1};
  CallRow& call = heavy.calls.emplace_back();
  call.call_id = {3, 4}, call.start = call.updated = base + 50min, call.sample_weight = 10;
  ASSERT_TRUE(store->apply(heavy).has_value());
  ASSERT_TRUE(store->archive(Table::call_analytics, base + 40min, base + 1h).has_value());
  EXPECT_TRUE(store->with_archive(base, base + 2h)->samples());
  if (store->dialect() != Dialect::postgres) return;
  store.reset();
  store = open();
  EXPECT_FALSE(store->samples());
  EXPECT_TRUE(store->with_archive(base, base + 2h)->samples());
  EXPECT_FALSE(store->with_archive(base - 30 * 24h, base - 20 * 24h)->samples());
}

INSTANTIATE_TEST_SUITE_P(Engines, Archive, testing::ValuesIn(TestEngine::speaking_sql()), [](const auto& engine) { return engine.param; });

}  // namespace
}  // namespace aybiza
