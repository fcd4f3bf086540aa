#include <gtest/gtest.h>

#include <algorithm>

#include "codec/codec_testing.h"
#include "codec/otlp_decoder.h"
#include "codec/otlp_json.h"
#include "codec/otlp_testing.h"
#include "codec/span_events.h"

namespace aybiza {
namespace {

using testing::test_now;

constexpr std::int64_t base_ns = 1'795'254'900'000'000'000;
constexpr std::string_view trace = "5b8efff798038103d269b633813fc60c";

struct Told {
  OtlpBatch batch;
  EventBatch events;
  MetricBatch metrics;
  SpanAssembler assembler;

  // "caller: Hi | agent: Hello", in the order of the turns' sides; "-" for a side that is said to be none.
  std::string turns() const {
    std::vector<std::string> out;
    for (const Event& event : events.events) {
      if (event.type != EventType::turn) continue;
      const Value* speaker = event.find(Field::speaker);
      if (!speaker) out.push_back("caller: -");
      else if (!event.text(Field::text_content).empty())
        out.push_back(fmt::format("{}: {}", speaker->number != 0 ? "agent" : "caller", event.text(Field::text_content)));
    }
    return fmt::format("{}", fmt::join(out, " | "));
  }
};

Told told(OtlpSignal signal, const std::string& json) {
  Told out;
  auto transcoded = OtlpJson().transcode(signal, json);
  EXPECT_TRUE(transcoded && transcoded->rejected == 0) << json;
  EXPECT_TRUE(OtlpDecoder().decode(signal, transcoded->protobuf, out.batch));
  out.assembler.assemble(out.batch, {.customer = "acme", .source = "key", .received = test_now}, out.events, out.metrics);
  return out;
}

std::string text(std::string_view key, std::string_view value) { return fmt::format(R"({{"key":"{}","value":{{"stringValue":"{}"}}}})", key, value); }
std::string number(std::string_view key, int value) { return fmt::format(R"({{"key":"{}","value":{{"intValue":"{}"}}}})", key, value); }
std::string map(std::string_view key, const std::vector<std::string>& members) {
  return fmt::format(R"({{"key":"{}","value":{{"kvlistValue":{{"values":[{}]}}}}}})", key, fmt::join(members, ","));
}
using Attributes = std::vector<std::string>;

std::string span_event(std::string_view name, int ms, const Attributes& attributes) {
  return fmt::format(R"({{"name":"{}","timeUnixNano":"{}","attributes":[{}]}})", name, base_ns + ms * 1'000'000ll, fmt::join(attributes, ","));
}

Told completion(Attributes attributes, const std::vector<std::string>& events) {
  attributes.push_back(text("gen_ai.operation.name", "chat"));
  return told(OtlpSignal::traces,
              fmt::format(R"({{"resourceSpans":[{{"scopeSpans":[{{"scope":{{"name":"x"}},"spans":[{{"traceId":"{}","spanId":"00000000000000bb","name":"chat m",)"
                          R"("startTimeUnixNano":"{}","endTimeUnixNano":"{}","attributes":[{}],"events":[{}]}}]}}]}}]}})",
                          trace, base_ns, base_ns + 800'000'000, fmt::join(attributes, ","), fmt::join(events, ",")));
}

std::string record(std::string_view name, int ms, const std::string& body, const Attributes& attributes = {}, std::string_view span = "00000000000000bb") {
  return fmt::format(R"({{"timeUnixNano":"{}","eventName":"{}","traceId":"{}","spanId":"{}","body":{},"attributes":[{}]}})", base_ns + ms * 1'000'000ll, name, trace,
                     span, body, fmt::join(attributes, ","));
}
std::string says(std::string_view words) { return fmt::format(R"({{"kvlistValue":{{"values":[{}]}}}})", text("content", words)); }
std::string chooses(std::string_view words, int index = 0) {
  return fmt::format(R"({{"kvlistValue":{{"values":[{},{}]}}}})", number("index", index), map("message", {text("role", "assistant"), text("content", words)}));
}
std::string logs(const std::vector<std::string>& records) {
  return fmt::format(R"({{"resourceLogs":[{{"scopeLogs":[{{"scope":{{"name":"x"}},"logRecords":[{}]}}]}}]}})", fmt::join(records, ","));
}

TEST(GenaiTexts, events_of_a_span_tell_what_its_attributes_do_not) {
  const std::vector<std::string> events = {span_event("gen_ai.system.message", 0, {text("content", "Be kind")}),
                                           span_event("gen_ai.user.message", 1, {text("content", "My name is Ann")}),
                                           span_event("gen_ai.assistant.message", 2, {text("content", "Hi Ann")}),
                                           span_event("gen_ai.user.message", 3, {text("content", "Where is my order?")}),
                                           span_event("gen_ai.choice", 700, {number("index", 0), text("message", R"({\"content\":\"On its way.\"})")})};
  constexpr std::string_view both = "caller: Where is my order? | agent: On its way.";
  EXPECT_EQ(completion({}, events).turns(), both);
  auto reversed = events;
  std::ranges::reverse(reversed);
  EXPECT_EQ(completion({}, reversed).turns(), both);
  auto twice = events;
  twice.insert(twice.end(), events.begin(), events.end());
  EXPECT_EQ(completion({}, twice).turns(), both);
  // The attributes have the last word, and no text comes twice.
  const std::string input = text("gen_ai.input.messages", R"([{\"role\":\"user\",\"content\":\"Where is it?\"}])");
  EXPECT_EQ(completion({input}, events).turns(), "caller: Where is it? | agent: On its way.");
  EXPECT_EQ(completion({input, text("gen_ai.output.messages", R"([{\"role\":\"assistant\",\"content\":\"Coming.\"}])")}, events).turns(), "caller: Where is it? | agent: Coming.");
}

TEST(GenaiTexts, every_shape_of_a_message) {
  const auto user = [](const Attributes& attributes) { return completion({}, {span_event("gen_ai.user.message", 1, attributes)}).turns(); };
  EXPECT_EQ(user({text("content", "Hi")}), "caller: Hi");
  EXPECT_EQ(user({text("gen_ai.event.content", R"({\"role\":\"user\",\"content\":\"Hi\"})")}), "caller: Hi");
  EXPECT_EQ(user({text("content", R"([{\"type\":\"text\",\"text\":\"Hi\"},{\"type\":\"image_url\"},{\"type\":\"text\",\"text\":\"there\"}])")}), "caller: Hi there");
  EXPECT_EQ(user({text("content", "[{ no JSON")}), "caller: [{ no JSON");
  EXPECT_EQ(user({}), "");
  const auto whole = [](std::string_view name, const Attributes& attributes) { return completion({}, {span_event(name, 1, attributes)}).turns(); };
  EXPECT_EQ(whole("gen_ai.content.prompt", {text("gen_ai.prompt", R"([{\"role\":\"system\",\"content\":\"Be kind\"},{\"role\":\"user\",\"content\":\"Hi\"}])")}), "caller: Hi");
  EXPECT_EQ(whole("gen_ai.content.prompt", {text("gen_ai.prompt", "Hi")}), "caller: Hi");
  EXPECT_EQ(whole("gen_ai.content.completion", {text("gen_ai.completion", R"([{\"role\":\"assistant\",\"content\":\"Hello\"}])")}), "agent: Hello");
  EXPECT_EQ(whole("gen_ai.content.completion", {text("gen_ai.completion", "Hello")}), "agent: Hello");
  EXPECT_EQ(whole("gen_ai.client.inference.operation.details",
                  {text("gen_ai.input.messages", R"([{\"role\":\"user\",\"parts\":[{\"type\":\"text\",\"content\":\"Hi\"}]}])"),
                   text("gen_ai.output.messages", R"([{\"role\":\"assistant\",\"parts\":[{\"type\":\"text\",\"content\":\"Hello\"}]}])")}),
            "caller: Hi | agent: Hello");
}

TEST(GenaiTexts, the_answer_of_a_tool_is_no_turn_of_the_caller) {
  EXPECT_EQ(completion({}, {span_event("gen_ai.user.message", 1, {text("content", "Hi")}), span_event("gen_ai.tool.message", 2, {text("content", "42")}),
                            span_event("gen_ai.choice", 3, {text("message", "It is 42.")})}).turns(),
            "agent: It is 42.");
  EXPECT_EQ(completion({text("gen_ai.prompt.0.role", "user"), text("gen_ai.prompt.0.content", "Hi"), text("gen_ai.prompt.1.role", "tool"), text("gen_ai.prompt.1.content", "42")}, {}).turns(), "");
}

TEST(GenaiTexts, numbered_attributes_are_lists) {
  const Attributes prompt = {text("gen_ai.prompt.0.role", "system"), text("gen_ai.prompt.0.content", "Be kind"), text("gen_ai.prompt.10.role", "user"),
                             text("gen_ai.prompt.10.content", "Where is it?"), text("gen_ai.prompt.9.role", "assistant"), text("gen_ai.prompt.9.content", "Hi"),
                             text("gen_ai.completion.0.role", "assistant"), text("gen_ai.completion.0.content", "On its way."), text("gen_ai.completion.0.finish_reason", "stop")};
  EXPECT_EQ(completion(prompt, {}).turns(), "caller: Where is it? | agent: On its way.");
  auto reversed = prompt;
  std::ranges::reverse(reversed);
  EXPECT_EQ(completion(reversed, {}).turns(), "caller: Where is it? | agent: On its way.");
  EXPECT_EQ(completion({text("gen_ai.prompt.0.role", "user"), text("gen_ai.prompt.0.content", R"([{\"type\":\"text\",\"text\":\"Hi\"}])")}, {}).turns(), "caller: Hi");
  EXPECT_EQ(completion({text("gen_ai.prompt.x.content", "Hi"), text("gen_ai.prompt.99999999999.content", "Hi"), text("gen_ai.prompt.", "Hi")}, {}).turns(), "");
}

TEST(GenaiTexts, log_records_of_a_completion) {
  const std::vector<std::string> records = {record("gen_ai.user.message", 0, says("My name is Ann")), record("gen_ai.assistant.message", 1, says("Hi Ann")),
                                            record("gen_ai.user.message", 2, says("Where is it?")), record("gen_ai.choice", 700, chooses("On its way."))};
  const Told all = told(OtlpSignal::logs, logs(records));
  EXPECT_EQ(all.turns(), "agent: On its way. | caller: Where is it?");
  for (const Event& event : all.events.events) {
    EXPECT_EQ(event.call, uuid_v5("acme|call|trace|5b8efff798038103d269b633813fc60c"));
    EXPECT_EQ(event.text(Field::turn_key), all.events.events[0].text(Field::turn_key));
  }
  // The turns of the completion's own span, of which these are other tellings: the greater order counts.
  const Told span = completion({text("gen_ai.output.messages", R"([{\"role\":\"assistant\",\"content\":\"On its way.\"}])")}, {});
  EXPECT_EQ(span.events.events.back().text(Field::turn_key), all.events.events[0].text(Field::turn_key));
  EXPECT_GT(*span.events.events.back().number(Field::text_order), *all.events.events[0].number(Field::text_order));
  // The same record is the same event, whatever comes with it.
  const auto id_of = [](const Told& from, std::string_view words) {
    for (const Event& event : from.events.events)
      if (event.text(Field::text_content) == words) return event.id;
    return Id{};
  };
  const Told one = told(OtlpSignal::logs, logs({records[2]}));
  EXPECT_EQ(id_of(one, "Where is it?"), id_of(all, "Where is it?"));
  // One by one each tells its own; which of them counts the fold decides.
  EXPECT_EQ(told(OtlpSignal::logs, logs({records[0]})).turns(), "caller: My name is Ann");
  EXPECT_EQ(told(OtlpSignal::logs, logs({records[1]})).turns(), "caller: -");
  EXPECT_EQ(told(OtlpSignal::logs, logs({record("gen_ai.choice", 0, chooses("Other", 1))})).turns(), "");
}

TEST(GenaiTexts, every_shape_of_a_record) {
  const auto one = [](const std::string& record) { return told(OtlpSignal::logs, logs({record})).turns(); };
  EXPECT_EQ(one(record("", 0, says("Hi"), {text("event.name", "gen_ai.user.message"), text("gen_ai.system", "openai")})), "caller: Hi");
  EXPECT_EQ(one(record("", 0, says("Hi"), {text("event.name", "gen_ai.user.message")})), "caller: Hi");
  EXPECT_EQ(one(record("gen_ai.user.message", 0, R"({"stringValue":"{\"content\":\"Hi\"}"})")), "caller: Hi");
  EXPECT_EQ(one(record("gen_ai.user.message", 0, R"({"stringValue":"Hi"})")), "caller: Hi");
  EXPECT_EQ(one(record("gen_ai.user.message", 0, "{}", {text("content", "Hi")})), "caller: Hi");
  EXPECT_EQ(one(record("gen_ai.client.inference.operation.details", 0, "{}",
                       {text("gen_ai.input.messages", R"([{\"role\":\"user\",\"content\":\"Hi\"}])"), text("gen_ai.output.messages", R"([{\"role\":\"assistant\",\"content\":\"Hello\"}])")})),
            "caller: Hi | agent: Hello");
  // Without a span nobody knows of which completion: kept raw, as what says nothing.
  EXPECT_EQ(one(record("gen_ai.user.message", 0, says("Hi"), {}, "")), "");
  EXPECT_EQ(told(OtlpSignal::logs, logs({record("gen_ai.user.message", 0, says("Hi"), {}, "")})).assembler.counts().plain_records, 1u);
  EXPECT_EQ(told(OtlpSignal::logs, logs({record("gen_ai.system.message", 0, says("Be kind"))})).assembler.counts().plain_records, 1u);
}

TEST(GenaiTexts, a_trace_is_part_of_the_conversation_that_one_of_its_spans_names) {
  const Told out = completion({text("gen_ai.conversation.id", "c-1")}, {});
  ASSERT_FALSE(out.events.events.empty());
  const Event& join = out.events.events[0];  // before all else of its request
  EXPECT_EQ(join.type_text, joined_type);
  EXPECT_EQ(joined_call(join), uuid_v5("acme|call|trace|5b8efff798038103d269b633813fc60c"));
  EXPECT_EQ(join.call, uuid_v5("acme|call|events|c-1"));
  EXPECT_EQ(join.text(Field::call_id), "c-1");
  EXPECT_EQ(std::ranges::count_if(out.events.events, [](const Event& event) { return joined_call(event).has_value(); }), 1);
  const Told without = completion({}, {});
  EXPECT_FALSE(joined_call(without.events.events[0]).has_value());
  // Pipecat's and LiveKit's calls are what they were.
  const Told pipecat = told(OtlpSignal::traces, fmt::format(R"({{"resourceSpans":[{{"scopeSpans":[{{"scope":{{"name":"pipecat"}},"spans":[{{"traceId":"{}","spanId":"00000000000000bb","name":"turn",)"
                                                            R"("startTimeUnixNano":"{}","endTimeUnixNano":"{}","attributes":[{},{}]}}]}}]}}]}})",
                                                            trace, base_ns, base_ns + 1, text("conversation.id", "c-1"), number("turn.number", 1)));
  for (const Event& event : pipecat.events.events) EXPECT_FALSE(joined_call(event).has_value());
}

}  // namespace
}  // namespace aybiza
