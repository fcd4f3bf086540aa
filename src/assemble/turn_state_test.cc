#include "assemble/turn_state.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>

#include "text/text_facts.h"

namespace aybiza {
namespace {

constexpr std::string_view words = "Please help, I was charged $20 twice";

// Events of one turn, which own their bytes.
class Turn_state : public ::testing::Test {
 protected:
  Event event(std::uint64_t id, std::vector<std::pair<Field, std::string>> texts, std::string_view key = {}) {
    Event out;
    out.type = EventType::turn;
    out.time = from_micros(std::int64_t(1'000'000 * id));
    out.id = {0, id};
    auto& values = values_.emplace_back();
    values.push_back({.field = Field::turn_number, .number = 1});
    values.push_back({.field = Field::speaker, .number = 0});
    for (auto& [field, text] : texts) values.push_back({.field = field, .text = kept_.emplace_back(std::move(text))});
    if (!key.empty()) values.push_back({.field = Field::turn_key, .text = key});
    std::ranges::sort(values, {}, &Value::field);
    out.values = values;
    return out;
  }
  static std::string facts(std::string_view text, bool meaning = false) {
    std::string out;
    append_text_facts({.counts = counts_of(text), .meaning = meaning ? std::optional(analyze(text)) : std::nullopt}, out);
    return out;
  }
  static std::string features(std::string_view text) {
    std::string out;
    append_features_json(features_of(text), out);
    return out;
  }
  static TurnRow row_of(const std::vector<Event>& events) {
    TurnState turn;
    for (const Event& one : events) turn.merge(one);
    // The same after a snapshot.
    std::string bytes;
    bytes::Writer out(bytes);
    turn.write(out, turn.time() - Duration(3'000'000));
    TurnState again;
    bytes::Reader in(bytes);
    EXPECT_TRUE(again.read(in, turn.time() - Duration(3'000'000)));
    EXPECT_EQ(again.labels().intent, turn.labels().intent);
    const TurnRow row = turn.row({}), second = again.row({});
    EXPECT_EQ(std::tie(row.intent, row.emotion, row.entities, row.features, row.sealed, row.topics, row.sentiment_e4),
              std::tie(second.intent, second.emotion, second.entities, second.features, second.sealed, second.topics, second.sentiment_e4));
    return row;
  }

