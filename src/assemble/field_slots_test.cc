#include "assemble/field_slots.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>

namespace aybiza {
namespace {

struct Said {
  std::uint8_t field = 0;
  Order order;
  std::int64_t number = 0;
  std::string text;
};

std::vector<Said> random_words(std::mt19937& random, std::size_t count) {
  constexpr Field fields[] = {Field::region, Field::nps, Field::call_outcome, Field::end_reason, Field::error_count, Field::agent_name};
  std::vector<Said> words;
  for (std::size_t i = 0; i < count; ++i) {
    const Field field = fields[random() % std::size(fields)];
    Said said{std::uint8_t(field), {Rank(1 + random() % 5), from_micros(std::int64_t(random() % 4)), {random() % 3, i}}, 0, {}};
    if (is_number(info(field).kind)) said.number = std::int64_t(random() % 3);
    else said.text = std::string(random() % 40, char('a' + random() % 3));
    words.push_back(std::move(said));
  }
  return words;
}

std::string bytes_of(const FieldSlots& slots) {
  std::string out;
  bytes::Writer writer(out);
  OrderPlaces orders;
  slots.write(writer, orders);
  return out;
}

TEST(FieldSlots, the_last_word_wins_whatever_the_order_of_arrival) {
  std::mt19937 random(1);
  for (int round = 0; round < 50; ++round) {
    auto words = random_words(random, 1 + random() % 400);
    std::map<std::uint8_t, const Said*> rival;
    for (const Said& said : words)
      if (const auto [at, fresh] = rival.try_emplace(said.field, &said); !fresh && at->second->order < said.order) at->second = &said;
    std::string first;
    for (int order = 0; order < 3; ++order) {
      auto shuffled = words;
      std::shuffle(shuffled.begin(), shuffled.end(), random);
      shuffled.insert(shuffled.end(), shuffled.begin(), shuffled.begin() + std::ptrdiff_t(shuffled.size() / 2));  // duplicates
      FieldSlots slots;
      for (const Said& said : shuffled) slots.merge(said.field, said.order, said.number, said.text);
      for (const auto& [field, said] : rival) {
        if (is_number(info(Field(field)).kind)) {
          EXPECT_EQ(slots.number(Field(field)), said->number);
        } else {
          EXPECT_EQ(slots.text(field), said->text);
        }
      }
      if (order == 0) first = bytes_of(slots);
      EXPECT_EQ(bytes_of(slots), first);
    }
  }
}

TEST(FieldSlots, stays_small_however_often_it_is_told) {
  std::mt19937 random(2);
  FieldSlots slots;
  for (const Said& said : random_words(random, 20'000)) slots.merge(said.field, said.order, said.number, said.text);
  EXPECT_LT(slots.heap_bytes(), 12'000u);
  slots.shrink();
  EXPECT_LT(slots.heap_bytes(), 800u);
}

TEST(FieldSlots, read_back_it_is_the_same) {
  std::mt19937 random(3);
  FieldSlots slots, back;
  for (const Said& said : random_words(random, 300)) slots.merge(said.field, said.order, said.number, said.text);
  const std::string bytes = bytes_of(slots);
  bytes::Reader in(bytes);
  OrderPlaces orders;
  ASSERT_TRUE(back.read(in, orders));
  EXPECT_EQ(bytes_of(back), bytes);
  for (std::size_t cut = 0; cut < bytes.size(); ++cut) {
    bytes::Reader part(std::string_view(bytes).substr(0, cut));
    OrderPlaces none;
    EXPECT_FALSE(FieldSlots().read(part, none)) << cut;
  }
}

}  // namespace
}  // namespace aybiza
