// Replaces a phone number, e-mail address or card number used as an identity by a keyed token: the same every time,
// reversible by nobody.
//
// Shape    "tel_<26 base32>_<last 2 digits>_<country code>", "eml_<26>", "pan_<26>_<last 2>", "idn_<26>" for the rest. The 26
//          characters are the first 128 bits of HMAC-SHA256(key, "<class>|<normal form>"), so one number written in any
//          of its spellings has one token. A token stays as it is.
// Units    at most 64 bytes per token.
// Errors   none: what is not personal data comes back unchanged.
// Cost     about 1 us per token; a label without digits or '@' about 20 ns.
// Threads  any: the key does not change.
// Source   RFC 2104; RFC 4648 section 6 (lower case, no padding); ITU-T E.164 and its list of country codes.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "privacy/mask.h"

namespace aybiza {

struct PhoneNumber {
  std::string digits;   // E.164 without '+'; as dialled when the country is unknown
  std::string country;  // "1", "49", "351"; "0" when unknown
};

// Accepts +, 00, tel:, sip: and the usual separators; a number without country gets `default_country` where it fits
// (ten digits in "1", a leading trunk 0 elsewhere). nullopt: not a phone number.
std::optional<PhoneNumber> parse_phone(std::string_view text, std::string_view default_country = "1");

bool is_token(std::string_view text);

class Tokenizer {
 public:
  // REQUIRES: key is secret and at least 16 bytes; it is the deployment's, kept with its data.
  explicit Tokenizer(std::string_view key, std::string_view default_country = "1");

  // A field that holds a phone number (phone_number, caller_number): always a token when it has three digits or more,
  // else as mask_label.
  std::string phone_field(std::string_view text) const;

  // An id, name, label or error text: every find becomes its token. Look-ups by such a text call this too.
  std::string mask_label(std::string_view text) const;
  // The same into `out`, which is touched only where something is found: true.
  bool mask_label(std::string_view text, std::string& out) const;

  // The token of text known to be of this class.
  std::string token(PiiClass pii, std::string_view text) const;

 private:
  std::string keyed(std::string_view pii, std::string_view normal) const;
  alignas(16) std::array<unsigned char, 256> keyed_state_{};  // libsodium's HMAC state after the key
  std::string default_country_;
};

}  // namespace aybiza
