// Where the time of a response goes, against parts worked out by hand.
#include "dashboard/turn_waterfall.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace aybiza::dashboard {
namespace {

std::string said(const StageTimes& times) {
  std::string out;
  for (const WaterfallPart& part : waterfall_of(times)) out += fmt::format("{}{} {}+{}", out.empty() ? "" : ", ", part.kind, part.from_us, part.lasts_us);
  return out;
}

TEST(TurnWaterfall, StagesFollowOneAnotherAndTheRestIsBetween) {
  const auto check = [](const StageTimes& times, std::string_view expected) { EXPECT_EQ(said(times), expected); };
  check({1'000, 100, 400, 200}, "stt 0+100, llm 100+400, other 500+300, tts 800+200");
  check({700, 100, 400, 200}, "stt 0+100, llm 100+400, tts 500+200");                // nothing is left over
  check({600, 100, 400, 300}, "stt 0+100, llm 100+400, tts 300+300");                // speaking began while the model still wrote
  check({400, 100, 380, 100}, "stt 0+100, llm 20+380, tts 300+100");                 // thinking began while the words still came
  check({300, 500, 900, 500}, "stt 0+300, llm 0+300, tts 0+300");                    // none lasts beyond the answer's begin
  check({1'000, 100, std::nullopt, 200}, "stt 0+100, tts 800+200");                  // what nobody told is not "other"
  check({std::nullopt, 100, 400, 200}, "stt 0+100, llm 100+400, tts 500+200");
  check({1'000, std::nullopt, std::nullopt, std::nullopt}, "");
  check({}, "");
}

TEST(TurnWaterfall, WhatIsLeftOverIsKnownWhereAllIsTold) {
  EXPECT_EQ(other_us({1'000, 100, 400, 200}), 300);
  EXPECT_EQ(other_us({600, 100, 400, 300}), 0);
  EXPECT_FALSE(other_us({1'000, 100, 400, std::nullopt}));
  EXPECT_FALSE(other_us({std::nullopt, 100, 400, 200}));
}

// Parts never reach beyond the response, whatever was told.
TEST(TurnWaterfall, NoPartLiesOutsideTheResponse) {
  for (std::int64_t whole : {0, 1, 50, 1'000})
    for (std::int64_t stt : {0, 1, 60, 2'000})
      for (std::int64_t llm : {0, 1, 60, 2'000})
        for (std::int64_t tts : {0, 1, 60, 2'000})
          for (const WaterfallPart& part : waterfall_of({whole, stt, llm, tts})) {
            EXPECT_GE(part.from_us, 0);
            EXPECT_LE(part.from_us + part.lasts_us, whole);
          }
}

}  // namespace
}  // namespace aybiza::dashboard
