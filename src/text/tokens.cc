#include "text/tokens.h"

namespace aybiza {

namespace {

constexpr bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
constexpr bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
constexpr bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
constexpr bool in_word(char c) { return is_upper(c) || is_lower(c) || (c >= '0' && c <= '9') || std::uint8_t(c) >= 128; }
constexpr bool ends_clause(char c) { return c == '.' || c == ',' || c == ';' || c == ':' || c == '!' || c == '?'; }

constexpr std::size_t raw_bytes_max = 3 * Lexicon::word_bytes_max;

class Tokeniser {
 public:
  Tokeniser(const Lexicon& lexicon, Tokens& tokens) : lexicon_(lexicon), tokens_(tokens) {}

  void chunk(std::string_view raw) {
    const std::size_t before = tokens_.size;
    word(raw);
    if (tokens_.size > before && ends_clause(raw.back())) tokens_.all[tokens_.size - 1].clause_ends = true;
  }
  void finish() { tokens_.mixed_capitals = capitals_ > 0 && capitals_ < tokens_.size; }

 private:
  void word(std::string_view raw) {
    std::size_t from = 0, to = raw.size();
    while (from < to && !in_word(raw[from])) ++from;
    while (to > from && !in_word(raw[to - 1])) --to;
    const bool dressed = from > 0 || to < raw.size();
    if (dressed && raw.size() <= 6)  // ":)" and "(:" are words of their own
      if (const std::uint32_t emoticon = find(raw); emoticon != Lexicon::unknown) return push(emoticon, raw);
    raw = raw.substr(from, to - from);
    if (raw.empty() || raw.size() > raw_bytes_max) return;
    const std::uint32_t found = find(raw);
    const std::size_t hyphen = raw.find_first_of("-/");
    if (found != Lexicon::unknown || hyphen == std::string_view::npos) return push(found, raw);
    word(raw.substr(0, hyphen));
    word(raw.substr(hyphen + 1));
  }

  std::uint32_t find(std::string_view raw) const {
    char lower[Lexicon::word_bytes_max];
    std::size_t size = 0;
    for (std::size_t i = 0; i < raw.size(); ++i) {
      if (size == sizeof lower) return Lexicon::unknown;
      if (raw[i] == '\xE2' && raw.substr(i, 3) == "\u2019") {
        lower[size++] = '\'';
        i += 2;
      } else {
        lower[size++] = is_upper(raw[i]) ? char(raw[i] | 0x20) : raw[i];
      }
    }
    return lexicon_.find({lower, size});
  }

  void push(std::uint32_t found, std::string_view raw) {
    if (tokens_.size == Tokens::tokens_max) return;
    std::size_t upper = 0;
    bool lower = false;
    for (const char c : raw) {
      upper += is_upper(c);
      lower = lower || is_lower(c);
    }
    const bool capitals = upper >= 2 && !lower;
    capitals_ += capitals;
    tokens_.all[tokens_.size++] = {found, capitals, false};
  }

  const Lexicon& lexicon_;
  Tokens& tokens_;
  std::size_t capitals_ = 0;
};

}  // namespace

void tokenise(std::string_view text, const Lexicon& lexicon, Tokens& tokens) {
  Tokeniser tokeniser(lexicon, tokens);
  for (std::size_t at = 0; at < text.size();) {
    while (at < text.size() && is_blank(text[at])) ++at;
    const std::size_t start = at;
    for (; at < text.size() && !is_blank(text[at]); ++at) {
      tokens.exclamations += text[at] == '!';
      tokens.questions += text[at] == '?';
    }
    if (at > start) tokeniser.chunk(text.substr(start, at - start));
  }
  tokeniser.finish();
}

}  // namespace aybiza
