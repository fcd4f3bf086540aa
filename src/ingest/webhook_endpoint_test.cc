#include "ingest/webhook_endpoint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <set>

#include "auth/file.h"
#include "base/limits.h"
#include "codec/event_binary.h"
#include "codec/event_to_json.h"
#include "codec/webhook_testing.h"
#include "ingest/endpoint_testing.h"
#include "net/content_coding.h"

namespace aybiza {
namespace {

using namespace std::chrono_literals;
using namespace aybiza::testing;
using ::testing::HasSubstr;
using ::testing::Not;

class Webhooks : public OverSpool {
 protected:
  Webhooks() : OverSpool(life_received) {}
  void SetUp() override {
    sources_ = *auth::WebhookSources::open(directory_);
    open();
  }
  void TearDown() override { close(); }
  void open() {
    open_spool();
    aliases_ = *CallAliases::open(directory_);
    ledger_ = std::make_unique<Ledger>(clock_.now());
    endpoint_ = std::make_unique<WebhookEndpoint>(WebhookEndpointConfig{
        .clock = &clock_, .tokenizer = &tokenizer_, .sources = sources_.get(), .aliases = aliases_.get(), .ledger = ledger_.get(), .admission = {},
        .append = [this](spool::AppendRequest request) { return spool_->append(std::move(request)); }, .visible = [this] { return spool_->visible(); }});
  }
  void close() {
    if (endpoint_) endpoint_->stop();
    if (spool_) spool_->close();
    endpoint_.reset();
    aliases_.reset();
    spool_.reset();
  }

  auth::WebhookSource source(std::string vendor, auth::SignatureScheme scheme = auth::SignatureScheme::none) {
    auth::WebhookSource wanted;
    wanted.vendor = std::move(vendor), wanted.customer = "acme", wanted.scheme = scheme, wanted.secret = "key_test", wanted.url = "https://in.example.com";
    return *sources_->add(wanted, clock_.now());
  }
  struct Sent {
    std::string body;
    std::vector<net::Header> headers = {};
    net::Method method = net::Method::post;
    std::string query = {};
  };
  std::shared_ptr<ReplySink> start(const auth::WebhookSource& source, Sent sent) {
    auto request = std::make_shared<net::Request>();
    request->method = sent.method;
    request->path = fmt::format("/v1/webhooks/{}/{}", source.vendor, source.token);
    request->query = sent.query;
    request->target = sent.query.empty() ? request->path : request->path + "?" + sent.query;
    request->path_params = {{"vendor", source.vendor}, {"token", source.token}};
    request->body = std::move(sent.body);
    request->headers = std::move(sent.headers);
    auto sink = std::make_shared<ReplySink>();
    endpoint_->handle(std::move(request), net::Responder(sink));
    return sink;
  }
  int send(const auth::WebhookSource& source, Sent sent) {
    const auto sink = start(source, std::move(sent));
    while (!sink->response)
      pump();  // the alias thread may still be on its way to the spool
    body_ = std::get<std::string>(sink->response->body);
    EXPECT_TRUE(ledger_->snapshot().total.balanced());
    return sink->response->status;
  }
  int deliver(const auth::WebhookSource& source, const Hook& hook) {
    if (hook.form.empty()) return send(source, Sent{.body = hook.body});
    std::string form;
    for (const auto& [name, value] : hook.form) form += (form.empty() ? "" : "&") + name + "=" + encode(value);
    return send(source, Sent{.body = form, .headers = {{"Content-Type", "application/x-www-form-urlencoded; charset=UTF-8"}}});
  }
  static std::string encode(std::string_view text) {
    std::string out;
    for (const char c : text)
      out += std::isalnum(static_cast<unsigned char>(c)) ? std::string(1, c) : fmt::format("%{:02X}", unsigned(static_cast<unsigned char>(c)));
    return out;
  }
  // Every event of the log.
  struct Stored {
    std::vector<std::string> json;
    std::set<Id> calls;
  };
  Stored stored() {
    Stored out;
    each_event([&](const Event& event) {
      out.json.push_back(event_to_json(event));
      if (event.type != EventType::other) out.calls.insert(event.call);
    });
    return out;
  }

