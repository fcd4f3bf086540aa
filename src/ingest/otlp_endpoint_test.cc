#include "ingest/otlp_endpoint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "base/limits.h"
#include "codec/event_binary.h"
#include "codec/event_to_json.h"
#include "codec/metric_binary.h"
#include "codec/otlp_testing.h"
#include "ingest/endpoint_testing.h"
#include "ingest/otlp_livekit.h"
#include "net/content_coding.h"

namespace aybiza {
namespace {

using namespace testing;
using ::testing::HasSubstr;
using ::testing::Not;

class OtlpOverHttp : public OverSpool {
 protected:
  OtlpOverHttp() : OverSpool(from_micros(1'790'000'100'000'000)) {}  // after the vectors
  void SetUp() override {
    open_spool();
    keys_ = *auth::KeyStore::open(directory_);
    acme_ = keys_->create({.customer = "acme", .scope = auth::Scope::ingest, .name = "acme-key", .expires = {}}, clock_.now())->text;
    reader_ = keys_->create({.customer = "acme", .scope = auth::Scope::read, .name = "r", .expires = {}}, clock_.now())->text;
    make();
  }
  void TearDown() override {
    spool_->close();
    endpoint_.reset();
  }
  void make(IngestAdmission::Config admission = {}) {
    endpoint_ = std::make_unique<OtlpEndpoint>(OtlpEndpoint::over(*spool_, {.clock = &clock_,
                                                                            .tokenizer = &tokenizer_,
                                                                            .trust = {.keys = keys_.get(), .insecure_loopback = true},
                                                                            .ledger = &ledger_,
                                                                            .admission = admission,
                                                                            .append = {},
                                                                            .visible = {}}));
  }

  struct Sent {
    std::string body;
    OtlpSignal signal = OtlpSignal::traces;
    std::string type = "application/x-protobuf";
    std::vector<net::Header> headers = {};
    bool loopback = true;
  };
  std::shared_ptr<ReplySink> start(Sent sent) {
    auto request = std::make_shared<net::Request>();
    request->method = net::Method::post;
    request->body = std::move(sent.body);
    request->headers = std::move(sent.headers);
    request->headers.push_back({"Content-Type", sent.type});
    request->peer = {.address = sent.loopback ? "127.0.0.1" : "192.0.2.7", .port = 1, .loopback = sent.loopback};
    auto sink = std::make_shared<ReplySink>();
    endpoint_->handle(sent.signal, std::move(request), net::Responder(sink));
    return sink;
  }
  Reply send(Sent sent) {
    const auto sink = start(std::move(sent));
    pump();
    EXPECT_TRUE(ledger_.snapshot().total.balanced());
    EXPECT_EQ(ledger_.snapshot().total.in_flight, 0u);
    return Reply::of(*sink);
  }
  // Every event in the spool: JSON, and of points their series and values.
  std::vector<std::string> stored() {
    std::vector<std::string> out;
    each_event([&](const Event& event) {
      if (event.type != EventType::metric_points) {
        out.push_back(event_to_json(event));
        return;
      }
      MetricBatch batch;
      EXPECT_TRUE(decode_metric_batch(event.text(Field::points), batch).has_value());
      for (const MetricPoint& point : batch.points) {
        const MetricSeries& series = batch.series()[point.series];
        out.push_back(fmt::format("{} {}{} {}", event.scope, series.name, series.tags, point.value));
      }
    });
    return out;
  }

  Ledger ledger_{clock_.now()};
  std::unique_ptr<auth::KeyStore> keys_;
  std::string acme_, reader_;
  std::unique_ptr<OtlpEndpoint> endpoint_;
};

TEST_F(OtlpOverHttp, AnswersWhenItIsOnDiskAndNotBefore) {
  const auto sink = start({.body = otlp_metrics_vector, .signal = OtlpSignal::metrics});
  EXPECT_EQ(Reply::of(*sink).status, 0);
  EXPECT_EQ(ledger_.snapshot().total.in_flight, 1u);  // five points travel as one event
  EXPECT_TRUE(stored().empty());
  pump();
  const Reply answer = Reply::of(*sink);
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, "");
  EXPECT_EQ(answer.type, "application/x-protobuf");
  EXPECT_EQ(answer.durability, "fsync; offset=1");
  EXPECT_EQ(stored().size(), 8u);
}

TEST_F(OtlpOverHttp, SpansAndRecordsBecomeEvents) {
  EXPECT_EQ(send({.body = otlp_trace_vector}).status, 200);
  const auto spans = stored();
  ASSERT_FALSE(spans.empty());
  EXPECT_THAT(spans[0], HasSubstr("claude-sonnet-4-5"));
  EXPECT_EQ(send({.body = otlp_logs_vector, .signal = OtlpSignal::logs}).status, 200);
  EXPECT_GT(stored().size(), spans.size());
}

TEST_F(OtlpOverHttp, EmptyRequestsAreSuccesses) {
  EXPECT_EQ(send({}).status, 200);
  EXPECT_EQ(send({}).body, "");
  EXPECT_EQ(send({.body = "{}", .type = "application/json"}).body, "{}");
}

TEST_F(OtlpOverHttp, TheSameBodyAgainIsADuplicateAndASuccess) {
  EXPECT_EQ(send({.body = otlp_metrics_vector, .signal = OtlpSignal::metrics}).status, 200);
  EXPECT_EQ(send({.body = otlp_metrics_vector, .signal = OtlpSignal::metrics}).status, 200);
  EXPECT_EQ(ledger_.snapshot().total.duplicates, 1u);
  EXPECT_EQ(stored().size(), 8u);
}

TEST_F(OtlpOverHttp, PartialSuccess) {
  const std::string point = pb_fixed(6, 1) + pb_fixed(3, 1'790'000'000'000'000'000u);
  const std::string body = pb_request(pb(2, pb(1, "m") + pb(5, pb(1, point) + pb(1, pb_fixed(6, 1)) + pb(1, "\x0B"))));
  const Reply answer = send({.body = body, .signal = OtlpSignal::metrics});
  EXPECT_EQ(answer.status, 200);
  EXPECT_THAT(answer.body, HasSubstr("time_unix_nano"));
  EXPECT_EQ(answer.body[2], '\x08');  // rejected_data_points
  EXPECT_EQ(answer.body[3], '\x02');
  EXPECT_EQ(stored().size(), 1u);
  EXPECT_EQ(ledger_.snapshot().total.rejected.at("invalid_item"), 2u);

  const Reply json = send({.body = R"({"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"00"}]}]}]})", .type = "application/json; charset=utf-8"});
  EXPECT_EQ(json.status, 200);
  EXPECT_EQ(json.type, "application/json");
  EXPECT_THAT(json.body, HasSubstr(R"("rejectedSpans":"1","errorMessage":"trace_id)"));
}

