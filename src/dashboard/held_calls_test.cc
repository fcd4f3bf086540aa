#include "dashboard/held_calls.h"

#include <gmock/gmock.h>

namespace aybiza::dashboard {
namespace {

using namespace std::chrono_literals;

// A call is a letter: the later in the alphabet, the later it began; a capital is in progress.
CallRow call(char letter) {
  CallRow out;
  out.state = letter < 'a' ? CallState::active : CallState::ended;
  const int age = (letter < 'a' ? letter - 'A' : letter - 'a');
  out.call_id = {1, std::uint64_t(age) + 1};
  out.start = from_micros(1'800'000'000'000'000) + age * 1s;
  return out;
}
CallsPage page(std::string_view letters, std::string next = "") {
  CallsPage out;
  for (const char letter : letters) out.calls.push_back(call(letter));
  out.next = std::move(next);
  return out;
}
std::string letters(const std::vector<CallRow>& calls) {
  std::string out;
  for (const CallRow& one : calls) out += char((one.state == CallState::active ? 'A' : 'a') + (one.call_id.low - 1));
  return out;
}

// Six rows, two exchanged at a time: "shown+waiting>next", where next is "after <call>" or the list's own.
std::string held(std::string_view shown, const CallsPage& asked, std::string_view others) {
  std::vector<CallRow> looked_up;
  for (const char letter : others) looked_up.push_back(call(letter));
  const HeldCalls out = hold_calls(page(shown), asked, looked_up, 2, 6, [](const CallRow& c) { return "after " + letters({c}); });
  return fmt::format("{}+{}{}>{}", letters(out.page.calls), out.waiting, out.more_waiting ? "…" : "", out.page.next);
}

TEST(HeldCalls, AFirstLookIsTheListAsAskedFor) {
  EXPECT_EQ(held("", page("FEDCBA", "more"), ""), "FEDCBA+0>more");
  EXPECT_EQ(held("", page("BA"), ""), "BA+0>");
  EXPECT_EQ(held("FEDCBA", page("FEDCBA", "more"), ""), "FEDCBA+0>more");
}

TEST(HeldCalls, AFewNewOnesAreThereAtOnce) {
  EXPECT_EQ(held("FEDCBA", page("HGFEDC", "more"), "BA"), "HGFEDC+0>more");
  EXPECT_EQ(held("BA", page("EDCBA"), ""), "EDCBA+0>");   // there is room for three
  EXPECT_EQ(held("FED", page("GFED"), ""), "GFED+0>");
}

TEST(HeldCalls, OfManyTheFirstGoInAndTheLastLeave) {
  EXPECT_EQ(held("FEDCBA", page("LKJIHG", "more"), "FEDCBA"), "LKFEDC+4…>after K");
  EXPECT_EQ(held("LKFEDC", page("NMLKJI", "more"), "FEDC"), "NMLKFE+2>after K");
  EXPECT_EQ(held("NMLKFE", page("NMLKJI", "more"), "FE"), "NMLKJI+0>more");
}

TEST(HeldCalls, WhatHasEndedStaysBelowWhatIsInProgress) {
  EXPECT_EQ(held("FEDCBA", page("LKJIHG", "more"), "feDcba"), "LKDfec+4…>after K");
  EXPECT_EQ(held("FEDCBA", page("FDBeca"), ""), "FDBeca+0>");  // all of them are in the list itself
}

TEST(HeldCalls, WhatIsNotFoundAnyMoreMakesRoom) {
  EXPECT_EQ(held("FEDCBA", page("LKJIHG", "more"), "F"), "LKJIHF+1>after H");
  EXPECT_EQ(held("FEDCBA", page("LKJIHG", "more"), ""), "LKJIHG+0>more");
}

TEST(HeldCalls, WhoIsLookedUp) {
  EXPECT_EQ(not_among(page("CBA"), page("DCB")), std::vector<Id>{call('A').call_id});
  EXPECT_TRUE(not_among(page("CBA"), page("DCBA")).empty());
}

// However fast calls come, what is shown is always calls as they are, in order, and what waits gets in when it ends.
TEST(HeldCalls, ItComesToTheListAsAskedFor) {
  CallsPage shown = page("FEDCBA");
  const CallsPage asked = page("ZYXWVU", "more");
  for (int looks = 0; looks < 3; ++looks) {
    std::vector<CallRow> others;
    for (const CallRow& one : shown.calls)
      if (std::ranges::find(asked.calls, one.call_id, &CallRow::call_id) == asked.calls.end()) others.push_back(one);
    shown = hold_calls(shown, asked, others, 2, 6, [](const CallRow&) { return ""; }).page;
    EXPECT_EQ(shown.calls.size(), 6u);
  }
  EXPECT_EQ(letters(shown.calls), "ZYXWVU");
  EXPECT_EQ(shown.next, "more");
}

}  // namespace
}  // namespace aybiza::dashboard
