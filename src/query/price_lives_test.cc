// What calls cost, three ways: live state, the store and the oracle, while prices change and history is priced anew.
#include <gtest/gtest.h>

#include <deque>
#include <filesystem>
#include <map>
#include <random>

#include "aggregate/shard.h"
#include "assemble/price_order.h"
#include "base/clock.h"
#include "query/oracle.h"
#include "store/duckdb_store.h"
#include "store/memory_store.h"
#include "store/rerate.h"
#include "store/scratch.h"

namespace aybiza {
namespace {

using namespace std::chrono_literals;

constexpr Instant begin = from_micros(1'763'712'000'000'000);

// Events of a log, with the bytes they view.
class Log {
 public:
  struct Entry {
    Event event;
    Instant received;
  };
  using Texts = std::vector<std::pair<Field, std::string>>;
  using Numbers = std::vector<std::pair<Field, std::int64_t>>;

  void say(EventType type, int call, Instant time, const Texts& texts, const Numbers& numbers = {}) {
    std::vector<Value>& values = values_.emplace_back();
    for (const auto& [field, text] : texts) values.push_back({.field = field, .number = 0, .text = keep(text)});
    for (const auto& [field, number] : numbers) values.push_back({.field = field, .number = number});
    values.push_back({.field = Field::call_id, .number = 0, .text = keep(fmt::format("call-{}", call))});
    std::ranges::sort(values, {}, &Value::field);
    Event event;
    event.type = type, event.rank = native_rank(type), event.time = time, event.id = {.high = 1, .low = ++next_};
    event.call = {.high = 7, .low = std::uint64_t(call) + 1};
    event.values = values;
    entries.push_back({event, time});
  }

  void order(const PriceOrder& what, Instant time) {
    std::vector<Value>& values = values_.emplace_back();
    values.push_back({.field = Field::price_order, .number = 0, .text = keep(encode(what))});
    Event event;
    event.type = EventType::prices, event.time = time;
    event.values = values;
    entries.push_back({event, time});
  }
  void book(std::string file, Instant time) {
    order({.what = PriceOrder::What::book, .shipped = std::string(PriceBook::built_in().shipped()), .file = std::move(file), .rerate = {}}, time);
  }
  void rerate(Rerate what, Instant time) { order({.what = PriceOrder::What::rerate, .shipped = {}, .file = {}, .rerate = std::move(what)}, time); }

  std::vector<Entry> entries;

 private:
  std::string_view keep(std::string text) { return texts_.emplace_back(std::move(text)); }
  std::deque<std::string> texts_;
  std::deque<std::vector<Value>> values_;
  std::uint64_t next_ = 0;
};

// A shard and the store it feeds, as the server wires them: an order is the first event of a batch.
class World {
 public:
  explicit World(std::size_t calls_retained, std::unique_ptr<Store> store = make_memory_store(), std::filesystem::path cold = {})
      : retained_(calls_retained), cold_(std::move(cold)), shard_(options()), store_(std::move(store)) {}

  void take(const Log::Entry& entry) {
    if (const auto order = order_of(entry.event)) {
      write();
      if (order->what == PriceOrder::What::rerate) rerate_ = order->rerate;
    }
    shard_.apply(entry.event, ++offset_, entry.received);
    shard_.advance(entry.received);
  }

  void write(Shard::What what = Shard::What::all) {
    RowBatch batch;
    batch.from = stored_, batch.to = offset_;
    shard_.collect(batch, what);
    store_->use_prices(shard_.prices());
    if (rerate_) {
      const auto report = rerate_store(*store_, *rerate_, shard_.prices(), [] { return false; });
      ASSERT_TRUE(report) << report.error().message;
      report_ = *report;
      rerate_.reset();
    }
    const auto done = store_->apply(batch);
    ASSERT_TRUE(done) << done.error().message;
    stored_ = offset_;
    shard_.advance(received_);
  }

  void restart() {
    const std::string bytes = shard_.snapshot();
    shard_ = Shard(options());
    const auto restored = shard_.restore(bytes);
    ASSERT_TRUE(restored) << restored.error().message;
    shard_.mark_stored_until(stored_);
  }

  Shard& shard() { return shard_; }
  Store& store() { return *store_; }
  const RerateReport& report() const { return report_; }

 private:
  static std::optional<PriceOrder> order_of(const Event& event) {
    return event.type == EventType::prices ? decode_price_order(event.text(Field::price_order)) : std::nullopt;
  }
  ShardOptions options() const { return {.index = 0, .count = 1, .calls_retained = retained_, .cold = cold_, .series_per_dimension = 0}; }

  const std::size_t retained_;
  const std::filesystem::path cold_;
  Shard shard_;
  std::unique_ptr<Store> store_;
  std::optional<Rerate> rerate_;
  RerateReport report_;
  std::uint64_t offset_ = 0, stored_ = 0;
  Instant received_ = begin;
};

std::map<Id, Number> costs(const std::vector<UsageRow>& rows) {
  std::map<Id, Number> out;
  for (const UsageRow& row : rows) out[row.id] = row.cost_nano;
  return out;
}
std::map<Id, std::pair<Number, Number>> costs(const std::vector<CallRow>& rows) {
  std::map<Id, std::pair<Number, Number>> out;
  for (const CallRow& row : rows) out[row.call_id] = {row.cost_nano, row.efficiency_e4};
  return out;
}

void expect_equal(World& world, const Log& log, std::size_t until) {
  Oracle oracle;
  for (std::size_t i = 0; i < until; ++i) oracle.add(log.entries[i].event, log.entries[i].received);
  const RowSet want = oracle.rows(log.entries[until - 1].received);
  const auto stored = world.store().rows({});
  ASSERT_TRUE(stored);
  EXPECT_EQ(costs(stored->usage), costs(want.usage));
  EXPECT_EQ(costs(stored->calls), costs(want.calls));
  std::size_t held = 0;
  for (const CallRow& call : want.calls) {
    const auto detail = world.shard().call(call.call_id);
    if (!detail) continue;
    ++held;
    EXPECT_EQ(detail->call.cost_nano, call.cost_nano);
    for (const auto& [id, cost] : costs(detail->usage)) EXPECT_EQ(cost, costs(want.usage).at(id));
  }
  EXPECT_GT(held, 0u);
  // The panes: what live state says it holds exactly is what the rows add up to.
  const Instant from = begin, to = log.entries[until - 1].received + 1h;
  const LiveQuestion question{.by = {}, .edges = {from, to}, .calls = false, .turns = false, .usage = true};
  if (!world.shard().covers(question, to).covered) return;
  std::int64_t live = 0, rows = 0;
  for (const auto& [key, tally] : world.shard().ask(question, to).cells)
    if (tally.usage) live += tally.usage->cost.sum;
  std::map<Id, bool> reported;
  for (const CallRow& call : want.calls) reported[call.call_id] = call.cost_source == CostSource::reported;
  for (const UsageRow& row : want.usage)
    if (!reported[row.call_id]) rows += row.cost_nano.value_or(0);
  for (const CallRow& call : want.calls)
    if (call.cost_source == CostSource::reported) rows += *call.cost_nano;
  EXPECT_EQ(live, rows);
}

std::string random_book(std::mt19937_64& random) {
  std::string out;
  for (const char* kind : {"input", "cache_read", "output", "reasoning"})
    for (const char* model : {"mystery-1", "claude-haiku-4-5", "*"})
      for (const char* customer : {"-", "acme"})
        if (random() % 3 == 0) out += fmt::format("{}\t*\t{}\t{}.5\t1M\t{}\t{}\n", kind, model, random() % 40, random() % 2 ? "-" : "2025-11-21T09:00:00Z", customer);
  if (random() % 2 == 0) out += fmt::format("stt\tdeepgram\t-\t0.0{}\tminute\n", 1 + random() % 9);
  if (random() % 2 == 0) out += fmt::format("tts\t*\tsonic\t{}\t1K\n", 1 + random() % 9);
  if (random() % 2 == 0) out += fmt::format("telephony\ttwilio\t*\t0.0{}\tminute\n", 1 + random() % 9);
  return out;
}

struct Shape {
  bool orderly = false;  // nothing comes after a call has ended
  bool rerates = true;
};

void random_log(Log& log, std::mt19937_64& random, const Shape& shape) {
  const char* const models[] = {"claude-sonnet-4-5-20250929", "azure/claude-haiku-4-5", "mystery-1"};
  struct Line {
    Instant at;
    int call, what;
  };
  std::vector<Line> lines;
  for (int call = 0; call < 60; ++call) {
    const Instant start = begin + std::chrono::seconds(random() % 7200);
    lines.push_back({start, call, 0});
    for (int i = 0; i < 8; ++i) lines.push_back({start + std::chrono::seconds(5 + random() % 240), call, 1});
    if (random() % 8 != 0) lines.push_back({start + 250s, call, 2});
    if (!shape.orderly) lines.push_back({start + std::chrono::seconds(random() % 900), call, 3});
  }
  for (int i = 0; i < 12; ++i) lines.push_back({begin + std::chrono::seconds(random() % 8000), -1, i % 3});
  std::ranges::sort(lines, {}, [](const Line& line) { return std::tuple(line.at, line.call, line.what); });
  for (const Line& line : lines) {
    const auto amount = [&] { return std::int64_t(random() % 5000); };
    if (line.call < 0 && line.what != 2) {
      log.book(random_book(random), line.at);
    } else if (line.call < 0 && shape.rerates) {
      const Instant from = begin + std::chrono::seconds(random() % 4000);
      log.rerate({.from = random() % 2 ? begin : from, .to = from + std::chrono::seconds(random() % 6000), .customer = random() % 2 ? "acme" : ""}, line.at);
    } else if (line.call < 0) {
      log.book(random_book(random), line.at);
    } else if (line.what == 0) {
      log.say(EventType::call_started, line.call, line.at,
              {{Field::customer_id, line.call % 2 ? "acme" : "beta"}, {Field::agent_id, "a"}, {Field::region, line.call % 3 ? "eu" : "us"},
               {Field::model_used, models[random() % 3]}, {Field::provider_stt, "deepgram"}, {Field::carrier, "twilio"}, {Field::provider_tts, "cartesia/sonic"}});
    } else if (line.what == 1) {
      Log::Texts texts;
      if (random() % 2) texts.push_back({Field::model, models[random() % 3]});
      Log::Numbers numbers;
      for (const Field field : {Field::input_tokens, Field::cache_read_tokens, Field::output_tokens, Field::reasoning_tokens})
        if (random() % 2) numbers.push_back({field, amount()});
      if (random() % 4 == 0) numbers.push_back({Field::stt_seconds, amount() * 1000});
      if (random() % 4 == 0) numbers.push_back({Field::tts_characters, amount()});
      if (random() % 4 == 0) numbers.push_back({Field::telephony_seconds, amount() * 1000});
      if (random() % 10 == 0) numbers.push_back({Field::cost_usd, amount()});
      log.say(EventType::usage, line.call, line.at, texts, numbers);
    } else if (line.what == 2) {
      Log::Numbers numbers;
      if (random() % 6 == 0) numbers.push_back({Field::cost_usd, amount() * 1'000'000});
      log.say(EventType::call_ended, line.call, line.at, {}, numbers);
    } else {
      log.say(EventType::call_updated, line.call, line.at, {{Field::provider_stt, "other"}, {Field::model_used, models[random() % 3]}});
    }
  }
}

class PriceLives : public ::testing::TestWithParam<unsigned> {};

TEST_P(PriceLives, live_state_store_and_oracle_agree_at_every_order) {
  std::mt19937_64 random(GetParam());
  Log log;
  random_log(log, random, {});
  World world(0);
  for (std::size_t i = 0; i < log.entries.size(); ++i) {
    world.take(log.entries[i]);
    if (random() % 40 == 0) world.write(Shard::What::due);
    if (random() % 60 != 0 && i + 1 != log.entries.size()) continue;
    world.write();
    expect_equal(world, log, i + 1);
    if (random() % 2) world.restart();
    if (::testing::Test::HasFailure()) return;
  }
}

TEST_P(PriceLives, calls_let_go_are_priced_anew_in_the_store_alone) {
  std::mt19937_64 random(GetParam() + 100);
  Log log;
  random_log(log, random, {.orderly = true});
  World world(5);
  for (std::size_t i = 0; i < log.entries.size(); ++i) {
    world.take(log.entries[i]);
    if (random() % 10 == 0) world.write();
  }
  world.write();
  expect_equal(world, log, log.entries.size());
}

// As if it had never been let go: what tells of other providers later moves what its usage costs.
TEST_P(PriceLives, calls_woken_are_priced_as_those_that_stayed) {
  const Scratch cold;
  std::mt19937_64 random(GetParam() + 300);
  Log log;
  random_log(log, random, {.rerates = false});
  World world(5, make_memory_store(), cold.path());
  for (std::size_t i = 0; i < log.entries.size(); ++i) {
    world.take(log.entries[i]);
    if (random() % 10 == 0) world.write();
    if (random() % 100 == 0) world.write(), world.restart();
  }
  world.write();
  EXPECT_EQ(world.shard().stats().late_events, 0u);
  expect_equal(world, log, log.entries.size());
}

TEST_P(PriceLives, a_replay_folds_to_the_same_state) {
  std::mt19937_64 random(GetParam() + 200);
  Log log;
  random_log(log, random, {});
  World one(0), other(0);
  for (std::size_t i = 0; i < log.entries.size(); ++i) {
    one.take(log.entries[i]);
    if (i % 50 == 49) one.write(), one.restart();
    other.take(log.entries[i]);
  }
  EXPECT_EQ(one.shard().canonical_dump(), other.shard().canonical_dump());
}

TEST(Prices, duckdb_is_priced_anew_as_the_memory_store_is) {
  const auto directory = std::filesystem::temp_directory_path() / ("aybiza-prices-" + to_string(random_id()));
  const SystemClock clock;
  std::mt19937_64 random(11);
  Log log;
  random_log(log, random, {.orderly = true});
  auto duck = open_duckdb_store({.directory = directory.string(), .clock = &clock});
  ASSERT_TRUE(duck) << duck.error().message;
  {
    World world(5, std::move(*duck));
    for (std::size_t i = 0; i < log.entries.size(); ++i) {
      world.take(log.entries[i]);
      if (random() % 10 == 0) world.write();
    }
    world.write();
    expect_equal(world, log, log.entries.size());
  }
  std::filesystem::remove_all(directory);
}

INSTANTIATE_TEST_SUITE_P(Seeds, PriceLives, ::testing::Values(1u, 2u, 3u));

// A call at work, whose cost runs with every kind that is paid for.
TEST(Prices, what_a_call_in_flight_costs_is_known_to_the_nano_usd) {
  Log log;
  log.book("telephony\ttwilio\t*\t0.006\tminute\t-\tacme\ninput\t*\tours\t2\t1M\nreasoning\t*\tours\t7\t1M\naudio_output\t*\tours\t60\t1M\n", begin);
  log.say(EventType::call_started, 1, begin, {{Field::customer_id, "acme"}, {Field::agent_id, "a"}, {Field::carrier, "twilio"}, {Field::provider_stt, "deepgram"}});
  log.say(EventType::usage, 1, begin + 1s, {{Field::model, "ours"}}, {{Field::input_tokens, 10}, {Field::reasoning_tokens, 3}, {Field::audio_output_tokens, 5}});
  log.say(EventType::usage, 1, begin + 2s, {}, {{Field::telephony_seconds, 90'000'000}, {Field::stt_seconds, 60'000'000}});
  World world(0);
  const auto cost = [&] { return world.shard().live_calls(10, "").at(0).cost_nano; };
  for (std::size_t i = 0; i < 3; ++i) world.take(log.entries[i]);
  EXPECT_EQ(cost(), 10 * 2'000 + 3 * 7'000 + 5 * 60'000);
  world.take(log.entries[3]);
  EXPECT_EQ(cost(), 341'000 + 9'000'000 + 4'300'000);
  log.say(EventType::usage, 1, begin + 3s, {{Field::model, "nobody knows"}}, {{Field::input_tokens, 1}});
  world.take(log.entries[4]);
  EXPECT_EQ(cost(), std::nullopt);  // unknown, and not what is known of it
  log.book("input\t*\t*\t1\t1\n", begin + 4s);
  world.take(log.entries[5]);
  EXPECT_EQ(cost(), std::nullopt);  // what is there stays as it was priced
  log.rerate({.from = begin + 3s, .to = begin + 4s, .customer = "acme"}, begin + 5s);
  world.take(log.entries[6]);
  EXPECT_EQ(cost(), 341'000 + 9'000'000 + 4'300'000 + 1'000'000'000);
  world.write();
  expect_equal(world, log, log.entries.size());
}

TEST(Prices, a_report_says_what_changed) {
  Log log;
  log.say(EventType::usage, 1, begin, {{Field::customer_id, "acme"}, {Field::model, "m"}}, {{Field::input_tokens, 1'000'000}});
  log.say(EventType::usage, 1, begin, {{Field::model, "claude-haiku-4-5"}}, {{Field::input_tokens, 1'000'000}});
  log.say(EventType::usage, 1, begin, {}, {{Field::cost_usd, 5}});
  log.book("input\t*\tm\t3\t1M\ninput\t*\tclaude-haiku-4-5\t4\t1M\n", begin);
  log.rerate({.from = begin, .to = begin + 1s, .customer = {}}, begin);
  World world(0);
  for (const auto& entry : log.entries) world.take(entry);
  world.write();
  EXPECT_EQ(world.report().usage, 2u);
  EXPECT_EQ(world.report().usage_changed, 2u);
  EXPECT_EQ(world.report().calls_changed, 1u);
  EXPECT_EQ(world.report().found, 1u);
  EXPECT_EQ(world.report().before_nano, 1'000'000'000);
  EXPECT_EQ(world.report().after_nano, 7'000'000'000);
  expect_equal(world, log, log.entries.size());
}

}  // namespace
}  // namespace aybiza
