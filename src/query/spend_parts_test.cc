// Where a call's money goes: counted by hand, and by SQL against walking over the same rows.
#include "query/spend_parts.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "store/engine_fixture.h"

namespace aybiza {
namespace {

using namespace std::chrono_literals;

const Instant now = from_micros(1'795'004'800'000'000);

constexpr std::string_view list =
    "input\t*\tbig\t3\t1M\ncache_read\t*\tbig\t0.3\t1M\noutput\t*\tbig\t15\t1M\noutput\t*\tsmall\t1\t1M\n"
    "stt\tears\t-\t0.006\tminute\ntts\tvoice\t-\t30\t1M\ntelephony\tline\t-\t0.012\tminute\n";
const PriceBook& prices() {
  static const PriceBook book = PriceBook::of("", list).value();
  return book;
}

CallRow call_of(std::uint64_t number) {
  CallRow call;
  call.call_id = {5, number}, call.start = call.updated = now - 30min;
  call.dims[Field::customer_id] = "acme", call.dims[Field::region] = "eu", call.dims[Field::model_used] = "big";
  call.dims[Field::provider_stt] = "ears", call.dims[Field::provider_tts] = "voice", call.dims[Field::carrier] = "line";
  call.state = CallState::ended, call.duration_us = 120'000'000;
  return call;
}
UsageRow usage_of(const CallRow& call, std::uint64_t number) {
  UsageRow usage;
  usage.id = {call.call_id.low, number}, usage.call_id = call.call_id, usage.time = call.start + 1s;
  return usage;
}
UsageRow priced(UsageRow usage, const CallRow& call) {
  usage.cost_nano = prices().cost_of(usage, call.dims), usage.cost_source = usage.cost_nano ? CostSource::priced : CostSource::unknown;
  return usage;
}
UsageRow reported(UsageRow usage, std::int64_t nano) {
  usage.cost_nano = nano, usage.cost_source = CostSource::reported;
  return usage;
}

TEST(SpendParts, EveryDollarIsOfAStageOrNotToldApart) {
  RowSet rows;
  rows.calls = {call_of(1), call_of(2), call_of(3)};
  UsageRow all = usage_of(rows.calls[0], 1);
  all.input_tokens = 1'000'000, all.cache_read_tokens = 2'000'000, all.output_tokens = 100'000, all.stt_us = 60'000'000, all.tts_characters = 1'000, all.telephony_us = 120'000'000;
  UsageRow heard = usage_of(rows.calls[1], 1), mixed = heard, other = heard, whole = usage_of(rows.calls[2], 1);
  heard.stt_us = 1'000'000;
  mixed.stt_us = 1'000'000, mixed.tts_characters = 5;
  other.model = "small", other.input_tokens = 10, other.cache_read_tokens = 500;  // to be read at no known price
  whole.cache_read_tokens = 1'000'000;
  rows.usage = {priced(all, rows.calls[0]), reported(heard, 500'000'000), reported(mixed, 700'000'000), priced(other, rows.calls[1]), reported(whole, 9'900'000'000)};
  rows.calls[0].cost_nano = rows.usage[0].cost_nano, rows.calls[0].cost_source = CostSource::priced;
  rows.calls[2].cost_nano = 2'000'000'000, rows.calls[2].cost_source = CostSource::reported;  // its usage is in that
  EXPECT_EQ(rows.usage[0].cost_nano, 5'160'000'000);
  EXPECT_EQ(rows.usage[3].cost_nano, std::nullopt);
  const SpendParts parts = spend_parts_from_rows({now - 1h, now, {}, "", ""}, rows, prices());
  EXPECT_NEAR(parts.stage_usd[0], 5.1, 1e-9);
  EXPECT_NEAR(parts.stage_usd[1], 0.506, 1e-9);
  EXPECT_NEAR(parts.stage_usd[2], 0.03, 1e-9);
  EXPECT_NEAR(parts.stage_usd[3], 0.024, 1e-9);
  EXPECT_NEAR(parts.apart_usd, 2.7, 1e-9);
  EXPECT_EQ(parts.usage, 5);
  EXPECT_EQ(parts.unpriced, 1);
  EXPECT_EQ(parts.cached_tokens, 3'000'500);
  EXPECT_EQ(parts.unpriced_cached, 500);
  EXPECT_NEAR(parts.saved_usd, 3 * 2.7, 1e-9);
  EXPECT_EQ(parts.timed_calls, 2);  // the second's cost is not known
  EXPECT_NEAR(parts.timed_usd / (parts.timed_ms / 60'000), 7.16 / 4, 1e-9);
  EXPECT_TRUE(parts.costs_known);
  EXPECT_FALSE(spend_parts_from_rows({now - 1h, now, {"globex"}, "", ""}, rows, prices()).costs_known);
}

class SpendPartsTest : public OnStore {
 protected:
  void SetUp() override {
    OnStore::SetUp();
    if (IsSkipped()) return;
    std::mt19937_64 random(3);
    const auto below = [&](std::uint64_t n) { return random() % n; };
    for (std::uint64_t i = 0; i < 250; ++i) {
      CallRow call = call_of(i + 1);
      call.start = call.updated = now - Duration(below(3 * 86'400'000'000));
      call.dims[Field::customer_id] = below(3) == 0 ? "acme" : "globex", call.dims[Field::region] = below(2) == 0 ? "eu" : "us";
      if (below(6) == 0) call.dims[Field::provider_tts] = "nobody";
      if (below(6) == 0) call.duration_us.reset();
      if (below(5) == 0) call.sample_weight = 10;
      if (below(8) == 0) call.state = CallState::active;
      if (below(4) == 0) call.cost_nano = std::int64_t(below(3'000'000'000)), call.cost_source = CostSource::reported;
      for (std::uint64_t n = below(4); n > 0; --n) {
        UsageRow usage = usage_of(call, n);
        usage.time = call.start + Duration(below(600'000'000));
        if (below(5) == 0) usage.model = "small";
        if (below(3) > 0) usage.input_tokens = std::int64_t(below(9'000)), usage.output_tokens = std::int64_t(below(900));
        if (below(2) == 0) usage.cache_read_tokens = std::int64_t(below(5'000));
        if (below(2) == 0) usage.stt_us = std::int64_t(below(90'000'000));
        if (below(2) == 0) usage.tts_characters = std::int64_t(below(2'000));
        if (below(4) == 0) usage.telephony_us = std::int64_t(below(90'000'000));
        rows_.usage.push_back(below(5) == 0 ? reported(usage, std::int64_t(below(900'000'000))) : priced(usage, call));
      }
      rows_.calls.push_back(call);
    }
    RowBatch batch;
    batch.to = 1, batch.calls = rows_.calls, batch.usage = rows_.usage;
    put(batch);
  }
  RowSet rows_;
};
INSTANTIATE_TEST_SUITE_P(Engines, SpendPartsTest, testing::ValuesIn(TestEngine::speaking_sql()), [](const auto& one) { return one.param; });

TEST_P(SpendPartsTest, SqlSaysWhatTheRowsSay) {
  const auto check = [&](const FleetQuestion& q, bool some) {
    const auto sql = spend_parts_from_store(q, *store_, prices(), no_deadline);
    ASSERT_TRUE(sql.has_value()) << sql.error().message;
    const SpendParts rival = spend_parts_from_rows(q, rows_, prices());
    EXPECT_EQ(sql->costs_known, rival.costs_known);
    EXPECT_EQ(sql->estimate, rival.estimate);
    EXPECT_EQ(rival.costs_known, some);
    for (const auto member : {&SpendParts::apart_usd, &SpendParts::usage, &SpendParts::unpriced, &SpendParts::cached_tokens, &SpendParts::unpriced_cached, &SpendParts::saved_usd, &SpendParts::timed_calls,
                              &SpendParts::timed_ms, &SpendParts::timed_usd})
      EXPECT_NEAR((*sql).*member, rival.*member, 1e-6 * (1 + std::abs(rival.*member)));
    for (std::size_t i = 0; i < cost_stages; ++i) EXPECT_NEAR(sql->stage_usd[i], rival.stage_usd[i], 1e-6 * (1 + rival.stage_usd[i])) << i;
  };
  check({now - 72h, now, {}, "", ""}, true);
  check({now - 10h, now, {"acme"}, "", "eu"}, true);
  check({now - 72h, now, {}, "globex", ""}, true);
  check({now - 72h, now, {"acme"}, "globex", ""}, false);
}

// Stages and what is not told apart are what cost_usd is, whatever list is in force by now.
TEST_P(SpendPartsTest, TheyAddUpToTheCost) {
  for (const PriceBook& book : {prices(), PriceBook()}) {
    const auto parts = spend_parts_from_store({now - 72h, now, {}, "", ""}, *store_, book, no_deadline);
    ASSERT_TRUE(parts.has_value());
    double sum = parts->apart_usd, told = 0;
    for (const double usd : parts->stage_usd) sum += usd;
    for (const CallRow& call : rows_.calls)
      if (call.cost_source == CostSource::reported && call.start >= now - 72h) told += double(call.sample_weight.value_or(1)) * double(*call.cost_nano) / 1e9;
    for (const UsageRow& usage : rows_.usage) {
      const CallRow& call = *std::ranges::find(rows_.calls, usage.call_id, &CallRow::call_id);
      if (call.cost_source != CostSource::reported && usage.time >= now - 72h && usage.time < now) told += double(call.sample_weight.value_or(1)) * double(usage.cost_nano.value_or(0)) / 1e9;
    }
    EXPECT_NEAR(sum, told, 1e-6);
  }
}

}  // namespace
}  // namespace aybiza
