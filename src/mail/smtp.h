// Hands one mail to a mail server.
//
// Shape    smtp:// with STARTTLS, which is required, or smtps://; without either only to this machine. The server's certificate is checked. All
//          recipients, or none: a server that refuses one gets no text.
// Errors   MailAnswer says what may follow: `refused` will be refused again, `later` may be tried again, `unsure` had been handed over whole when the
//          connection broke, so the mail may have gone and must not be sent again by itself.
// Cost     a connection each time; at most smtp_time.
// Threads  any. `called_off` is asked about once a second.
// Source   RFC 5321, 3207 (STARTTLS), 8314 (smtps); libcurl.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace aybiza {

inline constexpr auto smtp_time = std::chrono::seconds(90);
inline constexpr auto smtp_connect_time = std::chrono::seconds(15);

struct SmtpServer {
  std::string url;             // smtp://mail.example:587, smtps://mail.example
  std::string user, password;  // empty: none is asked for. Never printed
  std::string ca_file;         // certificates to trust in place of the system's; empty: the system's
};

// invalid with the remedy, for a URL that is none of these two.
Status check_smtp_url(std::string_view url);

struct MailAnswer {
  enum Outcome { sent, refused, later, unsure } outcome = sent;
  std::string error;
};

// REQUIRES: good addresses (mail/mime.h); `message` as to_mime makes it.
MailAnswer send_mail(const SmtpServer& server, const std::string& from, const std::vector<std::string>& to, std::string_view message, const std::function<bool()>& called_off);

}  // namespace aybiza
