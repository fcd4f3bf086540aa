#include "privacy/tokenizer.h"

#include <re2/re2.h>
#include <sodium.h>

#include <cstring>

#include "base/check.h"
#include "privacy/glyph.h"
#include "privacy/numbers.h"

namespace aybiza {

namespace {

using namespace privacy;

constexpr std::size_t key_bytes_min = 16, token_bits = 128;
constexpr std::size_t shortest_token = 30;
constexpr std::size_t shortest_field = 3;  // digits: an extension is somebody's too

std::string base32(const unsigned char* bytes) {
  constexpr std::string_view alphabet = "abcdefghijklmnopqrstuvwxyz234567";
  std::string text;
  unsigned held = 0, bits = 0;
  for (std::size_t i = 0; i < token_bits / 8; ++i) {
    held = (held << 8 | bytes[i]) & 0xFFFFu;
    for (bits += 8; bits >= 5; bits -= 5) text += alphabet[(held >> (bits - 5)) & 31];
  }
  text += alphabet[(held << (5 - bits)) & 31];
  return text;
}

std::string last_two(std::string_view digits) { return std::string(digits.substr(digits.size() < 2 ? 0 : digits.size() - 2)); }

const unsigned char* as_bytes(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }

std::string lower_ascii(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = ascii_lower(c);
  return lower;
}

}  // namespace

bool is_token(std::string_view text) {
  static const RE2 pattern("tel_[a-z2-7]{26}_[0-9]{2}_[0-9]{1,3}|(?:eml|idn)_[a-z2-7]{26}|pan_[a-z2-7]{26}_[0-9]{2}");
  return text.size() >= shortest_token && text[3] == '_' && RE2::FullMatch(re2::StringPiece(text.data(), text.size()), pattern);
}

Tokenizer::Tokenizer(std::string_view key, std::string_view default_country) : default_country_(default_country) {
  static_assert(sizeof(crypto_auth_hmacsha256_state) <= sizeof(keyed_state_) && alignof(crypto_auth_hmacsha256_state) <= 16);
  CHECK(key.size() >= key_bytes_min);
  CHECK(sodium_init() >= 0);
  crypto_auth_hmacsha256_init(reinterpret_cast<crypto_auth_hmacsha256_state*>(keyed_state_.data()), as_bytes(key), key.size());
}

std::string Tokenizer::keyed(std::string_view pii, std::string_view normal) const {
  crypto_auth_hmacsha256_state state;
  std::memcpy(&state, keyed_state_.data(), sizeof state);
  unsigned char digest[crypto_auth_hmacsha256_BYTES];
  for (const std::string_view part : {pii, std::string_view("|"), normal}) crypto_auth_hmacsha256_update(&state, as_bytes(part), part.size());
  crypto_auth_hmacsha256_final(&state, digest);
  return base32(digest);
}

std::string Tokenizer::token(PiiClass pii, std::string_view text) const {
  switch (pii) {
    case PiiClass::phone: {
      auto number = parse_phone(text, default_country_);
      if (!number) number = PhoneNumber{digits_of(text), "0"};
      return "tel_" + keyed("tel", number->digits) + "_" + last_two(number->digits) + "_" + number->country;
    }
    case PiiClass::email: return "eml_" + keyed("eml", lower_ascii(text));
    case PiiClass::card: {
      const std::string digits = digits_of(text);
      return "pan_" + keyed("pan", digits) + "_" + last_two(digits);
    }
    case PiiClass::iban:
    case PiiClass::ssn:
    case PiiClass::address: break;
  }
  std::string normal;
  for (const char c : lower_ascii(text))
    if (is_ascii_letter(c) || is_ascii_digit(c)) normal += c;
  return "idn_" + keyed("idn", normal);
}

std::string Tokenizer::phone_field(std::string_view text) const {
  if (is_token(text)) return std::string(text);
  if (parse_phone(text, default_country_)) return token(PiiClass::phone, text);
  // Short codes and extensions, and anything mostly made of digits: closed rather than open.
  std::size_t digits = 0, letters = 0;
  for (std::size_t at = 0; at < text.size();) {
    const Glyph glyph = glyph_at(text, at);
    digits += glyph.kind == Kind::digit;
    letters += glyph.kind == Kind::letter;
    at += glyph.bytes;
  }
  if (digits >= shortest_field && digits > letters) return token(PiiClass::phone, text);
  return mask_label(text);
}

bool Tokenizer::mask_label(std::string_view text, std::string& out) const {
  const std::vector<PiiSpan> found = is_token(text) ? std::vector<PiiSpan>() : find_pii(text);
  if (found.empty()) return false;
  out.clear();
  std::size_t copied = 0;
  for (const PiiSpan& span : found) {
    out.append(text.substr(copied, span.start - copied));
    out += token(span.pii, text.substr(span.start, span.end - span.start));
    copied = span.end;
  }
  out.append(text.substr(copied));
  return true;
}

std::string Tokenizer::mask_label(std::string_view text) const {
  std::string out;
  return mask_label(text, out) ? out : std::string(text);
}

}  // namespace aybiza
