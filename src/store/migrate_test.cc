// A store that an older version left: its rows move to where the tables of today have them.
#include "store/migrate.h"

#include <gtest/gtest.h>

#include <optional>

#include "store/duck.h"
#include "store/duck_rollups.h"
#include "store/scratch.h"

namespace aybiza {
namespace {

// "2026-09-01 00:00:<second>+00" and so on: one row of raw_events, as 0001 has them.
void insert_raw(DuckConnection& connection, int number, std::string_view type, std::string_view data) {
  const auto done = connection.run(fmt::format("INSERT INTO raw_events VALUES (TIMESTAMPTZ '2026-09-01 00:00:{:02}+00', "
                                               "'00000000-0000-4000-8000-0000000000{:02}', 'acme', '{}', 'sdk', 'e{}', '{}')", number, number, type, number, data));
  ASSERT_TRUE(done.has_value()) << done.error().message;
}

// How many rows fulfil a condition.
std::int64_t count(DuckConnection& connection, std::string_view from_where) {
  const auto found = connection.integer(fmt::format("SELECT count(*) FROM {}", from_where));
  EXPECT_TRUE(found.has_value()) << from_where << ": " << (found ? "" : found.error().message);
  return found ? found->value_or(-1) : -1;
}

class OlderStore : public ::testing::Test {
 protected:
  // A store that has had so many migrations, and no row.
  void open_as_of(std::size_t migrations) {
    ASSERT_EQ(duckdb_open((scratch_.path() + "/store.duckdb").c_str(), database_.out()), DuckDBSuccess);
    auto opened = DuckConnection::open(database_.get(), clock_);
    ASSERT_TRUE(opened.has_value());
    connection.emplace(std::move(*opened));
    ASSERT_TRUE(migrate(*connection, duckdb_migrations().first(migrations), from_micros(0)).has_value());
  }

 private:
  const Scratch scratch_;
  const SystemClock clock_;
  DuckDatabase database_;

