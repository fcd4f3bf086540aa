// Compressed days: rows in them are found, changed and removed as elsewhere; where there is no compression it is said why.
#include "store/postgres_columnstore.h"

#include <gtest/gtest.h>

#include <array>
#include <random>

#include "store/memory_store.h"
#include "store/row_text.h"
#include "store/sample_rows.h"
#include "store/engine_fixture.h"

namespace aybiza {
namespace {

std::vector<std::string> postgres_engines() {
  auto out = TestEngine::names();
  std::erase_if(out, [](const std::string& name) { return !name.starts_with("postgres"); });
  return out;
}

class Columnstore : public OnEngine {
 protected:
  std::unique_ptr<PostgresConnection> raw() {
    auto made = PostgresConnection::open(engine_.url(), clock_, false);
    EXPECT_TRUE(made.has_value()) << made.error().message;
    return std::move(*made);
  }

};
INSTANTIATE_TEST_SUITE_P(Engines, Columnstore, testing::ValuesIn(postgres_engines()), [](const auto& engine) { return engine.param; });

TEST_P(Columnstore, RowsOfCompressedDaysAreAsOthers) {
  auto store = engine_.open(clock_);
  ASSERT_TRUE(store.has_value()) << store.error().message;
  const auto connection = raw();
  const auto features = detect_features(*connection);
  ASSERT_TRUE(features.has_value()) << features.error().message;
  const bool hypertables = !features->installed("timescaledb").empty();
  EXPECT_EQ(features->hypertables, hypertables ? 8 : 0);
  EXPECT_EQ(features->compressed, may_compress(*features) ? 8 : 0);
  if (hypertables) {
    EXPECT_EQ(describe_compression(*features).find("compression: none") == std::string::npos, may_compress(*features));
  }
  if (!may_compress(*features)) return;  // Apache, or plain: nothing was asked for, and the start went well

  const auto rival = make_memory_store();
  SampleRows sample(41);
  for (int round = 0; round < 6; ++round) {
    const RowBatch batch = sample.next(300);
    ASSERT_TRUE((*store)->apply(batch).has_value()) << round;
    ASSERT_TRUE(rival->apply(batch).has_value());
    EXPECT_EQ(row_texts((*store)->rows({}).value()), row_texts(rival->rows({}).value())) << round;
    if (round % 2 != 0) continue;
    const auto home = extension_home(*connection, "timescaledb");
    const auto packed = connection->integer(fmt::format(
        "SELECT count({0}.compress_chunk(format('%I.%I', chunk_schema, chunk_name)::regclass, if_not_compressed => true)) FROM timescaledb_information.chunks WHERE hypertable_schema = current_schema()", *home));
    ASSERT_TRUE(packed.has_value()) << packed.error().message;
    EXPECT_GE(packed->value_or(0), 8);
  }
  EXPECT_EQ(connection->integer("SELECT count(*) FROM timescaledb_information.jobs WHERE hypertable_schema = current_schema()").value(), 8);
}

// Some days of calls with four turns and four usages each, as a fleet makes them: few agents, regions and models, figures about a mean.
class RestingDays {
 public:
  explicit RestingDays(Instant first) : first_(first) {}

  RowBatch day(int number, std::size_t calls) {
    RowBatch batch{.from = offset_, .to = offset_ += calls};
    const Instant begin = first_ + number * std::chrono::hours(24);
    for (std::size_t i = 0; i < calls; ++i) add(batch, begin + std::chrono::hours(24) * std::int64_t(i) / std::int64_t(calls));
    return batch;
  }
  std::uint64_t offset() const { return offset_; }

 private:
  static constexpr std::array<std::string_view, 4> regions = {"eu", "us", "ap", "sa"}, outcomes = {"successful", "successful", "failed", "transferred"};
  static constexpr std::array<std::string_view, 5> words = {"I was charged twice this month", "let me look that up for you", "thank you, that is all I needed",
                                                            "could you give me the number on the invoice", "one moment please"};
  std::uint64_t below(std::uint64_t bound) { return random_() % bound; }
  Id id() { return {random_(), random_()}; }
  std::int64_t about(std::int64_t mean) { return std::int64_t(double(mean) * (1 + 0.3 * normal_(random_))); }

