#include "text/text_facts.h"

#include <algorithm>
#include <cstdlib>

namespace aybiza {

namespace {

constexpr std::uint8_t has_meaning = 1;
constexpr std::size_t sparse = 4 + feature_term_count;  // of the counts, all but length and words
constexpr std::uint32_t greatest = 0xFFFF;

void append_16(std::uint32_t value, std::string& out) {
  const std::uint32_t kept = std::min(value, greatest);
  out += char(kept & 0xFF);
  out += char(kept >> 8);
}

class Reader {
 public:
  explicit Reader(std::string_view from) : rest_(from) {}
  bool bad() const { return bad_; }
  bool done() const { return rest_.empty(); }
  std::uint8_t byte() {
    if (rest_.empty()) return bad_ = true, std::uint8_t(0);
    const auto value = std::uint8_t(rest_.front());
    rest_.remove_prefix(1);
    return value;
  }
  std::uint32_t number() {
    const std::uint32_t low = byte();
    return low | std::uint32_t(byte()) << 8;
  }

 private:
  std::string_view rest_;
  bool bad_ = false;
};

std::uint32_t& sparse_count(TextCounts& counts, std::size_t i) {
  switch (i) {
    case 0: return counts.exclamations;
    case 1: return counts.questions;
    case 2: return counts.capitals;
    case 3: return counts.courtesies;
    default: return counts.terms[i - 4];
  }
}

std::optional<TextResult> read_meaning(Reader& in) {
  TextResult found;
  found.sentiment_e4 = std::int16_t(in.number());
  found.confidence_e4 = std::int32_t(in.number());
  const std::uint8_t words = in.byte();
  found.topics = in.number();
  const unsigned emotion = words & 0xF, intent = words >> 4;
  if (in.bad() || std::abs(found.sentiment_e4) > 10'000 || found.confidence_e4 > 10'000 || emotion >= unsigned(emotion_count) ||
      intent >= unsigned(intent_count) || found.topics >> topic_count != 0)
    return std::nullopt;
  found.emotion = Emotion(emotion);
  found.intent = Intent(intent);
  found.sentiment_class = classify(found.sentiment_e4);
  return found;
}

std::int32_t weighted(std::int32_t a, std::int64_t weight_a, std::int32_t b, std::int64_t weight_b) {
  return weight_a + weight_b == 0 ? 0 : std::int32_t((a * weight_a + b * weight_b) / (weight_a + weight_b));
}

}  // namespace

void TextFacts::join(const TextFacts& next) {
  if (!meaning) {
    meaning = next.meaning;
  } else if (next.meaning) {
    const std::int64_t before = counts.words, after = next.counts.words;
    meaning->sentiment_e4 = weighted(meaning->sentiment_e4, before, next.meaning->sentiment_e4, after);
    meaning->confidence_e4 = weighted(meaning->confidence_e4, before, next.meaning->confidence_e4, after);
    meaning->sentiment_class = classify(meaning->sentiment_e4);
    if (meaning->emotion == Emotion::neutral) meaning->emotion = next.meaning->emotion;
    meaning->intent = std::min(meaning->intent, next.meaning->intent);
    meaning->topics |= next.meaning->topics;
  }
  counts += next.counts;
}

void append_text_facts(const TextFacts& facts, std::string& out) {
  TextCounts counts = facts.counts;
  out += char(facts.meaning ? has_meaning : 0);
  append_16(counts.length, out);
  append_16(counts.words, out);
  std::uint32_t present = 0;
  for (std::size_t i = 0; i < sparse; ++i) present |= std::uint32_t(sparse_count(counts, i) != 0) << i;
  append_16(present, out);
  for (std::size_t i = 0; i < sparse; ++i)
    if ((present >> i & 1) != 0) append_16(sparse_count(counts, i), out);
  if (!facts.meaning) return;
  append_16(std::uint16_t(std::int16_t(facts.meaning->sentiment_e4)), out);
  append_16(std::uint32_t(facts.meaning->confidence_e4), out);
  out += char(unsigned(facts.meaning->emotion) | unsigned(facts.meaning->intent) << 4);
  append_16(facts.meaning->topics, out);
}

std::optional<TextFacts> read_text_facts(std::string_view packed) {
  Reader in(packed);
  TextFacts facts;
  const std::uint8_t flags = in.byte();
  facts.counts.length = in.number();
  facts.counts.words = in.number();
  const std::uint32_t present = in.number();
  if (in.bad() || flags > has_meaning || present >> sparse != 0) return std::nullopt;
  for (std::size_t i = 0; i < sparse; ++i)
    if ((present >> i & 1) != 0) sparse_count(facts.counts, i) = in.number();
  if (flags == has_meaning && !(facts.meaning = read_meaning(in))) return std::nullopt;
  if (in.bad() || !in.done()) return std::nullopt;
  return facts;
}

}  // namespace aybiza
