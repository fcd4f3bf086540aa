// What shards hand out: rows that make a store right, after restarts as well.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>

#include "aggregate/feeding.h"
#include "aggregate/random_life.h"
#include "base/limits.h"

namespace aybiza {
namespace {

using namespace std::chrono_literals;
using testing::collected;
using testing::feed;
using testing::Stream;

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

TEST(ShardRows, usage_counts_once_in_whatever_order_few_or_many_of_a_call_come) {
  for (const std::size_t count : {5u, 31u, 32u, 33u, 100u}) {
    std::string dumps[2];
    for (std::string& dump : dumps) {
      Stream stream(77);  // the same events, and with them the same ids
      const Instant begin = Stream::Shape().begin;
      std::vector<Event> events;
      for (std::size_t i = 0; i < count; ++i)
        events.push_back(stream.make(EventType::usage, "one", begin + std::int64_t(i) * 1s, {{Field::model, "m"}},
                                     {{Field::input_tokens, std::int64_t(i)}, {Field::cost_usd, 1'000}}, "c"));
      for (std::size_t i = 0; i < count; ++i) events.push_back(events[i]);
      std::mt19937 order(&dump == dumps ? 1 : 2);
      std::ranges::shuffle(events, order);
      Shard shard;
      SmallStore store;
      for (std::size_t i = 0; i < events.size(); ++i) {
        shard.apply(events[i], i + 1, begin + 200s);
        if (i % 7 == 0) store.apply(collected(shard, i + 1));
      }
      store.apply(collected(shard, events.size() + 1));
      EXPECT_EQ(store.usage.size(), count);
      Shard copy;
      ASSERT_TRUE(copy.restore(shard.snapshot()));
      EXPECT_EQ(copy.canonical_dump(), shard.canonical_dump());
      copy.apply(events.front(), events.size() + 1, begin + 201s);  // known to the one that was read as well
      const auto detail = copy.call(events.front().call);
      ASSERT_TRUE(detail);
      EXPECT_EQ(detail->usage.size(), count);
      EXPECT_EQ(detail->call.cost_nano, std::int64_t(count) * 1'000);
      dump = store.dump();
    }
    EXPECT_EQ(dumps[0], dumps[1]);
  }
}

// A collection in steps, while the shard goes on, has the rows of the moment it was begun.
TEST(ShardRows, collected_in_steps_are_those_of_the_moment_it_was_begun) {
  std::size_t collections = 0, steps = 0, moved_on = 0;
  for (unsigned seed = 1; seed <= 16; ++seed) {
    const std::size_t retained = seed % 3 == 0 ? 25 : 0;
    testing::Life at_once(seed, retained, false), in_steps(seed, retained, false);
    SmallStore wanted, found;
    std::mt19937_64 random(seed);
    const auto number = [&](int low, int high) { return std::uniform_int_distribution(low, high)(random); };
    while (!at_once.over()) {
      for (int i = number(1, 60); i > 0 && !at_once.over(); --i) at_once.step(), in_steps.step();
      const Shard::What what = number(0, 3) == 0 ? Shard::What::all : Shard::What::due;
      RowBatch rows, some;
      rows.to = some.to = at_once.offset();
      if (number(0, 4) == 0) in_steps.shard.begin_snapshot();
      at_once.shard.collect(rows, what);
      in_steps.shard.begin_collect(some, what);
      for (bool more = true; more; ++steps) {
        for (int i = number(0, 3); i > 0 && !at_once.over(); --i, ++moved_on) at_once.step(), in_steps.step();
        more = in_steps.shard.next_of_collect(std::size_t(number(1, 4)));
      }
      ASSERT_EQ(some.calls.size(), rows.calls.size()) << seed;
      ASSERT_EQ(some.turns.size(), rows.turns.size()) << seed;
      wanted.apply(rows), found.apply(some);
      ASSERT_EQ(found.dump(), wanted.dump()) << seed;
      ++collections;
    }
    EXPECT_EQ(in_steps.shard.canonical_dump(), at_once.shard.canonical_dump()) << seed;
  }
  EXPECT_GT(collections, 200u);
  EXPECT_GT(steps, 2 * collections);
  EXPECT_GT(moved_on, collections);
}

}  // namespace
}  // namespace aybiza
