#include "codec/split.h"

#include <gtest/gtest.h>

#include "base/limits.h"

namespace aybiza {
namespace {

// The slices joined by '~', or "invalid" / "too_large".
std::string cut(BodyFormat format, std::string_view body) {
  Slices slices;
  const Status status = split_body(format, body, slices);
  if (!status) return status.error().code == Code::too_large ? "too_large" : "invalid";
  std::string out;
  for (const auto slice : slices.events) out.append(out.empty() ? "" : "~").append(slice);
  return slices.sent_at.empty() ? out : out + "@" + std::string(slices.sent_at);
}
void check(BodyFormat format, std::string_view body, std::string_view expected) {
  EXPECT_EQ(cut(format, body), expected) << body;
}

TEST(Split, Lines) {
  using enum BodyFormat;
  check(ndjson, "{}\n{}", "{}~{}");
  check(ndjson, "{}\r\n\r\n  \n {} \n", "{}~{}");  // CRLF, blank lines
  check(ndjson, "\xEF\xBB\xBF{}", "{}");           // a byte order mark
  check(ndjson, "nonsense\n{\"a\":", "nonsense~{\"a\":");  // judged by the decoder
  check(ndjson, "", "");
}

TEST(Split, Documents) {
  using enum BodyFormat;
  check(json, R"({"type":"x"})", R"({"type":"x"})");
  check(json, R"( [ {"a":"],}\"["} , 1,"x" ] )", R"({"a":"],}\"["}~1~"x")");
  check(json, "[]", "");
  check(json, R"({"batch":[{},{}],"sent_at":"t"})", R"({}~{}@"t")");
  check(json, R"({"sent_at":"t","batch":[]})", R"(@"t")");
  check(json, R"({"batch":1,"sent_at":"t"})", R"({"batch":1,"sent_at":"t"})");  // not a batch: one (odd) event
  check(json, R"(["a\\"])", R"("a\\")");
  check(json, "", "invalid");
  check(json, "[{}", "invalid");
  check(json, "[{},]", "invalid");
  check(json, "[{} {}]", "invalid");
  check(json, R"(["abc)", "invalid");
  check(json, "{}\n{}", "invalid");
  check(json, "]", "invalid");
  check(json, R"({"batch")", "invalid");
  check(cloudevents, "{}", "{}");
  check(cloudevents, "[{}]", "invalid");
  check(cloudevents_batch, "[{}]", "{}");
  check(cloudevents_batch, "{}", "invalid");
}

TEST(Split, AtMostSoManyEvents) {
  std::string lines, array = "[";
  for (std::size_t i = 0; i < limits::batch_events; ++i) lines += "{}\n", array += "{},";
  EXPECT_NE(cut(BodyFormat::ndjson, lines), "too_large");
  EXPECT_EQ(cut(BodyFormat::ndjson, lines + "{}"), "too_large");
  EXPECT_EQ(cut(BodyFormat::json, array + "{}]"), "too_large");
  array.pop_back();
  EXPECT_NE(cut(BodyFormat::json, array + "]"), "too_large");
}

TEST(Split, MediaTypes) {
  EXPECT_EQ(parse_media_type("application/x-ndjson"), BodyFormat::ndjson);
  EXPECT_EQ(parse_media_type("Application/JSON; charset=utf-8"), BodyFormat::json);
  EXPECT_EQ(parse_media_type("application/cloudevents+json"), BodyFormat::cloudevents);
  EXPECT_EQ(parse_media_type("application/cloudevents-batch+json;x=y"), BodyFormat::cloudevents_batch);
  EXPECT_EQ(parse_media_type("text/html"), std::nullopt);
  EXPECT_EQ(parse_media_type(""), std::nullopt);
}

}  // namespace
}  // namespace aybiza
