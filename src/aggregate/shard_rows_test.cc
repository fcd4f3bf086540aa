// What shards hand out: rows that make a store right, after restarts as well, and what they do at their bounds.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>

#include "aggregate/random_events.h"
#include "aggregate/shard.h"
#include "base/limits.h"

namespace aybiza {
namespace {

using namespace std::chrono_literals;
using testing::Arrival;
using testing::Stream;
using F = Field;

// A store that does what the row format asks of one: a row replaces the one at its stored_ place.
struct SmallStore {
  std::map<std::pair<Instant, Id>, std::string> calls;
  std::map<std::tuple<Instant, Id, std::int64_t>, std::string> turns;
  std::map<Id, std::string> usage, interventions;
  bool restarted = false;      // since a restart a call may be said to be stored that is not
  std::size_t call_rows = 0;   // written

  static std::string text(const Number& n) { return n ? std::to_string(*n) : "-"; }
  void apply(const RowBatch& batch) {
    for (const CallRow& r : batch.calls) {
      if (r.stored_start) {
        EXPECT_GE(calls.erase({*r.stored_start, r.call_id}), restarted ? 0u : 1u) << "a row that was never stored";
      }
      std::string dims;
      for (const std::string& d : r.dims.value) dims += d + "|";
      const auto [at, fresh] = calls.emplace(std::pair(r.start, r.call_id), fmt::format("{}{} {} {} {} {} {} {} {} {} {} {} {} {}", dims, r.state == CallState::ended,
          r.ended ? to_micros(*r.ended) : -1, r.call_outcome, r.resolution_status, r.end_reason, text(r.duration_us), text(r.voice_latency_us), text(r.satisfaction_e4),
          text(r.cost_nano), text(r.tokens_consumed), r.turns, text(r.quality_e4), text(r.efficiency_e4)));
      EXPECT_TRUE(fresh) << "two rows of one call";
    }
    for (const TurnRow& r : batch.turns) {
      if (r.stored_time) {
        EXPECT_EQ(turns.erase({*r.stored_time, r.call_id, r.turn_number}), 1u);
      }
      EXPECT_TRUE(turns.emplace(std::tuple(r.time, r.call_id, r.turn_number), fmt::format("{} {} {} {} {} {} {} {}", r.text_content, r.state, r.intent, r.emotion,
          text(r.response_time_us), text(r.tts_latency_us), text(r.sentiment_e4), r.topics)).second) << "two rows of one turn";
    }
    for (const UsageRow& r : batch.usage) {
      if (r.stored) {
        EXPECT_EQ(usage.erase(r.id), 1u);
      }
      EXPECT_TRUE(usage.emplace(r.id, fmt::format("{} {} {} {}", to_micros(r.time), r.model, text(r.input_tokens), text(r.cost_nano))).second)
          << "two rows of one usage";
    }
    call_rows += batch.calls.size();
    for (const InterventionRow& r : batch.interventions) EXPECT_TRUE(interventions.emplace(r.id, r.kind + r.actor).second);
  }
  std::string dump() const {
    std::string out;
    for (const auto& [key, row] : calls) out += fmt::format("call {} {} {}\n", to_micros(key.first), to_string(key.second), row);
    for (const auto& [key, row] : turns) out += fmt::format("turn {} {} {} {}\n", to_micros(std::get<0>(key)), to_string(std::get<1>(key)), std::get<2>(key), row);
    for (const auto& [id, row] : usage) out += fmt::format("usage {} {}\n", to_string(id), row);
    for (const auto& [id, row] : interventions) out += fmt::format("intervention {} {}\n", to_string(id), row);
    return out;
  }
};

std::string counts_of(const std::string& tally_bytes) {  // what must agree whatever the order: not whether extremes are exact
  const auto tally = parse_tally(tally_bytes);
  std::string out;
  for (const char* word : {"calls", "turns", "tokens", "cost_usd", "avg_duration_ms", "p95_response_time_ms", "avg_sentiment", "quality_score"})
    out += fmt::format(" {}", value_of(*parse_measure(word), *tally).value_or(-1));
  return out;
}

void feed(Shard& shard, const std::vector<Arrival>& arrivals, std::size_t from, std::size_t to) {
  for (std::size_t i = from; i < to; ++i) shard.apply(arrivals[i].event, i + 1, arrivals[i].received);
}

RowBatch collected(Shard& shard, std::uint64_t to, Shard::What what = Shard::What::all) {
  RowBatch rows;
  rows.to = to;
  shard.collect(rows, what);
  return rows;
}

TEST(ShardRows, collected_in_pieces_or_at_once_in_any_order_the_store_is_the_same) {
  Stream stream(11);
  auto arrivals = stream.calls({.calls = 60});
  const Instant end = arrivals.back().received + 2h;
  std::string first;
  for (int round = 0; round < 3; ++round) {
    Shard shard;
    SmallStore store;
    const std::size_t piece = round == 0 ? arrivals.size() : 13;
    for (std::size_t i = 0; i < arrivals.size(); i += piece) {
      feed(shard, arrivals, i, std::min(i + piece, arrivals.size()));
      store.apply(collected(shard, i + piece));
    }
    shard.advance(end);
    EXPECT_TRUE(shard.dirty());  // silent calls have ended
    store.apply(collected(shard, arrivals.size() + 1));
    EXPECT_FALSE(shard.dirty());
    if (round == 0) first = store.dump();
    EXPECT_EQ(store.dump(), first);
    std::shuffle(arrivals.begin(), arrivals.end(), stream.random());
  }
}

TEST(ShardRows, after_a_restart_exactly_what_the_store_lacks_is_handed_out) {
  for (unsigned seed = 20; seed < 26; ++seed) {
    Stream stream(seed);
    const auto arrivals = stream.calls({.calls = 40});
    const Instant end = arrivals.back().received + 2h;
    Shard steady;
    SmallStore whole;
    std::string bytes;
    std::size_t at_snapshot = 0, at_crash = 0;
    SmallStore survivor;
    for (std::size_t i = 0; i < arrivals.size(); ++i) {
      feed(steady, arrivals, i, i + 1);
      if (i % 5 == 0) steady.advance(arrivals[i].received);
      if (i % 9 == 0) whole.apply(collected(steady, i + 1));
      if (i == arrivals.size() / 3) bytes = steady.snapshot(), at_snapshot = i + 1;
      // The store that survives has all up to a collect after the snapshot, or at once after it.
      if (i % 9 == 0 && at_snapshot > 0 && at_crash == 0 && i >= at_snapshot + (seed % 3) * 20) survivor = whole, at_crash = i + 1;
    }
    steady.advance(end);
    whole.apply(collected(steady, arrivals.size()));

    Shard restarted;
    ASSERT_TRUE(restarted.restore(bytes));
    EXPECT_EQ(restarted.offset(), at_snapshot);
    restarted.mark_stored_until(at_crash);
    survivor.restarted = true;
    for (std::size_t i = at_snapshot; i < arrivals.size(); ++i) {
      feed(restarted, arrivals, i, i + 1);
      if (i % 4 == 0) {
        const RowBatch rows = collected(restarted, i + 1);
        if (i + 1 <= at_crash) {
        EXPECT_TRUE(rows.calls.empty() && rows.turns.empty() && rows.usage.empty() && rows.interventions.empty());
      }
        survivor.apply(rows);
      }
      if (i % 11 == 0) restarted.advance(arrivals[i].received);
    }
    restarted.advance(end);
    survivor.apply(collected(restarted, arrivals.size()));
    EXPECT_EQ(survivor.dump(), whole.dump()) << seed;
  }
}

// A second is all that some lives have: what waits for the store is handed out in it, and makes room for others.
TEST(ShardRows, a_short_life_hands_out_what_the_one_before_left) {
  Stream stream(31);
  const auto arrivals = stream.calls({.calls = 200});
  const ShardOptions options{.calls_retained = 10};
  const auto after = [&](Duration life) {
    Shard shard(options);
    shard.mark_stored_until(arrivals.size());
    feed(shard, arrivals, 0, arrivals.size());
    std::size_t calls = collected(shard, arrivals.size() + 1, Shard::What::due).calls.size();
    shard.advance(arrivals.back().received + life);
    calls += collected(shard, arrivals.size() + 1, Shard::What::due).calls.size();
    shard.advance(arrivals.back().received + life);
    return std::pair(calls, shard.stats().calls_ended);
  };
  EXPECT_EQ(after(1s), std::pair(std::size_t(200), std::size_t(10)));
  EXPECT_GT(after(1ms).first, 0u);  // those that have waited longest
  EXPECT_LT(after(1ms).first, 200u);
}

TEST(ShardRows, calls_in_flight_wait_and_nothing_is_lost_by_it) {
  for (unsigned seed = 40; seed < 46; ++seed) {
    Stream stream(seed);
    auto arrivals = stream.calls({.calls = 60});
    const Instant end = arrivals.back().received + 2h;
    Shard eager, patient;
    SmallStore at_once, later;
    for (std::size_t i = 0; i < arrivals.size(); ++i) {
      feed(eager, arrivals, i, i + 1);
      feed(patient, arrivals, i, i + 1);
      if (i % 3 != 0) continue;
      at_once.apply(collected(eager, i + 1));
      later.apply(collected(patient, i + 1, Shard::What::due));
      for (const auto& [key, row] : later.calls) EXPECT_TRUE(at_once.calls.contains(key)) << "where a call is stored does not wait";
    }
    EXPECT_LT(later.call_rows, at_once.call_rows);
    eager.advance(end);
    patient.advance(end);
    at_once.apply(collected(eager, arrivals.size()));
    if (seed % 2 == 0) {
      later.apply(collected(patient, arrivals.size()));
    } else {  // silence brings the rest out too
      for (const Duration later_on : {Duration(0), Duration(limits::store_deferral)}) {
        patient.advance(end + later_on);
        later.apply(collected(patient, arrivals.size(), Shard::What::due));
      }
      EXPECT_FALSE(patient.dirty());
    }
    EXPECT_EQ(later.dump(), at_once.dump()) << seed;
  }
}

TEST(ShardRows, what_was_deferred_survives_a_restart_anywhere) {
  for (unsigned seed = 60; seed < 84; ++seed) {
    Stream stream(seed);
    const auto arrivals = stream.calls({.calls = 30});
    const Instant end = arrivals.back().received + 2h;
    Shard steady;
    SmallStore store, whole;
    feed(steady, arrivals, 0, arrivals.size());
    steady.advance(end);
    whole.apply(collected(steady, arrivals.size()));

    // A snapshot after one collect, some more collects, and then the process is gone.
    const std::size_t at_snapshot = 1 + stream.random()() % (arrivals.size() / 2);
    const std::size_t at_crash = at_snapshot + stream.random()() % (arrivals.size() - at_snapshot);
    std::string bytes;
    Shard first;
    for (std::size_t i = 0; i < at_crash; ++i) {
      feed(first, arrivals, i, i + 1);
      if (i % 7 == 0) first.advance(arrivals[i].received);
      if (i + 1 != at_snapshot && i + 1 != at_crash && i % 5 != 0) continue;
      store.apply(collected(first, i + 1, Shard::What::due));
      if (i + 1 == at_snapshot) bytes = first.snapshot();
    }
    Shard second;
    ASSERT_TRUE(second.restore(bytes));
    second.mark_stored_until(at_crash);
    store.restarted = true;
    for (std::size_t i = at_snapshot; i < arrivals.size(); ++i) {
      feed(second, arrivals, i, i + 1);
      if (i % 4 == 0) store.apply(collected(second, i + 1, Shard::What::due));
    }
    second.advance(end);
    store.apply(collected(second, arrivals.size() + 1));
    EXPECT_EQ(store.dump(), whole.dump()) << seed << " " << at_snapshot << " " << at_crash;
  }
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
  // Bytes that somebody summed anew must not bring us down either.
  std::mt19937 random(5);
  for (int i = 0; i < 3'000; ++i) {
    std::string forged = bytes.substr(0, bytes.size() - 8);
    forged[7 + random() % (forged.size() - 7)] = char(random());
    const std::uint64_t sum = hash64(forged);
    forged.append(std::string_view(reinterpret_cast<const char*>(&sum), 8));
    Shard target;
    (void)target.restore(forged);
    (void)target.stats();
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

}  // namespace
}  // namespace aybiza
