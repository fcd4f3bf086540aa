#include "codec/event_json.h"

#include <gtest/gtest.h>

#include "base/limits.h"
#include "codec/codec_testing.h"

namespace aybiza {
namespace {
using namespace testing;

// One event in NDJSON is refused with this code and field.
void check_refused(const std::string& event, std::string_view code, std::string_view field) {
  const Decoded d = decode(event);
  ASSERT_TRUE(d.status.has_value()) << d.status.error().message;
  EXPECT_EQ(d.batch.events.size(), 0u) << event;
  EXPECT_EQ(d.code(), code) << event.substr(0, 300);
  EXPECT_EQ(d.field(), field) << event.substr(0, 300);
}
void check_taken(const std::string& event) {
  const Decoded d = decode(event);
  ASSERT_TRUE(d.status.has_value());
  EXPECT_EQ(d.batch.events.size(), 1u) << event.substr(0, 300) << " " << d.code() << " " << d.field();
}

constexpr std::string_view turn_members = R"("call_id":"c-1","turn_number":1,"speaker":"caller")";
std::string turn(std::string_view more) { return event_text("turn", fmt::format("{}{}", turn_members, more)); }

TEST(EventJson, TheExamplesOfTheContract) {
  const Decoded d = decode(
      R"({"type":"call.started","id":"e1","time":"2026-11-21T09:00:00.000Z","data":{"call_id":"c-1","agent_id":"a-7","customer_id":"acme","region":"us-east","caller_number":"+14155550100","model_used":"claude-sonnet-4-5"}}
{"type":"turn","id":"e2","time":"2026-11-21T09:00:03.100Z","data":{"call_id":"c-1","turn_number":1,"speaker":"caller","text_content":"I was charged twice, please help","state":"intent_detection"}}
{"type":"usage","id":"e3","time":"2026-11-21T09:00:04.000Z","data":{"call_id":"c-1","model":"claude-sonnet-4-5","input_tokens":900,"cache_read_tokens":3200,"output_tokens":80,"stt_seconds":3.1,"tts_characters":120}}
{"type":"call.ended","id":"e4","time":"2026-11-21T09:02:10.000Z","data":{"call_id":"c-1","total_duration_ms":130000,"call_outcome":"successful","resolution_status":"resolved","customer_satisfaction_score":4.5}}
)");
  ASSERT_TRUE(d.status.has_value());
  ASSERT_EQ(d.batch.events.size(), 4u) << d.code() << d.field();
  const Event& started = d.batch.events[0];
  EXPECT_EQ(started.type, EventType::call_started);
  EXPECT_EQ(started.customer, "acme");
  EXPECT_EQ(started.scope, "platform");
  EXPECT_EQ(started.source, "key-1");
  EXPECT_EQ(started.call, external_id("platform", "call", "events", "c-1"));
  EXPECT_EQ(started.agent, external_id("platform", "agent", "events", "a-7"));
  EXPECT_EQ(started.text(Field::region), "us-east");
  const Event& turn = d.batch.events[1];
  EXPECT_EQ(turn.time, *parse_rfc3339("2026-11-21T09:00:03.100Z"));
  EXPECT_EQ(turn.text(Field::text_content), "I was charged twice, please help");
  EXPECT_EQ(turn.text(Field::speaker), "caller");
  EXPECT_EQ(turn.call, started.call);
  EXPECT_EQ(d.batch.events[2].number(Field::stt_seconds), 3'100'000);
  EXPECT_EQ(d.batch.events[3].number(Field::customer_satisfaction_score), 45'000);
  EXPECT_EQ(d.batch.events[3].rank, Rank::final_report);
  EXPECT_EQ(d.batch.events[3].number(Field::llm_latency_ms), std::nullopt);  // unknown is never zero
}

TEST(EventJson, ABrokenLineCostsOneLine) {
  const Decoded d = decode(turn("") + "\n{\"type\":\n\n" + turn("") + "\r\nnot json\n[1]\n" + turn("") + "x\n");
  EXPECT_EQ(d.batch.events.size(), 2u);
  ASSERT_EQ(d.batch.errors.size(), 4u);
  EXPECT_EQ(d.batch.errors[0].index, 1u);
  EXPECT_EQ(d.code(0), "invalid_json");
  EXPECT_EQ(d.code(1), "invalid_json");
  EXPECT_EQ(d.code(2), "invalid_type");  // JSON, but not an object
  EXPECT_EQ(d.code(3), "invalid_json");  // something after the event
  EXPECT_EQ(d.batch.index[1], 2u);
  EXPECT_EQ(d.batch.offered(), 6u);
}

TEST(EventJson, Documents) {
  using enum BodyFormat;
  EXPECT_EQ(decode(turn(""), json).batch.events.size(), 1u);
  EXPECT_EQ(decode("[" + turn("") + "," + turn("") + "]", json).batch.events.size(), 2u);
  EXPECT_EQ(decode("{\"batch\":[" + turn("") + "]}", json).batch.events.size(), 1u);
  EXPECT_EQ(decode("[]", json).batch.offered(), 0u);
  EXPECT_FALSE(decode("{", json).status.has_value());
  EXPECT_FALSE(decode("", ndjson).status.has_value());
  // A bad element costs itself: brackets are enough to find the next.
  const Decoded d = decode("[" + turn("") + R"(,{"type" 1},{"type":"turn"},)" + turn("") + "]", json);
  EXPECT_EQ(d.batch.events.size(), 2u);
  EXPECT_EQ(d.code(0), "invalid_json");
  EXPECT_EQ(d.code(1), "missing_field");
}

TEST(EventJson, CloudEvents) {
  const Decoded d = decode(
      R"([{"specversion":"1.0","type":"call.rated","source":"/voice","id":"9","time":"2026-11-21T09:00:00+01:00",
      "datacontenttype":"application/json","traceparent":"00-ab","data":{"call_id":"c","nps":9}}])",
      BodyFormat::cloudevents_batch);
  ASSERT_EQ(d.batch.events.size(), 1u) << d.code() << d.field();
  const Event& event = d.batch.events[0];
  EXPECT_EQ(event.source, "/voice");
  EXPECT_EQ(event.id_text, "9");
  EXPECT_EQ(event.time, *parse_rfc3339("2026-11-21T08:00:00Z"));
  EXPECT_EQ(event.ext, R"({"traceparent":"00-ab"})");
}

