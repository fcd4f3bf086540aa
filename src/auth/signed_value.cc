#include "auth/signed_value.h"

#include <fmt/format.h>
#include <sodium.h>

#include <charconv>
#include <chrono>

namespace aybiza::auth {
namespace {

constexpr int variant = sodium_base64_VARIANT_URLSAFE_NO_PADDING;

std::string to_base64(std::string_view bytes) {
  std::string out(sodium_base64_encoded_len(bytes.size(), variant), '\0');
  sodium_bin2base64(out.data(), out.size(), reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), variant);
  out.pop_back();  // the terminating zero
  return out;
}

std::optional<std::string> from_base64(std::string_view text) {
  std::string out(text.size(), '\0');
  std::size_t count = 0;
  const int bad = sodium_base642bin(reinterpret_cast<unsigned char*>(out.data()), out.size(), text.data(), text.size(),
                                    nullptr, &count, nullptr, variant);
  if (bad != 0) return std::nullopt;
  out.resize(count);
  return out;
}

std::int64_t seconds_of(Instant t) {
  return std::chrono::floor<std::chrono::seconds>(t.time_since_epoch()).count();
}

std::string mac_of(const KeyBytes& key, std::string_view signed_part) {
  const KeyBytes mac = keyed_hash(key, signed_part);
  return {reinterpret_cast<const char*>(mac.data()), mac.size()};
}

}  // namespace

std::string sign_value(const KeyBytes& key, std::string_view payload, Instant expires) {
  std::string text = fmt::format("{}.{}", to_base64(payload), seconds_of(expires));
  const std::string mac = mac_of(key, text);
  return text + "." + to_base64(mac);
}

std::optional<std::string> verify_value(const KeyBytes& key, std::string_view text, Instant now) {
  const std::size_t last = text.rfind('.');
  if (last == std::string_view::npos) return std::nullopt;
  const std::string_view signed_part = text.substr(0, last);
  const auto mac = from_base64(text.substr(last + 1));
  const std::string expected = mac_of(key, signed_part);
  if (!mac || mac->size() != expected.size()) return std::nullopt;
  if (sodium_memcmp(mac->data(), expected.data(), expected.size()) != 0) return std::nullopt;
  const std::size_t dot = signed_part.find('.');
  if (dot == std::string_view::npos) return std::nullopt;
  const std::string_view digits = signed_part.substr(dot + 1);
  std::int64_t expires = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), expires);
  if (error != std::errc() || end != digits.data() + digits.size() || seconds_of(now) >= expires) return std::nullopt;
  return from_base64(signed_part.substr(0, dot));
}

std::string session_cookie(std::string_view name, std::string_view value, bool secure) {
  return fmt::format("{}{}={}; Path=/; HttpOnly; SameSite=Lax{}", secure ? "__Host-" : "", name, value,
                     secure ? "; Secure" : "");
}

std::optional<std::string_view> cookie_value(std::string_view cookie_header, std::string_view name) {
  while (!cookie_header.empty()) {
    const std::size_t end = std::min(cookie_header.find(';'), cookie_header.size());
    std::string_view part = cookie_header.substr(0, end);
    cookie_header.remove_prefix(std::min(end + 1, cookie_header.size()));
    while (part.starts_with(' ')) part.remove_prefix(1);
    const std::size_t equals = part.find('=');
    if (equals == std::string_view::npos) continue;
    std::string_view key = part.substr(0, equals);
    if (key.starts_with("__Host-")) key.remove_prefix(7);
    if (key == name) return part.substr(equals + 1);
  }
  return std::nullopt;
}

}  // namespace aybiza::auth