TEST_F(OtlpOverHttp, PackedBodies) {
  EXPECT_EQ(send({.body = net::gzip_pack(otlp_metrics_vector), .signal = OtlpSignal::metrics, .headers = {{"Content-Encoding", "gzip"}}}).status, 200);
  EXPECT_EQ(stored().size(), 8u);
  EXPECT_EQ(send({.body = "no gzip", .headers = {{"Content-Encoding", "gzip"}}}).status, 400);
  EXPECT_EQ(send({.body = "x", .headers = {{"Content-Encoding", "br"}}}).status, 415);
  const std::string bomb = net::gzip_pack(std::string(20 * limits::MiB, '\0'));
  EXPECT_EQ(send({.body = bomb, .headers = {{"Content-Encoding", "gzip"}}}).status, 413);
}

TEST_F(OtlpOverHttp, BrokenRequests) {
  const Reply broken = send({.body = "hello"});
  EXPECT_EQ(broken.status, 400);
  EXPECT_EQ(broken.type, "application/x-protobuf");
  EXPECT_EQ(to_hex(broken.body.substr(0, 3)), "080312");
  EXPECT_EQ(send({.body = "{", .type = "application/json"}).status, 400);
  EXPECT_THAT(send({.body = "{", .type = "application/json"}).body, HasSubstr(R"("code":3)"));
  EXPECT_EQ(send({.body = "x", .type = "text/plain"}).status, 415);
  EXPECT_EQ(ledger_.snapshot().total.rejected_total(), 4u);
}

TEST_F(OtlpOverHttp, Keys) {
  const auto status = [&](std::vector<net::Header> headers) { return send({.body = otlp_trace_vector, .headers = std::move(headers), .loopback = false}); };
  EXPECT_EQ(status({}).status, 401);
  EXPECT_EQ(status({}).authenticate, "Bearer");
  EXPECT_EQ(to_hex(status({}).body.substr(0, 3)), "081012");  // UNAUTHENTICATED
  EXPECT_EQ(status({{"Authorization", "Bearer wrong"}}).status, 401);
  EXPECT_EQ(status({{"Authorization", "Bearer " + reader_}}).status, 403);
  EXPECT_EQ(status({{"x-api-key", acme_}}).status, 200);
  EXPECT_EQ(status({{"authorization", "Bearer " + acme_}}).status, 200);
  EXPECT_THAT(stored()[0], HasSubstr("acme"));
}

