#include "liveview/token.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>

#include "base/check.h"
#include "base/limits.h"
#include "liveview/json.h"

namespace aybiza::liveview {
namespace {

constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

std::string base64url(std::string_view bytes) {
  std::string out;
  unsigned bits = 0, held = 0;
  for (const char c : bytes) {
    held = (held << 8) | static_cast<unsigned char>(c);
    for (bits += 8; bits >= 6; bits -= 6) out += alphabet[(held >> (bits - 6)) & 63u];
    held &= 0xFFFFu;
  }
  if (bits > 0) out += alphabet[(held << (6 - bits)) & 63u];
  return out;
}

std::optional<std::string> from_base64url(std::string_view text) {
  std::string out;
  unsigned bits = 0, held = 0;
  for (const char c : text) {
    const std::size_t digit = alphabet.find(c);
    if (digit == alphabet.npos) return std::nullopt;
    held = ((held << 6) | static_cast<unsigned>(digit)) & 0xFFFFFFu;
    bits += 6;
    if (bits >= 8) out += static_cast<char>((held >> (bits -= 8)) & 255u);
  }
  // One encoding per value: no stray character, no bits left over.
  if (bits >= 6 || (held & ((1u << bits) - 1u)) != 0) return std::nullopt;
  return out;
}

std::string hmac(const std::string& key, std::string_view purpose, std::string_view body) {
  const std::string message = std::string(purpose) + '\0' + std::string(body);
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned length = 0;
  CHECK(HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
             reinterpret_cast<const unsigned char*>(message.data()), message.size(), digest.data(), &length));
  return std::string(reinterpret_cast<const char*>(digest.data()), length);
}

bool equal(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

constexpr std::string_view session_purpose = "session", flash_purpose = "flash", csrf_purpose = "csrf";

bool expired(Instant issued, Instant now, Duration age) { return now - issued > age || issued - now > age; }

}  // namespace

Signer::Signer(std::string current, std::string previous)
    : current_(std::move(current)), previous_(std::move(previous)) {
  CHECK(current_.size() >= 32);
}

std::string Signer::sign(std::string_view purpose, std::string_view body) const {
  return base64url(body) + "." + base64url(hmac(current_, purpose, body));
}

std::optional<std::string> Signer::verify(std::string_view purpose, std::string_view token) const {
  const std::size_t dot = token.find('.');
  if (dot == token.npos) return std::nullopt;
  const auto body = from_base64url(token.substr(0, dot));
  const auto mac = from_base64url(token.substr(dot + 1));
  if (!body || !mac) return std::nullopt;
  const bool now = equal(*mac, hmac(current_, purpose, *body));
  const bool before = !previous_.empty() && equal(*mac, hmac(previous_, purpose, *body));
  return now || before ? body : std::nullopt;
}

std::string Signer::csrf(std::string_view sid) const { return base64url(hmac(current_, csrf_purpose, sid)); }

bool Signer::csrf_valid(std::string_view sid, std::string_view token) const {
  const bool now = equal(token, csrf(sid));
  const bool before = !previous_.empty() && equal(token, base64url(hmac(previous_, csrf_purpose, sid)));
  return !sid.empty() && (now || before);
}

// With a fixed key of its own, so that rotating keys does not break the bond between page and cookie.
std::string Signer::sid_hash(std::string_view sid) const { return base64url(hmac("sid", "sid", sid)); }

std::string sign_session(const Signer& signer, const SessionToken& session) {
  JsonWriter body;
  body.begin_object().key("v").integer(session_token_version).field("id", session.id).field("view", session.view);
  body.field("ls", session.live_session).field("sid", session.sid_hash).field("user", session.user);
  body.key("iat").integer(to_micros(session.issued)).end_object();
  return signer.sign(session_purpose, body.str());
}

std::optional<SessionToken> verify_session(const Signer& signer, std::string_view token, Instant now) {
  const auto body = signer.verify(session_purpose, token);
  if (!body) return std::nullopt;
  const auto json = parse_json(*body);
  if (!json || (*json)["v"].integer() != session_token_version) return std::nullopt;
  const auto issued = (*json)["iat"].integer();
  if (!issued || expired(from_micros(*issued), now, limits::liveview_session_age)) return std::nullopt;
  const auto text = [&](std::string_view key) { return std::string((*json)[key].text()); };
  return SessionToken{text("id"), text("view"), text("ls"), text("sid"), text("user"), from_micros(*issued)};
}

std::string sign_flash(const Signer& signer, std::string_view json, Instant now) {
  JsonWriter body;
  body.begin_object().key("iat").integer(to_micros(now)).key("flash").json(json).end_object();
  return signer.sign(flash_purpose, body.str());
}

std::optional<std::string> verify_flash(const Signer& signer, std::string_view token, Instant now) {
  const auto body = signer.verify(flash_purpose, token);
  const auto json = body ? parse_json(*body) : Result<Json>(Json());
  if (!json) return std::nullopt;
  const auto issued = (*json)["iat"].integer();
  if (!issued || expired(from_micros(*issued), now, limits::liveview_flash_age)) return std::nullopt;
  return to_json((*json)["flash"]);
}

}  // namespace aybiza::liveview
