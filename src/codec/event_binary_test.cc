#include "codec/event_binary.h"

#include <gtest/gtest.h>

#include <bit>
#include <random>

#include "codec/codec_testing.h"
#include "codec/event_to_json.h"

namespace aybiza {
namespace {

// An event of any type with any of its fields, and the bytes it views.
struct RandomEvent {
  std::vector<std::string> texts;
  std::vector<Value> values;
  Event event;

  explicit RandomEvent(std::mt19937_64& random) {
    texts.reserve(field_count + 8);
    event.type = EventType(random() % event_type_count);
    event.rank = native_rank(event.type);
    event.time = testing::test_now - Duration(std::int64_t(random() % 1'000'000'000));
    event.id = {random(), random()};
    if (random() % 2 != 0) event.call = {random(), random()};
    if (random() % 2 != 0) event.agent = {random(), random()};
    event.scope = text(random, "scope"), event.source = text(random, "source"), event.id_text = text(random, "id");
    if (event.type == EventType::other) event.type_text = text(random, "type");
    if (random() % 3 == 0) event.ext = R"({"x":[1,"é"]})";
    for (const FieldInfo& field : fields())
      if ((field.required & mask_of(event.type)) != 0 ||
          ((field.types & mask_of(event.type)) != 0 && random() % 3 == 0 && event.type != EventType::other))
        values.push_back(value(random, field));
    event.values = values;
    event.customer = event.text(Field::customer_id);
  }
  std::string_view text(std::mt19937_64& random, std::string_view prefix) {
    texts.push_back(fmt::format("{}-{}é\"\\", prefix, random() % 1000));
    return texts.back();
  }
  Value value(std::mt19937_64& random, const FieldInfo& field) {
    Value out{field.field};
    const double share = double(random() % 10'000) / 10'000;
    switch (field.kind) {
      case Kind::label:
      case Kind::phone:
      case Kind::text: out.text = text(random, field.name); break;
      case Kind::word: out.number = std::int64_t(random() % field.words.size()), out.text = field.words[std::size_t(out.number)]; break;
      case Kind::json: out.text = field.field == Field::tags ? R"({"a":"1"})" : R"([{"name":"x","ms":1.5}])"; break;
      case Kind::flag: out.number = std::int64_t(random() % 2); break;
      case Kind::time: out.number = to_micros(event.time); break;
      case Kind::real: out.number = std::bit_cast<std::int64_t>(field.field == Field::sample_rate ? 0.5 : share - 0.5); break;
      case Kind::vector: texts.emplace_back(1536 * 4, char(random() % 64)); out.text = texts.back(); break;
      case Kind::count: out.number = std::int64_t(random() % 10); break;
      default: out.number = *from_wire(field.field, field.min + share * (std::min(field.max, 1e5) - field.min));
    }
    return out;
  }
};

void expect_same(const Event& a, const Event& b, bool identities) {
  EXPECT_EQ(a.type, b.type);
  EXPECT_EQ(a.rank, b.rank);
  EXPECT_EQ(a.time, b.time);
  EXPECT_EQ(a.source, b.source);
  EXPECT_EQ(a.id_text, b.id_text);
  EXPECT_EQ(a.type_text, b.type_text);
  EXPECT_EQ(a.ext, b.ext);
  EXPECT_EQ(a.customer, b.customer);
  if (identities) {
    EXPECT_EQ(a.scope, b.scope);
    EXPECT_EQ(a.id, b.id);
    EXPECT_EQ(a.call, b.call);
    EXPECT_EQ(a.agent, b.agent);
  }
  ASSERT_EQ(a.values.size(), b.values.size());
  for (std::size_t i = 0; i < a.values.size(); ++i) {
    EXPECT_EQ(a.values[i].field, b.values[i].field);
    EXPECT_EQ(a.values[i].number, b.values[i].number) << name_of(a.values[i].field);
    EXPECT_EQ(a.values[i].text, b.values[i].text) << name_of(a.values[i].field);
  }
}

TEST(EventBinary, EveryEventComesBack) {
  std::mt19937_64 random(11);
  std::vector<Value> values;
  for (int i = 0; i < 2000; ++i) {
    const RandomEvent made(random);
    std::string bytes = "before";
    append_event(bytes, made.event);
    const std::size_t size = bytes.size() - 6;
    bytes += "after";
    const auto decoded = decode_event(std::string_view(bytes).substr(6), values);
    ASSERT_TRUE(decoded.has_value()) << decoded.error().message;
    EXPECT_EQ(decoded->size, size);
    expect_same(made.event, decoded->event, true);
  }
}

TEST(EventBinary, DamagedBytesAreRefusedOrHarmless) {
  std::mt19937_64 random(12);
  std::vector<Value> values;
  for (int i = 0; i < 300; ++i) {
    const RandomEvent made(random);
    std::string bytes;
    append_event(bytes, made.event);
    for (std::size_t cut = 0; cut < std::min<std::size_t>(bytes.size(), 300); ++cut) {
      const auto decoded = decode_event(std::string_view(bytes).substr(0, cut), values);
      ASSERT_FALSE(decoded.has_value());
      EXPECT_EQ(decoded.error().code, Code::corrupt);
    }
    for (int flip = 0; flip < 100; ++flip) {
      std::string damaged = bytes;
      damaged[random() % damaged.size()] ^= char(1 << random() % 8);
      if (const auto decoded = decode_event(damaged, values)) {
        std::string again;
        append_event(again, decoded->event);  // whatever it says, it is an event
      }
    }
  }
}

TEST(EventBinary, ANewerVersionIsSaidToBeNewer) {
  std::string bytes;
  append_event(bytes, Event{});
  bytes[4] = 2;
  std::vector<Value> values;
  EXPECT_EQ(decode_event(bytes, values).error().code, Code::unsupported);
}

TEST(EventToJson, DecodesToTheSameEvent) {
  std::mt19937_64 random(13);
  for (int i = 0; i < 1000; ++i) {
    const RandomEvent made(random);
    if (is_ours_alone(made.event.type)) continue;  // never on the wire
    const std::string json = event_to_json(made.event);
    const auto decoded = testing::decode(json);
    ASSERT_EQ(decoded.batch.events.size(), 1u) << json.substr(0, 2000) << decoded.code() << " " << decoded.field();
    expect_same(made.event, decoded.batch.events[0], false);
  }
}

TEST(EventToJson, TheCustomerOfTheKeyIsNamed) {
  const auto decoded = testing::decode(testing::event_text("call.rated", R"("call_id":"c","nps":3,"odd":1)", R"(,"id":"i")"),
                                       BodyFormat::ndjson, "acme");
  EXPECT_EQ(event_to_json(decoded.batch.events.at(0)),
            R"({"type":"call.rated","id":"i","time":"2026-11-21T09:00:00.000Z","source":"key-1",)"
            R"("data":{"customer_id":"acme","call_id":"c","nps":3,"odd":1}})");
}

}  // namespace
}  // namespace aybiza