TEST(EventJson, UnknownMembersAreKept) {
  const Decoded d = decode(event_text(
      "turn", fmt::format(R"({},"zeta":{{"a" : [1, 2.50 ,true,null,"x\u0000\n"]}},"alpha":12345678901234567890123)",
                          turn_members),
      R"(,"region":"outer","zeta":1)"));
  ASSERT_EQ(d.batch.events.size(), 1u) << d.code();
  EXPECT_EQ(d.batch.events[0].ext,
            R"({"alpha":12345678901234567890123,"envelope.region":"outer","zeta":{"a":[1,2.50,true,null,"x "]}})");
}

TEST(EventJson, UnknownTypesAreKeptWhole) {
  const Decoded d = decode(event_text("acme.custom", R"("call_id":"c-9","region":7,"customer_id":"acme","x":[1])"));
  ASSERT_EQ(d.batch.events.size(), 1u);
  const Event& event = d.batch.events[0];
  EXPECT_EQ(event.type, EventType::other);
  EXPECT_EQ(event.type_text, "acme.custom");
  EXPECT_EQ(event.ext, R"({"call_id":"c-9","customer_id":"acme","region":7,"x":[1]})");
  EXPECT_EQ(event.call, external_id("platform", "call", "events", "c-9"));
  EXPECT_EQ(event.customer, "acme");
}

