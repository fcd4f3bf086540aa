#include "store/batch_bytes.h"

#include <gtest/gtest.h>

#include "store/columns.h"
#include "store/sample_rows.h"

namespace aybiza {
namespace {

template <typename Row>
std::string cells_of(const Row& row) {
  std::string out;
  for (const Column<Row>& column : columns_of<Row>()) {
    CellWriter writer(out, column.type);
    column.send(writer, 0, row);
  }
  return out;
}

template <typename Row>
void expect_same(const std::vector<Row>& got, const std::vector<Row>& wanted, const char* what) {
  ASSERT_EQ(got.size(), wanted.size()) << what;
  for (std::size_t i = 0; i < got.size(); ++i) EXPECT_EQ(cells_of(got[i]), cells_of(wanted[i])) << what << ' ' << i;
}

// Every stored column by the columns' own list, and what is not stored by name.
void expect_same(const RowBatch& got, const RowBatch& wanted) {
  EXPECT_EQ(got.from, wanted.from);
  EXPECT_EQ(got.to, wanted.to);
  expect_same(got.calls, wanted.calls, "calls");
  expect_same(got.turns, wanted.turns, "turns");
  expect_same(got.usage, wanted.usage, "usage");
  expect_same(got.interventions, wanted.interventions, "interventions");
  expect_same(got.system, wanted.system, "system");
  expect_same(got.agent_status, wanted.agent_status, "agent_status");
  expect_same(got.metric_series, wanted.metric_series, "metric_series");
  expect_same(got.metric_points, wanted.metric_points, "metric_points");
  expect_same(got.metric_distributions, wanted.metric_distributions, "metric_distributions");
  expect_same(got.learning, wanted.learning, "learning");
  expect_same(got.changes, wanted.changes, "changes");
  expect_same(got.raw, wanted.raw, "raw");
  expect_same(got.rollups, wanted.rollups, "rollups");
  for (std::size_t i = 0; i < got.calls.size(); ++i) {
    EXPECT_EQ(got.calls[i].stored_start, wanted.calls[i].stored_start);
    EXPECT_EQ(got.calls[i].parts_first, wanted.calls[i].parts_first);
    EXPECT_EQ(got.calls[i].parts_last, wanted.calls[i].parts_last);
    EXPECT_EQ(got.calls[i].escalated_flag, wanted.calls[i].escalated_flag);
    EXPECT_EQ(got.calls[i].removed, wanted.calls[i].removed);
  }
  for (std::size_t i = 0; i < got.turns.size(); ++i) {
    EXPECT_EQ(got.turns[i].stored_time, wanted.turns[i].stored_time);
    EXPECT_EQ(got.turns[i].removed, wanted.turns[i].removed);
  }
  for (std::size_t i = 0; i < got.usage.size(); ++i) {
    EXPECT_EQ(got.usage[i].stored, wanted.usage[i].stored);
    EXPECT_EQ(got.usage[i].removed, wanted.usage[i].removed);
  }
  ASSERT_EQ(got.late.size(), wanted.late.size());
  for (std::size_t i = 0; i < got.late.size(); ++i) {
    const LateRow &a = got.late[i], &b = wanted.late[i];
    EXPECT_TRUE(a.id == b.id && a.call_id == b.call_id && a.time == b.time && a.type == b.type && a.rank == b.rank && a.dims == b.dims &&
                a.numbers == b.numbers && a.texts == b.texts && a.ext == b.ext) << i;
  }
}

TEST(BatchBytes, ComeBackAsTheyWere) {
  SampleRows rows(7);
  for (const std::size_t events : {0, 1, 50, 3'000}) {
    RowBatch batch = rows.next(events);
    if (!batch.turns.empty()) batch.turns.front().removed = true;
    if (!batch.usage.empty()) batch.usage.front().stored = batch.usage.back().removed = true;
    if (!batch.calls.empty()) batch.calls.front().sample_weight = 10, batch.calls.front().nps = INT64_MIN, batch.calls.front().turns = 7, batch.calls.back().removed = true;
    if (!batch.late.empty()) batch.late.front().texts = {{Field::state, "greeting"}}, batch.late.front().ext = "{}";
    const auto back = read_batch_bytes(batch_bytes(batch));
    ASSERT_TRUE(back.has_value());
    expect_same(*back, batch);
  }
}

TEST(BatchBytes, DamageIsSeen) {
  SampleRows rows(3);
  const std::string bytes = batch_bytes(rows.next(20));
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    std::string broken = bytes;
    broken[i] = char(broken[i] ^ 4);
    EXPECT_FALSE(read_batch_bytes(broken)) << i;
    EXPECT_FALSE(read_batch_bytes(bytes.substr(0, i))) << i;
  }
  EXPECT_FALSE(read_batch_bytes(bytes + "x"));
}

}  // namespace
}  // namespace aybiza