  std::unique_ptr<auth::WebhookSources> sources_;
  std::unique_ptr<CallAliases> aliases_;
  std::unique_ptr<Ledger> ledger_;
  std::unique_ptr<WebhookEndpoint> endpoint_;
  std::string body_;
};

TEST_F(Webhooks, AnswersWhenItIsOnDiskAndNotBefore) {
  const auto vapi = source("vapi");
  const auto sink = start(vapi, {.body = vapi_life()[1].body});
  EXPECT_FALSE(sink->response);
  EXPECT_EQ(ledger_->snapshot().total.in_flight, 1u);
  pump();
  ASSERT_TRUE(sink->response);
  EXPECT_EQ(sink->response->status, 200);
  EXPECT_EQ(std::get<std::string>(sink->response->body), R"({"accepted":1,"duplicates":0,"rejected":0})");
  EXPECT_EQ(deliver(vapi, vapi_life()[1]), 200);  // again: a success
  EXPECT_EQ(body_, R"({"accepted":0,"duplicates":1,"rejected":0})");
  EXPECT_EQ(stored().json.size(), 1u);
}

TEST_F(Webhooks, SignaturesAndTokens) {
  const auto retell = source("retell", auth::SignatureScheme::vendor);
  const std::string body = retell_life()[0].body;
  const std::string stamp = std::to_string(to_micros(clock_.now()) / 1000);
  const auto signature = [&](std::string_view over) {
    return fmt::format("v={},d={}", stamp, auth::to_hex(auth::hmac(auth::HashAlgorithm::sha256, "key_test", fmt::format("{}{}", over, stamp))));
  };
  EXPECT_EQ(send(retell, {.body = body}), 401);
  EXPECT_EQ(send(retell, {.body = body, .headers = {{"X-Retell-Signature", signature(body + " ")}}}), 401);
  EXPECT_TRUE(stored().json.empty());
  EXPECT_EQ(ledger_->snapshot().total.offered, 0u);  // nobody we know offered anything
  EXPECT_EQ(send(retell, {.body = body, .headers = {{"x-retell-signature", signature(body)}}}), 200);
  auto stranger = retell;
  stranger.token[0] = stranger.token[0] == 'a' ? 'b' : 'a';
  EXPECT_EQ(send(stranger, {.body = body}), 404);
  stranger = retell;
  stranger.vendor = "vapi";
  EXPECT_EQ(send(stranger, {.body = body}), 404);
  EXPECT_EQ(endpoint_->counters().refused.at("signature"), 2u);
}

TEST_F(Webhooks, BadInput) {
  const auto vapi = source("vapi"), twilio = source("twilio");
  EXPECT_EQ(send(vapi, {.body = "{"}), 400);
  EXPECT_THAT(body_, HasSubstr("malformed"));
  EXPECT_EQ(send(vapi, {.body = R"({"message":{"type":"status-update"}})"}), 400);
  EXPECT_THAT(body_, HasSubstr("message.call.id"));
  EXPECT_EQ(send(vapi, {.body = R"({"message":{"type":"status-update","status":"ended","timestamp":1,"call":{"id":"c"}}})"}), 400);
  EXPECT_THAT(body_, HasSubstr("timestamp_out_of_range"));
  EXPECT_EQ(send(vapi, {.body = R"({"message":{"type":"assistant-request","call":{"id":"c"}}})"}), 404);
  EXPECT_EQ(send(vapi, {.body = std::string(10'000, '[')}), 400);
  EXPECT_EQ(send(vapi, {.body = "x", .headers = {{"Content-Encoding", "br"}}}), 415);
  EXPECT_EQ(send(vapi, {.body = "x", .headers = {{"Content-Encoding", "gzip"}}}), 400);
  EXPECT_EQ(send(vapi, {.body = net::gzip_pack(std::string(64 * limits::MiB, ' ')), .headers = {{"Content-Encoding", "gzip"}}}), 413);
  EXPECT_EQ(send(vapi, {.body = "", .method = net::Method::get}), 405);
  EXPECT_EQ(send(twilio, {.body = "a=%zz", .headers = {{"Content-Type", "application/x-www-form-urlencoded"}}}), 400);
  EXPECT_TRUE(stored().json.empty());
  const auto total = ledger_->snapshot().total;
  EXPECT_EQ(total.rejected.at("malformed"), 3u);
  EXPECT_EQ(total.rejected.at("timestamp_out_of_range"), 1u);
}

TEST_F(Webhooks, AudioIsTakenAndLetGo) {
  const auto elevenlabs = source("elevenlabs"), vapi = source("vapi");
  const std::string sound(limits::webhook_parsed_bytes, 'A');
  EXPECT_EQ(send(elevenlabs, {.body = R"({"type": "post_call_audio", "data": {"full_audio": ")" + sound + R"("}})"}), 200);
  EXPECT_EQ(send(elevenlabs, {.body = R"({"type":"post_call_transcription","data":{"x":")" + sound + R"("}})"}), 413);
  EXPECT_EQ(send(vapi, {.body = R"({"message":{"x":")" + sound + R"("}})"}), 413);
  EXPECT_EQ(endpoint_->counters().ignored.at("elevenlabs.post_call_audio"), 1u);
  EXPECT_TRUE(stored().json.empty());
}

TEST_F(Webhooks, UnknownTypesAreTakenAndCounted) {
  const auto vapi = source("vapi");
  EXPECT_EQ(send(vapi, {.body = expand(R"({"message":{"type":"brand-new","timestamp":$ms[0],"mood":"sunny","call":{"id":"c"}}})")}), 200);
  EXPECT_EQ(send(vapi, {.body = expand(R"({"message":{"type":"speech-update","timestamp":$ms[0],"call":{"id":"c"}}})")}), 200);
  const auto counters = endpoint_->counters();
  EXPECT_EQ(counters.unknown.at("vapi.brand-new"), 1u);
  EXPECT_EQ(counters.ignored.at("vapi.speech-update"), 1u);
  ASSERT_EQ(stored().json.size(), 1u);
  EXPECT_THAT(stored().json[0], HasSubstr(R"("type":"vapi.brand-new")"));
  EXPECT_THAT(stored().json[0], HasSubstr("sunny"));
}

// Whoever refuses what is new is switched off by some vendors: it is kept raw, once each, whether it names a call or not.
TEST_F(Webhooks, UnknownTypesOfNoCallAreTakenToo) {
  const auto vapi = source("vapi"), retell = source("retell"), elevenlabs = source("elevenlabs");
  for (int again = 0; again < 2; ++again) {
    EXPECT_EQ(send(vapi, {.body = expand(R"({"message":{"type":"brand-new","timestamp":$ms[0],"mood":"sunny"}})")}), 200);
    EXPECT_EQ(send(retell, {.body = R"({"event":"agent_whistled","mood":"windy"})"}), 200);
    for (const char* mood : {"rainy", "misty"})
      EXPECT_EQ(send(elevenlabs, {.body = expand(fmt::format(R"({{"type":"voice_removed","event_timestamp":$s[0],"data":{{"mood":"{}"}}}})", mood))}), 200);
  }
  EXPECT_EQ(endpoint_->counters().unknown.at("elevenlabs.voice_removed"), 4u);
  const auto kept = stored().json;
  ASSERT_EQ(kept.size(), 4u);
  for (const char* mood : {"sunny", "windy", "rainy", "misty"})
    EXPECT_EQ(std::ranges::count_if(kept, [&](const std::string& json) { return json.contains(mood); }), 1) << mood;
}

TEST_F(Webhooks, NothingPersonalReachesTheLog) {
  std::vector<std::pair<auth::WebhookSource, std::vector<Hook>>> lives;
  lives.emplace_back(source("vapi"), vapi_life());
  lives.emplace_back(source("retell"), retell_life());
  lives.emplace_back(source("elevenlabs"), elevenlabs_life());
  lives.emplace_back(source("twilio"), twilio_life());
  lives.emplace_back(source("livekit"), livekit_life());
  for (const auto& [from, life] : lives)
    for (const Hook& hook : life) EXPECT_LT(deliver(from, hook), 300) << hook.body;
  const std::string canary = R"({"message":{"type":"end-of-call-report","timestamp":$ms[9],"mail":"ann@example.com","call":{"id":"+14155550100","assistantId":"ann@example.com"},
    "customer":{"number":"+14155550100"},"analysis":{"summary":"Call +1 415 555 0100 or ann@example.com, card 4111 1111 1111 1111","structuredData":{"iban":"DE89370400440532013000"}},
    "artifact":{"messages":[{"role":"user","message":"my number is four one five five five five oh one oh oh","time":$ms[3]}]}}})";
  EXPECT_EQ(send(lives[0].first, {.body = expand(canary)}), 200);
  for (const std::string& json : stored().json)
    for (const std::string_view secret : {"4155550100", "555 0100", "ann@example.com", "4111 1111", "DE89370400440532013000", "five five five"})
      EXPECT_THAT(json, Not(HasSubstr(std::string(secret))));
  EXPECT_GT(endpoint_->counters().masked.phone_fields, 0u);
}

TEST_F(Webhooks, TwilioFormsByPostAndGet) {
  const auto twilio = source("twilio", auth::SignatureScheme::vendor);
  const Hook hook = twilio_life()[3];
  std::map<std::string, std::string> sorted(hook.form.begin(), hook.form.end());
  std::string text = fmt::format("https://in.example.com/v1/webhooks/twilio/{}", twilio.token), form;
  for (const auto& [name, value] : sorted) text += name + value, form += (form.empty() ? "" : "&") + name + "=" + encode(value);
  const std::string signature = auth::to_base64(auth::hmac(auth::HashAlgorithm::sha1, "key_test", text));
  const std::vector<net::Header> headers = {{"Content-Type", "application/x-www-form-urlencoded"}, {"X-Twilio-Signature", signature}};
  EXPECT_EQ(send(twilio, {.body = form, .headers = headers}), 204);
  EXPECT_EQ(send(twilio, {.body = form + "&x=1", .headers = headers}), 401);
  const std::string url = fmt::format("https://in.example.com/v1/webhooks/twilio/{}?{}", twilio.token, form);
  EXPECT_EQ(send(twilio, {.body = "", .headers = {{"X-Twilio-Signature", auth::to_base64(auth::hmac(auth::HashAlgorithm::sha1, "key_test", url))}},
                          .method = net::Method::get, .query = form}), 204);
  EXPECT_EQ(stored().json.size(), 1u);  // the second was the first again
}

// ---------------------------------------------------------------- one call, several sources

TEST_F(Webhooks, ACarrierAndItsPlatformAreOneCall) {
  const auto vapi = source("vapi"), twilio = source("twilio");
  const auto platform = vapi_life();
  const auto carrier = twilio_life();
  EXPECT_EQ(deliver(twilio, carrier[0]), 204);  // stays raw: whose call it is is not known yet
  EXPECT_EQ(deliver(vapi, platform[1]), 200);
  EXPECT_EQ(deliver(twilio, carrier[1]), 204);  // now it is
  close();
  open();  // a restart forgets nothing
  EXPECT_EQ(deliver(twilio, carrier[3]), 204);
  EXPECT_EQ(deliver(vapi, platform[8]), 200);
  EXPECT_EQ(deliver(twilio, carrier[5]), 204);
  EXPECT_EQ(stored().calls.size(), 1u);
  EXPECT_EQ(to_string(*stored().calls.begin()), "7420f27a-30fd-4f49-a995-5549ae7cc00d");
  EXPECT_EQ(endpoint_->counters().alias_conflicts, 0u);
  for (const std::string& json : stored().json)
    EXPECT_TRUE(json.find("twilio.call\"") != std::string::npos || json.find("7420f27a-30fd-4f49-a995-5549ae7cc00d") != std::string::npos) << json;
}

TEST_F(Webhooks, TheCarriersCallIsTheElderWhenItEndedFirst) {
  const auto elevenlabs = source("elevenlabs"), twilio = source("twilio");
  EXPECT_EQ(deliver(twilio, twilio_life()[3]), 204);
  EXPECT_EQ(deliver(elevenlabs, elevenlabs_life()[3]), 200);
  ASSERT_EQ(stored().calls.size(), 1u);
  EXPECT_EQ(*stored().calls.begin(), external_id("acme", "call", "twilio", twilio_call));
}

TEST_F(Webhooks, ARoomIsJoinedByItsCaller) {
  const auto livekit = source("livekit"), twilio = source("twilio");
  const auto room = livekit_life();
  const auto carrier = twilio_life();
  EXPECT_EQ(deliver(livekit, room[0]), 200);    // no CallSid yet
  EXPECT_EQ(deliver(twilio, carrier[1]), 204);
  EXPECT_EQ(deliver(twilio, carrier[2]), 204);
  EXPECT_EQ(deliver(livekit, room[2]), 200);    // the caller brings it
  EXPECT_EQ(deliver(twilio, carrier[3]), 204);
  EXPECT_EQ(deliver(livekit, room[7]), 200);
  EXPECT_EQ(stored().calls.size(), 1u);
  EXPECT_EQ(endpoint_->counters().waiting_carrier_events, 2u);
}

TEST_F(Webhooks, OfTwoCallsThatAreOneTheYoungerIsSetAside) {
  const auto livekit = source("livekit"), twilio = source("twilio");
  const auto room = livekit_life();
  EXPECT_EQ(deliver(livekit, room[0]), 200);           // a room
  EXPECT_EQ(deliver(twilio, twilio_life()[3]), 204);   // a call that ended
  EXPECT_EQ(stored().calls.size(), 2u);
  EXPECT_EQ(deliver(livekit, room[5]), 200);           // only now: they are one
  EXPECT_EQ(deliver(livekit, room[5]), 200);
  EXPECT_EQ(deliver(twilio, twilio_life()[5]), 204);   // goes to the room
  EXPECT_EQ(stored().calls.size(), 2u);
  EXPECT_EQ(endpoint_->counters().alias_conflicts, 1u);
  std::size_t merged = 0;
  for (const std::string& json : stored().json) merged += json.find(R"("customer_id":"__merged__")") != std::string::npos ? 1 : 0;
  EXPECT_EQ(merged, 1u);
}

TEST_F(Webhooks, CustomersDoNotJoin) {
  const auto vapi = source("vapi"), twilio = source("twilio");
  auth::WebhookSource other;
  other.vendor = "twilio", other.customer = "beta", other.scheme = auth::SignatureScheme::none;
  const auto beta = *sources_->add(other, clock_.now());
  EXPECT_EQ(deliver(vapi, vapi_life()[1]), 200);
  EXPECT_EQ(deliver(beta, twilio_life()[3]), 204);
  EXPECT_EQ(stored().calls.size(), 2u);
}

class Aliases : public ::testing::Test {
 protected:
  void SetUp() override {
    directory_ = std::filesystem::temp_directory_path() / ("aybiza-aliases-" + to_string(random_id()));
    std::filesystem::create_directories(directory_);
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }
  static CallAliases::Names names(std::string_view source, std::string_view external, std::string_view sid) {
    return {.scope = "acme", .source = source, .external = external, .twilio_sid = sid, .own = external_id("acme", "call", source, external)};
  }
  std::filesystem::path directory_;
  const Instant t0_ = life_received;
};

TEST_F(Aliases, TheElderWinsAndIsRemembered) {
  {
    auto aliases = *CallAliases::open(directory_);
    const Id room = aliases->resolve(names("livekit", "RM_1", ""), t0_).call;
    EXPECT_EQ(aliases->resolve(names("livekit", "RM_1", twilio_call), t0_ + 1s).call, room);
    EXPECT_EQ(aliases->resolve(names("twilio", twilio_call, twilio_call), t0_ + 2s).call, room);
    EXPECT_EQ(aliases->resolve(names("twilio", twilio_call, twilio_call), t0_ + 2s).external, "RM_1");
    EXPECT_FALSE(aliases->durable());
    ASSERT_TRUE(aliases->sync());
    EXPECT_TRUE(aliases->durable());
  }
  auto again = *CallAliases::open(directory_);
  EXPECT_EQ(again->size(), 2u);
  EXPECT_EQ(again->find(names("twilio", twilio_call, twilio_call))->call, external_id("acme", "call", "livekit", "RM_1"));
}

TEST_F(Aliases, TwoCallsThatExistedAreAConflictAndLaterRecordsGoToTheElder) {
  auto aliases = *CallAliases::open(directory_);
  const Id room = aliases->resolve(names("livekit", "RM_1", ""), t0_).call;
  const Id carrier = aliases->resolve(names("twilio", twilio_call, twilio_call), t0_ + 1s).call;
  EXPECT_NE(room, carrier);
  const auto both = aliases->resolve(names("livekit", "RM_1", twilio_call), t0_ + 2s);
  EXPECT_EQ(both.call, room);
  ASSERT_TRUE(both.younger);
  EXPECT_EQ(both.younger->id, carrier);
  EXPECT_EQ(both.younger->external, twilio_call);
  EXPECT_FALSE(aliases->resolve(names("livekit", "RM_1", twilio_call), t0_ + 2s).younger);
  EXPECT_EQ(aliases->conflicts(), 1u);
  EXPECT_EQ(aliases->resolve(names("twilio", twilio_call, twilio_call), t0_ + 3s).call, room);
  EXPECT_EQ(aliases->conflicts(), 1u);
}

TEST_F(Aliases, AreBounded) {
  auto aliases = *CallAliases::open(directory_, 10);
  for (int i = 0; i < 100; ++i) (void)aliases->resolve(names("vapi", std::to_string(i), ""), t0_);
  EXPECT_EQ(aliases->size(), 10u);
  EXPECT_FALSE(aliases->find(names("vapi", "89", "")));
  EXPECT_TRUE(aliases->find(names("vapi", "90", "")));
}

TEST_F(Aliases, ATornOrDamagedLineCostsItself) {
  {
    auto aliases = *CallAliases::open(directory_);
    for (const char* external : {"a", "b", "c"}) (void)aliases->resolve(names("vapi", external, ""), t0_);
  }
  const auto file = directory_ / "call_aliases";
  std::string bytes = *auth::read_file(file);
  bytes[bytes.find('\n') + 20] ^= 1;  // the second line
  bytes.pop_back();                   // the third was being written
  std::ofstream(file, std::ios::binary) << bytes;
  auto aliases = *CallAliases::open(directory_);
  EXPECT_EQ(aliases->damaged_lines(), 2u);
  EXPECT_TRUE(aliases->find(names("vapi", "a", "")));
  EXPECT_FALSE(aliases->find(names("vapi", "b", "")));
}

TEST_F(Aliases, TheFileIsWrittenAnewWhenHalfOfItIsHistory) {
  auto aliases = *CallAliases::open(directory_, 100);
  for (int i = 0; i < 5000; ++i) {
    (void)aliases->resolve(names("vapi", std::to_string(i), ""), t0_);
    ASSERT_TRUE(i % 100 != 0 || aliases->sync());
  }
  ASSERT_TRUE(aliases->sync());
  EXPECT_LT(std::filesystem::file_size(directory_ / "call_aliases"), 2'000u * 120);
  EXPECT_EQ((*CallAliases::open(directory_, 100))->size(), 100u);
}

}  // namespace
}  // namespace aybiza