TEST(EventJson, OrderAndRepetitionDoNotMatter) {
  const auto number = [](const std::string& text) {
    const Decoded d = decode(text);
    return d.batch.events.size() == 1 ? d.batch.events[0].number(Field::nps).value_or(-1) : -2;
  };
  EXPECT_EQ(number(R"({"data":{"call_id":"c","nps":3},"time":"2026-11-21T09:00:00Z","type":"call.rated"})"), 3);
  EXPECT_EQ(number(R"({"type":"turn","data":{"call_id":"c","nps":3},"time":"2026-11-21T09:00:00Z","type":"call.rated"})"), 3);
  EXPECT_EQ(number(R"({"type":"call.rated","data":{"nps":1},"time":"2026-11-21T09:00:00Z","data":{"call_id":"c","nps":4}})"), 4);
  EXPECT_EQ(number(event_text("call.rated", R"("call_id":"c","nps":3,"nps":5)")), 5);
  EXPECT_EQ(number(event_text("call.rated", R"("call_id":"c","nps":3,"nps":null)")), -1);
  EXPECT_EQ(number(R"({"d\u0061ta":{"c\u0061ll_id":"c","nps":6},"time":"2026-11-21T09:00:00Z","type":"call.rated"})"), 6);
}

TEST(EventJson, Envelope) {
  check_refused(R"({"time":"2026-11-21T09:00:00Z","data":{}})", "missing_field", "type");
  check_refused(R"({"type":"turn","time":"2026-11-21T09:00:00Z"})", "missing_field", "data");
  check_refused(R"({"type":"x","data":{}})", "missing_field", "time");
  check_refused(R"({"type":"x","time":"2026-11-21T09:00:00Z","data":[]})", "invalid_type", "data");
  check_refused(R"({"type":7,"time":"2026-11-21T09:00:00Z","data":{}})", "invalid_type", "type");
  check_refused(event_text("x", "", R"(,"id":7)"), "invalid_type", "id");
  check_refused(event_text("x", "", fmt::format(R"(,"id":"{}")", std::string(129, 'i'))), "too_large", "id");
  check_taken(event_text("x", "", fmt::format(R"(,"id":"{}")", std::string(128, 'i'))));
  check_taken(event_text("x", "", R"(,"id":null)"));
}

TEST(EventJson, Times) {
  const auto at = [](std::string_view member) {
    return fmt::format(R"({{"type":"x",{},"data":{{}}}})", member);
  };
  check_taken(at(R"("time":"2026-11-21T10:05:00Z")"));  // five minutes ahead
  check_refused(at(R"("time":"2026-11-21T10:05:00.001Z")"), "invalid_time", "time");
  check_taken(at(R"("time":"2025-10-17T10:00:00Z")"));  // 400 days ago
  check_refused(at(R"("time":"2025-10-17T09:59:59.999Z")"), "invalid_time", "time");
  check_refused(at(R"("time":"2026-11-21T09:00:00")"), "invalid_time", "time");  // no offset
  check_refused(at(R"("time":"yesterday")"), "invalid_time", "time");
  check_refused(at(R"("time":1795251600)"), "invalid_time", "time");  // never guessed from magnitude
  check_refused(at(R"("time_ms":1795251600)"), "invalid_time", "time_ms");
  check_refused(at(R"("time_ms":1.5)"), "invalid_time", "time_ms");
  check_refused(at(R"("time_s":9223372036854775807)"), "invalid_time", "time_s");
  const Instant nine = *parse_rfc3339("2026-11-21T09:00:00Z");
  const std::int64_t s = to_micros(nine) / 1'000'000;
  for (const auto& member : {fmt::format(R"("time_s":{})", s), fmt::format(R"("time_ms":{}000)", s),
                             fmt::format(R"("time_ns":{}000000999)", s), fmt::format(R"("time":null,"time_s":{})", s)}) {
    const Decoded d = decode(at(member));
    ASSERT_EQ(d.batch.events.size(), 1u) << member;
    EXPECT_EQ(d.batch.events[0].time, nine) << member;
  }
  check_refused(turn(R"(,"started_at":"2020-01-01T00:00:00Z")"), "invalid_time", "started_at");
  check_refused(turn(R"(,"started_at":5)"), "invalid_time", "started_at");
}

