#include "auth/webhook_signature.h"

#include <fmt/format.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <sodium.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <vector>

#include "auth/jwt_claims.h"
#include "base/check.h"

namespace aybiza::auth {
namespace {

using namespace std::chrono_literals;

const EVP_MD* digest_of(HashAlgorithm algorithm) {
  switch (algorithm) {
    case HashAlgorithm::sha1: return EVP_sha1();
    case HashAlgorithm::sha256: return EVP_sha256();
    case HashAlgorithm::sha512: return EVP_sha512();
  }
  return EVP_sha256();
}

// Lengths are no secret: they are the algorithm's.
bool same(std::string_view a, std::string_view b) { return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0; }

std::optional<std::int64_t> parse_integer(std::string_view text) {
  std::int64_t out = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), out);
  return text.empty() || failure != std::errc{} || end != text.data() + text.size() ? std::nullopt : std::optional(out);
}

bool fresh(std::int64_t seconds, Instant now, Duration window) {
  if (seconds < 0 || seconds > 253'402'300'799) return false;
  const Duration away = now - from_micros(seconds * 1'000'000);
  return away <= window && -away <= window;
}


// The plan's text: placeholders are filled in one walk, so that a body that looks like one stays as it is.
std::string fill(std::string_view format, const SignedRequest& request, std::string_view timestamp, std::string_view message_id) {
  std::string out;
  while (!format.empty()) {
    const std::size_t open = std::min(format.find('{'), format.size());
    out += format.substr(0, open);
    format.remove_prefix(open);
    const std::size_t close = format.find('}');
    if (format.empty() || close == std::string_view::npos) return out += format;
    const std::string_view name = format.substr(1, close - 1);
    if (name == "body") out += request.body;
    else if (name == "timestamp") out += timestamp;
    else if (name == "method") out += request.method;
    else if (name == "url") out += request.url;
    else if (name == "svix-id") out += message_id;
    else out += format.substr(0, close + 1);
    format.remove_prefix(close + 1);
  }
  return out;
}

std::string key_of(const HmacPlan& plan, std::string_view secret) {
  if (!plan.secret_is_base64) return std::string(secret);
  if (secret.starts_with("whsec_")) secret.remove_prefix(6);
  return from_base64(secret).value_or("");
}

// "k=v,k=v": the value of `name`.
std::string_view part(std::string_view text, std::string_view name) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(','), text.size());
    const std::string_view one = text.substr(0, end);
    if (one.size() > name.size() && one.starts_with(name) && one[name.size()] == '=') return one.substr(name.size() + 1);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return {};
}

