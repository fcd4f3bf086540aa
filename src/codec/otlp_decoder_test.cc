#include "codec/otlp_decoder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/limits.h"
#include "codec/otlp_json.h"
#include "codec/otlp_testing.h"

namespace aybiza {
namespace {

using namespace testing;
using ::testing::HasSubstr;

const std::string trace_id = from_hex("5b8efff798038103d269b633813fc60c"), span_id = from_hex("eee19b7ec3c1b174");

std::string span(std::string_view more = "") { return pb(2, pb(1, trace_id) + pb(2, span_id) + std::string(more)); }
std::string json_of(OtlpAttributes attributes) {
  std::string out;
  append_otlp_json(out, attributes);
  return out;
}

struct Reading {
  OtlpBatch batch;
  Status status;
};
Reading decoded(OtlpSignal signal, std::string body) {
  Reading out;
  out.status = OtlpDecoder().decode(signal, std::move(body), out.batch);
  return out;
}
Reading decoded_json(OtlpSignal signal, std::string json) {
  auto transcoded = OtlpJson().transcode(signal, std::move(json));
  if (!transcoded) return {.batch = {}, .status = std::unexpected(transcoded.error())};
  Reading out = decoded(signal, std::move(transcoded->protobuf));
  out.batch.rejected += transcoded->rejected;
  if (out.batch.first_rejection.empty()) out.batch.first_rejection = transcoded->first_rejection;
  return out;
}

TEST(OtlpDecoder, TraceVector) {
  const auto [batch, status] = decoded(OtlpSignal::traces, otlp_trace_vector);
  ASSERT_TRUE(status.has_value());
  ASSERT_EQ(batch.spans.size(), 1u);
  const OtlpSpan& span = batch.spans[0];
  EXPECT_EQ(trace_id_text(span.trace_id), "5b8efff798038103d269b633813fc60c");
  EXPECT_EQ(span_id_text(span.span_id), "eee19b7ec3c1b174");
  EXPECT_EQ(span_id_text(span.parent_span_id), "eee19b7ec3c1b173");
  EXPECT_EQ(span.name, "llm");
  EXPECT_EQ(span.kind, OtlpSpanKind::internal);
  EXPECT_EQ(span.status, OtlpStatus::ok);
  EXPECT_EQ(span.end_unix_nano - span.start_unix_nano, 850'000'000u);
  EXPECT_EQ(span.scope->name, "pipecat");
  EXPECT_EQ(span.scope->version, "1.7.0");
  EXPECT_EQ(json_of(span.resource->attributes), R"({"service.name":"pipecat","service.instance.id":"worker-7"})");
  EXPECT_EQ(json_of(span.attributes),
            R"({"gen_ai.provider.name":"anthropic","gen_ai.request.model":"claude-sonnet-4-5","gen_ai.usage.input_tokens":1200,)"
            R"("gen_ai.usage.output_tokens":85,"metrics.ttfb":0.412,"stream":true})");
  ASSERT_EQ(span.events.size(), 1u);
  EXPECT_EQ(span.events[0].name, "first_token");
  EXPECT_EQ(batch.rejected, 0u);
}

TEST(OtlpDecoder, LogVector) {
  const auto [batch, status] = decoded(OtlpSignal::logs, otlp_logs_vector);
  ASSERT_TRUE(status.has_value());
  ASSERT_EQ(batch.logs.size(), 1u);
  const OtlpLogRecord& log = batch.logs[0];
  EXPECT_EQ(log.scope->name, "evaluations");
  EXPECT_EQ(json_of(log.scope->attributes), R"({"room_id":"RM_abc","job_id":"AJ_xyz","room":"call-1"})");
  EXPECT_EQ(log.body.text(), "outcome");
  EXPECT_EQ(log.severity_text, "unspecified");
  EXPECT_EQ(json_of(log.attributes), R"({"outcome":{"outcome":"success","reason":"booked"},"room_id":"RM_abc"})");
  EXPECT_EQ(trace_id_text(log.trace_id), "5b8efff798038103d269b633813fc60c");
  EXPECT_EQ(span_id_text(log.span_id), "eee19b7ec3c1b174");
}

TEST(OtlpDecoder, EmptyIsSuccess) {
  for (const OtlpSignal signal : {OtlpSignal::traces, OtlpSignal::logs}) {
    const auto [batch, status] = decoded(signal, "");
    EXPECT_TRUE(status.has_value());
    EXPECT_TRUE(batch.spans.empty());
  }
  EXPECT_TRUE(decoded_json(OtlpSignal::traces, "{}").status.has_value());
}

TEST(OtlpDecoder, ResourceAndScopeMayComeAfterTheirSpans) {
  const std::string body = pb(1, pb(2, span() + pb(1, pb(1, "late"))) + pb(1, pb_attribute(1, "service.name", "bot")));
  const auto [batch, status] = decoded(OtlpSignal::traces, body);
  ASSERT_EQ(batch.spans.size(), 1u);
  EXPECT_EQ(batch.spans[0].scope->name, "late");
  EXPECT_EQ(find_attribute(batch.spans[0].resource->attributes, "service.name")->text(), "bot");
}

TEST(OtlpDecoder, RefusesOneItemAndTakesTheOthers) {
  const auto check = [](std::string bad, std::string_view why) {
    const auto [batch, status] = decoded(OtlpSignal::traces, pb_request(span() + bad + span()));
    EXPECT_TRUE(status.has_value());
    EXPECT_EQ(batch.spans.size(), 2u);
    EXPECT_EQ(batch.rejected, 1u);
    EXPECT_THAT(batch.first_rejection, HasSubstr(why));
  };
  check(pb(2, pb(1, "short") + pb(2, span_id)), "trace_id");
  check(pb(2, pb(1, std::string(16, '\0')) + pb(2, span_id)), "trace_id");
  check(pb(2, pb(1, trace_id)), "span_id");
  check(pb(2, pb(1, trace_id) + pb(2, std::string(8, '\0'))), "span_id");
  check(pb(2, "\x0A\x7F"), "no protobuf message");       // a length that leaves the message
  check(pb(2, "\x0B"), "no protobuf message");           // a group
  check(span(pb(9, pb(2, "\x0A\xFF"))), "no protobuf message");
  std::string many, deep = pb(1, "x");
  for (std::size_t i = 0; i <= limits::otlp_attributes; ++i) many += pb_attribute(9, "k", "v");
  check(span(many), "otlp_attributes");
  for (std::size_t i = 0; i <= limits::otlp_value_depth; ++i) deep = pb(5, pb(1, deep));
  check(span(pb(9, pb(1, "k") + pb(2, deep))), "otlp_value_depth");
  std::string values;
  for (std::size_t i = 0; i <= limits::otlp_values; ++i) values += pb(1, "");
  check(span(pb(9, pb(1, "k") + pb(2, pb(5, values)))), "otlp_values");
}

TEST(OtlpDecoder, RefusesTheWholeOnlyWhenItsFrameIsBroken) {
  EXPECT_EQ(decoded(OtlpSignal::traces, "\x0A\x05").status.error().code, Code::invalid);
  EXPECT_EQ(decoded(OtlpSignal::traces, "hello").status.error().code, Code::invalid);
  EXPECT_EQ(decoded(OtlpSignal::traces, pb(1, "\x12\x7F")).status.error().code, Code::invalid);
  std::string items;
  for (std::size_t i = 0; i <= limits::otlp_broken_items; ++i) items += pb(2, "\x0B");
  EXPECT_EQ(decoded(OtlpSignal::traces, pb_request(span() + items)).status.error().code, Code::invalid);
  std::string resources;
  for (std::size_t i = 0; i <= limits::otlp_items; ++i) resources += pb(1, "");
  EXPECT_EQ(decoded(OtlpSignal::traces, resources).status.error().code, Code::too_large);
}

TEST(OtlpDecoder, RefusesTheWholeForANestingNoSenderMeans) {
  const auto answer = [](std::size_t levels, bool maps) {
    std::string deep = pb(1, "x");
    for (std::size_t i = 0; i < levels; ++i) deep = maps ? pb(6, pb(1, pb(1, "k") + pb(2, deep))) : pb(5, pb(1, deep));
    return decoded(OtlpSignal::traces, pb_request(span() + span(pb(9, pb(1, "k") + pb(2, deep)))));
  };
  for (const bool maps : {false, true}) {
    EXPECT_EQ(answer(limits::otlp_value_depth, maps).batch.rejected, 0u);
    EXPECT_EQ(answer(2 * limits::otlp_value_depth, maps).batch.rejected, 1u);
    EXPECT_EQ(answer(2 * limits::otlp_value_depth + 1, maps).status.error().code, Code::invalid);
  }
  EXPECT_TRUE(answer(50'000, false).batch.spans.empty());
}

TEST(OtlpDecoder, EveryTruncationAndByteChangeEndsInAnAnswer) {
  OtlpDecoder decoder;
  OtlpBatch batch;
  for (const auto& [signal, vector] : {std::pair(OtlpSignal::traces, otlp_trace_vector), std::pair(OtlpSignal::logs, otlp_logs_vector)})
    for (std::size_t at = 0; at < vector.size(); ++at) {
      (void)decoder.decode(signal, vector.substr(0, at), batch);  // any answer will do, a crash will not
      for (const int bit : {0, 1, 2, 3, 4, 5, 6, 7}) {
        std::string changed = vector;
        changed[at] = char(changed[at] ^ (1 << bit));
        (void)decoder.decode(signal, changed, batch);
      }
    }
}

TEST(OtlpDecoder, Texts) {
  const auto check = [](std::string_view sent, std::string_view expected) {
    const auto [batch, status] = decoded(OtlpSignal::traces, pb_request(span(pb(5, sent))));
    ASSERT_EQ(batch.spans.size(), 1u);
    EXPECT_EQ(batch.spans[0].name, expected);
  };
  check("", "");
  check("plain", "plain");
  check("a longer text of more than eight bytes", "a longer text of more than eight bytes");
  check("Grüße aus Köln ☎", "Grüße aus Köln ☎");
  check("two\nlines\tand more", "two lines and more");
  check(std::string_view("nul\0and\x7F", 8), "nuland");
  check("\xFF", "\xEF\xBF\xBD");
  check("half \xE2\x98", "half \xEF\xBF\xBD\xEF\xBF\xBD");
  check("surrogate \xED\xA0\x80 x", "surrogate \xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD x");
}

TEST(OtlpDecoder, ValuesOfEveryKind) {
  std::string inner = pb(1, pb_varint(3, std::uint64_t(-5))) + pb(1, "");  // -5 and an empty value
  const std::string attributes = pb(9, pb(1, "array") + pb(2, pb(5, inner))) +
                                 pb(9, pb(1, "map") + pb(2, pb(6, pb(1, pb(1, "in") + pb(2, pb_real(4, 0.1)))))) +
                                 pb(9, pb(1, "bytes") + pb(2, pb(7, "\x01\xFFz"))) + pb(9, pb(1, "no")) +
                                 pb(9, pb(1, "twice") + pb(2, pb_varint(2, 1))) + pb(9, pb(1, "twice") + pb(2, pb(1, "last")));
  const auto [batch, status] = decoded(OtlpSignal::traces, pb_request(span(attributes)));
  ASSERT_EQ(batch.spans.size(), 1u);
  EXPECT_EQ(json_of(batch.spans[0].attributes), R"({"array":[-5,null],"map":{"in":0.1},"bytes":"Af96","no":null,"twice":"last"})");
  EXPECT_EQ(find_attribute(batch.spans[0].attributes, "twice")->text(), "last");
  EXPECT_EQ(find_attribute(batch.spans[0].attributes, "absent"), nullptr);
}

// ── JSON ──

const std::string turn_json =
    R"({"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"pipecat"}}]},
 "scopeSpans":[{"scope":{"name":"pipecat.turn"},"spans":[{
  "traceId":"5b8efff798038103d269b633813fc60c","spanId":"EEE19B7EC3C1B174","parentSpanId":"eee19b7ec3c1b173",
  "name":"turn","kind":1,"startTimeUnixNano":"1790000000000000000","endTimeUnixNano":"1790000004200000000",
  "attributes":[{"key":"turn.number","value":{"intValue":"2"}},
                {"key":"turn.user_bot_latency_seconds","value":{"doubleValue":0.91}},
                {"key":"turn.was_interrupted","value":{"boolValue":false}}],
  "status":{"code":1}}]}]}]})";

