#include "ingest/caller_keys.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>
#include <random>

namespace aybiza {
namespace {

constexpr std::string_view words = "my number is 415 555 0100";

class Caller_keys : public ::testing::Test {
 protected:
  Caller_keys() {
    std::string pattern = (std::filesystem::temp_directory_path() / "aybiza-callers-XXXXXX").string();
    directory_ = ::mkdtemp(pattern.data());
    master_.fill(7);
  }
  ~Caller_keys() override { std::filesystem::remove_all(directory_); }
  std::unique_ptr<CallerKeys> open() {
    auto opened = CallerKeys::open(directory_, master_);
    EXPECT_TRUE(opened) << opened.error().message;
    return opened ? std::move(*opened) : nullptr;
  }
  static Id call(std::string_view name) { return hash128(name); }
  void ensure(CallerKeys& keys, std::string_view name, std::string_view caller = {}) {
    const std::vector<CallerKeys::Need> needs{{.customer = "acme", .call = call(name), .caller = std::string(caller)}};
    const Status done = keys.ensure(needs, now_);
    EXPECT_TRUE(done) << done.error().message;
  }
  static std::string seal(CallerKeys& keys, std::string_view name, std::string_view text = words) {
    std::string out;
    EXPECT_TRUE(keys.seal(call(name), text, out)) << name;
    return out;
  }
  static void expect_unsealed(CallerKeys& keys, std::string_view name) {
    std::string out;
    EXPECT_FALSE(keys.seal(call(name), words, out)) << name;
    EXPECT_EQ(out, "") << name;
  }
  static std::string read(CallerKeys& keys, std::string_view sealed) {
    const auto text = keys.unseal(sealed);
    return text ? *text : fmt::format("error {}", int(text.error().code));
  }
  std::string file() const {
    std::ifstream in(directory_ / "caller_keys");
    return {std::istreambuf_iterator<char>(in), {}};
  }
  std::string gone() const { return fmt::format("error {}", int(Code::not_found)); }

