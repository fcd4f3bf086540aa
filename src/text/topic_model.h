// What a text is about, as 100 numbers: latent semantic analysis, trained on a deployment's own turns.
//
// Shape    a text's words and pairs of neighbouring words are weighted (1 + ln count) x inverse document frequency; the model knows
//          the frequent ones by their hashes (no word is kept) and where each of them points. The vector is the weighted sum of these
//          directions, of length 1, so the cosine of two texts is the product of their vectors. train_topics() finds the directions: the
//          first right singular vectors of the matrix of texts by words.
//          The version names a model by its content: the same texts give the same bytes and the same version, in any order.
// Units    vectors are little-endian float32, the bytes of column topic_vector.
// Errors   train_topics: invalid where there are too few texts. parse: corrupt with the reason; unsupported: of a newer format.
// Cost     a vector about 5 us for a spoken sentence; training some seconds for limits::topic_turns texts, and 60 MB meanwhile.
// Threads  a model does not change once made: any. Training on the calling thread; `stop` is asked between its steps.
// Source   Deerwester et al., "Indexing by latent semantic analysis", JASIS 1990; Halko, Martinsson, Tropp, "Finding structure with
//          randomness", SIAM Review 2011, algorithm 4.4.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace aybiza {

class TopicModel {
 public:
  static constexpr std::size_t dimensions = 100;
  using Vector = std::array<float, dimensions>;

  static Result<TopicModel> parse(std::string_view bytes);
  std::string serialise() const;

  const std::string& version() const { return version_; }  // "lsa1-" and 12 hexadecimal digits
  std::uint64_t texts() const { return texts_; }           // different ones it was trained on
  std::size_t terms() const { return hashes_.size(); }
  std::size_t rank() const { return rank_; }                // directions found; the rest of a vector is 0

  // false: none of its words is known.
  bool vector_of(std::string_view text, Vector& out) const;
  std::string vector_bytes(std::string_view text) const;    // empty then

 private:
  friend class TopicTraining;
  void name();

  std::uint64_t texts_ = 0;
  std::size_t rank_ = 0;
  std::vector<std::uint64_t> hashes_;  // ascending
  std::vector<float> weights_;         // inverse document frequencies, by term
  std::vector<float> directions_;      // terms x dimensions
  std::string version_;
};

// A text's words and pairs as hashes, each as often as it occurs; digits are all one.
void topic_terms(std::string_view text, std::vector<std::uint64_t>& out);

Result<TopicModel> train_topics(std::vector<std::string> texts, const std::function<bool()>& stop = [] { return false; });

std::string float_bytes(std::span<const float> numbers);
std::vector<float> floats_of(std::string_view bytes);

}  // namespace aybiza
