#include "text/topic_model.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <map>
#include <random>

#include "base/limits.h"

namespace aybiza {
namespace {

constexpr const char* subjects[][8] = {
    {"invoice", "charged", "refund", "billing", "payment", "card", "twice", "amount"},
    {"router", "internet", "wifi", "signal", "modem", "cable", "restart", "light"},
    {"flight", "airport", "seat", "luggage", "boarding", "ticket", "gate", "delay"},
    {"doctor", "appointment", "clinic", "prescription", "pain", "nurse", "visit", "medicine"}};

// Sentences of one subject each, that share few words.
std::vector<std::string> corpus(std::size_t size, unsigned seed = 7) {
  std::mt19937 random(seed);
  std::vector<std::string> out;
  while (out.size() < size) {
    const auto& words = subjects[out.size() % 4];
    std::string text = "so";
    for (int i = 0; i < 4; ++i) text.append(" ").append(words[random() % 8]);
    out.push_back(text + " " + std::to_string(out.size()) + " w" + std::to_string(random() % 40));
  }
  return out;
}

double cosine(const TopicModel& model, std::string_view a, std::string_view b) {
  TopicModel::Vector va, vb;
  if (!model.vector_of(a, va) || !model.vector_of(b, vb)) return -9;
  double sum = 0;
  for (std::size_t i = 0; i < va.size(); ++i) sum += double(va[i]) * double(vb[i]);
  return sum;
}

// The same weights, dense and by other means.
struct Dense {
  std::vector<std::uint64_t> terms;
  std::vector<std::vector<double>> rows;

