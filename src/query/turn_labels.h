// Names of what text/ found in a turn, as dimensions show them.
//
// Threads  pure functions; any.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "model/rows.h"

namespace aybiza {

// "positive" above +0.1, "negative" below -0.1, else "neutral"; "" when the score is unknown.
std::string_view sentiment_class_of(const Number& sentiment_e4);

// The names of the bits set, in the order of text/'s topics.
std::vector<std::string_view> topics_of(std::uint32_t bits);

}  // namespace aybiza