TEST(OtlpJson, SpanOfTheDocument) {
  const auto [batch, status] = decoded_json(OtlpSignal::traces, turn_json);
  ASSERT_TRUE(status.has_value()) << status.error().message;
  ASSERT_EQ(batch.spans.size(), 1u);
  const OtlpSpan& span = batch.spans[0];
  EXPECT_EQ(trace_id_text(span.trace_id), "5b8efff798038103d269b633813fc60c");
  EXPECT_EQ(span_id_text(span.span_id), "eee19b7ec3c1b174");
  EXPECT_EQ(span_id_text(span.parent_span_id), "eee19b7ec3c1b173");
  EXPECT_EQ(span.start_unix_nano, 1'790'000'000'000'000'000u);
  EXPECT_EQ(span.end_unix_nano, 1'790'000'004'200'000'000u);
  EXPECT_EQ(span.kind, OtlpSpanKind::internal);
  EXPECT_EQ(span.status, OtlpStatus::ok);
  EXPECT_EQ(json_of(span.attributes), R"({"turn.number":2,"turn.user_bot_latency_seconds":0.91,"turn.was_interrupted":false})");
}

std::string json_span(std::string_view members) {
  return fmt::format(R"({{"traceId":"5b8efff798038103d269b633813fc60c","spanId":"eee19b7ec3c1b174"{}}})", members);
}
std::string json_request(std::string_view spans) { return fmt::format(R"({{"resourceSpans":[{{"scopeSpans":[{{"spans":[{}]}}]}}]}})", spans); }