TEST(EventJson, SentAtMovesEveryTimeOfTheBatch) {
  const auto first = [](std::string_view sent_at, std::string_view time) {
    const Decoded d = decode(
        fmt::format(
            R"({{"batch":[{{"type":"turn","time":"{}","data":{{{},"started_at":"{}"}}}}],"sent_at":"{}"}})", time,
            turn_members, time, sent_at),
        BodyFormat::json);
    if (d.batch.events.empty()) return d.code();
    EXPECT_EQ(d.batch.events[0].number(Field::started_at), to_micros(d.batch.events[0].time));
    return format_rfc3339(d.batch.events[0].time);
  };
  EXPECT_EQ(first("2026-11-21T11:00:00Z", "2026-11-21T10:59:00Z"), "2026-11-21T09:59:00.000Z");  // an hour ahead
  EXPECT_EQ(first("2026-11-21T09:00:00Z", "2026-11-21T08:59:00Z"), "2026-11-21T09:59:00.000Z");
  EXPECT_EQ(first("2026-11-21T09:59:58.001Z", "2026-11-21T09:59:00Z"), "2026-11-21T09:59:00.000Z");  // the way here
  EXPECT_EQ(first("2026-11-21T09:59:58.000Z", "2026-11-21T09:59:00Z"), "2026-11-21T09:59:02.000Z");
  EXPECT_EQ(first("2026-11-20T09:59:59Z", "2026-11-21T09:59:00Z"), "2026-11-21T09:59:00.000Z");  // not believed
  EXPECT_FALSE(decode(R"({"batch":[],"sent_at":"noon"})", BodyFormat::json).status.has_value());
  EXPECT_TRUE(decode(R"({"batch":[],"sent_at":null})", BodyFormat::json).status.has_value());
}

TEST(EventJson, FieldsByKind) {
  check_refused(event_text("turn", R"("call_id":"c","turn_number":1)"), "missing_field", "speaker");
  check_refused(event_text("turn", R"("call_id":"","turn_number":1,"speaker":"agent")"), "missing_field", "call_id");
  check_refused(event_text("turn", R"("call_id":null,"turn_number":1,"speaker":"agent")"), "missing_field", "call_id");
  check_refused(turn(R"(,"speaker":"robot")"), "unknown_word", "speaker");
  check_refused(turn(R"(,"speaker":1)"), "invalid_type", "speaker");
  check_refused(turn(R"(,"turn_number":1.5)"), "invalid_type", "turn_number");
  check_refused(turn(R"(,"turn_number":-1)"), "out_of_range", "turn_number");
  check_refused(turn(R"(,"turn_number":"1")"), "invalid_type", "turn_number");
  check_refused(turn(R"(,"turn_number":1e999)"), "out_of_range", "turn_number");
  check_refused(turn(R"(,"turn_number":01)"), "invalid_json", "turn_number");
  check_refused(turn(R"(,"confidence_score":1.01)"), "out_of_range", "confidence_score");
  check_refused(turn(R"(,"interrupted":1)"), "invalid_type", "interrupted");
  check_refused(turn(R"(,"interrupted":"true")"), "invalid_type", "interrupted");
  check_refused(turn(R"(,"interrupted":trueish)"), "invalid_json", "interrupted");
  check_refused(turn(R"(,"state":nul)"), "invalid_json", "state");
  check_refused(turn(fmt::format(R"(,"state":"{}")", std::string(129, 's'))), "too_large", "state");
  check_refused(turn(fmt::format(R"(,"text_content":"{}")", std::string(16 * 1024 + 1, 't'))), "too_large", "text_content");
  check_taken(turn(fmt::format(R"(,"text_content":"{}")", std::string(16 * 1024, 't'))));
  check_taken(turn(R"(,"interrupted":false,"sentiment_score":-1,"state":"")"));
  check_refused(turn(R"(,"tools":{})"), "invalid_type", "tools");
  check_refused(turn(R"(,"entities":"x")"), "invalid_type", "entities");
  check_refused(turn(R"(,"entities":[tru])"), "invalid_json", "entities");
  check_refused(event_text("metric", R"("name":"m","kind":"gauge","value":1)"), "unknown_word", "kind");
  check_refused(event_text("call.ended", R"("call_id":"c","customer_satisfaction_score":0)"), "out_of_range",
                "customer_satisfaction_score");
}