  explicit Dense(const std::vector<std::string>& texts) {
    std::map<std::uint64_t, double> texts_with;
    std::vector<std::map<std::uint64_t, double>> counts;
    for (const std::string& text : texts) {
      std::vector<std::uint64_t> found;
      topic_terms(text, found);
      auto& count = counts.emplace_back();
      for (const auto term : found) ++count[term];
      for (const auto& [term, n] : count) ++texts_with[term];
    }
    for (const auto& [term, n] : texts_with)
      if (n >= 2) terms.push_back(term);
    for (const auto& count : counts) {
      auto& row = rows.emplace_back(terms.size());
      double squares = 0;
      for (std::size_t j = 0; j < terms.size(); ++j)
        if (const auto at = count.find(terms[j]); at != count.end()) {
          row[j] = (1 + std::log(at->second)) * (std::log((1 + double(texts.size())) / (1 + texts_with[terms[j]])) + 0.01);
          squares += row[j] * row[j];
        }
      for (double& value : row) value /= std::sqrt(squares);
    }
  }
  double product(std::size_t a, std::size_t b) const {
    double sum = 0;
    for (std::size_t j = 0; j < terms.size(); ++j) sum += rows[a][j] * rows[b][j];
    return sum;
  }
};

TEST(TopicModel, SameTextsSameBytes) {
  auto texts = corpus(300);
  const auto once = train_topics(texts);
  ASSERT_TRUE(once.has_value()) << once.error().message;
  std::shuffle(texts.begin(), texts.end(), std::mt19937(1));
  texts.push_back(texts[5]);  // said twice
  const auto again = train_topics(texts);
  ASSERT_TRUE(again.has_value());
  EXPECT_EQ(once->serialise(), again->serialise());
  EXPECT_EQ(once->version(), again->version());
  EXPECT_EQ(once->version().size(), 17u);
  EXPECT_EQ(once->texts(), 300u);
  texts.push_back("something else altogether so invoice");
  EXPECT_NE(train_topics(texts)->version(), once->version());
}

TEST(TopicModel, BytesAndBack) {
  const auto model = train_topics(corpus(150));
  ASSERT_TRUE(model.has_value());
  const std::string bytes = model->serialise();
  const auto back = TopicModel::parse(bytes);
  ASSERT_TRUE(back.has_value()) << back.error().message;
  EXPECT_EQ(back->serialise(), bytes);
  EXPECT_EQ(back->version(), model->version());
  EXPECT_EQ(back->vector_bytes("a refund of the invoice"), model->vector_bytes("a refund of the invoice"));
  EXPECT_EQ(back->vector_bytes("a refund of the invoice").size(), 400u);
  for (std::size_t at = 0; at < bytes.size(); at += 97) {
    std::string broken = bytes;
    broken[at] = char(broken[at] ^ 4);
    EXPECT_FALSE(TopicModel::parse(broken).has_value()) << at;
  }
  EXPECT_FALSE(TopicModel::parse(bytes.substr(0, bytes.size() - 1)).has_value());
  EXPECT_FALSE(TopicModel::parse("").has_value());
  EXPECT_FALSE(TopicModel::parse("AYTOPIC1").has_value());
  EXPECT_EQ(TopicModel::parse("AYTOPIC2" + bytes).error().code, Code::unsupported);
}

// As many texts as directions: nothing is left out, and cosines are those of the weights themselves.
TEST(TopicModel, FullRankGivesTheCosinesOfTheWeights) {
  const auto texts = corpus(TopicModel::dimensions);
  const auto model = train_topics(texts);
  ASSERT_TRUE(model.has_value());
  const Dense dense(texts);
  ASSERT_EQ(model->terms(), dense.terms.size());
  ASSERT_GT(dense.terms.size(), TopicModel::dimensions + 10);  // the subspace is a part of it
  for (std::size_t a = 0; a < texts.size(); a += 7)
    for (std::size_t b = 0; b < texts.size(); b += 3) EXPECT_NEAR(cosine(*model, texts[a], texts[b]), dense.product(a, b), 2e-5) << a << " " << b;
}

// What any 100 directions can hold of the texts is the sum of the 100 largest eigenvalues of their products (Eckart, Young).
TEST(TopicModel, HoldsAsMuchAsAHundredDirectionsCan) {
  const auto texts = corpus(240);
  const auto model = train_topics(texts);
  ASSERT_TRUE(model.has_value());
  const Dense dense(texts);
  ASSERT_EQ(model->terms(), dense.terms.size());
  const std::size_t n = texts.size(), terms = dense.terms.size();
  std::vector<float> directions(terms * TopicModel::dimensions);
  const std::string bytes = model->serialise();
  std::memcpy(directions.data(), bytes.data() + 8 + 24 + terms * 12, directions.size() * sizeof(float));
  double held = 0, all = 0;
  for (const auto& row : dense.rows)
    for (std::size_t d = 0; d < TopicModel::dimensions; ++d) {
      double along = 0;
      for (std::size_t j = 0; j < terms; ++j) along += row[j] * double(directions[j * TopicModel::dimensions + d]);
      held += along * along;
    }
  // The rival: deflation by power iteration on the products of texts, slow and simple.
  std::vector<double> products(n * n);
  for (std::size_t a = 0; a < n; ++a)
    for (std::size_t b = 0; b < n; ++b) products[a * n + b] = dense.product(a, b);
  double best = 0;
  for (std::size_t a = 0; a < n; ++a) all += products[a * n + a];
  for (std::size_t d = 0; d < TopicModel::dimensions; ++d) {
    std::vector<double> v(n, 1), next(n);
    for (std::size_t i = 0; i < n; ++i) v[i] += 0.01 * double((i * 37 + d * 11) % 17);
    double value = 0;
    for (int round = 0; round < 300; ++round) {
      std::ranges::fill(next, 0);
      for (std::size_t a = 0; a < n; ++a)
        for (std::size_t b = 0; b < n; ++b) next[a] += products[a * n + b] * v[b];
      double squares = 0;
      for (const double x : next) squares += x * x;
      value = std::sqrt(squares);
      for (std::size_t i = 0; i < n; ++i) v[i] = next[i] / value;
    }
    best += value;
    for (std::size_t a = 0; a < n; ++a)
      for (std::size_t b = 0; b < n; ++b) products[a * n + b] -= value * v[a] * v[b];
  }
  EXPECT_LT(held, 0.99 * all);  // something is left out
  EXPECT_GT(held, 0.999 * best);
  EXPECT_LT(held, 1.001 * best);
}

// Words of one subject, never said together in these pairs, against words of two.
TEST(TopicModel, SubjectsComeTogetherWithoutSharedWords) {
  std::mt19937 random(3);
  const auto word = [](unsigned subject, unsigned n) { return fmt::format(" {}{}", "abcd"[subject % 4], n % 60); };
  std::vector<std::string> texts;
  for (unsigned i = 0; i < 3'000; ++i) {
    texts.emplace_back("so");
    for (int n = 0; n < 8; ++n) texts.back() += word(i, unsigned(random()));
  }
  const auto model = train_topics(texts);
  ASSERT_TRUE(model.has_value());
  EXPECT_EQ(model->rank(), TopicModel::dimensions);
  double same = 0, other = 0;
  constexpr unsigned pairs = 200;
  for (unsigned i = 0; i < pairs; ++i) {
    const std::string text = word(i, i) + word(i, i + 1) + word(i, i + 2);
    same += cosine(*model, text, word(i, i + 20) + word(i, i + 21) + word(i, i + 22));
    other += cosine(*model, text, word(i + 1, i + 20) + word(i + 1, i + 21) + word(i + 1, i + 22));
  }
  EXPECT_GT(same / pairs, other / pairs + 0.05);
}

TEST(TopicModel, NothingKnownHasNoVector) {
  const auto model = train_topics(corpus(150));
  ASSERT_TRUE(model.has_value());
  EXPECT_EQ(model->vector_bytes(""), "");
  EXPECT_EQ(model->vector_bytes("xyzzy plugh"), "");
}

TEST(TopicModel, Refusals) {
  const auto few = train_topics(corpus(limits::topic_turns_least - 1));
  ASSERT_FALSE(few.has_value());
  EXPECT_EQ(few.error().code, Code::invalid);
  std::vector<std::string> strangers;
  for (int i = 0; i < 200; ++i) strangers.push_back("word" + std::to_string(i) + "x");
  EXPECT_FALSE(train_topics(strangers).has_value());
  EXPECT_EQ(train_topics(corpus(150), [] { return true; }).error().code, Code::unavailable);
}

}  // namespace
}  // namespace aybiza
