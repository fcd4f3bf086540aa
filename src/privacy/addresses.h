// E-mail addresses (with '@' here, as they are said in spoken_emails.cc) and IBANs of a text.
//
// Cost     linear. Threads  pure functions.
// Source   RFC 5321 section 4.5.3 (64 and 255 bytes); ISO 13616 and the IBAN registry (lengths by country).
#pragma once

#include <string_view>
#include <vector>

#include "privacy/mask.h"

namespace aybiza::privacy {

void find_emails(std::string_view text, std::vector<PiiSpan>& spans);         // around '@'
// "j smith 42 at b dot com", "a.b at gmail.com", "a @ b . com"
void find_spoken_emails(std::string_view text, std::vector<PiiSpan>& spans);
// Whether behind the "at" that ends here a host stands as it is written. A sign only.
bool names_host(std::string_view text, std::size_t at);

inline constexpr std::size_t shortest_iban = 15;
// Whether a country and two check digits start here, with nothing before them. REQUIRES: at + shortest_iban <= text.size().
bool is_iban_start(std::string_view text, std::size_t at);
void find_ibans(std::string_view text, std::vector<PiiSpan>& spans);

}  // namespace aybiza::privacy
