// A copy of the log beside its use: what a Hold keeps, and what the copied bytes are.
#include <gmock/gmock.h>

#include "spool/spool.h"
#include "spool/test_log.h"

namespace aybiza::spool {
namespace {

using namespace testing;
using ::testing::ElementsAre;

// The parts and the dedup log, as a backup copies them, in another disk.
void copy(SimFs& from, Spool& spool, SimFs& to) {
  const auto put = [&](const std::string& name, std::uint64_t bytes) {
    auto in = from.open(std::string(kDirectory) + "/" + name, OpenMode::read);
    ASSERT_TRUE(in) << name;
    std::string text(std::min<std::uint64_t>(bytes, (*in)->size().value()), '\0');
    ASSERT_EQ((*in)->pread(text, 0).value(), text.size());
    auto out = to.open(std::string(kDirectory) + "/" + name, OpenMode::create);
    ASSERT_TRUE(out && (*out)->pwrite(text, 0) && (*out)->sync());
  };
  ASSERT_TRUE(to.make_directory(std::string(kDirectory) + "/dedup"));
  ASSERT_TRUE(spool.at_rest([&]() -> Status {
    const auto names = from.list(std::string(kDirectory) + "/dedup");
    for (const std::string& name : names ? *names : std::vector<std::string>{}) put("dedup/" + name, ~0ull);
    return {};
  }));
  put("format", ~0ull);
  const auto parts = spool.parts();
  ASSERT_TRUE(parts);
  for (const auto& part : parts->segments) put(part.name, part.bytes);
}

TEST(SpoolCopy, HoldsWhatIsReleasedAndEndsWhereItIsRead) {
  SimFs fs, other;
  auto spool = open(fs);
  const std::string body(1000, 'x');
  std::uint64_t id = 0;
  const auto fill = [&](int count) {
    for (int i = 0; i < count; ++i) append(*spool, request({{++id, body}}));
  };
  fill(60);  // some segments of 16 KiB
  auto hold = spool->hold();
  EXPECT_EQ(spool->hold(), hold);  // one for all
  spool->release(spool->visible());
  spool->maintain();
  const auto parts = spool->parts();
  ASSERT_TRUE(parts);
  EXPECT_GT(parts->segments.size(), 2u);
  EXPECT_EQ(parts->first, Offset{1});
  EXPECT_EQ(parts->last, Offset{60});
  copy(fs, *spool, other);
  fill(5);
  EXPECT_TRUE(*hold);

  auto copied = open(other);
  EXPECT_EQ(copied->visible(), Offset{60});
  EXPECT_EQ(copied->node(), spool->node());
  EXPECT_EQ(copied->recovery().lost_events, 0u);
  EXPECT_EQ(read_all(*copied).events.size(), 60u);
  const auto again = append(*copied, request({{60, body}, {61, body}}));  // the last that it has, the first that it lacks
  EXPECT_THAT(again.duplicate, ElementsAre(true, false));

  hold.reset();
  spool->maintain();
  EXPECT_LT(spool->parts()->segments.size(), parts->segments.size());
}

TEST(SpoolCopy, AHoldBreaksBeforeTheLogIsFull) {
  SimFs fs;
  Options with = options(fs);
  with.disk_bytes = 160 * 1024;
  auto spool = open(std::move(with));
  const auto hold = spool->hold();
  const std::string body(1000, 'x');
  for (std::uint64_t id = 1; id <= 200; ++id) {
    append(*spool, request({{id, body}}));
    spool->release(spool->visible());
    spool->maintain();
  }
  EXPECT_FALSE(*hold);
  EXPECT_LT(spool->stats().segment_bytes.load(), 160u * 1024);
  EXPECT_TRUE(*spool->hold());  // the next is another
}

}  // namespace
}  // namespace aybiza::spool
