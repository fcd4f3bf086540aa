// What the forms of a Tally in bytes share: which parts there are, their members in order, and wide sums without a sign.
//
// Shape    each_member() visits a part's members in the order in which every form has them, so that writing and reading cannot drift apart.
// Threads  pure.
#pragma once

#include <cstdint>
#include <type_traits>

#include "aggregate/tally.h"

namespace aybiza::tally_members {

inline constexpr std::uint8_t has_calls = 1, has_turns = 2, has_usage = 4, has_sampled = 8;
inline constexpr unsigned sketches_of_calls = 3;  // the first of TallyParts::sketches; turns have the rest

__extension__ using UnsignedWide = unsigned __int128;

inline UnsignedWide fold(Wide value) { return (UnsignedWide(value) << 1) ^ UnsignedWide(value >> 127); }
inline Wide unfold(UnsignedWide value) { return Wide(value >> 1) ^ -Wide(value & 1); }

template <typename Visit, typename Part>
void each_member(Visit& visit, Part& part)
  requires std::is_same_v<std::remove_const_t<Part>, CallTally>
{
  visit(part.calls); visit(part.known_outcome); visit(part.successful); visit(part.known_resolution);
  visit(part.resolved); visit(part.escalated); visit(part.intervened); visit(part.errors);
  visit(part.calls_with_errors); visit(part.satisfaction); visit(part.quality); visit(part.efficiency);
  visit(part.duration); visit(part.voice_latency); visit(part.cost);
}
template <typename Visit, typename Part>
void each_member(Visit& visit, Part& part)
  requires std::is_same_v<std::remove_const_t<Part>, TurnTally>
{
  visit(part.turns); visit(part.interruptions); visit(part.sentiment); visit(part.sentiment_confidence);
  visit(part.response); visit(part.stt); visit(part.llm); visit(part.tts);
}
template <typename Visit, typename Part>
void each_member(Visit& visit, Part& part)
  requires std::is_same_v<std::remove_const_t<Part>, UsageTally>
{
  visit(part.usages); visit(part.unknown_costs);
  for (auto& kind : part.tokens) visit(kind);
  visit(part.cost);
}

template <typename Visit, typename Part>
void each_member(Visit& visit, Part& part)
  requires std::is_same_v<std::remove_const_t<Part>, SampledTally>
{
  each_square(visit, part);
}

inline std::uint8_t parts_of(const Tally& tally) {
  return std::uint8_t((tally.calls ? has_calls : 0) | (tally.turns ? has_turns : 0) | (tally.usage ? has_usage : 0) | (tally.sampled ? has_sampled : 0));
}

}  // namespace aybiza::tally_members
