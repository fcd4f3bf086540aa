// What is PostgreSQL's own in the store: servers that are restarted or have a later schema, commits nobody heard of, rows it refuses, indexes
// that are lost, roles. Connections: postgres_test.cc. The rest is the conformance suite's.
#include "store/postgres_store.h"

#include <atomic>
#include <csignal>
#include <fstream>
#include <sstream>
#include <thread>

#include "base/limits.h"
#include "store/export.h"
#include "store/memory_store.h"
#include "store/postgres_columnstore.h"
#include "store/postgres_features.h"
#include "store/postgres_fixture.h"
#include "store/postgres_migrate.h"
#include "store/row_text.h"
#include "store/sample_rows.h"
#include "store/scratch.h"

namespace aybiza {
namespace {

using namespace std::chrono_literals;

// Steps by a tenth of a second whenever it is asked: a deadline comes without waiting.
class TickingClock final : public Clock {
 public:
  Instant now() const override { return from_micros(1'795'000'000'000'000); }
  Duration elapsed() const override { return 100ms * ++steps_; }

 private:
  mutable std::atomic<std::int64_t> steps_{0};
};

TEST_F(PostgresTest, ARestartedServerIsFoundAgain) {
  auto store = open();
  auto rival = make_memory_store();
  SampleRows sample(5);
  for (int i = 0; i < 6; ++i) {
    const RowBatch batch = sample.next(200);
    EXPECT_EQ(ask(*store, "SELECT 1"), "1\n");  // also on a connection that lay idle through a restart
    if (i == 2) {
      ASSERT_TRUE(server_->stop(SIGKILL));
      EXPECT_EQ(store->apply(batch).error().code, Code::unavailable);
      EXPECT_EQ(store->sql("SELECT 1", {}).error().code, Code::unavailable);
      ASSERT_TRUE(server_->again());
    }
    if (i == 4) {
      ASSERT_TRUE(server_->stop(SIGINT));
      ASSERT_TRUE(server_->again());
    }
    const Status done = until_applied(*store, batch);
    ASSERT_TRUE(done) << done.error().message;
    ASSERT_TRUE(rival->apply(batch));
  }
  EXPECT_EQ(row_texts(store->rows({}).value()), row_texts(rival->rows({}).value()));
}

// What reads the archive rests between questions, also through a restart.
TEST_F(PostgresTest, AnArchiveIsReadAfterARestart) {
  const Scratch scratch;
  auto store = open_postgres_store({.url = server_->url(), .clock = &clock_, .scratch = scratch.path() + "/store.tmp", .archive = scratch.path() + "/archive"});
  ASSERT_TRUE(store) << store.error().message;
  RowBatch batch{.from = 0, .to = 4};
  const Instant time = from_micros(1'795'000'000'000'000);
  for (std::uint64_t n = 1; n <= 4; ++n)
    batch.raw.push_back({.id = {1, n}, .time = time + Duration(n), .customer = "acme", .type = "x", .source = "", .id_text = "", .data = "{}"});
  ASSERT_TRUE((*store)->apply(batch));
  ASSERT_EQ((*store)->archive(Table::raw_events, time, time + Duration(3))->rows, 2u);
  const auto count = [&] { return ask(*(*store)->with_archive(time, time + 1h), "SELECT count(*) FROM raw_events"); };
  EXPECT_EQ(count(), "4\n");
  ASSERT_TRUE(server_->stop(SIGINT));
  EXPECT_NE(count(), "4\n");
  ASSERT_TRUE(server_->again());
  EXPECT_EQ(count(), "4\n");
  EXPECT_EQ(ask(**store, "SELECT count(*) FROM raw_events"), "2\n");
}

// The commit arrives, its answer does not: as if the server had been lost in between.
TEST_F(PostgresTest, ACommitNobodyHeardOfIsLookedUp) {
  auto store = open();
  auto other = raw();
  // The session is ended by a trigger that fires when the transaction has been written, at its very end.
  ASSERT_TRUE(other->script("CREATE FUNCTION hang_up() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
                            "PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END $$; "
                            "CREATE CONSTRAINT TRIGGER last_word AFTER INSERT ON raw_events DEFERRABLE INITIALLY DEFERRED "
                            "FOR EACH ROW EXECUTE FUNCTION hang_up()"));
  RowBatch batch{.from = 0, .to = 4};
  batch.raw.push_back({.id = {1, 1}, .time = from_micros(1'795'000'000'000'000), .customer = "acme", .type = "x", .source = "", .id_text = "", .data = "{}"});
  EXPECT_EQ(store->apply(batch).error().code, Code::unavailable);
  EXPECT_EQ(*other->integer("SELECT count(*) FROM raw_events"), 0);  // this one was rolled back: the retry writes it
  ASSERT_TRUE(other->script("DROP TRIGGER last_word ON raw_events"));
  EXPECT_TRUE(until_applied(*store, batch));
  EXPECT_EQ(*other->integer("SELECT count(*) FROM raw_events"), 1);
  // And one that was committed all the same, by the hand of a test: the retry is taken as done.
  ASSERT_TRUE(other->script("CREATE CONSTRAINT TRIGGER last_word AFTER INSERT ON raw_events DEFERRABLE INITIALLY DEFERRED "
                            "FOR EACH ROW EXECUTE FUNCTION hang_up()"));
  batch.from = 4, batch.to = 9;
  EXPECT_EQ(store->apply(batch).error().code, Code::unavailable);
  ASSERT_TRUE(other->script("DROP TRIGGER last_word ON raw_events; UPDATE applied SET event_offset = 9"));
  EXPECT_TRUE(until_applied(*store, batch));
  EXPECT_EQ(*other->integer("SELECT count(*) FROM raw_events"), 1);
  EXPECT_EQ(store->apply(batch).error().code, Code::conflict);  // once only
}

// What a commit that nobody heard of has marked is known before its rows are told of, and claims of before it are refused.
TEST_F(PostgresTest, MarksOfRollupsAreReadAgainWithTheConnection) {
  auto store = open();
  CallRow call;
  call.call_id = {7, 8};
  call.start = call.updated = from_micros(1'795'000'000'000'000);
  ASSERT_TRUE(store->apply({.from = 0, .to = 1, .calls = {call}}));
  const auto claims = store->dirty_rollups();
  ASSERT_EQ(claims.size(), 3u);  // its minute, hour and day
  ASSERT_TRUE(raw()->script("INSERT INTO rollup_dirty VALUES (60, make_timestamptz(0::bigint))"));  // as such a commit would have
  ASSERT_TRUE(server_->stop(SIGKILL));
  EXPECT_EQ(store->put_rollups(claims, {}).error().code, Code::unavailable);
  EXPECT_EQ(store->dirty_rollups().size(), 3u);
  ASSERT_TRUE(server_->again());
  ASSERT_TRUE(until_applied(*store, {.from = 1, .to = 2}));
  EXPECT_EQ(store->dirty_rollups().size(), 4u);
  ASSERT_TRUE(store->put_rollups(claims, {}));
  EXPECT_EQ(store->dirty_rollups().size(), 4u);  // these were of another connection
  ASSERT_TRUE(store->put_rollups(store->dirty_rollups(), {}));
  EXPECT_EQ(store->stats().rollups_waiting, 0u);
  EXPECT_EQ(ask(*store, "SELECT count(*) FROM rollup_dirty"), "0\n");
}

TEST_F(PostgresTest, ASecondServerOfTheNodeIsRefused) {
  TickingClock soon;  // for the patience of a start
  auto store = open();
  const auto second = open_postgres_store({.url = server_->url(), .clock = &soon});
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Code::conflict);
  EXPECT_TRUE(open_postgres_store({.url = server_->url(), .node = "another", .clock = &clock_}));
  store.reset();
  EXPECT_TRUE(open_postgres_store({.url = server_->url(), .clock = &clock_}));
}

TEST_F(PostgresTest, ASchemaOfTomorrowIsLeftAlone) {
  open();
  ASSERT_TRUE(raw()->script("INSERT INTO schema_migrations VALUES (999, 'of tomorrow', now())"));
  const auto refused = open_postgres_store({.url = server_->url(), .clock = &clock_});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::unsupported);
}

// Whatever step a migration is killed at, whole versions are left, and the next start goes on.
TEST_F(PostgresTest, AMigrationThatFailsLeavesWholeVersions) {
  auto connection = raw();
  const Migration steps[] = {{1, "0001_a", "CREATE TABLE a (x int)"}, {2, "0002_b", "CREATE TABLE b (x int); SELECT 1 / 0"}};
  EXPECT_FALSE(migrate(*connection, steps, clock_.now()));
  EXPECT_EQ(*connection->integer("SELECT max(version) FROM schema_migrations"), 1);
  EXPECT_EQ(*connection->integer("SELECT count(*) FROM pg_tables WHERE schemaname = 'public' AND tablename IN ('a', 'b')"), 1);
  const Migration killed[] = {steps[0], {2, "0002_b", "CREATE TABLE b (x int); SELECT pg_terminate_backend(pg_backend_pid())"}};
  EXPECT_EQ(migrate(*connection, killed, clock_.now()).error().code, Code::unavailable);
  connection = raw();
  const Migration mended[] = {steps[0], {2, "0002_b", "CREATE TABLE b (x int)"}};
  EXPECT_TRUE(migrate(*connection, mended, clock_.now()));
  EXPECT_EQ(*connection->integer("SELECT max(version) FROM schema_migrations"), 2);
}

TEST_F(PostgresTest, RowsTheServerRefusesAreSetAside) {
  auto store = open();
  auto rival = make_memory_store();
  SampleRows sample(9);
  RowBatch batch = sample.next(300);
  ASSERT_TRUE(rival->apply(batch));
  TurnRow turn = batch.turns.at(0);
  turn.call_id = {7, 7};
  turn.text_content = "caf\xE9";  // no UTF-8
  batch.turns.insert(batch.turns.begin() + 5, turn);
  RollupRow rollup = batch.rollups.at(0);
  rollup.dimension = "region", rollup.value = "\xFF", rollup.value_is_null = false;
  batch.rollups.push_back(rollup);
  const Status done = store->apply(batch);
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_EQ(store->stats().rows_set_aside, 2u);
  EXPECT_EQ(row_texts(store->rows({}).value()), row_texts(rival->rows({}).value()));
  EXPECT_EQ(ask(*store, "SELECT node, event_offset, table_name FROM poison_rows ORDER BY table_name"),
            "local 300 conversation_turns\nlocal 300 rollups\n");
  EXPECT_NE(ask(*store, "SELECT data FROM poison_rows WHERE table_name = 'conversation_turns'").find("\"text_content\":\"caf\\u00e9\""), std::string::npos);
}

TEST_F(PostgresTest, ATextWithANulIsKept) {
  auto store = open();
  RowBatch batch{.from = 0, .to = 1};
  batch.raw.push_back({.id = {1, 1}, .time = clock_.now(), .customer = "acme", .type = "x", .source = "", .id_text = "", .data = std::string("a\0b", 3)});
  ASSERT_TRUE(store->apply(batch));
  EXPECT_EQ(ask(*store, "SELECT data FROM raw_events"), "a\xEF\xBF\xBD" "b\n");
  EXPECT_EQ(store->stats().values_out_of_range, 1u);
}

TEST_F(PostgresTest, ALostIndexSlowsButDoesNotStop) {
  auto store = open();
  auto rival = make_memory_store();
  SampleRows sample(3);
  for (int i = 0; i < 3; ++i) {
    const RowBatch batch = sample.next(200);
    ASSERT_TRUE(store->apply(batch));
    ASSERT_TRUE(rival->apply(batch));
    if (i > 0) continue;
    ASSERT_TRUE(raw()->script("DROP INDEX call_analytics_call, rollups_key; ALTER TABLE conversation_turns DROP CONSTRAINT conversation_turns_pkey"));
  }
  EXPECT_EQ(row_texts(store->rows({}).value()), row_texts(rival->rows({}).value()));
}

// The text of docs/sql.md, as it stands there.
TEST_F(PostgresTest, TheDocumentedRoleReadsEverythingAndWritesNothing) {
  auto store = open();
  CallRow call;
  call.call_id = {7, 8}, call.start = call.updated = from_micros(1'795'000'000'000'000);
  ASSERT_TRUE(store->apply({.from = 0, .to = 1, .calls = {call}}));
  std::stringstream read;
  read << std::ifstream(std::string(AYBIZA_SOURCE_DIR) + "/docs/sql.md").rdbuf();
  const std::string text = read.str();
  const std::size_t begin = text.find("CREATE ROLE analyst"), end = text.find("```", begin);
  ASSERT_TRUE(begin != text.npos && end != text.npos);
  auto owner = raw();
  const Status made = owner->script(text.substr(begin, end - begin));
  ASSERT_TRUE(made) << made.error().message;

  std::string url = server_->url();
  ASSERT_NE(url.find("aybiza@"), url.npos) << url;
  url.replace(url.find("aybiza@"), 7, "analyst@");
  auto analyst = PostgresConnection::open(url, clock_, true);
  ASSERT_TRUE(analyst) << analyst.error().message;
  EXPECT_EQ(*(*analyst)->integer("SELECT count(*) FROM call_analytics"), 1);
  EXPECT_EQ(*(*analyst)->integer("SELECT sum(total_calls)::bigint FROM call_analytics_hourly"), 1);
  for (const std::string_view table : exportable_tables()) {
    const auto rows = (*analyst)->integer(fmt::format("SELECT count(*) FROM {}", table));
    EXPECT_TRUE(rows) << table << ": " << rows.error().message;
  }
  ASSERT_TRUE(owner->script("CREATE VIEW of_tomorrow AS SELECT * FROM call_analytics"));
  EXPECT_EQ(*(*analyst)->integer("SELECT count(*) FROM of_tomorrow"), 1);
  ASSERT_TRUE((*analyst)->script("SET default_transaction_read_only = off"));  // it is the rights that hold
  for (const char* text_of_harm : {"DELETE FROM call_analytics", "INSERT INTO applied VALUES ('x', 1)", "CREATE TABLE mine (x int)", "DROP VIEW call_analytics_hourly",
                                   "SELECT nextval('metric_place')"}) {
    const Status harm = (*analyst)->script(text_of_harm);
    ASSERT_FALSE(harm) << text_of_harm;
    EXPECT_EQ(harm.error().code, Code::unauthorized) << text_of_harm << ": " << harm.error().message;
  }
}

TEST_F(PostgresTest, AReadOnlyServerIsWaitedFor) {
  auto store = open();
  ASSERT_TRUE(raw()->script("ALTER SYSTEM SET default_transaction_read_only = on"));
  ASSERT_TRUE(server_->stop(SIGINT));
  ASSERT_TRUE(server_->again());
  Status refused;  // by the connection that was lost first, then by the server
  for (int attempt = 0; attempt < 600 && (refused || !refused.error().message.contains("read-only")); ++attempt) refused = store->apply({.from = 0, .to = 1});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::unavailable) << refused.error().message;
  ASSERT_TRUE(raw()->script("ALTER SYSTEM RESET default_transaction_read_only"));
  ASSERT_TRUE(raw()->script("SELECT pg_reload_conf()"));
  EXPECT_TRUE(until_applied(*store, {.from = 0, .to = 1}));
}

TEST(Statements, EndWhereTheServerSaysSo) {
  const auto check = [](std::string_view script, std::vector<std::string_view> expected) { EXPECT_EQ(statements_of(script), expected) << script; };
  check("", {});
  check(" ; -- nothing; here\n ;/* nor; here */", {});
  check("SELECT 1", {"SELECT 1"});
  check("-- why; so\nSELECT 1; SELECT 2;\n", {"SELECT 1", "SELECT 2"});
  check("SELECT ';', 'it''s;' AS \"a;b\"; SELECT 2 -- and; so on\n, 3", {"SELECT ';', 'it''s;' AS \"a;b\"", "SELECT 2 -- and; so on\n, 3"});
  check("CREATE FUNCTION f() AS $$ BEGIN; END; $$; DO $of$ ; $$ ; $of$; SELECT $1;", {"CREATE FUNCTION f() AS $$ BEGIN; END; $$", "DO $of$ ; $$ ; $of$", "SELECT $1"});
  check("SELECT /* ; */ 1; SELECT 'open", {"SELECT /* ; */ 1", "SELECT 'open"});
  std::size_t all = 0;
  for (const Migration& migration : postgres_migrations()) all += statements_of(migration.text).size();
  EXPECT_GT(all, 50u);
}

TEST_F(PostgresTest, WhatIsDetectedIsTold) {
  const auto report = examine_postgres(server_->url(), clock_);
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_TRUE(report->fit) << report->fit.error().message;
  EXPECT_TRUE(report->lines.at(0).starts_with("PostgreSQL 1")) << report->lines.at(0);
  PostgresFeatures features{.version_number = 140'010, .version = "14.10", .encoding = "UTF8", .schema = "public", .user = "a", .timescale_license = {}};
  EXPECT_EQ(refuse_unsupported(features).error().code, Code::unsupported);
  features.version_number = 180'001;
  EXPECT_TRUE(refuse_unsupported(features));
  features.extensions = {{"citus", "13.0", "13.0"}, {"timescaledb", "2.31", "2.31"}};
  EXPECT_EQ(refuse_unsupported(features).error().code, Code::unsupported);
  features.extensions.erase(features.extensions.begin());
  EXPECT_TRUE(refuse_unsupported(features));
  const auto told = [&](std::string_view license, const char* version) {
    features.timescale_license = license, features.extensions = {{"timescaledb", version, version}}, features.hypertables = 8, features.compressed = 6;
    std::string all;
    for (const std::string& line : describe(features)) all += line + "\n";
    return all;
  };
  EXPECT_NE(told("apache", "2.31.0").find("compression: none, this edition has none (timescaledb.license = 'apache')"), std::string::npos) << told("apache", "2.31.0");
  EXPECT_NE(told("timescale", "2.19.3").find("compression: none, it is used from TimescaleDB 2.20 on"), std::string::npos);
  EXPECT_NE(told("timescale", "2.20.0").find("compression: 6 of 8 hypertables are compressed by a policy, days older than 7 days"), std::string::npos) << told("timescale", "2.20.0");
  EXPECT_TRUE(may_compress(features));
  const auto cluster = [&](const char* version, std::int64_t distributed) {
    features.extensions = {{"citus", version, version}}, features.distributed = distributed, features.nodes = 3;
    std::string all;
    for (const std::string& line : describe(features)) all += line + "\n";
    return all;
  };
  EXPECT_NE(cluster("12.1-1", 0).find("distribution: none, it is used from Citus 13 on; tables stay on this server"), std::string::npos) << cluster("12.1-1", 0);
  EXPECT_NE(cluster("13.2-1", 9).find("distribution: 9 of 9 tables that grow are spread over 3 nodes"), std::string::npos) << cluster("13.2-1", 9);
  EXPECT_TRUE(refuse_unsupported(features));
  features.citus_group = 2;  // of a worker
  EXPECT_EQ(refuse_unsupported(features).error().code, Code::unsupported);
  features.citus_group = 0;
  features.encoding = "SQL_ASCII";
  EXPECT_EQ(refuse_unsupported(features).error().code, Code::unsupported);
}

TEST_F(PostgresTest, ExportsAreThoseOfDuckdb) {
  auto store = open();
  RowBatch batch{.from = 0, .to = 1};
  TurnRow turn{.call_id = {7, 8}, .turn_number = 1, .time = from_micros(1'795'000'000'000'001), .text_content = "=1+1", .updated = from_micros(1'795'000'000'000'001)};
  turn.embedding = std::string("\0\0\x80\x3F\0\0\0\xBF", 8);
  batch.turns.push_back(turn);
  ASSERT_TRUE(store->apply(batch));
  std::string out;
  const auto sink = [&](std::string_view piece) { return out += piece, Status(); };
  ASSERT_TRUE(store->export_table("conversation_turns", ExportFormat::csv, Instant::min(), Instant::max(), sink));
  EXPECT_NE(out.find("00000000-0000-0007-0000-000000000008,1,caller,\"'=1+1\""), std::string::npos) << out;
  EXPECT_NE(out.find("\"[1.0, -0.5]\""), std::string::npos) << out;
  EXPECT_EQ(store->export_table("pg_authid", ExportFormat::csv, Instant::min(), Instant::max(), sink).error().code, Code::invalid);
}

}  // namespace
}  // namespace aybiza
