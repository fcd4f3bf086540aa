// A price list as text: lines that say what one thing costs from when on, and the rules by which names are found.
//
// Shape    tab separated. A rate: kind, provider, model, usd, per, from, customer, source. A rule: prefix TEXT [PROVIDER],
//          suffix TEXT (# stands for a digit), alias NAME NAME. "*" is any, "-" is none or since ever; lines that begin
//          with # are comments. What is left out at the end of a rate is "-".
// Units    nano-USD for `per` tokens, characters or microseconds.
// Errors   invalid, with the line, the field, what is wrong with it and what would have been right.
// Threads  values; none.
// Source   docs/money.md "The list"; ingest-formats.md 13.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "model/rows.h"

namespace aybiza {

enum class PriceKind : std::uint8_t {
  input, cache_read, cache_write, output, reasoning, audio_input, audio_output,  // tokens, in the order of UsageRow
  stt, tts, telephony,
};
inline constexpr std::size_t price_kinds = std::size_t(PriceKind::telephony) + 1;
constexpr bool is_token(PriceKind kind) { return kind <= PriceKind::audio_output; }
std::string_view to_string(PriceKind kind);
std::optional<PriceKind> parse_price_kind(std::string_view text);

enum class PriceOrigin : std::uint8_t { shipped, file };  // built into the program, or from the data directory

struct PriceRate {
  PriceKind kind{};
  std::string provider, model;      // lower case; "*": any
  Number nano;                      // empty: from here on this line says nothing, and the next best one rules
  std::int64_t per = 1;             // how many tokens, characters or microseconds it pays for
  Instant from = Instant::min();
  std::string customer;             // empty: everybody
  std::string source;
  PriceOrigin origin = PriceOrigin::file;

  // Two rates with the same key are one: the later told counts.
  auto key() const { return std::tie(customer, kind, provider, model, from); }
};

struct NameRule {
  enum class What : std::uint8_t { prefix, suffix, alias } what{};
  std::string text, to;             // to: the provider a prefix tells, or what an alias stands for
};

struct PriceText {
  std::vector<PriceRate> rates;
  std::vector<NameRule> rules;
};
Result<PriceText> parse_prices(std::string_view text, PriceOrigin origin);

// One line, without its end, as parse_prices() reads it.
std::string to_line(const PriceRate& rate);
Result<PriceRate> parse_rate(std::string_view line);  // errors without a line number

std::string usd_text(const Number& nano);             // "0.0043"; "-" for none
Number parse_usd(std::string_view text);              // nano-USD; nullopt: not a plain decimal of at most nine places
std::string_view per_text(PriceKind kind, std::int64_t per);
std::string lower_case(std::string_view text);

}  // namespace aybiza
