#include "text/lexicon.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "base/check.h"
#include "base/ids.h"
#include "text/analyze.h"
#include "text/embedded.h"

namespace aybiza {

namespace {

constexpr std::string_view blanks = " \t\r";

std::string_view trimmed(std::string_view text) {
  const std::size_t from = text.find_first_not_of(blanks);
  if (from == std::string_view::npos) return {};
  return text.substr(from, text.find_last_not_of(blanks) - from + 1);
}

// "-1.9" -> -1900, without floating point.
std::optional<int> thousandths(std::string_view text) {
  const bool minus = text.starts_with('-');
  if (minus || text.starts_with('+')) text.remove_prefix(1);
  const std::size_t dot = std::min(text.find('.'), text.size());
  int whole = 0;
  if (std::from_chars(text.data(), text.data() + dot, whole).ptr != text.data() + dot || dot == 0 || whole > 4) return std::nullopt;
  int part = 0, scale = 100;
  for (std::size_t i = dot + 1; i < text.size(); ++i, scale /= 10) {
    if (text[i] < '0' || text[i] > '9') return std::nullopt;
    part += (text[i] - '0') * scale;
  }
  const int value = whole * 1000 + part;
  return minus ? -value : value;
}

template <typename Enum>
std::optional<unsigned> index_of(std::string_view label, int count) {
  for (int i = 0; i < count; ++i)
    if (to_string(Enum(i)) == label) return unsigned(i);
  return std::nullopt;
}

// What a label of one of our lists says of its words.
bool apply(std::string_view list, std::string_view label, Meaning& meaning) {
  if (list == "sentiment") {
    const auto value = thousandths(label);
    if (!value) return false;
    meaning.valence = std::int16_t(*value);
    meaning.has_valence = *value != 0;
    return true;
  }
  if (list == "emotions") {
    const auto at = index_of<Emotion>(label, emotion_count);
    if (at) meaning.emotions = std::uint16_t(meaning.emotions | 1u << *at);
    return at.has_value();
  }
  if (list == "topics") {
    const auto at = index_of<Topic>(label, topic_count);
    if (at) meaning.topics = std::uint16_t(meaning.topics | 1u << *at);
    return at.has_value();
  }
  if (list == "intents") {
    const auto at = index_of<Intent>(label, int(Intent::inform));
    if (at) meaning.intents = std::uint16_t(meaning.intents | 1u << *at);
    return at.has_value();
  }
  if (label == "booster") meaning.boost = 293;         // VADER: the mean effect its raters gave
  else if (label == "dampener") meaning.boost = -293;  //
  else if (label == "negation") meaning.negates = true;
  else if (label == "contrast") meaning.contrasts = true;
  else if (label == "answer") meaning.answers = true;
  else if (label == "wish") meaning.wishes = true;
  else return false;
  return true;
}

std::size_t edge_hash(std::uint32_t state, std::uint32_t word) {
  return std::size_t(((std::uint64_t(state) << 32 | word) * 0x9E3779B97F4A7C15u) >> 32);
}

std::optional<Lexicon>& chosen() {
  static std::optional<Lexicon> lexicon;
  return lexicon;
}

}  // namespace

Result<Lexicon> Lexicon::build(const LexiconTexts& texts, std::string name) {
  Lexicon lexicon;
  lexicon.name_ = std::move(name);
  std::uint64_t hash = 0;
  for (const std::string_view list : {texts.vader, texts.sentiment, texts.modifiers, texts.emotions, texts.topics, texts.intents})
    hash = hash64(list, hash + list.size());
  lexicon.hash_ = fmt::format("{:016x}", hash);
  lexicon.table_.resize(1024);
  lexicon.edges_.resize(1024);
  AYBIZA_TRY(lexicon.read_vader(texts.vader));
  AYBIZA_TRY(lexicon.read_list("sentiment", texts.sentiment));
  AYBIZA_TRY(lexicon.read_list("modifiers", texts.modifiers));
  AYBIZA_TRY(lexicon.read_list("emotions", texts.emotions));
  AYBIZA_TRY(lexicon.read_list("topics", texts.topics));
  AYBIZA_TRY(lexicon.read_list("intents", texts.intents));
  return lexicon;
}

const Lexicon& Lexicon::builtin() {
  static const Lexicon lexicon = [] {
    auto built = build(embedded_lexicon());
    CHECK(built.has_value());  // the lists are ours, and a test reads them
    return std::move(*built);
  }();
  return lexicon;
}

const Lexicon& Lexicon::current() { return chosen() ? *chosen() : builtin(); }
void Lexicon::use(Lexicon lexicon) { chosen() = std::move(lexicon); }

Status Lexicon::read_vader(std::string_view text) {
  for (std::size_t line = 1; !text.empty(); ++line) {
    const std::string_view row = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), row.size() + 1));
    const std::size_t tab = row.find('\t');
    if (tab == std::string_view::npos) continue;
    const std::string_view mean = row.substr(tab + 1, row.find('\t', tab + 1) - tab - 1);
    const auto valence = thousandths(mean);
    if (!valence) return fail(Code::invalid, "sentiment lexicon line {}: \"{}\" is not a number from -4 to 4", line, mean);
    Meaning& meaning = slot(row.substr(0, tab));
    meaning.valence = std::int16_t(*valence);
    meaning.has_valence = true;
  }
  return {};
}

