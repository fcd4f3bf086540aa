// Finding a topic model's directions: subspace iteration on the words' side of the matrix of texts by words.
#include <algorithm>
#include <bit>
#include <cmath>
#include <unordered_map>

#include "base/limits.h"
#include "text/topic_model.h"

namespace aybiza {
namespace {

constexpr std::size_t oversampling = 10;  // directions carried along and dropped at the end
constexpr int rounds = 8;                 // each raises the ratio of singular values to the fourth power
constexpr std::uint64_t seed = 0x41595A4254504943u;

double next_random(std::uint64_t& state) {  // splitmix64, in [-1, 1)
  std::uint64_t z = state += 0x9E3779B97F4A7C15u;
  z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
  z = (z ^ z >> 27) * 0x94D049BB133111EBu;
  return double((z ^ z >> 31) >> 11) * 0x1p-52 - 1;
}

// Four sums side by side: as exact, faster, and always in the same order.
double product(const double* a, const double* b, std::size_t size) {
  double sum[4] = {};
  std::size_t i = 0;
  for (; i + 4 <= size; i += 4)
    for (std::size_t lane = 0; lane < 4; ++lane) sum[lane] += a[i + lane] * b[i + lane];
  for (; i < size; ++i) sum[0] += a[i] * b[i];
  return (sum[0] + sum[1]) + (sum[2] + sum[3]);
}

// Rows of terms, columns of directions.
struct Block {
  std::size_t rows, columns;
  std::vector<double> values = std::vector<double>(rows * columns);
  double* row(std::size_t i) { return values.data() + i * columns; }
};

// Modified Gram-Schmidt, twice, for a direction that is nearly among the others loses its digits the first time. One that is among
// them becomes zero.
void make_orthonormal(Block& block) {
  std::vector<double> columns(block.values.size());
  const std::size_t n = block.rows;
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t c = 0; c < block.columns; ++c) columns[c * n + i] = block.row(i)[c];
  for (std::size_t c = 0; c < block.columns; ++c) {
    double* column = columns.data() + c * n;
    const double before = std::sqrt(product(column, column, n));
    for (int pass = 0; pass < 2; ++pass)
      for (std::size_t other = 0; other < c; ++other) {
        const double* basis = columns.data() + other * n;
        const double along = product(column, basis, n);
        for (std::size_t i = 0; i < n; ++i) column[i] -= along * basis[i];
      }
    const double length = std::sqrt(product(column, column, n));
    const double scale = length > 1e-10 * before && length > 0 ? 1 / length : 0;
    for (std::size_t i = 0; i < n; ++i) column[i] *= scale;
  }
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t c = 0; c < block.columns; ++c) block.row(i)[c] = columns[c * n + i];
}

// Cyclic Jacobi: `a` (symmetric) becomes diagonal, the columns of the answer are its eigenvectors.
std::vector<double> eigenvectors(std::vector<double>& a, std::size_t n) {
  std::vector<double> vectors(n * n);
  for (std::size_t i = 0; i < n; ++i) vectors[i * n + i] = 1;
  const auto rotate = [](double& x, double& y, double c, double s) {
    const double old = x;
    x = c * old - s * y;
    y = s * old + c * y;
  };
  for (int sweep = 0; sweep < 30; ++sweep) {
    double off = 0, all = 0;
    for (std::size_t i = 0; i < n * n; ++i) (i / n == i % n ? all : off) += a[i] * a[i];
    if (off <= 1e-26 * (all + off)) break;
    for (std::size_t p = 0; p + 1 < n; ++p)
      for (std::size_t q = p + 1; q < n; ++q) {
        if (a[p * n + q] == 0) continue;
        const double theta = (a[q * n + q] - a[p * n + p]) / (2 * a[p * n + q]);
        const double t = (theta >= 0 ? 1 : -1) / (std::abs(theta) + std::sqrt(theta * theta + 1));
        const double c = 1 / std::sqrt(t * t + 1), s = t * c;
        for (std::size_t k = 0; k < n; ++k) rotate(a[k * n + p], a[k * n + q], c, s);
        for (std::size_t k = 0; k < n; ++k) rotate(a[p * n + k], a[q * n + k], c, s);
        for (std::size_t k = 0; k < n; ++k) rotate(vectors[k * n + p], vectors[k * n + q], c, s);
      }
  }
  return vectors;
}

std::unexpected<Error> stopped() { return fail(Code::unavailable, "training was called off"); }

}  // namespace

class TopicTraining {
 public:
  TopicTraining(std::vector<std::string> texts, const std::function<bool()>& stop) : stop_(stop) {
    // The order of the texts must not matter, and what is said a thousand times counts once.
    std::ranges::sort(texts);
    texts.erase(std::ranges::unique(texts).begin(), texts.end());
    std::vector<std::uint64_t> terms;
    for (const std::string& text : texts) {
      topic_terms(text, terms);
      if (!terms.empty()) counted_.push_back(terms);
    }
  }

  Result<TopicModel> train() {
    if (counted_.size() < limits::topic_turns_least)
      return fail(Code::invalid, "{} different texts are there to learn from, {} are needed", counted_.size(), limits::topic_turns_least);
    choose_terms();
    if (model_.hashes_.empty()) return fail(Code::invalid, "no word occurs in two of {} texts: there is nothing to learn", counted_.size());
    weigh_texts();
    Block basis{model_.hashes_.size(), std::min(TopicModel::dimensions + oversampling, model_.hashes_.size())};
    std::uint64_t random = seed;
    for (double& value : basis.values) value = next_random(random);
    make_orthonormal(basis);
    for (int round = 0; round < rounds; ++round) {
      if (stop_()) return stopped();
      basis = spread(basis);
      make_orthonormal(basis);
    }
    if (stop_()) return stopped();
    turn_to_axes(basis);
    model_.texts_ = counted_.size();
    model_.name();
    return std::move(model_);
  }

