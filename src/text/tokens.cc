#include "text/tokens.h"

#include <array>

namespace aybiza {

namespace {

// What a byte is, as bits: a chunk's bytes are or-ed together, and most questions are answered for all of them at once.
enum : std::uint8_t { blank = 1, upper = 2, lower = 4, other_word = 8, wide = 16, clause = 32, joint = 64, mark = 128 };
constexpr std::uint8_t in_word = upper | lower | other_word | wide;

constexpr std::array<std::uint8_t, 256> bytes = [] {
  std::array<std::uint8_t, 256> kinds{};
  for (const char c : {' ', '\t', '\n', '\r'}) kinds[std::uint8_t(c)] = blank;
  for (std::size_t c = 'a'; c <= 'z'; ++c) kinds[c] = lower, kinds[c - 32] = upper;
  for (std::size_t c = '0'; c <= '9'; ++c) kinds[c] = other_word;
  for (std::size_t c = 128; c < 256; ++c) kinds[c] = wide;
  for (const char c : {'.', ',', ';', ':', '!', '?'}) kinds[std::uint8_t(c)] |= clause;
  for (const char c : {'!', '?'}) kinds[std::uint8_t(c)] |= mark;
  for (const char c : {'-', '/'}) kinds[std::uint8_t(c)] |= joint;
  return kinds;
}();

std::uint8_t kind(char c) { return bytes[std::uint8_t(c)]; }

constexpr std::size_t raw_bytes_max = 3 * Lexicon::word_bytes_max;
constexpr std::size_t emoticon_bytes_max = 6;

class Tokeniser {
 public:
  Tokeniser(std::string_view text, const Lexicon& lexicon, Tokens& tokens) : text_(text), lexicon_(lexicon), tokens_(tokens) {}

  void run() {
    for (std::size_t at = 0; at < text_.size();) {
      while (at < text_.size() && kind(text_[at]) == blank) ++at;
      const std::size_t start = at;
      std::uint8_t seen = 0;
      for (; at < text_.size() && kind(text_[at]) != blank; ++at) seen |= kind(text_[at]);
      if (at > start) chunk(text_.substr(start, at - start), seen);
    }
    tokens_.mixed_capitals = capitals_ > 0 && capitals_ < tokens_.size;
  }

 private:
  // `seen` is what its bytes are, together.
  void chunk(std::string_view raw, std::uint8_t seen) {
    if ((seen & mark) != 0)
      for (const char c : raw) tokens_.exclamations += c == '!', tokens_.questions += c == '?';
    const std::size_t before = tokens_.size;
    word(raw, seen);
    if (tokens_.size == before || (kind(raw.back()) & clause) == 0) return;
    tokens_.all[tokens_.size - 1].clause_ends = true;
    tokens_.all[tokens_.size - 1].exclaimed = raw.back() == '!';
  }

  void word(std::string_view raw, std::uint8_t seen) {
    std::size_t from = 0, to = raw.size();
    while (from < to && (kind(raw[from]) & in_word) == 0) ++from;
    while (to > from && (kind(raw[to - 1]) & in_word) == 0) --to;
    const bool dressed = from > 0 || to < raw.size();
    if (dressed && raw.size() <= emoticon_bytes_max)  // ":)" and "(:" are words of their own
      if (const std::uint32_t emoticon = find(raw, seen); emoticon != Lexicon::unknown) return push(emoticon, raw, seen, true);
    if (from > 0 && (raw[from - 1] == '#' || raw[from - 1] == '@')) return push(Lexicon::unknown, raw.substr(from, to - from), seen);
    raw = raw.substr(from, to - from);
    if (raw.empty() || raw.size() > raw_bytes_max) return;
    const std::uint32_t found = find(raw, seen);
    const std::size_t hyphen = found != Lexicon::unknown || (seen & joint) == 0 ? std::string_view::npos : raw.find_first_of("-/");
    if (hyphen == std::string_view::npos) return push(found, raw, seen);
    word(raw.substr(0, hyphen), seen);
    word(raw.substr(hyphen + 1), seen);
  }

  std::uint32_t find(std::string_view raw, std::uint8_t seen) const {
    if ((seen & wide) != 0) return find_wide(raw);
    if (raw.size() > Lexicon::word_bytes_max) return Lexicon::unknown;
    return lexicon_.find(WordKey(raw, std::size_t(text_.data() + text_.size() - raw.data())));
  }

  std::uint32_t find_wide(std::string_view raw) const {
    char plain[Lexicon::word_bytes_max];
    std::size_t size = 0;
    for (std::size_t i = 0; i < raw.size(); ++i) {
      if (size == sizeof plain) return Lexicon::unknown;
      const bool apostrophe = raw[i] == '\xE2' && raw.substr(i, 3) == "\u2019";
      plain[size++] = apostrophe ? '\'' : raw[i];
      if (apostrophe) i += 2;
    }
    return lexicon_.find(WordKey({plain, size}, size));
  }

  void push(std::uint32_t found, std::string_view raw, std::uint8_t seen, bool emoticon = false) {
    if (tokens_.size == Tokens::tokens_max) return;
    const bool capitals = (seen & upper) != 0 && in_capitals(raw);
    capitals_ += capitals;
    tokens_.all[tokens_.size++] = {found, capitals, false, false, emoticon};
  }

  static bool in_capitals(std::string_view raw) {
    std::size_t uppers = 0;
    for (const char c : raw) {
      if (kind(c) == lower) return false;
      uppers += kind(c) == upper;
    }
    return uppers >= 2;
  }

  std::string_view text_;
  const Lexicon& lexicon_;
  Tokens& tokens_;
  std::size_t capitals_ = 0;
};

}  // namespace

void tokenise(std::string_view text, const Lexicon& lexicon, Tokens& tokens) { Tokeniser(text, lexicon, tokens).run(); }

}  // namespace aybiza
