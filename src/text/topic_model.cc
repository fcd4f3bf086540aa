#include "text/topic_model.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

#include "base/ids.h"
#include "base/limits.h"
#include "text/search_words.h"

namespace aybiza {
namespace {

static_assert(std::endian::native == std::endian::little, "numbers are written as they lie");

constexpr std::string_view magic = "AYTOPIC1";
constexpr std::uint64_t pair_step = 0x9E3779B97F4A7C15u;

template <typename T>
void put(std::string& out, const T* values, std::size_t count) {
  out.append(reinterpret_cast<const char*>(values), count * sizeof(T));
}

// Takes `count` values off the front; false: there are fewer.
template <typename T>
bool take(std::string_view& in, T* values, std::size_t count) {
  if (in.size() / sizeof(T) < count) return false;
  std::memcpy(values, in.data(), count * sizeof(T));
  in.remove_prefix(count * sizeof(T));
  return true;
}

bool all_finite(const std::vector<float>& values) { return std::ranges::all_of(values, [](float value) { return std::isfinite(value); }); }

}  // namespace

void topic_terms(std::string_view text, std::vector<std::uint64_t>& out) {
  thread_local SearchWords words;
  words.read(text);
  out.clear();
  std::uint64_t before = 0;
  for (std::size_t i = 0; i < words.size(); ++i) {
    std::string_view word = words.word(i);
    if (word.find_first_not_of("0123456789") == word.npos) word = "#";
    const std::uint64_t hash = hash64(word);
    out.push_back(hash);
    if (i > 0) out.push_back(std::rotl(before * pair_step, 31) ^ hash);
    before = hash;
  }
  std::ranges::sort(out);
}

std::string float_bytes(std::span<const float> numbers) {
  std::string out;
  put(out, numbers.data(), numbers.size());
  return out;
}

std::vector<float> floats_of(std::string_view bytes) {
  std::vector<float> out(bytes.size() / sizeof(float));
  take(bytes, out.data(), out.size());
  return out;
}

bool TopicModel::vector_of(std::string_view text, Vector& out) const {
  thread_local std::vector<std::uint64_t> terms;
  topic_terms(text, terms);
  std::array<double, dimensions> sum{};
  for (std::size_t i = 0; i < terms.size();) {
    std::size_t next = i + 1;
    while (next < terms.size() && terms[next] == terms[i]) ++next;
    const auto at = std::ranges::lower_bound(hashes_, terms[i]);
    if (at != hashes_.end() && *at == terms[i]) {
      const auto term = std::size_t(at - hashes_.begin());
      const double weight = (1 + std::log(double(next - i))) * double(weights_[term]);
      const float* direction = directions_.data() + term * dimensions;
      for (std::size_t d = 0; d < dimensions; ++d) sum[d] += weight * double(direction[d]);
    }
    i = next;
  }
  double squares = 0;
  for (const double value : sum) squares += value * value;
  if (!(squares > 1e-18)) return false;
  for (std::size_t d = 0; d < dimensions; ++d) out[d] = float(sum[d] / std::sqrt(squares));
  return true;
}

std::string TopicModel::vector_bytes(std::string_view text) const {
  Vector vector;
  return vector_of(text, vector) ? float_bytes(vector) : std::string();
}

std::string TopicModel::serialise() const {
  std::string out(magic);
  const std::uint64_t sizes[] = {texts_, hashes_.size(), rank_};
  put(out, sizes, 3);
  put(out, hashes_.data(), hashes_.size());
  put(out, weights_.data(), weights_.size());
  put(out, directions_.data(), directions_.size());
  const Id sum = hash128(out);
  put(out, &sum.high, 1);
  put(out, &sum.low, 1);
  return out;
}

void TopicModel::name() {
  const std::string bytes = serialise();
  version_ = fmt::format("lsa1-{:012x}", hash64(bytes) >> 16);
}

Result<TopicModel> TopicModel::parse(std::string_view bytes) {
  if (!bytes.starts_with(magic))
    return bytes.starts_with(magic.substr(0, 7)) ? fail(Code::unsupported, "the topic model is of a newer format") : fail(Code::corrupt, "this is no topic model");
  if (bytes.size() < magic.size() + 2 * sizeof(std::uint64_t)) return fail(Code::corrupt, "the topic model is cut off");
  const std::string_view content = bytes.substr(0, bytes.size() - 2 * sizeof(std::uint64_t));
  std::string_view tail = bytes.substr(content.size()), in = content.substr(magic.size());
  Id sum;
  if (!take(tail, &sum.high, 1) || !take(tail, &sum.low, 1) || sum != hash128(content)) return fail(Code::corrupt, "the topic model's checksum is wrong");
  std::uint64_t sizes[3];
  if (!take(in, sizes, 3) || sizes[1] > limits::topic_terms || sizes[2] > dimensions) return fail(Code::corrupt, "the topic model has impossible sizes");
  TopicModel out;
  out.texts_ = sizes[0], out.rank_ = sizes[2];
  const std::size_t terms = sizes[1];
  out.hashes_.resize(terms), out.weights_.resize(terms), out.directions_.resize(terms * dimensions);
  if (!take(in, out.hashes_.data(), terms) || !take(in, out.weights_.data(), terms) || !take(in, out.directions_.data(), out.directions_.size()) || !in.empty())
    return fail(Code::corrupt, "the topic model is not as long as it says");
  if (!std::ranges::is_sorted(out.hashes_) || !all_finite(out.weights_) || !all_finite(out.directions_)) return fail(Code::corrupt, "the topic model holds impossible numbers");
  out.name();
  return out;
}

}  // namespace aybiza
