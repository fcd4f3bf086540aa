#include "text/lexicon_folder.h"

#include <array>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>

#include "text/embedded.h"

namespace aybiza {

namespace {

// The file's text; nullopt: there is none.
std::optional<std::string> text_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return std::nullopt;
  return std::string(std::istreambuf_iterator<char>(file), {});
}

}  // namespace

Result<Lexicon> read_lexicon(const std::string& folder) {
  std::error_code error;
  if (!std::filesystem::is_directory(folder, error)) return fail(Code::invalid, "{} is no folder of word lists", folder);
  LexiconTexts texts = embedded_lexicon();
  struct List {
    const char* name;
    std::string_view* text;
  };
  const std::array<List, 5> lists{{{"sentiment", &texts.sentiment}, {"modifiers", &texts.modifiers}, {"emotions", &texts.emotions},
                                   {"topics", &texts.topics}, {"intents", &texts.intents}}};
  std::array<std::optional<std::string>, lists.size()> held;
  for (std::size_t i = 0; i < lists.size(); ++i) {
    held[i] = text_of(folder + "/" + lists[i].name + ".txt");
    if (held[i]) *lists[i].text = *held[i];
  }
  return Lexicon::build(texts);
}

}  // namespace aybiza
