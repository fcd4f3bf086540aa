#include "assemble/turn_keys.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>

namespace aybiza {
namespace {

// One event with a key: "x:a@10", numbered "x:a@10=3", of a report "i:a@10!". `c` and `a` in front of it: who speaks.
struct Said {
  std::string key;
  std::int64_t second = 0, declared = 0;
  Rank rank = Rank::span;
  bool agent = true;
};

struct Told {
  Event event;
  std::vector<Value> values;
};

Told told(const Said& said) {
  Told out;
  out.event.type = EventType::turn;
  out.event.rank = said.rank;
  out.event.time = from_micros(said.second * 1'000'000);
  out.values.push_back({Field::speaker, said.agent ? 1 : 0, said.agent ? "agent" : "caller"});
  out.values.push_back({Field::turn_key, 0, said.key});
  if (said.declared > 0) out.values.push_back({Field::turn_exchange, said.declared, {}});
  return out;
}

// Where every key's agent turn ends up, when `moves` are followed as a shard follows them.
std::map<std::string, std::int32_t> numbers_of(const std::vector<Said>& events) {
  TurnKeys keys;
  std::map<std::int32_t, std::string> turns;
  for (const Said& said : events) {
    Told one = told(said);
    one.event.values = one.values;
    std::vector<TurnKeys::Move> moves;
    const auto seen = keys.see(one.event, moves);
    std::map<std::int32_t, std::string> moved;
    for (const auto& move : moves)
      if (const auto node = turns.extract(move.from); !node.empty() && move.to > 0) moved[move.to] = node.mapped();
    for (auto& [number, key] : moved) EXPECT_TRUE(turns.emplace(number, key).second) << number << " is taken";
    if (seen == TurnKeys::Seen::superseded) continue;
    const auto number = keys.number(one.event);
    const std::string name = said.key + (said.rank == Rank::final_report ? "!" : "") + (said.agent ? "" : "'");
    const auto [at, fresh] = turns.try_emplace(number, name);
    EXPECT_EQ(at->second, name);
  }
  std::map<std::string, std::int32_t> out;
  for (const auto& [number, key] : turns) out[key] = number;
  return out;
}

using Numbers = std::map<std::string, std::int32_t>;

void check(const std::vector<Said>& events, const Numbers& expected) {
  EXPECT_EQ(numbers_of(events), expected);
  std::mt19937 random(7);
  auto shuffled = events;
  for (int i = 0; i < 50; ++i) {
    std::shuffle(shuffled.begin(), shuffled.end(), random);
    EXPECT_EQ(numbers_of(shuffled), expected) << i;
  }
}

TEST(TurnKeys, are_numbered_on_in_order_of_their_start) {
  check({{"ta", 1}, {"tb", 2}, {"tc", 3}}, {{"ta", 1}, {"tb", 2}, {"tc", 3}});
  check({{"xa", 1}, {"xb", 5}}, {{"xa", 2}, {"xb", 4}});
  check({{"xa", 1}, {"xb", 5}, {"xb", 6, 0, Rank::span, false}}, {{"xa", 2}, {"xb", 4}, {"xb'", 3}});
}

TEST(TurnKeys, an_exchange_that_is_told_has_its_number_and_the_next_ones_follow_it) {
  check({{"xa", 1, 3}, {"xb", 5}}, {{"xa", 6}, {"xb", 8}});
  check({{"xa", 1}, {"xb", 5, 1}, {"xc", 9}}, {{"xa", 4}, {"xb", 2}, {"xc", 6}});  // 1 is taken by the one that tells it
  check({{"xa", 1}, {"xb", 5, 2}, {"xc", 9, 3}}, {{"xa", 2}, {"xb", 4}, {"xc", 6}});
}

TEST(TurnKeys, two_that_tell_the_same_number_are_both_kept) {
  check({{"xa", 1, 1}, {"xb", 5, 1}, {"xc", 9, 2}}, {{"xa", 2}, {"xb", 6}, {"xc", 4}});
}

TEST(TurnKeys, the_report_takes_the_place_of_the_spans) {
  check({{"ta", 1}, {"tb", 2}, {"ix", 1, 0, Rank::final_report}, {"iy", 4, 0, Rank::final_report}}, {{"ix!", 1}, {"iy!", 2}});
}

TEST(TurnKeys, random_calls_do_not_depend_on_the_order) {
  std::mt19937 random(11);
  for (int round = 0; round < 40; ++round) {
    std::vector<Said> events;
    for (int i = 0; i < 12; ++i) {
      const std::string key = (random() % 3 != 0 ? "x" : "t") + std::to_string(random() % 6);
      events.push_back({key, std::int64_t(random() % 20), random() % 3 == 0 ? std::int64_t(random() % 5 + 1) : 0,
                        random() % 9 == 0 ? Rank::final_report : Rank::span, key[0] == 't' || random() % 2 == 0});
    }
    check(events, numbers_of(events));
  }
}

TEST(TurnKeys, survive_as_bytes) {
  TurnKeys keys;
  for (int i = 0; i < 5; ++i) {
    const Said said{"x" + std::to_string(i), 10 - i, i};  // told() views its key
    Told one = told(said);
    one.event.values = one.values;
    std::vector<TurnKeys::Move> moves;
    keys.see(one.event, moves);
  }
  std::string bytes, again;
  bytes::Writer out(bytes), out_again(again);
  keys.write(out);
  TurnKeys read;
  bytes::Reader in(bytes);
  ASSERT_TRUE(read.read(in));
  EXPECT_TRUE(in.done());
  read.write(out_again);
  EXPECT_EQ(again, bytes);
  bytes::Reader cut(std::string_view(bytes).substr(0, bytes.size() - 3));
  EXPECT_FALSE(TurnKeys().read(cut));
}

// One side of an exchange as records tell it: a text of this order, or that the caller has none. Answers whether the caller's turn
// is there at the end, as a shard follows the moves.
bool has_caller(const std::vector<std::pair<std::int64_t, bool>>& tellings) {
  TurnKeys keys;
  bool there = false;
  for (const auto& [order, silent] : tellings) {
    Event event;
    event.type = EventType::turn;
    event.rank = Rank::span;
    event.time = from_micros(order);
    std::vector<Value> values;
    if (!silent) values.push_back({Field::speaker, 0, "caller"});
    values.push_back({Field::turn_key, 0, "x:a"});
    values.push_back({Field::text_order, order, {}});
    event.values = values;
    std::vector<TurnKeys::Move> moves;
    const auto seen = keys.see(event, moves);
    for (const auto& move : moves)
      if (move.from == 1 && move.to == 0) there = false;
    if (!silent && seen != TurnKeys::Seen::superseded) there = true;
    std::string bytes;
    bytes::Writer writer(bytes);
    keys.write(writer);
    bytes::Reader reader(bytes);
    TurnKeys again;
    EXPECT_TRUE(again.read(reader));
    keys = again;
  }
  return there;
}

TEST(TurnKeys, who_spoke_last_before_the_agent_decides_whether_the_caller_did) {
  std::vector<std::pair<std::int64_t, bool>> tellings = {{10, false}, {20, true}, {30, false}, {40, true}};
  std::ranges::sort(tellings);
  do EXPECT_FALSE(has_caller(tellings));
  while (std::ranges::next_permutation(tellings).found);
  tellings = {{10, false}, {20, true}, {20, true}, {30, false}};
  do EXPECT_TRUE(has_caller(tellings));
  while (std::ranges::next_permutation(tellings).found);
  EXPECT_FALSE(has_caller({{20, true}}));
}

}  // namespace
}  // namespace aybiza