Status Lexicon::read_list(std::string_view name, std::string_view text) {
  for (std::size_t line = 1; !text.empty(); ++line) {
    const std::string_view row = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), row.size() + 1));
    const std::string_view rule = trimmed(row.substr(0, row.find('#')));
    if (rule.empty()) continue;
    const std::size_t colon = rule.find(':');
    if (colon == std::string_view::npos) return fail(Code::invalid, "{}.txt line {}: no \"label:\"", name, line);
    const std::string_view label = trimmed(rule.substr(0, colon));
    Meaning scratch;
    if (!apply(name, label, scratch)) return fail(Code::invalid, "{}.txt line {}: unknown label \"{}\"", name, line, label);
    for (std::string_view rest = rule.substr(colon + 1); !rest.empty();) {
      const std::string_view phrase = trimmed(rest.substr(0, rest.find(',')));
      rest.remove_prefix(std::min(rest.size(), rest.find(',') == std::string_view::npos ? rest.size() : rest.find(',') + 1));
      if (phrase.empty()) continue;
      Meaning& meaning = slot(phrase);
      apply(name, label, meaning);
      // A phrase of valence 0 ("would like") takes their valence from its words; a word of 0 has none.
      if (name == "sentiment" && phrase.find(' ') != std::string_view::npos) meaning.has_valence = true;
    }
  }
  return {};
}

// The meaning of a word or phrase, made if it is new.
Meaning& Lexicon::slot(std::string_view phrase) {
  std::uint32_t state = 0;
  if (phrase.find(' ') == std::string_view::npos) return meanings_[intern(phrase)];
  for (bool first = true; !phrase.empty(); first = false) {
    const std::string_view part = phrase.substr(0, phrase.find(' '));
    phrase.remove_prefix(std::min(phrase.size(), part.size() + 1));
    if (part.empty()) continue;
    const std::uint32_t word = intern(part);
    if (first) meanings_[word].starts_phrase = true;
    meanings_[word].in_phrase = true;
    state = connect(state, word);
  }
  if (ends_[state] == 0) {
    phrases_.emplace_back();
    ends_[state] = std::uint32_t(phrases_.size());
  }
  return phrases_[ends_[state] - 1];
}

std::uint32_t Lexicon::intern(std::string_view word) {
  word = word.substr(0, word_bytes_max);
  const WordKey key(word, word.size());
  if (const std::uint32_t known = find(key); known != unknown) return known;
  if (meanings_.size() * 2 > table_.size()) grow_words();
  const auto number = std::uint32_t(meanings_.size());
  std::size_t at = key.hash() % table_.size();
  while (table_[at].word != unknown) at = (at + 1) % table_.size();
  table_[at] = {key.hash(), number};
  filter_[key.hash() / 64 % filter_words] |= std::uint64_t(1) << (key.hash() % 64);
  keys_.push_back(key);
  meanings_.emplace_back();
  return number;
}

void Lexicon::grow_words() {
  std::vector<Slot> old(table_.size() * 2);
  old.swap(table_);
  for (const Slot& slot : old) {
    if (slot.word == unknown) continue;
    std::size_t at = slot.hash % table_.size();
    while (table_[at].word != unknown) at = (at + 1) % table_.size();
    table_[at] = slot;
  }
}

std::uint32_t Lexicon::find_listed(const WordKey& word) const {
  const std::size_t mask = table_.size() - 1;
  for (std::size_t at = word.hash() & mask; table_[at].word != unknown; at = (at + 1) & mask)
    if (table_[at].hash == word.hash() && keys_[table_[at].word - 1] == word) return table_[at].word;
  return unknown;
}

std::uint32_t Lexicon::follow(std::uint32_t state, std::uint32_t word) const {
  const std::size_t mask = edges_.size() - 1;
  for (std::size_t at = edge_hash(state, word) & mask; edges_[at].word != unknown; at = (at + 1) & mask)
    if (edges_[at].state == state && edges_[at].word == word) return edges_[at].next;
  return 0;
}

// The state behind this edge, made if it is new.
std::uint32_t Lexicon::connect(std::uint32_t state, std::uint32_t word) {
  if (const std::uint32_t known = follow(state, word); known != 0) return known;
  if (++edge_count_ * 2 > edges_.size()) grow_edges();
  const auto next = std::uint32_t(ends_.size());
  ends_.push_back(0);
  std::size_t at = edge_hash(state, word) % edges_.size();
  while (edges_[at].word != unknown) at = (at + 1) % edges_.size();
  edges_[at] = {state, word, next};
  return next;
}

void Lexicon::grow_edges() {
  std::vector<Edge> old(edges_.size() * 2);
  old.swap(edges_);
  for (const Edge& edge : old) {
    if (edge.word == unknown) continue;
    std::size_t at = edge_hash(edge.state, edge.word) % edges_.size();
    while (edges_[at].word != unknown) at = (at + 1) % edges_.size();
    edges_[at] = edge;
  }
}

const Meaning* Lexicon::phrase(std::uint32_t state) const {
  return state == 0 || ends_[state] == 0 ? nullptr : &phrases_[ends_[state] - 1];
}

}  // namespace aybiza
