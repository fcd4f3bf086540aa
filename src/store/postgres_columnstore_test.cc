// Compressed days: rows in them are found, changed and removed as elsewhere; where there is no compression it is said why.
#include "store/postgres_columnstore.h"

#include <gtest/gtest.h>

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

}  // namespace
}  // namespace aybiza
