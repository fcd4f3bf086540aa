// Headers of signed webhooks from strangers: nothing that was not signed with the secret is good, and what is read of a token is bounded by it.
#include <cstdint>
#include <string_view>

#include "auth/authz.h"
#include "auth/jwt_claims.h"
#include "auth/livekit_token.h"
#include "auth/webhook_signature.h"
#include "base/check.h"

// The first line is the header's value, whatever header it is; the rest the body.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace aybiza;
  using auth::Verdict;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::string_view value = text.substr(0, text.find('\n')), body = value.size() == size ? std::string_view() : text.substr(value.size() + 1);
  const Instant now = from_micros(1'790'000'000'000'000);
  constexpr std::string_view secret = "a secret that no input knows";
  const auth::SignedRequest request{.url = "https://in.example.com/x", .body = body, .header = [&](std::string_view) { return value; }};
  static const auth::HmacPlan base64{.signature_header = "webhook-signature", .payload_format = "{svix-id}.{timestamp}.{body}",
                                     .encoding = auth::DigestEncoding::base64, .prefix = "v1,"};
  CHECK(auth::verify_hmac({}, request, secret, now) != Verdict::good);
  CHECK(auth::verify_hmac(base64, request, secret, now) != Verdict::good);
  CHECK(auth::verify_retell(request, secret, now) != Verdict::good);
  CHECK(auth::verify_elevenlabs(request, secret, now) != Verdict::good);
  CHECK(auth::verify_twilio(request, nullptr, secret) != Verdict::good);
  CHECK(auth::verify_livekit(request, "", secret, now) != Verdict::good);
  CHECK(auth::verify_livekit_upload(value, "", secret, now) != Verdict::good);
  if (const auto claims = auth::read_jwt(value)) CHECK(claims->issuer.size() + claims->subject.size() + claims->algorithm.size() <= 3 * size);
  if (const auto password = auth::basic_password(value)) CHECK(!password->empty() && password->size() < value.size());
  if (const auto bytes = auth::from_base64(value)) CHECK(auth::from_base64(auth::to_base64(*bytes)) == bytes);
  (void)auth::parse_hmac_plan(value);  // any plan or none
  return 0;
}
