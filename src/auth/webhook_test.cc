// Every signature vector of the format notes, and what must not pass.
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <map>

#include "auth/webhook_signature.h"
#include "auth/webhook_sources.h"

namespace aybiza::auth {
namespace {

using namespace std::chrono_literals;

Instant at_seconds(std::int64_t s) { return from_micros(s * 1'000'000); }
const Instant vector_time = at_seconds(1'790'000'000);

struct Sent {
  std::map<std::string, std::string, std::less<>> headers;
  std::string body, url = "https://in.example.com/v1/webhooks/x/y";
  SignedRequest request() const {
    return {.method = "POST", .url = url, .body = body, .header = [this](std::string_view name) {
              const auto at = headers.find(name);
              return at == headers.end() ? std::string_view{} : std::string_view(at->second);
            }};
  }
};

TEST(WebhookSignature, Vapi) {
  Sent sent{.headers = {{"x-timestamp", "1790000000000"}, {"x-signature", "65095cfbb0ee226e7e52da625a538df4142c29656ad265caf8fb173f87c3813a"}},
            .body = R"({"message":{"type":"status-update","status":"ended"}})"};
  const auto check = [&](const Sent& one, std::string_view secret, Instant now) { return verify_hmac({}, one.request(), secret, now); };
  EXPECT_EQ(check(sent, "vapi_secret", vector_time), Verdict::good);
  EXPECT_EQ(check(sent, "vapi_secret", vector_time + 5min), Verdict::good);
  EXPECT_EQ(check(sent, "vapi_secret", vector_time + 5min + 1s), Verdict::expired);
  EXPECT_EQ(check(sent, "vapi_secret", vector_time - 5min - 1s), Verdict::expired);
  EXPECT_EQ(check(sent, "other", vector_time), Verdict::mismatch);
  EXPECT_EQ(check(sent, "", vector_time), Verdict::mismatch);
  Sent spaced = sent;  // the same JSON written again is not the same bytes
  spaced.body = R"({"message": {"type": "status-update", "status": "ended"}})";
  EXPECT_EQ(check(spaced, "vapi_secret", vector_time), Verdict::mismatch);
  spaced = sent;
  spaced.headers.erase("x-signature");
  EXPECT_EQ(check(spaced, "vapi_secret", vector_time), Verdict::missing);
  spaced = sent;
  spaced.headers["x-timestamp"] = "soon";
  EXPECT_EQ(check(spaced, "vapi_secret", vector_time), Verdict::malformed);
}

TEST(WebhookSignature, AnyHmacPlan) {
  const auto standard = parse_hmac_plan("signature-header=webhook-signature timestamp-header=webhook-timestamp message-id-header=webhook-id "
                                        "payload={svix-id}.{timestamp}.{body} encoding=base64 prefix=v1, secret-is-base64=true");
  ASSERT_TRUE(standard);
  Sent sent{.headers = {{"webhook-id", "msg_1"}, {"webhook-timestamp", "1790000000"},
                        {"webhook-signature", "v1,AAAA v1,IrcjvvdacmUnlzv/aNlZdrQZ00u07Rs4pFxqz05KgMU="}},
            .body = R"({"type":"alert.triggered","timestamp":"2026-09-21T14:13:20Z","data":{"alert_id":"a1"}})"};
  EXPECT_EQ(verify_hmac(*standard, sent.request(), "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", vector_time), Verdict::good);
  sent.body += ' ';
  EXPECT_EQ(verify_hmac(*standard, sent.request(), "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", vector_time), Verdict::mismatch);
  const auto bland = parse_hmac_plan("signature-header=x-webhook-signature payload={body}");
  ASSERT_TRUE(bland);
  Sent signed_body{.headers = {{"x-webhook-signature", "ae88c52fb73c72b4bffcbd59dc7c59d769bddf71096e91dea3d10bad7819ce23"}},
                   .body = R"({"call_id":"b-1","completed":true})"};
  EXPECT_EQ(verify_hmac(*bland, signed_body.request(), "bland_secret", vector_time), Verdict::good);
  EXPECT_EQ(verify_hmac(*bland, signed_body.request(), "other", vector_time), Verdict::mismatch);
  signed_body.body += ' ';
  EXPECT_EQ(verify_hmac(*bland, signed_body.request(), "bland_secret", vector_time), Verdict::mismatch);
  for (const std::string_view wrong : {"algorithm=md5", "payload=nothing", "encoding=hexa", "colour=red", "x"})
    EXPECT_FALSE(parse_hmac_plan(wrong)) << wrong;
}

TEST(WebhookSignature, SharedSecret) {
  Sent sent{.headers = {{"X-Vapi-Secret", "s3"}}, .body = "{}"};
  EXPECT_EQ(verify_shared_secret(sent.request(), "X-Vapi-Secret", "s3"), Verdict::good);
  EXPECT_EQ(verify_shared_secret(sent.request(), "X-Vapi-Secret", "s4"), Verdict::mismatch);
  Sent bearer{.headers = {{"Authorization", "Bearer s3"}}, .body = "{}"};
  EXPECT_EQ(verify_shared_secret(bearer.request(), "X-Vapi-Secret", "s3"), Verdict::good);
  EXPECT_EQ(verify_shared_secret(Sent{}.request(), "X-Vapi-Secret", "s3"), Verdict::missing);
}

TEST(WebhookSignature, Retell) {
  const std::string digest = "4c4766aa7f82e02c91a6cd2953fe0ad73516192477a7b107007ce06ee5b7361e";
  const auto check = [&](std::string header, std::string body, Instant now) {
    Sent sent{.headers = {}, .body = std::move(body)};
    if (!header.empty()) sent.headers["X-Retell-Signature"] = std::move(header);
    return verify_retell(sent.request(), "key_test", now);
  };
  const std::string body = R"({"event":"call_ended","call":{"call_id":"call_0123"}})";
  EXPECT_EQ(check("v=1790000000000,d=" + digest, body, vector_time), Verdict::good);
  EXPECT_EQ(check("v=1790000000000,d=" + digest, body, vector_time + 6min), Verdict::expired);
  EXPECT_EQ(check("v=1790000000001,d=" + digest, body, vector_time), Verdict::mismatch);
  EXPECT_EQ(check("v=1790000000000,d=" + digest, body + "\n", vector_time), Verdict::mismatch);
  EXPECT_EQ(check("v=1790000000000,d=4C4766AA", body, vector_time), Verdict::malformed);
  EXPECT_EQ(check("d=" + digest, body, vector_time), Verdict::malformed);
  EXPECT_EQ(check("", body, vector_time), Verdict::missing);
}

TEST(WebhookSignature, ElevenLabs) {
  const std::string good = "t=1790000000,v0=5b34b3ce8941e948dcc1e1ae0c43c08de6a8b0aab7ca223cae6e606100c7b049";
  const auto check = [&](std::string header, std::string body, Instant now) {
    Sent sent{.headers = {{"ElevenLabs-Signature", std::move(header)}}, .body = std::move(body)};
    return verify_elevenlabs(sent.request(), "wsec_test", now);
  };
  const std::string body = R"({"type":"post_call_transcription","event_timestamp":1790000000,"data":{}})";
  EXPECT_EQ(check(good, body, vector_time), Verdict::good);
  EXPECT_EQ(check(good, body, vector_time + 30min), Verdict::good);
  EXPECT_EQ(check(good, body, vector_time + 31min), Verdict::expired);
  EXPECT_EQ(check(good, "{}", vector_time), Verdict::mismatch);
  EXPECT_EQ(check("t=x,v0=1", body, vector_time), Verdict::malformed);
}

TEST(WebhookSignature, Twilio) {
  const std::vector<std::pair<std::string, std::string>> form = {
      {"To", "+14155550101"}, {"From", "+14155550100"}, {"CallSid", "CA00000000000000000000000000000001"}, {"CallStatus", "completed"},
      {"CallDuration", "63"}, {"AccountSid", "AC00000000000000000000000000000001"}, {"To", "+14155550101"}};  // unsorted, one twice
  const SignedForm view(form);
  const auto check = [&](std::string url, std::string signature, const SignedForm* parameters, std::string body = "", std::string_view token = "12345") {
    Sent sent{.headers = {{"X-Twilio-Signature", std::move(signature)}}, .body = std::move(body), .url = std::move(url)};
    return verify_twilio(sent.request(), parameters, token);
  };
  EXPECT_EQ(check("https://in.example.com/v1/twilio/acme?x=1", "9b1iftoKjUfIr0yv8aghN1QoaS0=", &view), Verdict::good);
  EXPECT_EQ(check("https://in.example.com:443/v1/twilio/acme?x=1", "9b1iftoKjUfIr0yv8aghN1QoaS0=", &view), Verdict::good);
  EXPECT_EQ(check("https://in.example.com/v1/twilio/acme?x=2", "9b1iftoKjUfIr0yv8aghN1QoaS0=", &view), Verdict::mismatch);
  EXPECT_EQ(check("https://in.example.com/v1/twilio/acme?x=1", "9b1iftoKjUfIr0yv8aghN1QoaS0=", &view, "", "12346"), Verdict::mismatch);
  const SignedForm less(form.data(), 3);
  EXPECT_EQ(check("https://in.example.com/v1/twilio/acme?x=1", "9b1iftoKjUfIr0yv8aghN1QoaS0=", &less), Verdict::mismatch);

  const std::string body = R"([{"specversion":"1.0","id":"EZ1","type":"com.twilio.voice.insights.call-summary.complete","source":"/v1","data":{}}])";
  const std::string url = "https://in.example.com/v1/twilio/acme?bodySHA256=06b19eaee21625e0fc532b69c2bd3c7b49a00205cd3670c1326b1f83b6742f19";
  EXPECT_EQ(check(url, "pURQTW4Csc1KnDq08QJVL48CwcA=", nullptr, body), Verdict::good);
  EXPECT_EQ(check(url, "pURQTW4Csc1KnDq08QJVL48CwcA=", nullptr, body + " "), Verdict::mismatch);
  EXPECT_EQ(check("https://in.example.com/v1/twilio/acme", "pURQTW4Csc1KnDq08QJVL48CwcA=", nullptr, body), Verdict::malformed);
  EXPECT_EQ(verify_twilio(Sent{}.request(), &view, "12345"), Verdict::missing);
}

TEST(WebhookSignature, LiveKit) {
  const std::string body = R"({"event":"room_finished","room":{"sid":"RM_abc","name":"call-1","creationTime":"1790000000"},"id":"EV_1","createdAt":"1790000063"})";
  const std::string token =
      "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJBUElrZXkxIiwibmJmIjoxNzkwMDAwMDYzLCJleHAiOjE3OTAwMDAzNjMsInNoYTI1NiI6IllHNnQxRERSRUlISE52RFZZRFNZ"
      "R1l1Z0E3SDVPbVlMNkNPRWZ6eWFOUG89In0.aYZLG-j8wq6a5IM5g3m20rt_AhYWN09pmYMhJumh_bg";
  const auto check = [&](std::string header, std::string text, Instant now, std::string_view key = "APIkey1", std::string_view secret = "lksecret") {
    Sent sent{.headers = {{"Authorization", std::move(header)}}, .body = std::move(text)};
    return verify_livekit(sent.request(), key, secret, now);
  };
  const Instant now = at_seconds(1'790'000'070);
  EXPECT_EQ(check(token, body, now), Verdict::good);
  EXPECT_EQ(check("Bearer " + token, body, now), Verdict::good);
  EXPECT_EQ(check(token, body, now, ""), Verdict::good);
  EXPECT_EQ(check(token, body, now, "APIkey2"), Verdict::mismatch);
  EXPECT_EQ(check(token, body, now, "APIkey1", "other"), Verdict::mismatch);
  EXPECT_EQ(check(token, body + " ", now), Verdict::mismatch);
  EXPECT_EQ(check(token, body, at_seconds(1'790'000'363 + 61)), Verdict::expired);
  EXPECT_EQ(check(token, body, at_seconds(1'790'000'063 - 61)), Verdict::expired);
  EXPECT_EQ(check("nothing", body, now), Verdict::malformed);
  // Whoever leaves the algorithm to the token is a fool: "none" has no signature that could match.
  EXPECT_EQ(check("eyJhbGciOiJub25lIn0.eyJpc3MiOiJBUElrZXkxIn0.", body, now), Verdict::mismatch);
}

struct Directory {
  std::filesystem::path path;
  Directory() {
    std::string pattern = (std::filesystem::temp_directory_path() / "sources_test_XXXXXX").string();
    path = ::mkdtemp(pattern.data());
  }
  ~Directory() { std::filesystem::remove_all(path); }
};

TEST(WebhookSources, AreKeptForUsAlone) {
  Directory dir;
  auto sources = WebhookSources::open(dir.path);
  ASSERT_TRUE(sources) << sources.error().message;
  WebhookSource wanted;
  wanted.vendor = "retell", wanted.customer = "acme", wanted.secret = "key_test", wanted.name = "main line";
  const auto made = (*sources)->add(wanted, vector_time);
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_EQ(made->token.size(), 43u);
  struct stat s{};
  ASSERT_EQ(::stat((dir.path / "webhook_sources").c_str(), &s), 0);
  EXPECT_EQ(s.st_mode & 0777, 0600u);

  auto beside = WebhookSources::open(dir.path);  // another process
  ASSERT_TRUE(beside);
  const auto found = (*beside)->find("retell", made->token, vector_time);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->secret, "key_test");
  EXPECT_EQ(found->tenant(), "acme");
  EXPECT_FALSE((*beside)->find("vapi", made->token, vector_time));
  EXPECT_FALSE((*beside)->find("retell", made->token.substr(1), vector_time));
  EXPECT_FALSE((*beside)->joins("acme"));
  wanted.vendor = "vapi";
  ASSERT_TRUE((*sources)->add(wanted, vector_time));
  EXPECT_TRUE((*sources)->joins("acme"));
  EXPECT_FALSE((*sources)->joins("other"));

  ASSERT_TRUE((*sources)->remove(made->id));
  EXPECT_FALSE((*sources)->find("retell", made->token, vector_time));
  EXPECT_FALSE((*beside)->find("retell", made->token, vector_time + 2s));  // noticed within a second
  EXPECT_FALSE((*sources)->remove(made->id));
}

TEST(WebhookSources, RefuseWhatCannotWork) {
  Directory dir;
  auto sources = WebhookSources::open(dir.path);
  const auto check = [&](auto&& change) {
    WebhookSource wanted;
    wanted.vendor = "vapi", wanted.customer = "acme", wanted.secret = "s";
    change(wanted);
    return (*sources)->add(wanted, vector_time).has_value();
  };
  EXPECT_TRUE(check([](WebhookSource&) {}));
  EXPECT_FALSE(check([](WebhookSource& w) { w.vendor = "bell"; }));
  EXPECT_FALSE(check([](WebhookSource& w) { w.secret.clear(); }));
  EXPECT_TRUE(check([](WebhookSource& w) { w.secret.clear(), w.scheme = SignatureScheme::none; }));
  EXPECT_FALSE(check([](WebhookSource& w) { w.secret = "a\tb"; }));
  EXPECT_FALSE(check([](WebhookSource& w) { w.customer.clear(); }));
  EXPECT_FALSE(check([](WebhookSource& w) { w.vendor = "twilio"; }));  // without its URL
  EXPECT_FALSE(check([](WebhookSource& w) { w.vendor = "livekit"; }));  // without its key
  EXPECT_TRUE(check([](WebhookSource& w) { w.vendor = "livekit", w.key = "APIkey"; }));
  EXPECT_TRUE(check([](WebhookSource& w) { w.vendor = "livekit", w.scheme = SignatureScheme::none; }));  // the URL alone is trusted
  EXPECT_FALSE(check([](WebhookSource& w) { w.key = "APIkey"; }));  // of which nothing would be checked
  EXPECT_FALSE(check([](WebhookSource& w) { w.plan = "algorithm=md5"; }));
  EXPECT_FALSE(check([](WebhookSource& w) { w.vendor = "retell", w.scheme = SignatureScheme::shared; }));
}

TEST(WebhookSources, ADamagedFileIsNamed) {
  Directory dir;
  std::ofstream(dir.path / "webhook_sources") << "no source\n";
  ::chmod((dir.path / "webhook_sources").c_str(), 0600);
  const auto damaged = WebhookSources::open(dir.path);
  ASSERT_FALSE(damaged);
  EXPECT_EQ(damaged.error().code, Code::corrupt);
  ::chmod((dir.path / "webhook_sources").c_str(), 0644);
  EXPECT_EQ(WebhookSources::open(dir.path).error().code, Code::io);
}

}  // namespace
}  // namespace aybiza::auth