TEST(OtlpJson, DeviationsFromProtobufJson) {
  const auto check = [](std::string_view members, auto&& expected) {
    const auto [batch, status] = decoded_json(OtlpSignal::traces, json_request(json_span(members)));
    ASSERT_TRUE(status.has_value()) << members;
    ASSERT_EQ(batch.spans.size(), 1u) << members;
    EXPECT_TRUE(expected(batch.spans[0])) << members;
  };
  check(R"(,"kind":"SPAN_KIND_SERVER")", [](auto& s) { return s.kind == OtlpSpanKind::server; });
  check(R"(,"kind":99)", [](auto& s) { return s.kind == OtlpSpanKind::unspecified; });
  check(R"(,"status":{"code":"STATUS_CODE_ERROR","message":"a\nb"})", [](auto& s) { return s.status == OtlpStatus::error && s.status_message == "a b"; });
  check(R"(,"startTimeUnixNano":1790000000000000001)", [](auto& s) { return s.start_unix_nano == 1'790'000'000'000'000'001u; });
  check(R"(,"unknown":{"deep":[1,{"x":2}]},"name":"n")", [](auto& s) { return s.name == "n"; });
  check(R"(,"parentSpanId":"","name":null)", [](auto& s) { return s.parent_span_id == 0 && s.name.empty(); });
  check(R"(,"na\u006de":"\u00fcber")", [](auto& s) { return s.name == "über"; });
  const auto attribute = [&](std::string_view value, std::string_view expected) {
    check(fmt::format(R"(,"attributes":[{{"key":"k","value":{}}}])", value), [&](auto& s) { return json_of(s.attributes) == fmt::format(R"({{"k":{}}})", expected); });
  };
  attribute(R"({"intValue":-7})", "-7");
  attribute(R"({"intValue":"9223372036854775807"})", "9223372036854775807");
  attribute(R"({"doubleValue":"NaN"})", "null");
  attribute(R"({"doubleValue":"-Infinity"})", "null");
  attribute(R"({"doubleValue":"1.5"})", "1.5");
  attribute(R"({"doubleValue":3})", "3");
  attribute(R"({"bytesValue":"Af96"})", R"("Af96")");
  attribute(R"({"arrayValue":{"values":[{"stringValue":"a"},{}]}})", R"(["a",null])");
  attribute(R"({"kvlistValue":{"values":[{"key":"x","value":{"boolValue":true}}]}})", R"({"x":true})");
  attribute(R"({})", "null");
}