TEST(EventJson, Text) {
  const auto text = [](std::string_view json) {
    const Decoded d = decode(turn(fmt::format(R"(,"text_content":{})", json)));
    return d.batch.events.empty() ? d.code() : std::string(d.batch.events[0].text(Field::text_content));
  };
  EXPECT_EQ(text(R"("a\u0000b\u0007c")"), "abc");
  EXPECT_EQ(text(R"("say \"hi\" caf\u00e9 \ud83d\ude00")"), "say \"hi\" café 😀");
  EXPECT_EQ(text(R"("line\nbreak")"), "line break");
  EXPECT_EQ(text("\"\x7F" "a\""), "a");
  EXPECT_EQ(text("\"bad \xFF byte\""), "invalid_utf8");
  EXPECT_EQ(text("\"cut \xE2\x82\""), "invalid_utf8");
  EXPECT_EQ(text(R"("lone \ud83d surrogate")"), "invalid_utf8");
  EXPECT_EQ(text(R"("bad \x escape")"), "invalid_json");
  EXPECT_EQ(text("\"raw \x01 control\""), "invalid_json");  // not JSON without an escape
}

TEST(EventJson, InvalidUtf8CostsOneEventOfAnArray) {
  const Decoded d = decode("[" + turn("") + "," + turn(",\"state\":\"\xFF\"") + "," + turn("") + "]", BodyFormat::json);
  EXPECT_EQ(d.batch.events.size(), 2u);
  EXPECT_EQ(d.code(), "invalid_utf8");
}

TEST(EventJson, Tags) {
  const auto tags = [](std::string_view json) {
    const Decoded d = decode(event_text("metric", fmt::format(R"("name":"m","kind":"sum","value":1,"tags":{})", json)));
    return d.batch.events.empty() ? d.code() : std::string(d.batch.events[0].text(Field::tags));
  };
  EXPECT_EQ(tags(R"({"b":1,"a":"x","c":true,"d":null,"b":2.50})"), R"({"a":"x","b":"2.50","c":"true"})");
  EXPECT_EQ(tags("{}"), "");
  EXPECT_EQ(tags("[]"), "invalid_type");
  EXPECT_EQ(tags(R"({"a":{}})"), "invalid_type");
  EXPECT_EQ(tags(fmt::format(R"({{"a":"{}"}})", std::string(257, 'v'))), "too_large");
  std::string many = "{";
  for (int i = 0; i < 33; ++i) many += fmt::format(R"({}"t{}":1)", i > 0 ? "," : "", i);
  EXPECT_EQ(tags(many + "}"), "too_large");
}

TEST(EventJson, Embedding) {
  const auto numbers = [](std::size_t count, std::string_view number) {
    std::string out = "[";
    for (std::size_t i = 0; i < count; ++i) out.append(i > 0 ? "," : "").append(number);
    return turn(fmt::format(R"(,"text_embedding":{}])", out));
  };
  const Decoded d = decode(numbers(1536, "-0.25"));
  ASSERT_EQ(d.batch.events.size(), 1u) << d.code();
  const std::string_view bytes = d.batch.events[0].text(Field::text_embedding);
  ASSERT_EQ(bytes.size(), 1536u * 4);
  EXPECT_EQ(bytes.substr(1535 * 4), std::string_view("\x00\x00\x80\xBE", 4));
  check_refused(numbers(1535, "1"), "out_of_range", "text_embedding");
  check_refused(numbers(1537, "1"), "out_of_range", "text_embedding");
  check_refused(numbers(1536, "1e39"), "out_of_range", "text_embedding");  // no float
  check_refused(numbers(1536, "null"), "invalid_type", "text_embedding");
  check_taken(turn(R"(,"text_embedding":null)"));
}