  std::deque<std::string> kept_;
  std::deque<std::vector<Value>> values_;
};

TEST_F(Turn_state, what_the_sender_leaves_out_is_read_from_the_words) {
  const TurnRow row = row_of({event(1, {{Field::text_content, std::string(words)}, {Field::text_facts, facts(words)}})});
  EXPECT_EQ(row.intent, "request");
  EXPECT_EQ(row.entities, R"([{"class":"amount","start":27,"end":30,"text":"$20"}])");
  EXPECT_EQ(row.features, features(words));
  EXPECT_EQ(row.sealed, "");
}

TEST_F(Turn_state, what_the_sender_says_stays) {
  const TurnRow row = row_of({event(1, {{Field::text_content, std::string(words)}, {Field::intent, "dispute"}, {Field::entities, "[{}]"}})});
  EXPECT_EQ(row.intent, "dispute");
  EXPECT_EQ(row.entities, "[{}]");
  EXPECT_EQ(row.features, "");  // taken by a version without figures: unknown, not zero
}

TEST_F(Turn_state, a_turn_without_words_says_nothing) {
  const TurnRow row = row_of({event(1, {})});
  EXPECT_EQ(row.intent, "");
  EXPECT_EQ(row.emotion, "");
  EXPECT_EQ(row.entities, "");
  EXPECT_EQ(row.features, "");
  EXPECT_FALSE(row.sentiment_e4);
}

TEST_F(Turn_state, the_meaning_of_dropped_words_counts_as_theirs) {
  const TurnRow kept = row_of({event(1, {{Field::text_content, std::string(words)}, {Field::text_facts, facts(words)}})});
  const TurnRow dropped = row_of({event(1, {{Field::text_facts, facts(words, true)}, {Field::entities, R"([{"class":"amount"}])"}})});
  EXPECT_EQ(dropped.text_content, "");
  EXPECT_EQ(dropped.entities, R"([{"class":"amount"}])");
  EXPECT_EQ(std::tie(dropped.intent, dropped.emotion, dropped.topics, dropped.sentiment_e4, dropped.sentiment_confidence_e4, dropped.features),
            std::tie(kept.intent, kept.emotion, kept.topics, kept.sentiment_e4, kept.sentiment_confidence_e4, kept.features));
  EXPECT_NE(kept.topics, 0u);
}

TEST_F(Turn_state, later_words_bring_their_own_figures) {
  const Event first = event(1, {{Field::text_content, "goodbye"}, {Field::text_facts, facts("goodbye")}});
  const Event second = event(2, {{Field::text_content, std::string(words)}, {Field::text_facts, facts(words)}});
  for (const auto& order : {std::vector{first, second}, std::vector{second, first}}) {
    const TurnRow row = row_of(order);
    EXPECT_EQ(row.intent, "request");
    EXPECT_EQ(row.features, features(words));
  }
}

TEST_F(Turn_state, figures_and_lists_of_parts_add_up_in_any_order) {
  std::vector<Event> parts = {event(1, {{Field::text_content, "Please help,"}, {Field::text_facts, facts("Please help,")}, {Field::text_sealed, "one"}}, "k"),
                              event(2, {{Field::text_content, "thank you!"}, {Field::text_facts, facts("thank you!")}, {Field::text_sealed, "two"}}, "k"),
                              event(3, {{Field::entities, R"([{"class":"date"}])"}, {Field::text_facts, facts("bye")}}, "k")};
  TextCounts all = counts_of("Please help,");
  all += counts_of("thank you!");
  all += counts_of("bye");
  std::string expected;
  append_features_json(features_from(all), expected);
  std::ranges::sort(parts, {}, [](const Event& e) { return e.id.low; });
  do {
    const TurnRow row = row_of(parts);
    EXPECT_EQ(row.text_content, "Please help, thank you!");
    EXPECT_EQ(row.features, expected);
    EXPECT_EQ(row.sealed, "onetwo");
    EXPECT_EQ(row.entities, R"([{"class":"date"}])");
  } while (std::next_permutation(parts.begin(), parts.end(), [](const Event& a, const Event& b) { return a.id.low < b.id.low; }));
}

TEST_F(Turn_state, damaged_facts_are_unknown) {
  const TurnRow row = row_of({event(1, {{Field::text_facts, "x"}})});
  EXPECT_EQ(row.features, "");
  EXPECT_EQ(row.intent, "");
}

TEST_F(Turn_state, of_several_tellings_of_a_text_the_greatest_order_counts) {
  const auto telling = [&](std::uint64_t id, std::string text, std::int64_t order) {
    Event out = event(id, {{Field::text_content, text}, {Field::text_facts, facts(text)}}, "x:a");
    auto& values = values_.back();
    if (order > 0) values.push_back({.field = Field::text_order, .number = order});
    std::ranges::sort(values, {}, &Value::field);
    out.values = values;
    return out;
  };
  std::vector<Event> tellings = {telling(1, "Where is it?", 7), telling(2, "My name is Ann", 3), telling(3, "Hello", 5), telling(4, "untold", 0)};
  std::ranges::sort(tellings, {}, &Event::id);
  do {
    const TurnRow row = row_of(tellings);
    EXPECT_EQ(row.text_content, "Where is it?");
    EXPECT_EQ(row.features, features("Where is it?"));
    EXPECT_EQ(row.time, from_micros(1'000'000));
  } while (std::ranges::next_permutation(tellings, {}, &Event::id).found);
  // Of equal orders the last, whichever comes first.
  std::vector<Event> equal = {telling(1, "one", 7), telling(2, "two", 7)};
  EXPECT_EQ(row_of(equal).text_content, "two");
  std::ranges::reverse(equal);
  EXPECT_EQ(row_of(equal).text_content, "two");
}

}  // namespace
}  // namespace aybiza