TEST(OtlpJson, RefusesOneItemAndTakesTheOthers) {
  const auto check = [](std::string_view bad, std::string_view why) {
    const auto [batch, status] = decoded_json(OtlpSignal::traces, json_request(json_span("") + "," + std::string(bad) + "," + json_span(R"(,"name":"last")")));
    ASSERT_TRUE(status.has_value()) << bad << status.error().message;
    ASSERT_EQ(batch.spans.size(), 2u) << bad;
    EXPECT_EQ(batch.spans[1].name, "last");
    EXPECT_EQ(batch.rejected, 1u);
    EXPECT_THAT(batch.first_rejection, HasSubstr(why));
  };
  check(json_span(R"(,"startTimeUnixNano":{})"), "number");
  check(json_span(R"(,"startTimeUnixNano":"soon","name":"x")"), "number");
  check(json_span(R"(,"startTimeUnixNano":-1)"), "number");
  check(json_span(R"(,"name":17,"kind":2)"), "string");
  check(json_span(R"(,"name":"\ud800")"), "string");
  check(json_span(R"(,"attributes":{"key":"k"})"), "array");
  check(json_span(R"(,"attributes":[{"key":"k","value":{"arrayValue":{"values":[{"intValue":[[]]}]}}}],"name":"x")"), "number");
  check(json_span(R"(,"status":3)"), "object");
  check(R"(7)", "object");
  check(R"([{"traceId":"00"}])", "object");
  check(R"({"traceId":"5b8efff798038103d269b633813fc60g","spanId":"eee19b7ec3c1b174"})", "hexadecimal");
  check(R"({"traceId":"5b8e","spanId":"eee19b7ec3c1b174"})", "trace_id");
  std::string deep = R"({"intValue":1})";
  for (int i = 0; i < 40; ++i) deep = R"({"arrayValue":{"values":[)" + deep + "]}}";
  check(json_span(R"(,"attributes":[{"key":"k","value":)" + deep + "}]"), "too deep");
}