  void add(RowBatch& batch, Instant start) {
    CallRow call;
    call.call_id = id(), call.start = call.updated = start, call.agent_id = {7, below(40)};
    call.external_call_id = "CA" + std::to_string(random_());
    call.dims[Field::customer_id] = "acme", call.dims[Field::region] = regions[below(4)], call.dims[Field::model_used] = "gpt-4o-mini";
    call.state = CallState::ended, call.call_outcome = outcomes[below(4)], call.resolution_status = below(3) != 0 ? "resolved" : "unresolved";
    call.caller_number = "tok_" + std::to_string(below(20'000));
    call.duration_us = about(180'000'000), call.ended = start + Duration(*call.duration_us * 1'000);
    call.voice_latency_us = about(800'000), call.cost_nano = about(42'000'000), call.cost_source = CostSource::priced, call.tokens_consumed = about(1'800);
    call.error_count = below(20) == 0 ? 1 : 0, call.turns = 4;
    for (int i = 0; i < 4; ++i) {
      TurnRow turn;
      turn.call_id = call.call_id, turn.turn_number = i + 1, turn.agent_speaks = i % 2 != 0;
      turn.time = turn.updated = start + std::chrono::seconds(20 * (i + 1));
      turn.text_content = words[below(5)], turn.sentiment_e4 = std::int64_t(below(201)) * 100 - 10'000;
      if (turn.agent_speaks) turn.response_time_us = about(900'000);
      UsageRow usage;
      usage.id = id(), usage.call_id = call.call_id, usage.time = turn.time, usage.model = "gpt-4o-mini";
      usage.input_tokens = about(400), usage.output_tokens = about(50), usage.cost_nano = about(10'000'000), usage.cost_source = CostSource::priced;
      batch.turns.push_back(std::move(turn)), batch.usage.push_back(std::move(usage));
    }
    batch.calls.push_back(std::move(call));
  }

  const Instant first_;
  std::uint64_t offset_ = 0;
  std::mt19937_64 random_{43};
  std::normal_distribution<double> normal_;
};

// The policy of the program's own start, run by TimescaleDB as on its schedule: the same rows before and after, in fewer bytes.
TEST_P(Columnstore, ThePolicyCompressesDaysThatRestAndLateRowsCountOnce) {
  auto store = engine_.open(clock_);
  ASSERT_TRUE(store.has_value()) << store.error().message;
  const auto connection = raw();
  const auto features = detect_features(*connection);
  ASSERT_TRUE(features.has_value()) << features.error().message;
  if (!may_compress(*features)) GTEST_SKIP() << (features->installed("timescaledb").empty() ? "this server has no TimescaleDB" : describe_compression(*features));

  const auto rival = make_memory_store();
  const auto both = [&](const RowBatch& batch) {
    const Status written = (*store)->apply(batch);
    ASSERT_TRUE(written.has_value()) << written.error().message;
    ASSERT_TRUE(rival->apply(batch).has_value());
    EXPECT_EQ(row_texts((*store)->rows({}).value()), row_texts(rival->rows({}).value()));
  };
  RestingDays days(floor_to(SystemClock().now(), std::chrono::hours(24)) - std::chrono::hours(24) * (limits::postgres_rests_after_days + 3));
  RowBatch first = days.day(0, 6'000);
  both(first);

  const auto home = extension_home(*connection, "timescaledb");
  const auto job_of = [&](std::string_view table) {
    return connection->integer("SELECT job_id FROM timescaledb_information.jobs WHERE hypertable_schema = current_schema() AND hypertable_name = $1", {table}).value();
  };
  const auto compressed = [&](std::string_view table) {
    return connection->integer("SELECT count(*) FROM timescaledb_information.chunks WHERE hypertable_schema = current_schema() AND hypertable_name = $1 AND is_compressed", {table}).value().value_or(0);
  };
  const auto run_jobs = [&] {
    for (const std::string_view table : {"call_analytics", "conversation_turns", "usage_events"}) {
      ASSERT_TRUE(job_of(table).has_value()) << table;
      const Status ran = connection->script(fmt::format("CALL {}.run_job({})", *home, *job_of(table)));
      ASSERT_TRUE(ran.has_value()) << ran.error().message;
      EXPECT_GE(compressed(table), 1) << table;
    }
  };
  run_jobs();
  EXPECT_EQ(row_texts((*store)->rows({}).value()), row_texts(rival->rows({}).value()));
  for (const std::string_view table : {"call_analytics", "conversation_turns", "usage_events"}) {
    const auto bytes = [&](std::string_view when) {
      return connection->integer(fmt::format("SELECT sum({}_compression_total_bytes)::bigint FROM {}.chunk_compression_stats('{}')", when, *home, table)).value().value_or(0);
    };
    const auto before = bytes("before"), after = bytes("after");
    EXPECT_LT(after * 3, before) << table;
    fmt::print("{} of a day that rests: {} KiB as rows with their indexes, {} KiB compressed, {:.1f} times smaller\n", table, before / 1024, after / 1024, double(before) / double(after));
  }

  // Late news of a compressed day: calls that change and move, turns that change, usage again; and calls nobody had told of.
  RowBatch late = days.day(0, 50);
  for (std::size_t i = 0; i < 100; ++i) {
    CallRow call = first.calls[i * 40];
    call.stored_start = call.start, call.satisfaction_e4 = 40'000;
    if (i % 2 == 0) call.start -= std::chrono::seconds(1);
    late.calls.push_back(std::move(call));
    TurnRow turn = first.turns[i * 160];
    turn.stored_time = turn.time, turn.sentiment_e4 = 1'234;
    late.turns.push_back(std::move(turn));
    UsageRow usage = first.usage[i * 160];
    usage.stored = true, usage.cost_nano = 1;
    late.usage.push_back(std::move(usage));
  }
  both(late);
  run_jobs();  // what came late is compressed with its day
  EXPECT_EQ(row_texts((*store)->rows({}).value()), row_texts(rival->rows({}).value()));
  RowBatch gone{.from = days.offset(), .to = days.offset() + 1};
  gone.usage.push_back(first.usage[8]);
  gone.usage.back().removed = true;
  both(gone);
}

}  // namespace
}  // namespace aybiza
