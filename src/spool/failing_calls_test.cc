// Calls to the disk that fail while the log is written. Each case compares with the list of events that were acknowledged.
#include <gmock/gmock.h>

#include <random>

#include "spool/test_log.h"
#include "spool/verify.h"

namespace aybiza::spool {
namespace {

using namespace testing;

// fsync failing at call k, for all k: that commit is refused, its ids are forgotten, the next one goes to a new file.
TEST(FailingCalls, OneSync) {
  for (std::uint64_t k = 1; k <= 60; ++k) {
    SimFs fs;
    auto spool = open(fs);
    fs.fail_call(Call::sync, k);
    std::vector<std::string> acked;
    std::size_t refused = 0;
    for (std::uint64_t i = 1; i <= 50; ++i) {
      const std::string bytes = "event " + std::to_string(i) + std::string(700, '.');
      auto result = append(*spool, request({{i, bytes}}));
      if (!result.status) {
        EXPECT_EQ(result.status.error().code, Code::unavailable);
        ++refused;
        result = append(*spool, request({{i, bytes}}));  // the client tries again
      }
      ASSERT_TRUE(result.status) << "k " << k << ": " << result.status.error().message;
      ASSERT_EQ(result.accepted, 1u) << "k " << k;
      acked.push_back(bytes);
    }
    EXPECT_LE(refused, 1u);
    EXPECT_FALSE(spool->stats().read_only);
    EXPECT_EQ(read_all(*spool).bytes, acked) << "k " << k;
    std::mt19937_64 random(k);
    auto crashed = fs.crash_image(random);
    EXPECT_EQ(read_all(*open(*crashed)).bytes, acked) << "k " << k;
    auto killed = fs.kill_image();
    EXPECT_EQ(read_all(*open(*killed)).bytes, acked) << "k " << k;
    EXPECT_EQ(verify(*killed, kDirectory)->lost_events, 0u);
  }
}

TEST(FailingCalls, OneWrite) {
  for (std::uint64_t k = 1; k <= 60; ++k) {
    SimFs fs;
    auto spool = open(fs);
    fs.fail_call(Call::pwrite, k);
    std::vector<std::string> acked;
    for (std::uint64_t i = 1; i <= 50; ++i) {
      const std::string bytes = "event " + std::to_string(i);
      if (append(*spool, request({{i, bytes}})).accepted == 1) acked.push_back(bytes);
    }
    EXPECT_GE(acked.size(), 49u);
    EXPECT_EQ(read_all(*spool).bytes, acked) << "k " << k;
    auto killed = fs.kill_image();
    EXPECT_EQ(read_all(*open(*killed)).bytes, acked) << "k " << k;
  }
}

// When the new segment fails as well, nothing is accepted any more, and it says so; reading goes on.
TEST(FailingCalls, TwoAreReadOnly) {
  SimFs fs;
  auto with = options(fs);
  std::string said;
  with.notice = [&](std::string_view line) { said += line; };
  auto spool = open(with);
  const auto written = write_some(*spool, 1, 3);
  fs.fail_call(Call::sync, 1, true);
  const auto failed = append(*spool, request({{4, "x"}}));
  ASSERT_FALSE(failed.status);
  EXPECT_EQ(failed.status.error().code, Code::unavailable);
  EXPECT_TRUE(spool->stats().read_only);
  EXPECT_EQ(spool->append(request({{5, "y"}})), Admission::read_only);
  EXPECT_THAT(said, ::testing::HasSubstr("read-only"));
  EXPECT_EQ(read_all(*spool).bytes, written);
  fs.heal();
  auto image = fs.kill_image();
  auto again = open(*image);
  EXPECT_TRUE(is_prefix(written, read_all(*again).bytes));
  // Event 4 was refused; it may have survived, but it counts once.
  (void)append(*again, request({{4, "x"}}));
  EXPECT_EQ(read_all(*again).events.size(), 4u);
}

}  // namespace
}  // namespace aybiza::spool
