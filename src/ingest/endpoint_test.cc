#include "ingest/endpoint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "auth/webhook_signature.h"
#include "base/limits.h"
#include "codec/event_binary.h"
#include "codec/event_to_json.h"
#include "ingest/endpoint_testing.h"
#include "net/content_coding.h"

namespace aybiza {
namespace {
using ::testing::HasSubstr;
using testing::Reply;
using testing::ReplySink;

class Endpoint : public testing::OverSpool {
 protected:
  Endpoint() : OverSpool(*parse_rfc3339("2026-11-21T10:00:00Z")) {}
  void SetUp() override {
    open_spool();
    keys_ = *auth::KeyStore::open(directory_);
    acme_ = keys_->create({.customer = "acme", .scope = auth::Scope::ingest, .name = "acme-key", .expires = {}}, clock_.now())->text;
    reader_key_ = keys_->create({.customer = "acme", .scope = auth::Scope::read, .name = "r", .expires = {}}, clock_.now())->text;
    make();
  }
  void TearDown() override {
    if (spool_) spool_->close();
    endpoint_.reset();
  }
  void make(IngestAdmission::Config admission = {}) {
    endpoint_ = std::make_unique<EventsEndpoint>(EventsEndpoint::over(
        *spool_, {.clock = &clock_,
                  .tokenizer = &tokenizer_,
                  .trust = {.keys = keys_.get(), .insecure_loopback = true},
                  .admission = admission,
                  .append = {},
                  .visible = {}}));
  }

  struct Sent {
    std::string body;
    std::string type = "application/x-ndjson";
    std::vector<net::Header> headers = {};
    bool loopback = true;
  };
  std::shared_ptr<ReplySink> start(Sent sent) {
    auto request = std::make_shared<net::Request>();
    request->method = net::Method::post;
    request->path = "/v1/events";
    request->body = std::move(sent.body);
    request->headers = std::move(sent.headers);
    if (!sent.type.empty()) request->headers.push_back({"Content-Type", sent.type});
    request->peer = {.address = sent.loopback ? "127.0.0.1" : "192.0.2.7", .port = 1, .loopback = sent.loopback};
    auto sink = std::make_shared<ReplySink>();
    endpoint_->handle(std::move(request), net::Responder(sink));
    return sink;
  }
  Reply send(Sent sent) {
    const auto sink = start(std::move(sent));
    pump();
    EXPECT_TRUE(endpoint_->ledger().snapshot().total.balanced());
    return Reply::of(*sink);
  }
  net::Header key(const std::string& text) const { return {"Authorization", "Bearer " + text}; }

  // Every event in the spool, as JSON.
  std::vector<std::string> stored() {
    std::vector<std::string> out;
    each_event([&](const Event& event) { out.push_back(event_to_json(event)); });
    return out;
  }

