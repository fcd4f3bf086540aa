// Mails as bytes: what goes into a header stays there, and a server is chosen by a URL that says nothing secret.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "mail/mime.h"
#include "mail/smtp.h"

namespace aybiza {
namespace {

using testing::HasSubstr;
using testing::Not;

Mail a_mail() {
  Mail mail;
  mail.from = "reports@example.com", mail.from_name = "AYBIZA Voice", mail.to = {"ada@example.com", "bob@example.org"}, mail.subject = "Costs", mail.text = "Calls: 7\r\n", mail.html = "<p>Calls: 7</p>", mail.id = "abc123";
  mail.date = *parse_rfc3339("2026-11-22T01:05:09Z");
  return mail;
}

TEST(MailDate, IsOfRfc5322) {
  const auto check = [](const char* time, std::string_view expected) { EXPECT_EQ(mail_date(*parse_rfc3339(time)), expected); };
  check("2026-11-22T01:05:09Z", "Sun, 22 Nov 2026 01:05:09 +0000");
  check("2024-02-29T23:59:59.999Z", "Thu, 29 Feb 2024 23:59:59 +0000");
  check("1969-12-31T23:59:59Z", "Wed, 31 Dec 1969 23:59:59 +0000");
}

TEST(MailWords, EncodeWhatIsNotPlain) {
  EXPECT_EQ(mail_words("Costs, last day"), "Costs, last day");
  EXPECT_EQ(mail_words("Grüße"), "=?utf-8?B?R3LDvMOfZQ==?=");
  EXPECT_EQ(mail_words("=?utf-8?B?eA==?="), "=?utf-8?B?PT91dGYtOD9CP2VBPT0/PQ==?=");  // text that looks like an encoded word is text
  std::string longest;
  for (int i = 0; i < 60; ++i) longest += "ü";
  const std::string words = mail_words(longest);
  for (std::size_t at = 0; at < words.size(); at = std::min(words.find("\r\n", at), words.size() - 2) + 2) EXPECT_LE(std::min(words.find("\r\n", at), words.size()) - at, 76u);
}

TEST(MailAddress, IsStrict) {
  for (const std::string_view good : {"a@b", "ada.lovelace+x@mail.example.com", "o'neil@example.co", "1@2.3"}) EXPECT_TRUE(good_mail_address(good)) << good;
  for (const std::string_view wrong : {"", "@", "a@", "@b", "a b@c", "a@b c", "a@b\r\nBcc: x@y", "a\n@b", "\"a\"@b", "<a@b>", "a@b>", "a@b,c@d", "a@-b", "a@b-", "a@.b", "a@b.", "a@b..c", ".a@b", "a.@b", "a..b@c", "ä@b", "a@[127.0.0.1]", "a@b@c"})
    EXPECT_FALSE(good_mail_address(wrong)) << wrong;
  EXPECT_TRUE(good_mail_address(std::string(64, 'a') + "@b"));
  EXPECT_FALSE(good_mail_address(std::string(65, 'a') + "@b"));
  EXPECT_FALSE(good_mail_address("a@" + std::string(64, 'b')));
}

TEST(Mime, NoHeaderCanBeInjected) {
  const auto refused = [](auto&& change) {
    Mail mail = a_mail();
    change(mail);
    const auto message = to_mime(mail);
    EXPECT_FALSE(message.has_value());
    return message ? std::string() : message.error().message;
  };
  EXPECT_THAT(refused([](Mail& m) { m.subject = "Costs\r\nBcc: eve@example.net"; }), HasSubstr("line breaks"));
  EXPECT_THAT(refused([](Mail& m) { m.from_name = "A\nB"; }), HasSubstr("line breaks"));
  EXPECT_THAT(refused([](Mail& m) { m.to.push_back("x@y\r\nBcc: eve@example.net"); }), HasSubstr("not a mail address"));
  EXPECT_THAT(refused([](Mail& m) { m.from = "a@b>\r\nX: y"; }), HasSubstr("not an address to send from"));
  EXPECT_THAT(refused([](Mail& m) { m.id = "a>\r\nX: y"; }), HasSubstr("letters and digits"));
  EXPECT_THAT(refused([](Mail& m) { m.files.push_back({"application/pdf", "a\r\nX: y.pdf", "", ""}); }), HasSubstr("control characters"));
  EXPECT_THAT(refused([](Mail& m) { m.pictures.push_back({"image/png", "a.png", "pa ge", ""}); }), HasSubstr("control characters"));
  EXPECT_THAT(refused([](Mail& m) { m.to.clear(); }), HasSubstr("somebody"));
  // A text may say what it likes: it is base64.
  Mail mail = a_mail();
  mail.text = "\r\n.\r\nQUIT\r\n--=_aabc123--\r\n";
  EXPECT_THAT(to_mime(mail).value(), Not(HasSubstr("QUIT")));
}

TEST(Mime, LinesAreShortAndEndAsTheyMust) {
  Mail mail = a_mail();
  mail.subject = std::string(300, 'x') + "é", mail.text = std::string(5'000, 'y');
  mail.pictures.push_back({"image/png", "page.png", "page", std::string(10'000, '\xff')});
  mail.files.push_back({"application/pdf", "costs \"1\".pdf", "", std::string("%PDF\0\r\n.\r\n", 11)});
  const std::string message = to_mime(mail).value();
  EXPECT_TRUE(std::ranges::all_of(message, [](unsigned char c) { return c < 0x80; }));
  for (std::size_t at = 0; at < message.size();) {
    const std::size_t end = message.find('\n', at);
    ASSERT_NE(end, message.npos);
    ASSERT_EQ(message[end - 1], '\r');
    EXPECT_LE(end - 1 - at, 78u);
    at = end + 1;
  }
  EXPECT_THAT(message, HasSubstr("From: \"AYBIZA Voice\" <reports@example.com>\r\nTo: ada@example.com,\r\n bob@example.org\r\n"));
  EXPECT_THAT(message, HasSubstr("Message-ID: <abc123@example.com>\r\nAuto-Submitted: auto-generated\r\n"));
  EXPECT_THAT(message, HasSubstr("Content-Disposition: attachment; filename=\"costs 1.pdf\"\r\n"));
}

TEST(SmtpUrl, HasNoSecretsAndKnowsTwoSchemes) {
  for (const std::string_view good : {"smtp://mail.example:587", "smtps://mail.example", "smtp://127.0.0.1:2525", "smtp://[::1]:25"}) EXPECT_TRUE(check_smtp_url(good).has_value()) << good;
  for (const std::string_view wrong : {"", "mail.example", "http://mail.example", "smtp://", "smtp://user:secret@mail.example", "smtp://mail.example /x"}) EXPECT_FALSE(check_smtp_url(wrong).has_value()) << wrong;
}

TEST(SendMail, ToNobodyWhoListensMayBeTriedAgain) {
  const MailAnswer answer = send_mail({.url = "smtp://127.0.0.1:9", .user = {}, .password = {}, .ca_file = {}}, "a@example.com", {"b@example.com"}, "Subject: x\r\n\r\ny\r\n", nullptr);
  EXPECT_EQ(answer.outcome, MailAnswer::later);
  EXPECT_FALSE(answer.error.empty());
}

}  // namespace
}  // namespace aybiza
