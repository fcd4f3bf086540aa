// A mail as the bytes that SMTP carries: text, the same as HTML, pictures inside it, files beside it.
//
// Shape    multipart/mixed of multipart/related of multipart/alternative; every body is base64, so that no line is long and no byte is special.
//          What is not plain ASCII in a header becomes encoded words.
// Errors   invalid: an address that is none, or a control character in anything that goes into a header: a header cannot be injected.
// Threads  pure.
// Source   RFC 5322, 2045 to 2047, 2387 (related), 2392 (cid), 3834 (Auto-Submitted).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "base/units.h"

namespace aybiza {

struct MailPart {
  std::string type;  // "image/png"
  std::string name;  // of the file
  std::string cid;   // by which the HTML names it; empty for a file beside it
  std::string bytes;
};

struct Mail {
  std::string from, from_name;
  std::vector<std::string> to;
  std::string subject, text, html;
  std::vector<MailPart> pictures, files;
  std::string id;  // of letters and digits: the left half of its Message-ID
  Instant date{};
};

// name@host as SMTP servers take it: ASCII, without quotes, comments or brackets; at most 254 bytes.
bool good_mail_address(std::string_view address);

Result<std::string> to_mime(const Mail& mail);

// "Sun, 22 Nov 2026 01:15:00 +0000"
std::string mail_date(Instant t);
// Encoded words of at most 75 bytes, folded; plain ASCII that needs none stays as it is.
std::string mail_words(std::string_view text);

}  // namespace aybiza
