// E-mail addresses ("a@b.com" and "a at b dot com") and IBANs of a text.
//
// Cost     linear. Threads  pure functions.
// Source   RFC 5321 section 4.5.3 (64 and 255 bytes); ISO 13616 and the IBAN registry (lengths by country).
#pragma once

#include <string_view>
#include <vector>

#include "privacy/mask.h"

namespace aybiza::privacy {

void find_emails(std::string_view text, std::vector<PiiSpan>& spans);
void find_ibans(std::string_view text, std::vector<PiiSpan>& spans);

}  // namespace aybiza::privacy
