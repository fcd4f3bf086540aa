#include "model/field.h"

#include <gtest/gtest.h>

#include "model/event.h"

namespace aybiza {
namespace {

void check(EventType type, std::string_view name, std::optional<Field> expected) {
  EXPECT_EQ(find_field(type, name), expected) << to_string(type) << " " << name;
}

TEST(Fields, NameMeansTheFieldOfItsType) {
  check(EventType::call_intervened, "kind", Field::intervention_kind);
  check(EventType::metric, "kind", Field::metric_kind);
  check(EventType::usage, "kind", std::nullopt);
  check(EventType::turn, "region", Field::region);  // any event may carry a dimension
  check(EventType::turn, "cost_usd", std::nullopt);
  check(EventType::call_ended, "cost_usd", Field::cost_usd);
  check(EventType::turn, "nonsense", std::nullopt);
}

TEST(Fields, NumbersTravelInTheirUnit) {
  EXPECT_EQ(from_wire(Field::total_duration_ms, 67257), 67'257'000);
  EXPECT_EQ(from_wire(Field::stt_seconds, 2.45), 2'450'000);
  EXPECT_EQ(from_wire(Field::customer_satisfaction_score, 3.67), 36'700);
  EXPECT_EQ(from_wire(Field::cost_usd, 0.0123), 12'300'000);
  EXPECT_EQ(from_wire(Field::turn_number, 1.5), std::nullopt);
  EXPECT_EQ(from_wire(Field::turn_number, -1), std::nullopt);
  EXPECT_EQ(from_wire(Field::customer_satisfaction_score, 0.9), std::nullopt);
  EXPECT_EQ(from_wire(Field::value, std::numeric_limits<double>::infinity()), std::nullopt);
  EXPECT_DOUBLE_EQ(to_wire(Field::value, *from_wire(Field::value, -0.25)), -0.25);
  EXPECT_DOUBLE_EQ(to_wire(Field::total_duration_ms, 67'257'000), 67257);
}

TEST(Fields, EveryWordFieldHasWordsAndEveryTypeItsText) {
  for (const FieldInfo& field : fields()) EXPECT_EQ(field.kind == Kind::word, !field.words.empty()) << field.name;
  for (std::size_t i = 0; i + 1 < event_type_count; ++i)
    EXPECT_EQ(parse_event_type(to_string(EventType(i))), is_ours_alone(EventType(i)) ? EventType::other : EventType(i));
  EXPECT_EQ(parse_event_type("call.unheard_of"), EventType::other);
}

}  // namespace
}  // namespace aybiza