  std::filesystem::path directory_;
  auth::KeyBytes master_;
  const Instant now_ = from_micros(1'763'712'000'000'000);
};

TEST_F(Caller_keys, a_sealed_text_is_read_again_also_after_a_restart) {
  auto keys = open();
  ensure(*keys, "c-1", "tel_a");
  const std::string sealed = seal(*keys, "c-1");
  EXPECT_EQ(sealed.find("415"), std::string::npos);
  EXPECT_NE(sealed, seal(*keys, "c-1"));
  EXPECT_EQ(read(*keys, sealed), words);
  keys = open();
  EXPECT_EQ(read(*keys, sealed), words);
  EXPECT_EQ(read(*keys, sealed + seal(*keys, "c-1", "and so on")), std::string(words) + " and so on");
}

TEST_F(Caller_keys, a_caller_has_one_key_and_a_call_of_nobody_its_own) {
  auto keys = open();
  ensure(*keys, "c-1", "tel_a");
  ensure(*keys, "c-2", "tel_a");
  ensure(*keys, "c-3", "tel_b");
  ensure(*keys, "c-4");
  EXPECT_EQ(keys->count(), 3u);
  std::string out;
  EXPECT_FALSE(keys->seal(call("c-5"), words, out));
  EXPECT_EQ(out, "");
}

TEST_F(Caller_keys, forgetting_a_caller_makes_all_of_it_unreadable) {
  auto keys = open();
  ensure(*keys, "c-1", "tel_a");
  ensure(*keys, "c-2");  // whose caller is told later
  const std::string early = seal(*keys, "c-2");
  ensure(*keys, "c-2", "tel_a");
  ensure(*keys, "c-3", "tel_b");
  const std::string first = seal(*keys, "c-1"), other = seal(*keys, "c-3");
  const auto nobody = keys->forget("tel_a", "beta");  // of another customer
  ASSERT_TRUE(nobody);
  EXPECT_EQ(*nobody, 0u);
  EXPECT_EQ(read(*keys, first), words);
  const auto destroyed = keys->forget("tel_a", "");
  ASSERT_TRUE(destroyed);
  EXPECT_EQ(*destroyed, 2u);
  for (const std::string* sealed : {&first, &early}) EXPECT_EQ(read(*keys, *sealed), gone());
  EXPECT_EQ(read(*keys, other), words);
  keys = open();
  for (const std::string* sealed : {&first, &early}) EXPECT_EQ(read(*keys, *sealed), gone());
  EXPECT_EQ(read(*keys, other), words);
  EXPECT_EQ(file().find("tel_a"), std::string::npos);
  ensure(*keys, "c-9", "tel_a");  // who calls again is a caller like any other
  EXPECT_EQ(read(*keys, seal(*keys, "c-9")), words);
}

// Whatever comes first, and whichever of the calls is told its caller: what was said in both goes with that caller.
TEST_F(Caller_keys, calls_that_turn_out_to_be_one_are_forgotten_together) {
  enum Step { part_speaks, whole_speaks, other_speaks, part_joins, other_joins, caller_told };
  std::mt19937 rng(7);
  for (int round = 0; round < 150; ++round) {
    std::vector<Step> steps{part_speaks, whole_speaks, other_speaks, part_joins, other_joins, caller_told};
    std::ranges::shuffle(steps, rng);
    const std::string_view told_of = std::array{"part", "whole", "other"}[rng() % 3];
    const std::size_t restart = rng() % 6, rewritten = rng() % 6;
    std::filesystem::remove(directory_ / "caller_keys");
    auto keys = open();
    ensure(*keys, "else", "tel_b");
    std::vector<std::string> sealed;
    for (std::size_t at = 0; at < steps.size(); ++at) {
      const auto speak = [&](std::string_view name) {
        ensure(*keys, name);
        sealed.push_back(seal(*keys, name));
      };
      const auto join = [&](std::string_view name) {
        const CallerKeys::Joined joined{.customer = "acme", .part = call(name), .whole = call("whole")};
        EXPECT_TRUE(keys->join(std::span(&joined, 1), now_));
        const std::string before = file();
        EXPECT_TRUE(keys->join(std::span(&joined, 1), now_));  // as each request says it again
        EXPECT_EQ(file(), before);
      };
      switch (steps[at]) {
        case part_speaks: speak("part"); break;
        case whole_speaks: speak("whole"); break;
        case other_speaks: speak("other"); break;
        case part_joins: join("part"); break;
        case other_joins: join("other"); break;
        case caller_told: ensure(*keys, told_of, "tel_a"); break;
      }
      if (at == restart) keys = open();
      if (at == rewritten) {
        EXPECT_TRUE(keys->forget("tel_b", ""));
      }
    }
    for (const std::string& one : sealed) EXPECT_EQ(read(*keys, one), words);
    EXPECT_GE(keys->forget("tel_a", "").value_or(0), 1u);
    for (const std::string& one : sealed) EXPECT_EQ(read(*keys, one), gone()) << ::testing::PrintToString(steps) << " " << told_of;
    EXPECT_EQ(keys->forget("tel_b", "").value_or(9) + keys->count(), 0u) << round;
  }
}

TEST_F(Caller_keys, of_two_callers_of_one_call_each_ends_its_own) {
  auto keys = open();
  ensure(*keys, "part", "tel_a");
  ensure(*keys, "whole", "tel_b");
  const std::string first = seal(*keys, "part"), second = seal(*keys, "whole");
  const CallerKeys::Joined joined{.customer = "acme", .part = call("part"), .whole = call("whole")};
  ASSERT_TRUE(keys->join(std::span(&joined, 1), now_));
  ASSERT_EQ(keys->forget("tel_a", ""), 1u);
  EXPECT_EQ(read(*keys, first), gone());
  EXPECT_EQ(read(*keys, second), words);
}

TEST_F(Caller_keys, another_process_may_forget) {
  const auto server = open();
  ensure(*server, "c-1", "tel_a");
  const std::string sealed = seal(*server, "c-1");
  ASSERT_EQ(*open()->forget("tel_a", ""), 1u);
  EXPECT_EQ(read(*server, sealed), gone());
  ensure(*server, "c-1", "tel_a");
  expect_unsealed(*server, "c-1");
}

// What is said in it afterwards would be under a key that the same caller, forgotten once more, might not end: there is none.
TEST_F(Caller_keys, a_call_that_goes_on_after_its_caller_was_forgotten_is_not_sealed_any_more) {
  for (const std::string_view told_again : {"", "tel_a", "tel_b"}) {
    std::filesystem::remove(directory_ / "caller_keys");
    auto keys = open();
    ensure(*keys, "c-1");
    ensure(*keys, "c-1", "tel_a");
    ASSERT_EQ(keys->forget("tel_a", ""), 1u);
    const std::string after = file();
    ensure(*keys, "c-1", told_again);
    expect_unsealed(*keys, "c-1");
    EXPECT_EQ(file(), after);
    EXPECT_EQ(keys->count(), 0u);
    keys = open();
    ensure(*keys, "c-1", told_again);
    expect_unsealed(*keys, "c-1");
    ensure(*keys, "c-2", "tel_a");
    EXPECT_EQ(read(*keys, seal(*keys, "c-2")), words);
    ASSERT_EQ(keys->forget("tel_a", ""), 1u);  // and once more, with a call before that is long forgotten
    for (const std::string_view name : {"c-1", "c-2"}) {
      ensure(*keys, name);
      expect_unsealed(*keys, name);
    }
  }
}

// Whether it spoke before or speaks only later, and whichever is the part: it is a call of somebody who was forgotten.
TEST_F(Caller_keys, a_call_that_turns_out_to_be_a_forgotten_callers_is_forgotten_too) {
  for (const bool speaks_before : {true, false})
    for (const bool is_part : {true, false}) {
      std::filesystem::remove(directory_ / "caller_keys");
      auto keys = open();
      ensure(*keys, "else", "tel_b");
      const std::string other = seal(*keys, "else");
      ensure(*keys, "told", "tel_a");
      std::vector<std::string> sealed;
      if (speaks_before) {
        ensure(*keys, "untold");
        ensure(*keys, "third");
        sealed = {seal(*keys, "untold"), seal(*keys, "third")};
        const CallerKeys::Joined known{.customer = "acme", .part = call("third"), .whole = call("untold")};
        ASSERT_TRUE(keys->join(std::span(&known, 1), now_));
      }
      ASSERT_EQ(keys->forget("tel_a", ""), 1u);
      for (const std::string& one : sealed) EXPECT_EQ(read(*keys, one), words);  // nobody knows yet
      const CallerKeys::Joined joined{.customer = "acme", .part = call(is_part ? "untold" : "told"), .whole = call(is_part ? "told" : "untold")};
      ASSERT_TRUE(keys->join(std::span(&joined, 1), now_));
      const std::string after = file();
      ASSERT_TRUE(keys->join(std::span(&joined, 1), now_));
      EXPECT_EQ(file(), after);
      for (const bool restarted : {false, true}) {
        if (restarted) keys = open();
        for (const std::string& one : sealed) EXPECT_EQ(read(*keys, one), gone());
        for (const std::string_view name : {"told", "untold"}) {
          ensure(*keys, name, "tel_a");
          expect_unsealed(*keys, name);
        }
        EXPECT_EQ(read(*keys, other), words);
        EXPECT_EQ(keys->count(), 1u);
      }
    }
}

TEST_F(Caller_keys, a_call_with_a_caller_of_its_own_stays_when_it_turns_out_to_be_a_forgotten_callers) {
  auto keys = open();
  ensure(*keys, "part", "tel_a");
  ensure(*keys, "whole", "tel_b");
  const std::string kept = seal(*keys, "whole");
  ASSERT_EQ(keys->forget("tel_a", ""), 1u);
  const CallerKeys::Joined joined{.customer = "acme", .part = call("part"), .whole = call("whole")};
  ASSERT_TRUE(keys->join(std::span(&joined, 1), now_));
  EXPECT_EQ(read(*keys, kept), words);
  EXPECT_EQ(read(*keys, seal(*keys, "whole")), words);
  expect_unsealed(*keys, "part");
}

TEST_F(Caller_keys, a_line_whose_writing_was_cut_short_is_cut_off) {
  auto keys = open();
  ensure(*keys, "c-1", "tel_a");
  const std::string sealed = seal(*keys, "c-1");
  std::ofstream(directory_ / "caller_keys", std::ios::app) << "key\t0011";
  keys = open();
  EXPECT_EQ(read(*keys, sealed), words);
  ensure(*keys, "c-2", "tel_b");
  const std::string second = seal(*keys, "c-2");
  keys = open();
  EXPECT_EQ(read(*keys, sealed), words);
  EXPECT_EQ(read(*keys, second), words);
}

TEST_F(Caller_keys, bytes_that_were_never_sealed_are_refused) {
  auto keys = open();
  ensure(*keys, "c-1", "tel_a");
  const std::string sealed = seal(*keys, "c-1");
  const std::string corrupt = fmt::format("error {}", int(Code::corrupt));
  for (std::size_t cut = 1; cut < sealed.size(); ++cut) EXPECT_EQ(read(*keys, sealed.substr(0, cut)), corrupt) << cut;
  std::string changed = sealed;
  changed.back() ^= 1;
  EXPECT_EQ(read(*keys, changed), corrupt);
  master_.fill(8);
  EXPECT_FALSE(CallerKeys::open(directory_, master_));
}

}  // namespace
}  // namespace aybiza