bool is_lower_hex(std::string_view text, std::size_t digits) {
  return text.size() == digits && std::all_of(text.begin(), text.end(), [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

// The URL with and without its port, as Twilio may have signed either.
std::vector<std::string> spellings(std::string_view url) {
  std::vector<std::string> out{std::string(url)};
  const std::size_t scheme = url.find("://");
  if (scheme == std::string_view::npos) return out;
  const std::size_t host = scheme + 3, path = std::min(url.find_first_of("/?", host), url.size());
  const std::size_t colon = url.substr(host, path - host).rfind(':');
  const std::string_view head = url.substr(0, colon == std::string_view::npos ? path : host + colon);
  out.push_back(fmt::format("{}{}", head, url.substr(path)));
  out.push_back(fmt::format("{}{}{}", head, url.starts_with("https:") ? ":443" : ":80", url.substr(path)));
  return out;
}

std::string form_text(SignedForm form) {
  std::vector<std::pair<std::string, std::string>> sorted(form.begin(), form.end());
  std::sort(sorted.begin(), sorted.end());
  sorted.erase(std::unique(sorted.begin(), sorted.end()), sorted.end());
  std::string out;
  for (const auto& [name, value] : sorted) out.append(name).append(value);
  return out;
}

// bodySHA256 of the query; empty: it has none.
std::string_view body_hash_of(std::string_view url) {
  const std::size_t query = url.find('?');
  if (query == std::string_view::npos) return {};
  for (std::string_view rest = url.substr(query + 1); !rest.empty();) {
    const std::size_t end = std::min(rest.find('&'), rest.size());
    if (rest.starts_with("bodySHA256=")) return rest.substr(11, end - 11);
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return {};
}

}  // namespace

std::string_view to_string(Verdict verdict) {
  switch (verdict) {
    case Verdict::good: return "good";
    case Verdict::missing: return "missing";
    case Verdict::malformed: return "malformed";
    case Verdict::mismatch: return "wrong";
    case Verdict::expired: return "expired";
  }
  return "";
}

std::string hmac(HashAlgorithm algorithm, std::string_view key, std::string_view text) {
  std::string out(EVP_MAX_MD_SIZE, '\0');
  unsigned size = 0;
  CHECK(HMAC(digest_of(algorithm), key.data(), int(key.size()), reinterpret_cast<const unsigned char*>(text.data()), text.size(),
             reinterpret_cast<unsigned char*>(out.data()), &size) != nullptr);
  out.resize(size);
  return out;
}

std::string sha256(std::string_view text) {
  std::string out(crypto_hash_sha256_BYTES, '\0');
  crypto_hash_sha256(reinterpret_cast<unsigned char*>(out.data()), reinterpret_cast<const unsigned char*>(text.data()), text.size());
  return out;
}

std::string to_hex(std::string_view bytes) {
  std::string out(2 * bytes.size() + 1, '\0');
  sodium_bin2hex(out.data(), out.size(), reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
  out.pop_back();
  return out;
}

std::string to_base64(std::string_view bytes) {
  std::string out(sodium_base64_ENCODED_LEN(bytes.size(), sodium_base64_VARIANT_ORIGINAL), '\0');
  sodium_bin2base64(out.data(), out.size(), reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), sodium_base64_VARIANT_ORIGINAL);
  out.pop_back();
  return out;
}

std::optional<std::string> from_base64(std::string_view text, bool url_alphabet) {
  while (!text.empty() && text.back() == '=') text.remove_suffix(1);
  std::string out(text.size() / 4 * 3 + 3, '\0');
  std::size_t size = 0;
  const int variant = url_alphabet ? sodium_base64_VARIANT_URLSAFE_NO_PADDING : sodium_base64_VARIANT_ORIGINAL_NO_PADDING;
  const char* end = nullptr;
  if (sodium_base642bin(reinterpret_cast<unsigned char*>(out.data()), out.size(), text.data(), text.size(), nullptr, &size, &end, variant) != 0 ||
      end != text.data() + text.size())
    return std::nullopt;
  out.resize(size);
  return out;
}

std::optional<HmacPlan> parse_hmac_plan(std::string_view text) {
  HmacPlan plan;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    const std::string_view one = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (one.empty()) continue;
    const std::size_t equals = one.find('=');
    if (equals == std::string_view::npos) return std::nullopt;
    const std::string_view name = one.substr(0, equals), value = one.substr(equals + 1);
    if (name == "algorithm" && (value == "sha1" || value == "sha256" || value == "sha512"))
      plan.algorithm = value == "sha1" ? HashAlgorithm::sha1 : value == "sha256" ? HashAlgorithm::sha256 : HashAlgorithm::sha512;
    else if (name == "signature-header" && !value.empty()) plan.signature_header = value;
    else if (name == "timestamp-header") plan.timestamp_header = value;  // empty: none is sent
    else if (name == "message-id-header") plan.message_id_header = value;
    else if (name == "payload" && value.find("{body}") != std::string_view::npos) plan.payload_format = value;
    else if (name == "encoding" && (value == "hex" || value == "base64"))
      plan.encoding = value == "hex" ? DigestEncoding::hex : DigestEncoding::base64;
    else if (name == "prefix") plan.prefix = value;
    else if (name == "secret-is-base64" && (value == "true" || value == "false")) plan.secret_is_base64 = value == "true";
    else return std::nullopt;
  }
  return plan;
}

Verdict verify_hmac(const HmacPlan& plan, const SignedRequest& request, std::string_view secret, Instant now) {
  const std::string_view sent = request.header(plan.signature_header);
  if (sent.empty()) return Verdict::missing;
  const bool timed = plan.payload_format.find("{timestamp}") != std::string::npos;
  const std::string_view timestamp = timed ? request.header(plan.timestamp_header) : std::string_view{};
  if (timed) {
    if (timestamp.empty()) return Verdict::missing;
    const auto stamp = parse_integer(timestamp);
    if (!stamp) return Verdict::malformed;
    if (!fresh(*stamp, now, plan.window) && !fresh(*stamp / 1000, now, plan.window)) return Verdict::expired;
  }
  const std::string key = key_of(plan, secret);
  if (key.empty()) return Verdict::mismatch;
  const std::string text = fill(plan.payload_format, request, timestamp, request.header(plan.message_id_header));
  const std::string digest = hmac(plan.algorithm, key, text);
  const std::string wanted = plan.prefix + (plan.encoding == DigestEncoding::hex ? to_hex(digest) : to_base64(digest));
  bool good = false;
  for (std::string_view rest = sent; !rest.empty();) {  // several, while a key is replaced
    const std::size_t end = std::min(rest.find(' '), rest.size());
    good |= same(rest.substr(0, end), wanted);
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return good ? Verdict::good : Verdict::mismatch;
}

Verdict verify_shared_secret(const SignedRequest& request, std::string_view name, std::string_view secret) {
  std::string_view sent = request.header(name);
  if (sent.empty()) {
    sent = request.header("Authorization");
    if (sent.size() > 7 && (sent.starts_with("Bearer ") || sent.starts_with("bearer "))) sent.remove_prefix(7);
  }
  if (sent.empty()) return Verdict::missing;
  // Hashed first, so that not even the length is told.
  return !secret.empty() && same(sha256(sent), sha256(secret)) ? Verdict::good : Verdict::mismatch;
}

Verdict verify_retell(const SignedRequest& request, std::string_view api_key, Instant now) {
  const std::string_view sent = request.header("X-Retell-Signature");
  if (sent.empty()) return Verdict::missing;
  const std::string_view stamp_text = part(sent, "v"), digest = part(sent, "d");
  const auto stamp = parse_integer(stamp_text);
  if (!stamp || *stamp < 0 || !is_lower_hex(digest, 64)) return Verdict::malformed;
  if (!fresh(*stamp / 1000, now, 5min)) return Verdict::expired;
  std::string text(request.body);
  text += stamp_text;
  return !api_key.empty() && same(digest, to_hex(hmac(HashAlgorithm::sha256, api_key, text))) ? Verdict::good : Verdict::mismatch;
}

Verdict verify_elevenlabs(const SignedRequest& request, std::string_view secret, Instant now) {
  const std::string_view sent = request.header("ElevenLabs-Signature");
  if (sent.empty()) return Verdict::missing;
  const std::string_view stamp_text = part(sent, "t"), digest = part(sent, "v0");
  const auto stamp = parse_integer(stamp_text);
  if (!stamp || !is_lower_hex(digest, 64)) return Verdict::malformed;
  if (!fresh(*stamp, now, 30min)) return Verdict::expired;
  const std::string text = fmt::format("{}.{}", stamp_text, request.body);
  return !secret.empty() && same(digest, to_hex(hmac(HashAlgorithm::sha256, secret, text))) ? Verdict::good : Verdict::mismatch;
}

Verdict verify_twilio(const SignedRequest& request, const SignedForm* form, std::string_view auth_token) {
  const std::string_view sent = request.header("X-Twilio-Signature");
  if (sent.empty()) return Verdict::missing;
  if (auth_token.empty()) return Verdict::mismatch;
  if (!form) {
    const std::string_view hash = body_hash_of(request.url);
    if (!is_lower_hex(hash, 64)) return Verdict::malformed;
    if (!same(hash, to_hex(sha256(request.body)))) return Verdict::mismatch;
  }
  const std::string parameters = form ? form_text(*form) : std::string();
  bool good = false;
  for (const std::string& url : spellings(request.url)) good |= same(sent, to_base64(hmac(HashAlgorithm::sha1, auth_token, url + parameters)));
  return good ? Verdict::good : Verdict::mismatch;
}

Verdict verify_livekit(const SignedRequest& request, std::string_view api_key, std::string_view api_secret, Instant now) {
  std::string_view token = request.header("Authorization");
  if (token.starts_with("Bearer ") || token.starts_with("bearer ")) token.remove_prefix(7);
  if (token.empty()) return Verdict::missing;
  const std::size_t last = token.rfind('.');
  if (last == std::string_view::npos) return Verdict::malformed;
  const auto signature = from_base64(token.substr(last + 1), true);
  if (!signature) return Verdict::malformed;
  // The signature first: nothing of the token is believed before.
  if (api_secret.empty() || !same(*signature, hmac(HashAlgorithm::sha256, api_secret, token.substr(0, last)))) return Verdict::mismatch;
  const auto claims = read_jwt(token.substr(0, last));
  if (!claims || claims->algorithm != "HS256") return Verdict::malformed;
  if (!api_key.empty() && claims->issuer != api_key) return Verdict::mismatch;
  constexpr std::int64_t leeway = 60;  // clocks differ
  const std::int64_t seconds = to_micros(now) / 1'000'000;
  if (!claims->expires || seconds > *claims->expires + leeway || (claims->not_before && seconds + leeway < *claims->not_before))
    return Verdict::expired;
  const auto hash = from_base64(claims->body_sha256);
  return hash && same(*hash, sha256(request.body)) ? Verdict::good : Verdict::mismatch;
}

}  // namespace aybiza::auth
