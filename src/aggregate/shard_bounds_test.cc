// What a shard keeps: its snapshot, its bounds, its rings of panes, and the calls that are there to be looked at.
#include <gtest/gtest.h>

#include <random>
#include <set>

#include "aggregate/feeding.h"
#include "aggregate/series.h"
#include "base/limits.h"

namespace aybiza {
namespace {

using namespace std::chrono_literals;
using testing::Arrival;
using testing::collected;
using testing::feed;
using testing::Stream;
using F = Field;

std::string counts_of(const std::string& tally_bytes) {  // what must agree whatever the order: not whether extremes are exact
  const auto tally = parse_tally(tally_bytes);
  std::string out;
  for (const char* word : {"calls", "turns", "tokens", "cost_usd", "avg_duration_ms", "p95_response_time_ms", "avg_sentiment", "quality_score"})
    out += fmt::format(" {}", value_of(*parse_measure(word), *tally).value_or(-1));
  return out;
}

TEST(ShardSnapshot, what_is_restored_is_identical_and_stays_so) {
  Stream stream(31);
  const auto arrivals = stream.calls({.calls = 60});
  Shard shard;
  for (std::size_t i = 0; i < arrivals.size() / 2; ++i) {
    feed(shard, arrivals, i, i + 1);
    if (i % 50 == 0) shard.advance(arrivals[i].received), (void)collected(shard, i + 1);
  }
  const std::string bytes = shard.snapshot();
  Shard copy;
  ASSERT_TRUE(copy.restore(bytes));
  EXPECT_EQ(copy.canonical_dump(), shard.canonical_dump());
  for (Shard* one : {&shard, &copy}) {
    feed(*one, arrivals, arrivals.size() / 2, arrivals.size());
    one->advance(arrivals.back().received + 2h);
  }
  EXPECT_EQ(copy.canonical_dump(), shard.canonical_dump());
  EXPECT_GT(shard.canonical_dump().size(), 10'000u);
}

TEST(ShardSnapshot, refuses_foreign_damaged_and_cut_ones) {
  Stream stream(32);
  const auto arrivals = stream.calls({.calls = 10});
  Shard shard;
  feed(shard, arrivals, 0, arrivals.size());
  const std::string bytes = shard.snapshot();
  Shard other({.index = 1, .count = 2});
  EXPECT_EQ(other.restore(bytes).error().code, Code::conflict);
  Shard fresh;
  for (std::size_t cut = 0; cut < bytes.size(); cut += 97) EXPECT_FALSE(fresh.restore(std::string_view(bytes).substr(0, cut)));
  for (std::size_t at = 0; at < bytes.size(); at += 31) {
    std::string broken = bytes;
    broken[at] = char(broken[at] ^ 0x10);
    EXPECT_FALSE(fresh.restore(broken)) << at;
  }
  EXPECT_EQ(fresh.stats().events, 0u);
}

std::string summed(std::string bytes) {  // with the checksum of what is in it
  const std::uint64_t sum = hash64(bytes);
  return bytes.append(std::string_view(reinterpret_cast<const char*>(&sum), sizeof sum));
}

TEST(ShardSnapshot, bytes_somebody_summed_anew_do_not_bring_it_down) {
  Stream stream(32);
  const auto arrivals = stream.calls({.calls = 3});
  Shard shard;
  feed(shard, arrivals, 0, arrivals.size());
  std::string bytes = shard.snapshot();
  bytes.resize(bytes.size() - 8);
  constexpr std::size_t head = 7;  // magic and version
  const auto offer = [](std::string forged) {
    Shard target;
    (void)target.restore(summed(std::move(forged)));
    (void)target.stats();
  };
  std::mt19937 random(5);
  for (int i = 0; i < 1'000; ++i) {
    std::string forged = bytes;
    forged[head + random() % (forged.size() - head)] = char(random());
    offer(std::move(forged));
  }
  // Every number in turn one that no signed one of its width holds.
  const std::string least = std::string(9, '\x80') + '\x01';
  for (std::size_t at = head; at < bytes.size(); ++at) {
    std::size_t last = at;
    while (last + 1 < bytes.size() && (bytes[last] & 0x80) != 0) ++last;
    offer(bytes.substr(0, at) + least + bytes.substr(last + 1));
    while (at < last) ++at;
  }
}

TEST(ShardBounds, values_beyond_the_bound_are_folded_and_totals_stay_exact) {
  Stream stream(41);
  const Stream::Shape shape{.calls = 60, .customers = 1, .agents = 30};
  const auto arrivals = stream.calls(shape);
  ShardOptions options;
  options.series_per_dimension = 4;
  Shard shard(options), free;
  feed(shard, arrivals, 0, arrivals.size());
  feed(free, arrivals, 0, arrivals.size());
  const Instant hour = floor_to(shape.begin, 1h);
  for (const auto& edges : {std::vector{hour - 1h, hour + 6h}, std::vector{hour - 1h, shape.begin + 33min + 7us}}) {
    const LiveQuestion by_agent{.by = {Dimension::agent_id}, .where = {}, .edges = edges}, all{.by = {}, .where = {}, .edges = edges};
    const auto grouped = shard.ask(by_agent, hour), total = free.ask(all, hour);
    EXPECT_LE(grouped.cells.size(), 6u);
    EXPECT_TRUE(grouped.cells.contains(LiveKey{0, {std::string("__other__")}}));
    Tally sum;
    for (const auto& [key, tally] : grouped.cells) sum.merge(tally);
    EXPECT_EQ(counts_of(serialise(sum)), counts_of(serialise(total.cells.begin()->second)));
  }
  EXPECT_GT(shard.stats().series_folded, 0u);
}

// Against what questions find: as many groups as there are values, and one more for each of null and "__other__".
TEST(ShardBounds, loads_are_the_values_that_questions_find) {
  Stream stream(43);
  const Stream::Shape shape{.calls = 80, .customers = 3, .agents = 12};
  const auto arrivals = stream.calls(shape);
  ShardOptions bounded;
  bounded.series_per_dimension = 4;
  Shard whole, narrow(bounded);
  feed(whole, arrivals, 0, arrivals.size());
  feed(narrow, arrivals, 0, arrivals.size());
  const Instant hour = floor_to(shape.begin, 1h);
  const auto load_of = [](const Shard& shard, std::string_view dimension, std::size_t walked = 1'000) {
    const auto all = shard.loads(walked);
    return *std::ranges::find(all, dimension, &DimensionLoad::dimension);
  };
  for (const Dimension dimension : {Dimension::customer_id, Dimension::region, Dimension::agent_id, Dimension::model_used}) {
    const auto asked = whole.ask({.by = {dimension}, .where = {}, .edges = {hour - 1h, hour + 6h}}, hour);
    std::set<std::uint64_t> found;
    for (const auto& [key, tally] : asked.cells)
      if (const auto& value = key.group.at(0)) found.insert(hash64(*value));
    const DimensionLoad load = load_of(whole, name_of(*axis_of(dimension)));
    const std::set<std::uint64_t> held(load.values->begin(), load.values->end());
    // Calls whose customer was learnt late have left "default", which is still told apart.
    if (dimension == Dimension::customer_id) EXPECT_TRUE(std::ranges::includes(held, found));
    else EXPECT_EQ(held, found) << load.dimension;
    EXPECT_EQ(load.folded, 0u);
    EXPECT_GE(load.most, 1u);
    EXPECT_LE(load.most, held.size());
  }
  const DimensionLoad agents = load_of(narrow, "agent_id");
  EXPECT_EQ(agents.most, 4u);
  EXPECT_EQ(agents.bound, 4u);
  EXPECT_FALSE(agents.fullest.empty());
  EXPECT_GT(agents.folded, 0u);
  EXPECT_LE(agents.folded, narrow.stats().series_folded);
  EXPECT_FALSE(load_of(narrow, "agent_id", 3).values);  // not walked: not known
}

TEST(ShardBounds, events_for_calls_let_go_reach_the_store_and_lower_what_is_covered) {
  Stream stream(42);
  const Stream::Shape shape{.calls = 50, .ratings = false};
  const auto arrivals = stream.calls(shape);
  ShardOptions options;
  options.calls_retained = 10;
  Shard shard(options);
  feed(shard, arrivals, 0, arrivals.size());
  const Instant end = arrivals.back().received + 2h;
  shard.advance(end);
  (void)collected(shard, 0);
  shard.advance(end);
  EXPECT_EQ(shard.stats().calls_ended, 10u);
  const Instant hour = floor_to(shape.begin, 1h);
  const LiveQuestion aligned{.by = {}, .where = {}, .edges = {hour - 1h, hour + 6h}};
  const LiveQuestion unaligned{.by = {}, .where = {}, .edges = {shape.begin + 1us, hour + 6h}};
  EXPECT_TRUE(shard.covers(aligned, end).covered);
  EXPECT_FALSE(shard.covers(unaligned, end).covered);
  EXPECT_NE(shard.covers(unaligned, end).text, "");

  // The first call was let go: its rating comes late.
  std::string first_call;
  for (const Arrival& a : arrivals)
    if (!shard.call(a.event.call)) { first_call = a.event.text(F::call_id); break; }
  const Event rating = stream.make(EventType::call_rated, first_call, end, {}, {{F::customer_satisfaction_score, 50'000}}, "customer-1");
  shard.apply(rating, arrivals.size() + 1, end);
  const RowBatch rows = collected(shard, 0);
  ASSERT_EQ(rows.late.size(), 1u);
  EXPECT_EQ(rows.late[0].call_id, rating.call);
  EXPECT_TRUE(rows.calls.empty());
  EXPECT_EQ(shard.stats().late_events, 1u);
  EXPECT_FALSE(shard.covers(aligned, end).covered);
  const LiveQuestion later{.by = {}, .where = {}, .edges = {floor_to(end, 1h) + 1h, floor_to(end, 1h) + 2h}};
  EXPECT_TRUE(shard.covers(later, end).covered);
}

TEST(ShardRings, whole_days_keep_their_totals_while_panes_move_through_the_rings) {
  Stream stream(51);
  Shard shard;
  std::uint64_t offset = 0;
  std::size_t calls = 0;
  const Instant begin = from_micros(1'763'712'000'000'000);
  for (int hour = 0; hour < 60; ++hour) {
    const auto arrivals = stream.calls({.begin = begin + hour * 1h, .calls = 3, .spread = 30min, .ratings = false, .moved_starts = false});
    std::set<Id> ids;
    for (const Arrival& a : arrivals) {
      Event event = a.event;
      event.call.high ^= std::uint64_t(hour + 1) << 32;  // other calls than an hour before
      ids.insert(event.call);
      shard.apply(event, ++offset, a.received);
      shard.advance(a.received);
    }
    calls += ids.size();
  }
  shard.advance(begin + 70h);
  for (const auto& by : {std::vector<Dimension>{}, std::vector{Dimension::customer_id}, std::vector{Dimension::region}}) {
    const LiveQuestion question{.by = by, .where = {}, .edges = {begin - 24h, begin + 72h}, .turns = false, .usage = false};
    ASSERT_TRUE(shard.covers(question, begin + 70h).covered);
    std::int64_t sum = 0;
    for (const auto& [key, tally] : shard.ask(question, begin + 70h).cells) sum += tally.calls->calls;
    EXPECT_EQ(sum, std::int64_t(calls));
  }
}

TEST(ShardDetail, a_call_can_be_looked_at_while_it_is_there) {
  Stream stream(61);
  Shard shard;
  const Instant t = from_micros(1'763'712'000'000'000);
  const Event start = stream.make(EventType::call_started, "c-1", t, {{F::agent_id, "a-7"}, {F::region, "eu-west"}}, {}, "acme");
  const Event turn = stream.make(EventType::turn, "c-1", t + 3s, {{F::speaker, "caller"}, {F::text_content, "hello"}, {F::state, "greeting"}}, {{F::turn_number, 0}}, "acme");
  const Event next = stream.make(EventType::turn, "c-1", t + 5s, {{F::speaker, "agent"}, {F::state, "resolution"}}, {{F::turn_number, 1}}, "acme");
  std::uint64_t offset = 0;
  for (const Event* e : {&start, &turn, &next}) shard.apply(*e, ++offset, e->time);
  EXPECT_EQ(shard.call(start.call)->turns.size(), 2u);
  EXPECT_EQ(shard.live_calls(10, "acme").size(), 1u);
  EXPECT_EQ(shard.live_calls(10, "other").size(), 0u);
  const auto flow = shard.flow("acme", t, t + 1h);
  ASSERT_EQ(flow.size(), 2u);
  EXPECT_EQ(flow[1].from + ">" + flow[1].to, "greeting>resolution");
  const auto live = shard.ask({.by = {}, .where = {}, .edges = {t, t + 1min}, .intervals = true}, t + 10s);
  EXPECT_EQ(live.calls_in_flight, 1);
  ASSERT_EQ(live.intervals.size(), 1u);
  EXPECT_EQ(live.intervals[0].end, t + 10s);
  const auto top = shard.top_k(Dimension::region, "acme", t, t + 1min, 3, t + 10s);
  ASSERT_EQ(top.size(), 1u);
  EXPECT_EQ(top[0].value, "eu-west");
}

// An end alone does not say how long it was; with a beginning, told or seen, it does, whatever comes first.
TEST(ShardDetail, of_an_end_alone_the_duration_is_unknown) {
  Stream stream(62);
  const Instant t = from_micros(1'763'712'000'000'000);
  const auto ended = [&](std::string_view call) { return stream.make(EventType::call_ended, call, t + 20s, {{F::call_outcome, "successful"}}, {}, "acme"); };
  const auto duration = [&](std::vector<Event> events) {
    Shard shard;
    std::uint64_t offset = 0;
    for (const Event& e : events) shard.apply(e, ++offset, t + 30s);
    return shard.call(events[0].call)->call.duration_us;
  };
  EXPECT_EQ(duration({ended("c-1")}), Number{});
  EXPECT_EQ(duration({ended("c-2"), stream.make(EventType::call_started, "c-2", t, {}, {}, "acme")}), 20'000'000);
  EXPECT_EQ(duration({ended("c-3"), stream.make(EventType::turn, "c-3", t + 5s, {{F::speaker, "caller"}}, {{F::turn_number, 0}}, "acme")}), 15'000'000);
  EXPECT_EQ(duration({ended("c-4"), stream.make(EventType::call_updated, "c-4", t + 25s, {}, {{F::started_at, to_micros(t)}}, "acme")}), 20'000'000);
  EXPECT_EQ(duration({ended("c-5"), stream.make(EventType::call_started, "c-5", t + 20s, {}, {}, "acme")}), 0);  // told: it began and ended at once
}

}  // namespace
}  // namespace aybiza