TEST(EventJson, Bounds) {
  std::string deep = R"(,"x":)";
  for (int i = 0; i < 29; ++i) deep += '[';
  const std::string at = deep + std::string(29, ']'), over = deep + "[[" + std::string(31, ']');
  check_taken(turn(at));
  check_refused(turn(over), "too_large", "x");
  std::string keys;
  for (int i = 0; i < 520; ++i) keys += fmt::format(R"(,"k{}":1)", i);
  check_refused(turn(keys), "too_large", "data");
  check_refused(turn(fmt::format(R"(,"x":"{}")", std::string(limits::ext_bytes, 'x'))), "too_large", "x");
  check_refused(turn(fmt::format(R"(,"x":"{}")", std::string(limits::event_bytes, 'x'))), "too_large", "");
}

TEST(EventJson, CustomersOfKeys) {
  const std::string acme = event_text("x", R"("customer_id":"acme")"), none = event_text("x", "");
  EXPECT_EQ(decode(acme, BodyFormat::ndjson, "acme").batch.events.at(0).customer, "acme");
  EXPECT_EQ(decode(acme, BodyFormat::ndjson, "acme").batch.events.at(0).scope, "acme");
  EXPECT_EQ(decode(none, BodyFormat::ndjson, "acme").batch.events.at(0).customer, "acme");
  EXPECT_EQ(decode(none).batch.events.at(0).customer, "");
  const Decoded d = decode(acme, BodyFormat::ndjson, "other");
  EXPECT_EQ(d.batch.events.size(), 0u);
  EXPECT_EQ(d.code(), "forbidden_customer");
}

TEST(EventJson, ErrorsAreCountedBeyondThoseReported) {
  std::string lines;
  for (int i = 0; i < 150; ++i) lines += "x\n";
  const Decoded d = decode(lines + turn(""));
  EXPECT_EQ(d.batch.errors.size(), 100u);
  EXPECT_EQ(d.batch.rejected_total(), 150u);
  EXPECT_EQ(d.batch.offered(), 151u);
}

TEST(Identity, TheSameIdIsTheSameEvent) {
  const auto id = [](std::string_view extra, std::string_view customer = "") {
    return decode(event_text("x", "", extra), BodyFormat::ndjson, customer).batch.events.at(0).id;
  };
  EXPECT_EQ(id(R"(,"id":"1")"), id(R"(,"id":"1","more":2)"));
  EXPECT_NE(id(R"(,"id":"1")"), id(R"(,"id":"2")"));
  EXPECT_NE(id(R"(,"id":"1")"), id(R"(,"id":"1","source":"s")"));
  EXPECT_NE(id(R"(,"id":"1")"), id(R"(,"id":"1")", "acme"));
}

TEST(Identity, WithoutAnIdTheContentAndItsPlaceAmongEquals) {
  const std::string a = turn(R"(,"state":"x")"), b = turn(R"(,"state":"y")");
  const Decoded first = decode(a + "\n" + a + "\n" + b), again = decode(a + "\n" + b + "\n" + a);
  ASSERT_EQ(first.batch.events.size(), 3u);
  const auto& f = first.batch.events;
  const auto& g = again.batch.events;
  EXPECT_NE(f[0].id, f[1].id);  // two equal lines are two events
  EXPECT_EQ(f[0].id, g[0].id);  // a batch sent again is not
  EXPECT_EQ(f[1].id, g[2].id);
  EXPECT_EQ(f[2].id, g[1].id);
}

TEST(Identity, ContentDoesNotDependOnTheSkew) {
  const auto id = [](std::string_view sent_at) {
    return decode(fmt::format(R"({{"batch":[{}],"sent_at":"{}"}})", turn(R"(,"started_at":"2026-11-21T08:00:00Z")"), sent_at),
                  BodyFormat::json)
        .batch.events.at(0)
        .id;
  };
  EXPECT_EQ(id("2026-11-21T09:30:00Z"), id("2026-11-21T09:40:00Z"));
}

TEST(Identity, AUuidIsTheCallItself) {
  const Decoded d = decode(event_text("call.rated", R"("call_id":"6BA7B810-9dad-11d1-80b4-00c04fd430c8")"));
  EXPECT_EQ(to_string(d.batch.events.at(0).call), "6ba7b810-9dad-11d1-80b4-00c04fd430c8");
}

}  // namespace
}  // namespace aybiza