 protected:
  std::optional<DuckConnection> connection;  // behind the database: it is closed first
};

TEST_F(OlderStore, LearningAndChangesOfBefore0003MoveToTheirTables) {
  ASSERT_NO_FATAL_FAILURE(open_as_of(2));
  insert_raw(*connection, 1, "learning.pattern", R"({"pattern_id":"p1","name":"apology","confidence":0.9,"agent_id":"a-1","region":"eu","outcome":"success"})");
  insert_raw(*connection, 2, "learning.knowledge", R"({"graph_id":"faq","nodes":10,"edges":5,"orphans":1,"unanswered_questions":2})");
  insert_raw(*connection, 3, "learning.improvement", R"({"metric":"error_rate","before":0.2,"after":0.05,"replicated_from":"a-9"})");
  insert_raw(*connection, 4, "learning.pattern", R"({"pattern_id":"p2","confidence":"high","nodes":1e99})");  // what no column can hold is unknown
  insert_raw(*connection, 5, "change", R"({"what":"prompt","version":"7","hash":"abc","agent_version":"2.0"})");
  insert_raw(*connection, 6, "change", R"({"version":"8"})");  // says not what changed: it stays as it is
  insert_raw(*connection, 7, "learning.other", R"({"pattern_id":"p3"})");
  insert_raw(*connection, 8, "filler", R"({"what":"prompt"})");

  for (int times = 0; times < 2; ++times) {  // the second finds nothing to do
    const Status done = migrate(*connection, duckdb_migrations(), from_micros(0));
    ASSERT_TRUE(done.has_value()) << done.error().message;
    EXPECT_EQ(count(*connection, "learning_events"), 4);
    EXPECT_EQ(count(*connection, "change_events"), 1);
    EXPECT_EQ(count(*connection, "raw_events"), 3);
  }
  const auto has = [&](std::string_view table, int number, std::string_view condition) {
    EXPECT_EQ(count(*connection, fmt::format("{} WHERE event_id = '00000000-0000-4000-8000-0000000000{:02}' AND time = TIMESTAMPTZ '2026-09-01 00:00:{:02}+00' "
                                             "AND customer_id = 'acme' AND {}", table, number, number, condition)), 1) << number;
  };
  has("learning_events", 1, "type = 'learning.pattern' AND pattern_id = 'p1' AND name = 'apology' AND confidence = 0.9 AND external_agent_id = 'a-1' "
                            "AND region = 'eu' AND outcome = 'success' AND agent_id IS NULL AND nodes IS NULL");
  has("learning_events", 2, "graph_id = 'faq' AND nodes = 10 AND edges = 5 AND orphans = 1 AND unanswered_questions = 2 AND confidence IS NULL");
  has("learning_events", 3, "metric = 'error_rate' AND before = 0.2 AND after = 0.05 AND replicated_from = 'a-9'");
  has("learning_events", 4, "pattern_id = 'p2' AND confidence IS NULL AND nodes IS NULL");
  has("change_events", 5, "what = 'prompt' AND version = '7' AND hash = 'abc' AND agent_version = '2.0'");
  EXPECT_EQ(count(*connection, "raw_events WHERE id_text IN ('e6', 'e7', 'e8')"), 3);
}

// Turns of before topic vectors: none was asked for them, so each is looked at when there is a model.
TEST_F(OlderStore, TurnsOfBefore0009WereNeverAskedForATopic) {
  ASSERT_NO_FATAL_FAILURE(open_as_of(8));
  const auto done = connection->run("INSERT INTO conversation_turns (time, call_id, turn_number, speaker, text_content, text_embedding, topics, updated_at) VALUES "
                                    "(TIMESTAMPTZ '2026-09-01 00:00:00+00', '00000000-0000-4000-8000-000000000001', 3, 'caller', 'refund', [1.5, 2.5], 0, TIMESTAMPTZ '2026-09-01 00:00:00+00')");
  ASSERT_TRUE(done.has_value()) << done.error().message;
  ASSERT_TRUE(migrate(*connection, duckdb_migrations(), from_micros(0)).has_value());
  EXPECT_EQ(count(*connection, "conversation_turns WHERE text_content = 'refund' AND text_embedding = [1.5, 2.5] AND topic_vector IS NULL AND topic_version IS NULL"), 1);
}

// Rollups of one table: each is seen once in the view, and lies where a repair would delete it.
TEST_F(OlderStore, RollupsOfBefore0012AreInTheirParts) {
  ASSERT_NO_FATAL_FAILURE(open_as_of(11));
  const auto done = connection->run("INSERT INTO rollups SELECT TIMESTAMPTZ '2026-09-01 00:00:00+00' + to_hours(hour), step, customer, dimension, value, 'tally'::BLOB, 'sketches'::BLOB "
                                    "FROM range(3) hours(hour), (VALUES (60), (3600), (86400)) steps(step), (VALUES ('acme'), (NULL)) customers(customer), "
                                    "(VALUES (''), ('region'), ('agent_id'), ('model_used'), ('topic')) dimensions(dimension), (VALUES ('v'), (NULL)) found(value)");
  ASSERT_TRUE(done.has_value()) << done.error().message;
  ASSERT_TRUE(connection->script("CREATE TABLE before AS SELECT * FROM rollups").has_value());
  ASSERT_TRUE(migrate(*connection, duckdb_migrations(), from_micros(0)).has_value());
  EXPECT_EQ(count(*connection, "before"), 180);
  EXPECT_EQ(count(*connection, "rollups"), 180);
  EXPECT_EQ(count(*connection, "(FROM before EXCEPT ALL FROM rollups)"), 0);
  std::int64_t left = 180;
  for (const int step : {60, 3600, 86400}) {
    for (const std::string& text : delete_rollups_text(*connection, std::chrono::seconds(step), fmt::format("made.step_seconds = {}", step)))
      ASSERT_TRUE(connection->script(text).has_value());
    EXPECT_EQ(count(*connection, "rollups"), left -= 60);
  }
}

}  // namespace
}  // namespace aybiza
