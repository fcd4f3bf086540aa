// The words of the pages by language: a folder a language in data/texts, with files of lines `key = text`. The English definitions of the figures are the
// table of docs/metrics.md.
//
// Shape    t("frame.paused") is the text of a key; t("boards.tiles", 3) puts its arguments where "{}" stands, in order. What a
//          language lacks is said in English. docs/pages.md says how a language is added.
// Errors   a key that English lacks shows itself in brackets: a test looks for them.
// Threads  constant after the first use; any.
#pragma once

#include <fmt/format.h>

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace aybiza::dashboard {

// How a language writes figures, read off its `number.written`: what stands between 1 and 2, and between 4 and 5.
struct Notation {
  std::string group, decimal;
  std::string_view between;  // the figures of a list: where a comma is decimal, a semicolon
  std::string usd;  // "{}" is the amount
};

class Texts {
 public:
  explicit Texts(std::string_view file, const Texts* otherwise = nullptr, std::string_view metrics = {});

  std::string_view operator()(std::string_view key) const;
  template <typename First, typename... More>
  std::string operator()(std::string_view key, const First& first, const More&... more) const {
    return filled((*this)(key), {fmt::format("{}", first), fmt::format("{}", more)...});
  }
  const std::string* find(std::string_view key) const;  // null: English has none either
  std::string_view language() const { return (*this)("language.code"); }
  const Notation& notation() const { return notation_; }
  std::vector<std::string_view> keys() const;

 private:
  void add_figures(std::string_view metrics);
  static std::string filled(std::string_view text, const std::vector<std::string>& with);

  std::map<std::string, std::string, std::less<>> texts_;
  const Texts* otherwise_;
  Notation notation_;
};

// The language of a code; English for one that is not there.
const Texts& texts_of(std::string_view code);
std::span<const Texts* const> all_texts();  // English first

}  // namespace aybiza::dashboard