 private:
  struct Weighted {
    std::uint32_t term;
    float weight;
  };

  template <typename Use>
  static void each_term(const std::vector<std::uint64_t>& terms, const Use& use) {
    for (std::size_t i = 0; i < terms.size();) {
      std::size_t next = i + 1;
      while (next < terms.size() && terms[next] == terms[i]) ++next;
      use(terms[i], next - i);
      i = next;
    }
  }

  // The most frequent ones that occur in two texts at least.
  void choose_terms() {
    std::unordered_map<std::uint64_t, std::uint32_t> texts_with;
    for (const auto& terms : counted_) each_term(terms, [&](std::uint64_t term, std::size_t) { ++texts_with[term]; });
    std::vector<std::pair<std::uint32_t, std::uint64_t>> ranked;
    for (const auto& [term, texts] : texts_with)
      if (texts >= 2) ranked.emplace_back(texts, term);
    std::ranges::sort(ranked, [](const auto& a, const auto& b) { return a.first != b.first ? a.first > b.first : a.second < b.second; });
    if (ranked.size() > limits::topic_terms) ranked.resize(limits::topic_terms);
    std::ranges::sort(ranked, {}, [](const auto& entry) { return entry.second; });
    for (const auto& [texts, term] : ranked) {
      model_.hashes_.push_back(term);
      model_.weights_.push_back(float(std::log((1 + double(counted_.size())) / (1 + double(texts))) + 0.01));
    }
  }

  void weigh_texts() {
    for (auto& terms : counted_) {
      starts_.push_back(matrix_.size());
      double squares = 0;
      each_term(terms, [&](std::uint64_t term, std::size_t count) {
        const auto at = std::ranges::lower_bound(model_.hashes_, term);
        if (at == model_.hashes_.end() || *at != term) return;
        const auto place = std::size_t(at - model_.hashes_.begin());
        const double weight = (1 + std::log(double(count))) * double(model_.weights_[place]);
        matrix_.push_back({std::uint32_t(place), float(weight)});
        squares += weight * weight;
      });
      for (std::size_t i = starts_.back(); i < matrix_.size(); ++i) matrix_[i].weight = float(double(matrix_[i].weight) / std::sqrt(squares));
      terms = {};
    }
    starts_.push_back(matrix_.size());
  }

  // What the text's row gives with each direction.
  void project(std::size_t text, Block& basis, std::vector<double>& out) {
    std::ranges::fill(out, 0);
    for (std::size_t i = starts_[text]; i < starts_[text + 1]; ++i) {
      const double* row = basis.row(matrix_[i].term);
      const double weight = double(matrix_[i].weight);
      for (std::size_t c = 0; c < out.size(); ++c) out[c] += weight * row[c];
    }
  }

  // The matrix and its transpose, applied to the basis.
  Block spread(Block& basis) {
    Block out{basis.rows, basis.columns};
    std::vector<double> along(basis.columns);
    for (std::size_t text = 0; text + 1 < starts_.size(); ++text) {
      project(text, basis, along);
      for (std::size_t i = starts_[text]; i < starts_[text + 1]; ++i) {
        double* row = out.row(matrix_[i].term);
        const double weight = double(matrix_[i].weight);
        for (std::size_t c = 0; c < along.size(); ++c) row[c] += weight * along[c];
      }
    }
    return out;
  }

  // Rayleigh-Ritz: within the subspace, the axes of the texts, the widest first. A sign is nobody's choice: the largest part is positive.
  void turn_to_axes(Block& basis) {
    const std::size_t n = basis.columns;
    std::vector<double> gram(n * n), along(n);
    for (std::size_t text = 0; text + 1 < starts_.size(); ++text) {
      project(text, basis, along);
      for (std::size_t p = 0; p < n; ++p)
        for (std::size_t q = 0; q < n; ++q) gram[p * n + q] += along[p] * along[q];
    }
    const std::vector<double> axes = eigenvectors(gram, n);
    std::vector<std::size_t> order(n);
    for (std::size_t i = 0; i < n; ++i) order[i] = i;
    std::ranges::stable_sort(order, [&](std::size_t p, std::size_t q) { return gram[p * n + p] > gram[q * n + q]; });
    const double widest = gram[order[0] * n + order[0]];
    while (model_.rank_ < std::min(n, TopicModel::dimensions) && gram[order[model_.rank_] * n + order[model_.rank_]] > 1e-9 * widest) ++model_.rank_;
    model_.directions_.assign(basis.rows * TopicModel::dimensions, 0);
    for (std::size_t d = 0; d < model_.rank_; ++d) {
      double largest = 0;
      std::vector<double> direction(basis.rows);
      for (std::size_t term = 0; term < basis.rows; ++term) {
        for (std::size_t c = 0; c < n; ++c) direction[term] += basis.row(term)[c] * axes[c * n + order[d]];
        if (std::abs(direction[term]) > std::abs(largest)) largest = direction[term];
      }
      for (std::size_t term = 0; term < basis.rows; ++term)
        model_.directions_[term * TopicModel::dimensions + d] = float(largest < 0 ? -direction[term] : direction[term]);
    }
  }

  const std::function<bool()>& stop_;
  std::vector<std::vector<std::uint64_t>> counted_;  // by text: its terms, ascending
  std::vector<Weighted> matrix_;                     // rows of texts, one after the other
  std::vector<std::size_t> starts_;
  TopicModel model_;
};

Result<TopicModel> train_topics(std::vector<std::string> texts, const std::function<bool()>& stop) { return TopicTraining(std::move(texts), stop).train(); }

}  // namespace aybiza
