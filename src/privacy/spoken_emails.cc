// E-mail addresses as they are said or half said: "j smith 42 at outlook dot co dot uk", "john.smith at gmail.com".
//
// Shape    from every "at" with a host behind it back over the name. A host that is said ("dot com") makes any word before
//          it a name; one that is written ("amazon.com") may be a shop's, so there the name must look like one, the host be a
//          mail provider's, or the words before speak of mail.
#include <algorithm>
#include <array>
#include <cstring>

#include "base/word_set.h"
#include "privacy/addresses.h"
#include "privacy/glyph.h"
#include "privacy/hosts.h"
#include "privacy/words.h"

namespace aybiza::privacy {

namespace {

constexpr std::size_t context_bytes = 48;
constexpr std::size_t pieces_max = 8, spoken_words_max = 4;  // of a name

constexpr WordSet providers({"gmail", "googlemail", "yahoo", "ymail", "hotmail", "outlook", "live", "msn", "icloud", "aol", "protonmail", "proton",
                             "gmx", "web", "mail", "zoho", "fastmail", "comcast", "verizon", "att", "sbcglobal", "btinternet", "orange", "wanadoo",
                             "libero", "t-online", "freenet", "yandex", "qq", "rediffmail"});
// Words that stand before "at" in a sentence, or begin what is no name any more.
constexpr WordSet ordinary({"a", "an", "and", "are", "as", "at", "account", "accounts", "address", "available", "be", "book", "booked", "bought",
                            "buy", "by", "can", "contact", "deal", "deals", "email", "emails", "find", "for", "found", "from", "go", "got", "have",
                            "her", "here", "him", "his", "i", "in", "info's", "is", "it", "it's", "its", "just", "log", "login", "look", "looked",
                            "looking", "mail", "mails", "me", "my", "now", "of", "on", "one", "online", "or", "order", "ordered", "our", "out",
                            "page", "price", "prices", "reach", "register", "reviews", "saw", "see", "send", "shop", "shopped", "shopping", "sign",
                            "site", "so", "store", "that", "the", "their", "them", "there", "this", "ticket", "tickets", "to", "today", "up", "us",
                            "via", "visit", "was", "we", "website", "with", "work", "works", "write", "yes", "you", "your", "um", "uh", "ok", "okay",
                            "please", "under", "not", "no"});
constexpr WordSet mail_words({"email", "emails", "e-mail", "mail", "mails", "address", "username", "login", "inbox"});
constexpr WordSet connectors({"dot", "underscore", "dash", "hyphen", "plus", "period", "point"});

bool in_name(char c) { return is_ascii_letter(c) || is_ascii_digit(c) || (c != '\0' && std::strchr("._%+-'", c) != nullptr); }

bool is_digits(std::string_view word) { return !word.empty() && std::ranges::all_of(word, is_ascii_digit); }
bool is_number(std::string_view word) {
  if (is_digits(word)) return true;
  const WordSense sense = !word.empty() && word.size() <= sense_bytes_max && std::ranges::all_of(word, is_ascii_letter) ? sense_of(word, 0, word.size()) : WordSense{};
  return sense.said != Said::none && sense.said != Said::filler;
}

class NameReader {
 public:
  NameReader(std::string_view text, std::size_t at) : text_(text), start_(at) {}

  // Where the name before the host begins; npos: there is none.
  std::size_t read(bool said_host, bool provider) {
    std::string_view word = before();
    if (word.empty()) return std::string_view::npos;
    const std::string_view last = word;
    bool looks = word.find_first_of("._+-0123456789") != std::string_view::npos && std::ranges::any_of(word, is_ascii_letter);  // not a price
    for (std::size_t pieces = 0; pieces < pieces_max; ++pieces) {
      take(word);
      const std::size_t mark = start_;
      const std::string_view joint = before();
      if (!connectors.contains(joint)) break;
      take(joint);
      word = before();
      if (word.empty()) {
        start_ = mark;
        break;
      }
      looks = true;
    }
    const bool announced = speaks_of_mail();
    if (!said_host && !looks && (ordinary.contains(last) || !(provider || announced))) return std::string_view::npos;
    if (!ordinary.contains(word)) more(word, announced);
    return start_;
  }

 private:
  // The word before `start_`, with one space or nothing between.
  std::string_view before() const {
    std::size_t end = start_;
    if (end > 0 && text_[end - 1] == ' ') --end;
    std::size_t start = end;
    while (start > 0 && in_name(text_[start - 1])) --start;
    while (start < end && (text_[start] == '.' || text_[start] == '\'' || text_[start] == '-')) ++start;
    return text_.substr(start, end - start);
  }
  void take(std::string_view word) { start_ = std::size_t(word.data() - text_.data()); }

  // "j smith 42": letters by themselves and numbers belong to the name, and a word before a number; where mail is spoken of, words too.
  void more(std::string_view first, bool announced) {
    for (std::size_t words = 0; words < spoken_words_max; ++words) {
      const std::string_view word = before();
      if (word.empty() || ordinary.contains(word)) return;
      const bool letter = word.size() == 1 && is_ascii_letter(word[0]);
      if (!letter && !is_number(word) && !is_number(first) && !announced) return;
      if (std::ranges::any_of(word, [](char c) { return c == '\''; })) return;
      take(word);
      first = word;
    }
  }

  bool speaks_of_mail() const {
    std::string_view near = text_.substr(start_ < context_bytes ? 0 : start_ - context_bytes, std::min(start_, context_bytes));
    for (std::size_t at = 0; at < near.size();) {
      std::size_t end = at;
      while (end < near.size() && (is_ascii_letter(near[end]) || near[end] == '-')) ++end;
      if (mail_words.contains(near.substr(at, end - at))) return true;
      at = end + 1;
    }
    return false;
  }

  std::string_view text_;
  std::size_t start_;
};

}  // namespace

bool names_host(std::string_view text, std::size_t at) {
  while (at < text.size() && (text[at] == ' ' || text[at] == ')' || text[at] == ']')) ++at;
  const std::size_t first = at;
  while (at < text.size() && (is_ascii_letter(text[at]) || is_ascii_digit(text[at]) || text[at] == '-')) ++at;
  return at > first && at + 2 < text.size() && text[at] == '.' && is_ascii_letter(text[at + 1]) && is_ascii_letter(text[at + 2]);
}

void find_spoken_emails(std::string_view text, std::vector<PiiSpan>& spans) {
  std::size_t end = 0;
  while (const auto host = find_host(text, end)) {
    end = host->end;
    const bool said = text.substr(host->at, host->domain - host->at).find_first_of("([") != std::string_view::npos ||
                      text.substr(host->domain, end - host->domain).find_first_of(" ([") != std::string_view::npos;
    if (end < text.size() && (in_name(text[end]) && text[end] != '.' && text[end] != '\'' && text[end] != '-')) continue;
    const std::size_t start = NameReader(text, host->at).read(said, providers.contains(text.substr(host->domain, host->provider_bytes)));
    if (start != std::string_view::npos) spans.push_back({PiiClass::email, std::uint32_t(start), std::uint32_t(end)});
  }
}

}  // namespace aybiza::privacy
