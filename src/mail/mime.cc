#include "mail/mime.h"

#include <sodium.h>

#include <algorithm>
#include <cctype>
#include <chrono>

namespace aybiza {
namespace {

constexpr std::size_t address_bytes = 254, local_bytes = 64, label_bytes = 63;
constexpr std::size_t line_bytes = 76;      // of base64, RFC 2045 6.8
constexpr std::size_t word_bytes = 39;      // of text in one encoded word: 52 of base64 and 12 around it, on one line with its header's name
constexpr std::size_t plain_bytes = 60;     // of a header that stays as it is
constexpr std::string_view break_line = "\r\n";

bool no_controls(std::string_view text) {
  return std::ranges::none_of(text, [](unsigned char c) { return c < 0x20 || c == 0x7f; });
}

std::string base64(std::string_view bytes) {
  std::string out(sodium_base64_encoded_len(bytes.size(), sodium_base64_VARIANT_ORIGINAL), '\0');
  sodium_bin2base64(out.data(), out.size(), reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), sodium_base64_VARIANT_ORIGINAL);
  out.pop_back();  // its zero
  return out;
}

void append_base64(std::string& out, std::string_view bytes) {
  const std::string whole = base64(bytes);
  for (std::size_t at = 0; at < whole.size(); at += line_bytes) out.append(whole, at, line_bytes).append(break_line);
}

void append_part(std::string& out, std::string_view type, std::string_view more, std::string_view bytes) {
  out.append("Content-Type: ").append(type).append(break_line).append("Content-Transfer-Encoding: base64\r\n").append(more).append(break_line);
  append_base64(out, bytes);
}

std::string quoted(std::string_view name) {
  std::string out = "\"";
  for (const char c : name)
    if (c != '"' && c != '\\' && static_cast<unsigned char>(c) < 0x80) out += c;
  return out + "\"";
}

std::string opened(std::string_view subtype, std::string_view boundary) { return fmt::format("Content-Type: multipart/{}; boundary=\"{}\"\r\n\r\n", subtype, boundary); }

Status check_headers(const Mail& mail) {
  if (!good_mail_address(mail.from)) return fail(Code::invalid, "'{}' is not an address to send from", mail.from);
  if (mail.to.empty()) return fail(Code::invalid, "a mail needs somebody to go to");
  for (const std::string& one : mail.to)
    if (!good_mail_address(one)) return fail(Code::invalid, "'{}' is not a mail address", one);
  if (!no_controls(mail.subject) || !no_controls(mail.from_name)) return fail(Code::invalid, "a subject has no line breaks or other control characters");
  const auto plain = [](std::string_view text) { return std::ranges::all_of(text, [](unsigned char c) { return std::isalnum(c) != 0; }); };
  if (mail.id.empty() || !plain(mail.id)) return fail(Code::invalid, "a mail's id is letters and digits");
  for (const auto* parts : {&mail.pictures, &mail.files})
    for (const MailPart& part : *parts)
      if (!no_controls(part.type) || !no_controls(part.name) || !plain(part.cid)) return fail(Code::invalid, "part '{}' has control characters in its name, type or id", part.name);
  return {};
}

}  // namespace

bool good_mail_address(std::string_view address) {
  const std::size_t at = address.find('@');
  if (at == address.npos || at == 0 || at > local_bytes || address.size() > address_bytes) return false;
  const std::string_view local = address.substr(0, at), host = address.substr(at + 1);
  constexpr std::string_view also = ".!#$%&'*+/=?^_`{|}~-";
  const bool good_local = std::ranges::all_of(local, [&](unsigned char c) { return std::isalnum(c) != 0 || also.find(char(c)) != also.npos; });
  if (!good_local || local.starts_with('.') || local.ends_with('.') || local.find("..") != local.npos) return false;
  for (std::size_t begin = 0; begin <= host.size();) {
    const std::size_t end = std::min(host.find('.', begin), host.size());
    const std::string_view label = host.substr(begin, end - begin);
    const bool good = !label.empty() && label.size() <= label_bytes && !label.starts_with('-') && !label.ends_with('-') &&
                      std::ranges::all_of(label, [](unsigned char c) { return std::isalnum(c) != 0 || c == '-'; });
    if (!good) return false;
    begin = end + 1;
  }
  return true;
}

std::string mail_date(Instant t) {
  using namespace std::chrono;
  const sys_seconds when{floor<seconds>(t.time_since_epoch())};
  const auto day = floor<days>(when);
  const year_month_day date(day);
  const hh_mm_ss time(when - day);
  constexpr std::string_view weekdays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::string_view months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  return fmt::format("{}, {:02} {} {:04} {:02}:{:02}:{:02} +0000", weekdays[weekday(day).c_encoding()], unsigned(date.day()), months[unsigned(date.month()) - 1], int(date.year()),
                     time.hours().count(), time.minutes().count(), time.seconds().count());
}

std::string mail_words(std::string_view text) {
  const bool plain = text.size() <= plain_bytes && text.find("=?") == text.npos && std::ranges::all_of(text, [](unsigned char c) { return c >= 0x20 && c < 0x7f; });
  if (plain) return std::string(text);
  std::string out;
  while (!text.empty()) {
    std::size_t end = std::min(word_bytes, text.size());
    while (end < text.size() && end > 1 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;  // a character stays whole
    out += fmt::format("{}=?utf-8?B?{}?=", out.empty() ? "" : "\r\n ", base64(text.substr(0, end)));
    text.remove_prefix(end);
  }
  return out;
}

Result<std::string> to_mime(const Mail& mail) {
  AYBIZA_TRY(check_headers(mail));
  // "=_" cannot stand in base64, so no boundary can stand in a body.
  const std::string mixed = "=_m" + mail.id, related = "=_r" + mail.id, either = "=_a" + mail.id;
  const std::string name = mail.from_name.empty() ? "" : mail_words(mail.from_name) == mail.from_name ? quoted(mail.from_name) + " " : mail_words(mail.from_name) + "\r\n ";
  std::string out = fmt::format("From: {}<{}>\r\nTo: {}\r\nSubject: {}\r\nDate: {}\r\nMessage-ID: <{}@{}>\r\nAuto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n", name, mail.from,
                                fmt::join(mail.to, ",\r\n "), mail_words(mail.subject), mail_date(mail.date), mail.id, mail.from.substr(mail.from.find('@') + 1));
  out += opened("mixed", mixed) + "--" + mixed + "\r\n" + opened("related", related) + "--" + related + "\r\n" + opened("alternative", either);
  for (const bool html : {false, true}) {
    out += fmt::format("--{}\r\n", either);
    append_part(out, html ? "text/html; charset=utf-8" : "text/plain; charset=utf-8", "", html ? mail.html : mail.text);
  }
  out += fmt::format("--{}--\r\n", either);
  for (const MailPart& picture : mail.pictures) {
    out += fmt::format("--{}\r\n", related);
    append_part(out, picture.type, fmt::format("Content-ID: <{}>\r\nContent-Disposition: inline; filename={}\r\n", picture.cid, quoted(picture.name)), picture.bytes);
  }
  out += fmt::format("--{}--\r\n", related);
  for (const MailPart& file : mail.files) {
    out += fmt::format("--{}\r\n", mixed);
    append_part(out, file.type, fmt::format("Content-Disposition: attachment; filename={}\r\n", quoted(file.name)), file.bytes);
  }
  return out += fmt::format("--{}--\r\n", mixed);
}

}  // namespace aybiza