TEST_F(OtlpOverHttp, OverloadIsRetryable) {
  make({.events_per_second = 1, .events_burst = 1});
  const std::string point = pb(1, pb_fixed(6, 1));  // without a time: refused, yet it counts
  std::string points;
  for (std::size_t i = 0; i <= limits::batch_events; ++i) points += point;
  points += pb(1, pb_fixed(6, 1) + pb_fixed(3, 1'790'000'000'000'000'000u));
  const Reply answer = send({.body = pb_request(pb(2, pb(1, "m") + pb(5, points))), .signal = OtlpSignal::metrics});
  EXPECT_EQ(answer.status, 429);
  EXPECT_NE(answer.retry_after, "");
  EXPECT_TRUE(stored().empty());
  make();
  spool_->close();
  const Reply closed = send({.body = otlp_metrics_vector, .signal = OtlpSignal::metrics});
  EXPECT_EQ(closed.status, 503);
  EXPECT_EQ(closed.retry_after, "5");
}

// A number that must not be found in what is kept, wherever it stood.
TEST_F(OtlpOverHttp, NothingPersonalIsKept) {
  const std::string canary = "call +1 415 555 2671 or jane.doe@example.com";
  const std::uint64_t time = 1'790'000'000'000'000'000u;
  const std::string metric = pb(2, pb(1, "m " + canary) + pb(3, "s") +
                                       pb(5, pb(1, pb_attribute(7, "who", canary) + pb_attribute(7, canary, "key") + pb_fixed(6, 1) + pb_fixed(3, time))));
  EXPECT_EQ(send({.body = pb_request(metric, pb_attribute(1, "service.name", canary), pb(1, canary)), .signal = OtlpSignal::metrics}).status, 200);
  const std::string ids = pb(1, from_hex("5b8efff798038103d269b633813fc60c")) + pb(2, from_hex("eee19b7ec3c1b174")) + pb_fixed(7, time) + pb_fixed(8, time + 5);
  const std::string span = pb(2, ids + pb(5, canary) + pb_attribute(9, "gen_ai.conversation.id", canary) + pb_attribute(9, "x", canary) + pb_attribute(9, canary, "x") +
                                     pb(11, pb(2, canary) + pb_attribute(3, "e", canary)) + pb(15, pb(2, canary) + pb_varint(3, 2)));
  const std::string generic = pb(2, ids + pb(5, canary));
  EXPECT_EQ(send({.body = pb_request(span + generic, pb_attribute(1, "service.name", canary), pb(1, canary))}).status, 200);
  const std::string log = pb(2, pb_fixed(1, time) + pb(5, pb(1, canary)) + pb_attribute(6, "x", canary) + pb(3, canary) + pb(12, canary) + pb_varint(2, 17));
  EXPECT_EQ(send({.body = pb_request(log, pb_attribute(1, "lk.x", canary), pb(1, "livekit-agents")), .signal = OtlpSignal::logs}).status, 200);
  EXPECT_GE(stored().size(), 3u);
  for (const std::string& event : stored()) {
    EXPECT_THAT(event, Not(HasSubstr("415 555")));
    EXPECT_THAT(event, Not(HasSubstr("5552671")));
    EXPECT_THAT(event, Not(HasSubstr("jane.doe")));
  }
}

