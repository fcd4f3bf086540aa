#include "mail/smtp.h"

#include <curl/curl.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <mutex>

namespace aybiza {
namespace {

constexpr std::size_t said_bytes = 300;  // kept of what a server says

struct Upload {
  std::string_view rest;
  bool whole = false;  // all of it has been asked for, and its end
};

std::size_t read_some(char* into, std::size_t size, std::size_t count, void* from) {
  auto& upload = *static_cast<Upload*>(from);
  const std::size_t bytes = std::min(size * count, upload.rest.size());
  std::memcpy(into, upload.rest.data(), bytes);
  upload.rest.remove_prefix(bytes);
  upload.whole = upload.rest.empty();
  return bytes;
}

// What the server says, a line at a time; the last refusal among it is kept.
std::size_t hear(char* line, std::size_t size, std::size_t count, void* into) {
  const std::string_view said(line, size * count);
  if (said.starts_with('4') || said.starts_with('5')) *static_cast<std::string*>(into) = said.substr(0, std::min(said.find_first_of("\r\n"), said_bytes));
  return size * count;
}

int look(void* called_off, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  const auto& asked = *static_cast<const std::function<bool()>*>(called_off);
  return asked && asked() ? 1 : 0;
}

std::string_view host_of(std::string_view url) {
  url.remove_prefix(url.find("://") + 3);
  if (url.starts_with('[')) return url.substr(0, std::min(url.find(']') + 1, url.size()));
  return url.substr(0, std::min(url.find_first_of(":/"), url.size()));
}

bool is_this_machine(std::string_view host) { return host == "127.0.0.1" || host == "localhost" || host == "[::1]"; }

// What may follow. A reply of 4xx or 5xx is a word; without one it matters whether the text had been handed over.
MailAnswer::Outcome outcome_of(CURLcode code, long reply, bool whole) {
  if (code == CURLE_OK) return MailAnswer::sent;
  if (reply >= 500 && reply < 600) return MailAnswer::refused;
  if (reply >= 400 && reply < 500) return MailAnswer::later;
  if (code == CURLE_USE_SSL_FAILED || code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_LOGIN_DENIED || code == CURLE_SSL_CACERT_BADFILE || code == CURLE_UNSUPPORTED_PROTOCOL) return MailAnswer::refused;
  return whole ? MailAnswer::unsure : MailAnswer::later;
}

using Easy = std::unique_ptr<CURL, decltype(&curl_easy_cleanup)>;

}  // namespace

Status check_smtp_url(std::string_view url) {
  const bool known = url.starts_with("smtp://") || url.starts_with("smtps://");
  const bool plain = std::ranges::none_of(url, [](unsigned char c) { return c <= 0x20 || c == 0x7f || c == '@'; });
  if (!known || !plain || host_of(url).empty()) return fail(Code::invalid, "--smtp-url is smtp://HOST[:PORT] or smtps://HOST[:PORT]; the user goes to --smtp-user, the password to --smtp-password-file or AYBIZA_SMTP_PASSWORD");
  return {};
}

MailAnswer send_mail(const SmtpServer& server, const std::string& from, const std::vector<std::string>& to, std::string_view message, const std::function<bool()>& called_off) {
  static std::once_flag once;
  std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
  const Easy easy(curl_easy_init(), &curl_easy_cleanup);
  if (!easy) return {MailAnswer::later, "no memory for a connection"};
  std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)> recipients(nullptr, &curl_slist_free_all);
  for (const std::string& one : to)
    if (curl_slist* more = curl_slist_append(recipients.get(), ("<" + one + ">").c_str())) static_cast<void>(recipients.release()), recipients.reset(more);
  Upload upload{message};
  std::string refusal;
  std::array<char, CURL_ERROR_SIZE> said{};
  CURL* const c = easy.get();
  curl_easy_setopt(c, CURLOPT_URL, server.url.c_str());
  curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
  curl_easy_setopt(c, CURLOPT_USE_SSL, is_this_machine(host_of(server.url)) ? long(CURLUSESSL_TRY) : long(CURLUSESSL_ALL));
  if (!server.ca_file.empty()) curl_easy_setopt(c, CURLOPT_CAINFO, server.ca_file.c_str());
  if (!server.user.empty()) curl_easy_setopt(c, CURLOPT_USERNAME, server.user.c_str()), curl_easy_setopt(c, CURLOPT_PASSWORD, server.password.c_str());
  curl_easy_setopt(c, CURLOPT_PROXY, "");  // none of the environment's either
  curl_easy_setopt(c, CURLOPT_MAIL_FROM, ("<" + from + ">").c_str());
  curl_easy_setopt(c, CURLOPT_MAIL_RCPT, recipients.get());
  curl_easy_setopt(c, CURLOPT_UPLOAD, 1L);
  curl_easy_setopt(c, CURLOPT_READFUNCTION, &read_some);
  curl_easy_setopt(c, CURLOPT_READDATA, &upload);
  curl_easy_setopt(c, CURLOPT_INFILESIZE_LARGE, curl_off_t(message.size()));
  curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, &hear);
  curl_easy_setopt(c, CURLOPT_HEADERDATA, &refusal);
  curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT, long(smtp_connect_time.count()));
  curl_easy_setopt(c, CURLOPT_TIMEOUT, long(smtp_time.count()));
  curl_easy_setopt(c, CURLOPT_ERRORBUFFER, said.data());
  curl_easy_setopt(c, CURLOPT_NOPROGRESS, 0L);
  curl_easy_setopt(c, CURLOPT_XFERINFOFUNCTION, &look);
  curl_easy_setopt(c, CURLOPT_XFERINFODATA, const_cast<void*>(static_cast<const void*>(&called_off)));
  const CURLcode code = curl_easy_perform(c);
  long reply = 0;
  curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &reply);
  MailAnswer out{outcome_of(code, reply, upload.whole), {}};
  if (out.outcome != MailAnswer::sent) out.error = fmt::format("{}{}", !refusal.empty() ? "the mail server said " + refusal : std::string(said[0] ? said.data() : curl_easy_strerror(code)), out.outcome == MailAnswer::unsure ? " (it had been handed over: whether it was sent is not known)" : "");
  return out;
}

}  // namespace aybiza
