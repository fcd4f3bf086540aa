// Whether a webhook comes from whom it says: each vendor's signature, over the bytes of the body as they came.
//
// Shape    pure: request, secret and time in, verdict out. HmacPlan describes the family "HMAC over a text made of header
//          values and the body" as data (Vapi's credentials, Standard Webhooks); Retell, ElevenLabs, Twilio and LiveKit have a
//          form of their own each. Digests and secrets are compared in constant time.
// Units    the replay window is on both sides of now; timestamps of Vapi in seconds or milliseconds (it does not say).
// Errors   a verdict: missing, malformed, mismatch, expired; only `good` may pass.
// Cost     one HMAC over the body, for LiveKit one SHA-256 and one HMAC over the token; up to three for Twilio's ports.
// Threads  pure functions; any.
// Source   ingest-formats.md 4.6, 5.4, 6, 7.1, 7.3; RFC 2104; RFC 7515, 7519; Standard Webhooks 1.0.0.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "base/units.h"

namespace aybiza::auth {

enum class Verdict : unsigned char { good, missing, malformed, mismatch, expired };
std::string_view to_string(Verdict verdict);

struct SignedRequest {
  std::string_view method = "POST";
  std::string_view url;   // as the sender was given it: scheme, host, path, query
  std::string_view body;  // as received
  std::function<std::string_view(std::string_view)> header;  // empty: there is none of that name
};

enum class HashAlgorithm : unsigned char { sha1, sha256, sha512 };
enum class DigestEncoding : unsigned char { hex, base64 };

struct HmacPlan {
  HashAlgorithm algorithm = HashAlgorithm::sha256;
  std::string signature_header = "x-signature", timestamp_header = "x-timestamp", message_id_header = "svix-id";
  std::string payload_format = "{timestamp}.{body}";  // also {method}, {url}, {svix-id}
  DigestEncoding encoding = DigestEncoding::hex;
  std::string prefix;             // before each signature: "v1,"
  bool secret_is_base64 = false;  // a leading "whsec_" is not part of it
  Duration window = std::chrono::minutes(5);
};
// The plan written as "algorithm=sha512 signature-header=x-sig …"; nullopt: a name or value that is not one.
std::optional<HmacPlan> parse_hmac_plan(std::string_view text);

Verdict verify_hmac(const HmacPlan& plan, const SignedRequest& request, std::string_view secret, Instant now);
// `Authorization: Bearer <secret>` or the header `name` with the secret alone.
Verdict verify_shared_secret(const SignedRequest& request, std::string_view name, std::string_view secret);
Verdict verify_retell(const SignedRequest& request, std::string_view api_key, Instant now);
Verdict verify_elevenlabs(const SignedRequest& request, std::string_view secret, Instant now);
// `form`: the parameters of a form body, decoded; nullptr: a JSON body, whose SHA-256 the URL carries.
using SignedForm = std::span<const std::pair<std::string, std::string>>;
Verdict verify_twilio(const SignedRequest& request, const SignedForm* form, std::string_view auth_token);
Verdict verify_livekit(const SignedRequest& request, std::string_view api_key, std::string_view api_secret, Instant now);

// The digest's bytes.
std::string hmac(HashAlgorithm algorithm, std::string_view key, std::string_view text);
std::string sha256(std::string_view text);
std::string to_hex(std::string_view bytes);
std::string to_base64(std::string_view bytes);                        // padded
std::optional<std::string> from_base64(std::string_view text, bool url_alphabet = false);

}  // namespace aybiza::auth
