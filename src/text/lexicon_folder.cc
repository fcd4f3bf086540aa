#include "text/lexicon_folder.h"

#include <array>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>

#include "base/limits.h"
#include "text/embedded.h"

namespace aybiza {

namespace {

// The list's text; nullopt: there is none.
Result<std::optional<std::string>> text_of(const std::filesystem::path& path) {
  std::error_code error;
  if (!std::filesystem::exists(path, error)) return std::nullopt;
  const auto bytes = std::filesystem::file_size(path, error);
  if (!error && bytes > limits::lexicon_file_bytes)
    return fail(Code::too_large, "{} is larger than {} bytes", path.string(), limits::lexicon_file_bytes);
  std::ifstream file(path, std::ios::binary);
  if (error || !file) return fail(Code::io, "{} cannot be read", path.string());
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
  bool any = false;
  for (std::size_t i = 0; i < lists.size(); ++i) {
    auto text = text_of(std::filesystem::path(folder) / (std::string(lists[i].name) + ".txt"));
    if (!text) return std::unexpected(text.error());
    held[i] = std::move(*text);
    if (held[i]) *lists[i].text = *held[i];
    any |= held[i].has_value();
  }
  if (!any) return fail(Code::invalid, "{} holds none of sentiment.txt, modifiers.txt, emotions.txt, topics.txt and intents.txt", folder);
  std::filesystem::path path(folder);
  if (path.filename().empty()) path = path.parent_path();
  return Lexicon::build(texts, path.filename().string());
}

Status use_lexicon(const std::string& folder) {
  if (folder.empty()) {
    Lexicon::builtin();
    return {};
  }
  auto lexicon = read_lexicon(folder);
  if (!lexicon) return wrap(lexicon.error(), "the lexicon " + folder);
  Lexicon::use(std::move(*lexicon));
  return {};
}

}  // namespace aybiza