  std::unique_ptr<auth::KeyStore> keys_;
  std::string acme_, reader_key_;
  std::unique_ptr<EventsEndpoint> endpoint_;
};

std::string rated(std::string_view id, std::string_view more = "") {
  return fmt::format(R"({{"type":"call.rated","id":"{}","time":"2026-11-21T09:00:00Z","data":{{"call_id":"c-1"{}}}}})", id, more);
}

TEST_F(Endpoint, AnswersWhenItIsOnDiskAndNotBefore) {
  const auto sink = start({.body = rated("1") + "\n" + rated("2", R"(,"nps":11)") + "\n" + rated("1")});
  EXPECT_EQ(Reply::of(*sink).status, 0);
  EXPECT_EQ(endpoint_->ledger().snapshot().total.in_flight, 3u);
  EXPECT_TRUE(endpoint_->ledger().snapshot().total.balanced());
  EXPECT_TRUE(stored().empty());
  pump();
  const Reply answer = Reply::of(*sink);
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.durability, "fsync; offset=1");
  EXPECT_EQ(answer.body,
            R"({"accepted":1,"duplicates":1,"rejected":1,"errors":[{"index":1,"id":"2","code":"out_of_range",)"
            R"("field":"nps","message":"must be from 0 to 10"}]})");
  EXPECT_EQ(stored().size(), 1u);
  const auto total = endpoint_->ledger().snapshot().total;
  EXPECT_EQ(total.offered, 3u);
  EXPECT_EQ(total.accepted, 1u);
  EXPECT_EQ(total.duplicates, 1u);
  EXPECT_EQ(total.rejected.at("out_of_range"), 1u);
  EXPECT_EQ(total.in_flight, 0u);
}

TEST_F(Endpoint, TheSameEventOrBodyAgainIsADuplicate) {
  EXPECT_THAT(send({.body = rated("1")}).body, HasSubstr(R"("accepted":1,"duplicates":0)"));
  EXPECT_THAT(send({.body = rated("1")}).body, HasSubstr(R"("accepted":0,"duplicates":1)"));
  EXPECT_THAT(send({.body = rated("1") + "\n" + rated("2")}).body, HasSubstr(R"("accepted":1,"duplicates":1)"));
  EXPECT_THAT(send({.body = rated("1"), .headers = {key(acme_)}}).body, HasSubstr(R"("accepted":1)"));  // other scope
  EXPECT_EQ(stored().size(), 3u);
}

TEST_F(Endpoint, Keys) {
  EXPECT_EQ(send({.body = rated("1")}).status, 200);  // --insecure-loopback
  EXPECT_EQ(send({.body = rated("1"), .loopback = false}).status, 401);
  EXPECT_EQ(send({.body = rated("1"), .headers = {key("aybiza_ingest_wrong")}}).status, 401);
  EXPECT_EQ(send({.body = rated("1"), .headers = {{"Authorization", "Basic x"}}}).status, 401);
  EXPECT_EQ(send({.body = rated("4"), .headers = {{"Authorization", "Basic " + auth::to_base64("whoever:" + acme_)}}, .loopback = false}).status, 200);
  EXPECT_EQ(send({.body = rated("5"), .headers = {{"Authorization", "Basic " + auth::to_base64(acme_ + ":")}}}).status, 401);
  EXPECT_EQ(send({.body = rated("1"), .headers = {key(reader_key_)}}).status, 403);
  EXPECT_EQ(send({.body = rated("2"), .headers = {key(acme_)}, .loopback = false}).status, 200);
  EXPECT_THAT(stored().back(), HasSubstr(R"("customer_id":"acme")"));
  EXPECT_THAT(stored().back(), HasSubstr(R"("source":"acme-key")"));
  const Reply other = send({.body = rated("3", R"(,"customer_id":"other")"), .headers = {key(acme_)}});
  EXPECT_EQ(other.status, 200);
  EXPECT_THAT(other.body, HasSubstr("forbidden_customer"));
  EXPECT_EQ(endpoint_->ledger().snapshot().customers.at("acme").rejected.at("forbidden_customer"), 1u);
}

TEST_F(Endpoint, MediaTypesAndEncodings) {
  EXPECT_EQ(send({.body = rated("1"), .type = "text/csv"}).status, 415);
  EXPECT_EQ(send({.body = rated("1"), .type = ""}).status, 415);
  EXPECT_EQ(send({.body = rated("1"), .headers = {{"Content-Encoding", "br"}}}).status, 415);
  EXPECT_EQ(send({.body = "[" + rated("1") + "]", .type = "application/json"}).status, 200);
  EXPECT_EQ(send({.body = rated("2"), .type = "application/cloudevents+json; charset=utf-8"}).status, 200);
  EXPECT_EQ(send({.body = "[" + rated("3") + "]", .type = "application/cloudevents-batch+json"}).status, 200);
  EXPECT_EQ(send({.body = net::gzip_pack(rated("4")), .headers = {{"Content-Encoding", "gzip"}}}).status, 200);
  EXPECT_EQ(send({.body = rated("5"), .headers = {{"Content-Encoding", "gzip"}}}).status, 400);  // it is not
  EXPECT_EQ(stored().size(), 4u);
  const auto total = endpoint_->ledger().snapshot().total;
  EXPECT_EQ(total.rejected.at("unsupported_media_type"), 2u);
  EXPECT_EQ(total.rejected.at("unsupported_encoding"), 1u);
  EXPECT_EQ(total.rejected.at("invalid_encoding"), 1u);
}

TEST_F(Endpoint, NothingThatCanBeParsedIs400AndAllInvalidIs200) {
  EXPECT_EQ(send({.body = "{", .type = "application/json"}).status, 400);
  EXPECT_EQ(send({.body = "nonsense\nmore\n"}).status, 400);
  EXPECT_EQ(send({.body = ""}).status, 400);
  EXPECT_EQ(endpoint_->ledger().snapshot().total.rejected.at("invalid_json"), 3u);  // one for each body
  const Reply invalid = send({.body = rated("1", R"(,"nps":99)")});
  EXPECT_EQ(invalid.status, 200);
  EXPECT_THAT(invalid.body, HasSubstr(R"("accepted":0,"duplicates":0,"rejected":1)"));
  EXPECT_EQ(invalid.durability, "fsync; offset=0");
  EXPECT_EQ(send({.body = "[]", .type = "application/json"}).body, R"({"accepted":0,"duplicates":0,"rejected":0,"errors":[]})");
}

TEST_F(Endpoint, TooLarge) {
  std::string lines;
  for (std::size_t i = 0; i <= limits::batch_events; ++i) lines += "{}\n";
  EXPECT_EQ(send({.body = lines}).status, 413);
  EXPECT_EQ(send({.body = std::string(limits::body_packed_bytes + 1, 'x'), .headers = {{"Content-Encoding", "gzip"}}}).status, 413);
  EXPECT_EQ(send({.body = net::gzip_pack(std::string(4 * limits::MiB, ' ')), .headers = {{"Content-Encoding", "gzip"}}}).status, 413);
  EXPECT_EQ(endpoint_->ledger().snapshot().total.rejected.at("too_large"), 3u);
  EXPECT_TRUE(stored().empty());
  // An event too large is one refusal, its neighbours are taken.
  const Reply one = send({.body = rated("1") + "\n" + rated("2", fmt::format(R"(,"x":"{}")", std::string(limits::event_bytes, 'x')))});
  EXPECT_EQ(one.status, 200);
  EXPECT_THAT(one.body, HasSubstr(R"("accepted":1,"duplicates":0,"rejected":1)"));
}

TEST_F(Endpoint, IdempotencyKeys) {
  const std::vector<net::Header> header = {{"Idempotency-Key", "k-1"}};
  EXPECT_THAT(send({.body = rated("1"), .headers = header}).body, HasSubstr(R"("accepted":1)"));
  EXPECT_THAT(send({.body = rated("1"), .headers = header}).body, HasSubstr(R"("duplicates":1)"));
  EXPECT_EQ(send({.body = rated("2"), .headers = header}).status, 422);
  EXPECT_EQ(endpoint_->ledger().snapshot().total.rejected.at("idempotency_conflict"), 1u);
  EXPECT_EQ(stored().size(), 1u);
}

TEST_F(Endpoint, ErrorsAreAtMostAHundred) {
  std::string lines = rated("ok") + "\n";
  for (int i = 0; i < 150; ++i) lines += rated(std::to_string(i), R"(,"nps":99)") + "\n";
  const Reply answer = send({.body = lines});
  EXPECT_THAT(answer.body, HasSubstr(R"("rejected":150)"));
  std::size_t errors = 0;
  for (std::size_t at = 0; (at = answer.body.find("\"index\":", at)) != std::string::npos; ++at) ++errors;
  EXPECT_EQ(errors, 100u);
}

TEST_F(Endpoint, RatesAnswer429WithTheTimeToWait) {
  make({.events_per_second = 1'000, .events_burst = 10'000});
  std::string lines;
  for (int i = 0; i < 9'000; ++i) lines += rated(std::to_string(i)) + "\n";
  EXPECT_EQ(send({.body = lines}).status, 200);
  std::string more;
  for (int i = 0; i < 3'000; ++i) more += rated("m" + std::to_string(i)) + "\n";
  const Reply refused = send({.body = more});
  EXPECT_EQ(refused.status, 429);
  EXPECT_EQ(refused.retry_after, "2");
  EXPECT_EQ(endpoint_->ledger().snapshot().total.shed.at("rate"), 3'000u);
  clock_.advance(std::chrono::seconds(2));
  EXPECT_EQ(send({.body = more}).status, 200);
}

TEST_F(Endpoint, MemoryAnswers503AndComesBack) {
  Budget budget(100'000);
  make({.budget = &budget});
  {
    auto taken = budget.reserve(85'000);  // above the soft mark: whoever holds most waits
    ASSERT_TRUE(taken.has_value());
    const Reply soft = send({.body = rated("1")});
    EXPECT_EQ(soft.status, 429);
    EXPECT_THAT(soft.body, HasSubstr("memory_share"));
  }
  {
    auto taken = budget.reserve(70'000);
    const Reply hard = send({.body = rated("1") + std::string(30'000, '\n')});
    EXPECT_EQ(hard.status, 503);
    EXPECT_EQ(hard.retry_after, "1");
  }
  EXPECT_EQ(send({.body = rated("1")}).status, 200);
  EXPECT_EQ(budget.used(), 0u);
  EXPECT_EQ(endpoint_->ledger().snapshot().total.shed.at("memory"), 1u);
  endpoint_.reset();
}

TEST_F(Endpoint, ASpoolThatDoesNotTakeItSaysWhy) {
  for (const auto& [admission, reason] :
       std::vector<std::pair<spool::Admission, std::string>>{{spool::Admission::overloaded, "overloaded"},
                                                             {spool::Admission::disk_reserve, "disk_reserve"},
                                                             {spool::Admission::spool_full, "spool_full"},
                                                             {spool::Admission::read_only, "read_only"},
                                                             {spool::Admission::closed, "closed"}}) {
    EventsEndpointConfig config{.clock = &clock_, .tokenizer = &tokenizer_, .trust = {.insecure_loopback = true}};
    config.append = [admission](const spool::AppendRequest&) { return admission; };
    config.visible = [] { return spool::Offset{}; };
    endpoint_ = std::make_unique<EventsEndpoint>(config);
    const Reply answer = Reply::of(*start({.body = rated("1") + "\n" + rated("2", R"(,"nps":99)")}));
    EXPECT_EQ(answer.status, 503);
    EXPECT_FALSE(answer.retry_after.empty());
    const auto total = endpoint_->ledger().snapshot().total;
    EXPECT_EQ(total.shed.at(reason), 2u);
    EXPECT_TRUE(total.balanced());
  }
}

TEST_F(Endpoint, AFailedCommitIs503) {
  EventsEndpointConfig config{.clock = &clock_, .tokenizer = &tokenizer_, .trust = {.insecure_loopback = true}};
  config.append = [](const spool::AppendRequest& request) {
    request.done({.status = fail(Code::unavailable, "no space"), .last = {}});
    return spool::Admission::taken;
  };
  config.visible = [] { return spool::Offset{}; };
  endpoint_ = std::make_unique<EventsEndpoint>(config);
  EXPECT_EQ(Reply::of(*start({.body = rated("1")})).status, 503);
  EXPECT_EQ(endpoint_->ledger().snapshot().total.shed.at("disk"), 1u);
}

TEST_F(Endpoint, NothingPersonalReachesTheDisk) {
  const std::string phone = "+14155550123", mail = "jane.roe@example.org", card = "4111 1111 1111 1111";
  send({.body = fmt::format(
            R"({{"type":"call.started","id":"call-{0}","time":"2026-11-21T09:00:00Z","x":"{1}","data":{{"call_id":"{0}","agent_id":"{1}","caller_number":"{0}","phone_number":"(415) 555-0100","agent_name":"{1}","note":{{"{1}":["{2}"]}}}}}})"
            "\n"
            R"({{"type":"turn","id":"t","time":"2026-11-21T09:00:01Z","data":{{"call_id":"{0}","turn_number":0,"speaker":"caller","text_content":"my mail is {1}, card {2}","entities":[{{"v":"{1}"}}]}}}})"
            "\n"
            R"({{"type":"custom.{1}","id":"u","time":"2026-11-21T09:00:01Z","data":{{"call_id":"{0}"}}}})"
            "\n"
            R"({{"type":"metric","id":"m","time":"2026-11-21T09:00:01Z","data":{{"name":"n","kind":"sum","value":1,"tags":{{"who":"{1}"}}}}}})",
            phone, mail, card)});
  const auto events = stored();
  ASSERT_EQ(events.size(), 4u);
  for (const std::string& event : events)
    for (const std::string_view secret : {"4155550", "jane.roe", "555-0100", "1111 1111"})
      EXPECT_THAT(event, ::testing::Not(HasSubstr(std::string(secret)))) << event;
  EXPECT_EQ(endpoint_->unknown_types(), 1u);
  const MaskCounts masked = endpoint_->masked();
  EXPECT_EQ(masked.phone_fields, 2u);
  EXPECT_GE(masked.labels, 6u);
  EXPECT_GE(masked.texts[std::size_t(PiiClass::email)], 3u);
  EXPECT_GE(masked.texts[std::size_t(PiiClass::card)], 2u);
  // A look-up by the sender's own id finds the call: it tokenises the same way.
  const auto reader = *spool_->read_from({});
  std::vector<Value> values;
  const auto record = *reader->next();
  const Event event = decode_event(record->event(0).bytes, values)->event;
  EXPECT_EQ(event.call, external_id("platform", "call", "events", tokenizer_.mask_label(phone)));
}

TEST_F(Endpoint, DuplicatesAreKnownAfterARestart) {
  send({.body = rated("1")});
  spool_->close();
  endpoint_.reset();
  spool_.reset();
  open_spool();
  make();
  EXPECT_THAT(send({.body = rated("1") + "\n" + rated("2")}).body, HasSubstr(R"("accepted":1,"duplicates":1)"));
}

}  // namespace
}  // namespace aybiza