TEST_F(OtlpOverHttp, HostileBodiesAreRefusedQuicklyAndAlone) {
  const std::string ids = pb(1, std::string(16, 'a')) + pb(2, std::string(8, 'b'));
  for (const auto& [levels, status] : {std::pair(20, 200), std::pair(5'000, 400)}) {  // one span is refused; all of it is
    std::string deep = pb(1, "x");
    for (int i = 0; i < levels; ++i) deep = pb(5, pb(1, deep));
    const Reply protobuf = send({.body = pb_request(pb(2, ids + pb(9, pb(1, "k") + pb(2, deep))))});
    EXPECT_EQ(protobuf.status, status);
    EXPECT_THAT(protobuf.body, HasSubstr("otlp_value_depth"));
  }
  std::string json = R"({"resourceSpans":)" + std::string(1'000'000, '[') + std::string(1'000'000, ']') + "}";
  EXPECT_EQ(send({.body = json, .type = "application/json"}).status, 400);
}

TEST_F(OtlpOverHttp, RoutesAndTheWrongPath) {
  net::Router router;
  ASSERT_TRUE(endpoint_->add_routes(router).has_value());
  for (const std::string_view path : {"/v1/traces", "/v1/metrics", "/v1/logs"}) EXPECT_NE(router.match(net::Method::post, path).route, nullptr);
  const auto sink = std::make_shared<ReplySink>();
  router.match(net::Method::post, "/").route->handler(std::make_shared<net::Request>(), net::Responder(sink));
  EXPECT_EQ(Reply::of(*sink).status, 400);
  EXPECT_THAT(Reply::of(*sink).body, HasSubstr("/v1/traces"));
}

TEST_F(OtlpOverHttp, LiveKitsUploaderComesWithItsOwnToken) {
  const auto sources = *auth::WebhookSources::open(directory_);
  ASSERT_TRUE(sources->add({.vendor = "livekit", .customer = "acme", .secret = "livekit secret", .key = "APIkey"}, clock_.now()).has_value());
  net::Router router;
  ASSERT_TRUE(add_livekit_routes(router, *endpoint_, *sources, clock_).has_value());
  const auto upload = [&](std::string_view secret, std::string_view path = "/observability/logs/otlp/v0", std::string_view type = "application/x-protobuf",
                          std::string body = {}, std::int64_t expires = 1790003600) {
    const auto url64 = [](std::string_view text) {
      std::string out = auth::to_base64(text);
      for (char& c : out) c = c == '+' ? '-' : c == '/' ? '_' : c;
      return out.substr(0, out.find('='));
    };
    const std::string head = url64(R"({"alg":"HS256"})") + "." + url64(fmt::format(R"({{"iss":"APIkey","exp":{},"observability":{{"write":true}}}})", expires));
    auto request = std::make_shared<net::Request>();
    request->method = net::Method::post;
    const bool packed = body.empty();
    request->body = packed ? net::gzip_pack(otlp_logs_vector) : std::move(body);
    request->headers = {{"Content-Type", std::string(type)}, {packed ? "Content-Encoding" : "X-Nothing", "gzip"},
                        {"Authorization", "Bearer " + head + "." + url64(auth::hmac(auth::HashAlgorithm::sha256, secret, head))}};
    request->peer = {.address = "192.0.2.7", .port = 1, .loopback = false};
    const auto sink = std::make_shared<ReplySink>();
    router.match(net::Method::post, path).route->handler(std::move(request), net::Responder(sink));
    pump();
    return Reply::of(*sink);
  };
  const Reply refused = upload("another secret");
  EXPECT_EQ(refused.status, 401);
  for (const std::string_view kill_switch : {"data recording is disabled", "disabled by owner"}) EXPECT_THAT(refused.body, Not(HasSubstr(kill_switch)));
  EXPECT_THAT(refused.body, HasSubstr("observability.write"));
  const Reply late = upload("livekit secret", "/observability/logs/otlp/v0", "application/x-protobuf", {}, 1780000000);
  EXPECT_EQ(late.status, 401);
  EXPECT_THAT(late.body, HasSubstr("expired"));
  EXPECT_TRUE(stored().empty());
  EXPECT_EQ(upload("livekit secret").status, 200);
  ASSERT_FALSE(stored().empty());
  EXPECT_THAT(stored()[0], HasSubstr("acme"));

  const std::string form = "--b\r\nContent-Disposition: form-data; name=\"header\"\r\n\r\n" + pb(1, "RM_abc") +
                           "\r\n--b\r\nContent-Disposition: form-data; name=\"chat_history\"\r\n\r\n"
                           R"({"items":[{"id":"item_1","role":"user","content":["call me at 415 555 0100"],"created_at":1790000004.1}]})"
                           "\r\n--b--\r\n";
  const std::string_view recordings = "/observability/recordings/v0", multipart = "multipart/form-data; boundary=b";
  const std::size_t before = stored().size();
  EXPECT_EQ(upload("another secret", recordings, multipart, form).status, 401);
  EXPECT_EQ(upload("livekit secret", recordings, "text/plain", form).status, 400);
  EXPECT_EQ(stored().size(), before);
  EXPECT_EQ(upload("livekit secret", recordings, multipart, form).status, 200);
  ASSERT_EQ(stored().size(), before + 1);
  EXPECT_THAT(stored().back(), ::testing::AllOf(HasSubstr("item_1"), HasSubstr("call me"), Not(HasSubstr("555 0100"))));
  EXPECT_EQ(upload("livekit secret", recordings, multipart, form).status, 200);  // its retry
  EXPECT_EQ(stored().size(), before + 1);
}

}  // namespace
}  // namespace aybiza