TEST(OtlpJson, RefusesTheWholeWhenItIsNoJson) {
  const auto check = [](std::string_view json) {
    const auto result = OtlpJson().transcode(OtlpSignal::traces, std::string(json));
    ASSERT_FALSE(result.has_value()) << json;
    EXPECT_EQ(result.error().code, Code::invalid);
  };
  check("");
  check("[]");
  check("\"x\"");
  check("{");
  check(R"({"resourceSpans":[)");
  check(R"({"resourceSpans":{}})");
  check(R"({"resourceSpans":[{"resource":7}]})");
  check(turn_json.substr(0, turn_json.size() - 3));
  check(turn_json + "x");
  check("{\"resourceSpans\":[]\xFF}");
  std::string many;
  for (std::size_t i = 0; i <= limits::otlp_broken_items; ++i) many += "7,";
  check(json_request(many + "7"));
  check(R"({"resourceSpans":)" + std::string(1'000'000, '[') + "}");
}

TEST(OtlpJson, TheVectorsWrittenAsJsonDecodeToTheSame) {
  const auto [batch, status] = decoded_json(
      OtlpSignal::logs,
      R"({"resourceLogs":[{"scopeLogs":[{"scope":{"name":"evaluations","attributes":[{"key":"room_id","value":{"stringValue":"RM_abc"}}]},
      "logRecords":[{"timeUnixNano":"1790000060000000000","severityNumber":"SEVERITY_NUMBER_ERROR2","severityText":"bad","body":{"stringValue":"outcome"},
      "eventName":"e","observedTimeUnixNano":5,"traceId":"5b8efff798038103d269b633813fc60c"}]}]}]})");
  ASSERT_EQ(batch.logs.size(), 1u);
  EXPECT_EQ(batch.logs[0].severity, 18);
  EXPECT_EQ(batch.logs[0].time_unix_nano, 1'790'000'060'000'000'000u);
  EXPECT_EQ(batch.logs[0].observed_unix_nano, 5u);
  EXPECT_EQ(batch.logs[0].event_name, "e");
  EXPECT_EQ(batch.logs[0].body.text(), "outcome");
}

}  // namespace
}  // namespace aybiza
