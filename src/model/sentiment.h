// Where a sentiment score puts a turn: the one cut that live panes, stored rows and answers share.
//
// Units    scores x 10^4. Beyond +-0.1 is positive or negative; +-0.1 itself is neutral.
// Threads  pure functions; any.
// Source   spec/003 (`sentiment_score > 0.1`, `< -0.1`).
#pragma once

#include <cstdint>
#include <string_view>

namespace aybiza {

inline constexpr std::int64_t sentiment_cut_e4 = 1'000;

constexpr int sentiment_sign(std::int64_t score_e4) {  // -1 negative, 0 neutral, 1 positive
  return score_e4 > sentiment_cut_e4 ? 1 : score_e4 < -sentiment_cut_e4 ? -1 : 0;
}

constexpr std::string_view sentiment_word(std::int64_t score_e4) {
  constexpr std::string_view words[] = {"negative", "neutral", "positive"};
  return words[sentiment_sign(score_e4) + 1];
}

}  // namespace aybiza
