#include "codec/otlp_answer.h"

#include <gtest/gtest.h>

#include "codec/otlp_testing.h"

namespace aybiza {
namespace {

using testing::to_hex;
using enum OtlpEncoding;

TEST(OtlpAnswer, VectorsOfTheDocument) {
  EXPECT_EQ(to_hex(otlp_success(OtlpSignal::traces, protobuf, 3, "quota")), "0a090803120571756f7461");
  EXPECT_EQ(to_hex(otlp_failure(protobuf, 400, "bad span")), "08031208626164207370616e");
  EXPECT_EQ(otlp_success(OtlpSignal::traces, json, 3, "quota"), R"({"partialSuccess":{"rejectedSpans":"3","errorMessage":"quota"}})");
}

TEST(OtlpAnswer, FullSuccessIsEmpty) {
  EXPECT_EQ(otlp_success(OtlpSignal::metrics, protobuf, 0, ""), "");
  EXPECT_EQ(otlp_success(OtlpSignal::metrics, json, 0, ""), "{}");
}

TEST(OtlpAnswer, WarningsHaveNoCount) {
  EXPECT_EQ(otlp_success(OtlpSignal::logs, json, 0, "w"), R"({"partialSuccess":{"errorMessage":"w"}})");
  EXPECT_EQ(to_hex(otlp_success(OtlpSignal::logs, protobuf, 0, "w")), "0a03120177");
}

TEST(OtlpAnswer, FailuresAreReadBack) {
  const auto failure = read_otlp_failure(otlp_failure(protobuf, 413, "50 % too large"));
  ASSERT_TRUE(failure.has_value());
  EXPECT_EQ(failure->code, 8u);
  EXPECT_EQ(failure->message, "50 % too large");
  EXPECT_FALSE(read_otlp_failure("").has_value());
  EXPECT_FALSE(read_otlp_failure("{\"error\":1}").has_value());
  EXPECT_FALSE(read_otlp_failure("\x12\x01x").has_value());  // a message without a code
}

TEST(OtlpAnswer, ContentTypes) {
  EXPECT_EQ(parse_otlp_content_type("application/grpc"), protobuf);
  EXPECT_EQ(parse_otlp_content_type("application/grpc+proto"), protobuf);
  EXPECT_EQ(parse_otlp_content_type("application/grpc+json"), std::nullopt);
  EXPECT_EQ(parse_otlp_content_type("application/x-protobuf"), protobuf);
  EXPECT_EQ(parse_otlp_content_type("application/json; charset=utf-8"), json);
  EXPECT_EQ(parse_otlp_content_type("Application/JSON ; x"), json);
  EXPECT_EQ(parse_otlp_content_type("text/plain"), std::nullopt);
  EXPECT_EQ(parse_otlp_content_type(""), std::nullopt);
  EXPECT_EQ(otlp_failure(json, 503, "later"), R"({"code":14,"message":"later"})");
}

}  // namespace
}  // namespace aybiza
