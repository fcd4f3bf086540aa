#include "privacy/hosts.h"

#include "base/word_set.h"
#include "privacy/glyph.h"

namespace aybiza::privacy {

namespace {

constexpr std::size_t npos = std::string_view::npos;
constexpr std::size_t top_bytes_min = 2, top_bytes_max = 63;

constexpr WordSet tops({"com", "org", "net", "edu", "gov", "io", "co", "uk", "de", "fr", "es", "it", "nl", "ca", "au", "in", "me",
                        "info", "biz", "ru", "ch", "at", "be", "se", "no", "pl", "br", "mx", "jp"});
constexpr WordSet second_tops({"uk", "au", "in", "jp", "nz", "za", "br", "mx"});  // "co.uk"

constexpr bool opens(char c) { return c == '(' || c == '['; }
constexpr bool closes(char c) { return c == ')' || c == ']'; }
constexpr bool in_label(char c) { return is_ascii_letter(c) || is_ascii_digit(c) || c == '-'; }

class HostReader {
 public:
  HostReader(std::string_view text, std::size_t from) : text_(text), from_(from) {}

  std::optional<SaidHost> run() const {
    for (std::size_t p = from_; p < text_.size(); ++p) {
      if (text_[p] != '@' && (text_[p] | 0x20) != 'a') continue;
      SaidHost host{};
      if (text_[p] == '@' ? sign(p, host) : word(p, host))
        if (read(host)) return host;
    }
    return std::nullopt;
  }

 private:
  char at(std::size_t p) const { return p < text_.size() ? text_[p] : '\0'; }
  bool is(std::size_t p, std::string_view lower) const {
    for (const char c : lower)
      if (ascii_lower(at(p++)) != c) return false;
    return true;
  }
  std::size_t skip_blank(std::size_t p) const { return p + (at(p) == ' '); }
  std::size_t take_blank(std::size_t p) const { return p > from_ && text_[p - 1] == ' ' ? p - 1 : p; }

  bool sign(std::size_t p, SaidHost& host) const {
    host.at = take_blank(p);
    host.domain = skip_blank(p + 1);
    return true;
  }
  // " at " and "(at)" with its 'a' here
  bool word(std::size_t p, SaidHost& host) const {
    if (p == from_ || !is(p + 1, "t")) return false;
    if (text_[p - 1] == ' ' && at(p + 2) == ' ') {
      host.at = p - 1;
      host.domain = p + 3;
      return true;
    }
    if (!opens(text_[p - 1]) || !closes(at(p + 2))) return false;
    host.at = take_blank(p - 1);
    host.domain = skip_blank(p + 3);
    return true;
  }

  // What a separator at `p` leads to; npos: there is none.
  std::size_t said_dot(std::size_t p) const {
    if (at(p) == '.') return p + 1;
    return is(p, " dot ") ? p + 5 : npos;
  }
  std::size_t separator(std::size_t p) const {
    if (const std::size_t next = said_dot(p); next != npos) return next;
    p = skip_blank(p);
    return opens(at(p)) && is(p + 1, "dot") && closes(at(p + 4)) ? skip_blank(p + 5) : npos;
  }
  std::size_t label_end(std::size_t p) const {
    while (p < text_.size() && in_label(text_[p])) ++p;
    return p;
  }
  // The end of the word here if it is one of these, else npos; a '-' may follow it.
  template <std::size_t Count>
  std::size_t listed(std::size_t p, const WordSet<Count>& set) const {
    std::size_t end = p;
    while (end < text_.size() && (is_ascii_letter(text_[end]) || is_ascii_digit(text_[end]) || text_[end] == '_')) ++end;
    return set.contains(text_.substr(p, end - p)) ? end : npos;
  }

  // A provider's name that is heard as two words, where the host is said: "g mail dot com".
  std::size_t heard_apart(std::size_t p) const {
    for (const std::string_view name : {"g mail", "hot mail", "y mail", "proton mail", "fast mail", "out look", "i cloud"})
      if (is(p, name) && is(p + name.size(), " dot ")) return p + name.size();
    return label_end(p);
  }

  // As many names as there are, back to the last that is a top-level domain.
  bool read(SaidHost& host) const {
    std::size_t p = heard_apart(host.domain);
    host.provider_bytes = p - host.domain;
    if (host.provider_bytes == 0) return false;
    host.end = npos;
    for (std::size_t name = separator(p); name != npos && (p = label_end(name)) > name; name = separator(p))
      if (const std::size_t end = listed(name, tops); end != npos) host.end = end;
    if (host.end == npos) return false;
    if (const std::size_t name = said_dot(host.end); name != npos)
      if (const std::size_t end = listed(name, second_tops); end != npos) host.end = end;
    return true;
  }

  std::string_view text_;
  std::size_t from_;
};

}  // namespace

bool is_domain(std::string_view text) {
  std::size_t dots = 0, label = 0;
  bool letters = true;  // of the label so far
  for (const char c : text) {
    if (c == '.') {
      if (label == 0) return false;
      ++dots, label = 0, letters = true;
      continue;
    }
    const bool letter = is_ascii_letter(c) || std::uint8_t(c) >= 128;
    if (!letter && !in_label(c)) return false;
    letters = letters && letter;
    ++label;
  }
  return dots > 0 && letters && label >= top_bytes_min && label <= top_bytes_max;
}

std::optional<SaidHost> find_host(std::string_view text, std::size_t from) { return HostReader(text, from).run(); }

}  // namespace aybiza::privacy
