// What a disk can do to the log: cuts, flipped bits, forgotten sectors. Each case compares with the list of events that
// were acknowledged; calls that fail: failing_calls_test.cc.
#include <gmock/gmock.h>

#include <cstdlib>
#include <random>

#include "spool/log_writer.h"
#include "spool/test_log.h"
#include "spool/verify.h"

namespace aybiza::spool {
namespace {

using namespace testing;
using ::testing::ElementsAre;

#ifdef AYBIZA_SANITIZED
constexpr int kShare = 10;  // of the cases, where each costs ten times as much
#else
constexpr int kShare = 1;
#endif

std::string only_segment(const SimFs& fs, std::size_t index = 0) {
  for (const auto& path : fs.files()) {
    if (path.ends_with(".seg") && index-- == 0) return path;
  }
  return {};
}

// Cut at every byte: what comes back is a prefix, everything before the cut is in it, and the spool goes on.
TEST(Damage, EveryTruncation) {
  SimFs fs;
  auto spool = open(fs);
  const auto written = write_some(*spool, 1, 12);
  auto image = fs.kill_image();
  const std::string path = only_segment(*image);
  const std::string whole = image->content(path);
  for (std::size_t bytes = 0; bytes <= 512 * 14; bytes += kShare) {
    auto cut = fs.kill_image();
    cut->put(path, whole.substr(0, bytes));
    auto again = open(*cut);
    ASSERT_NE(again, nullptr) << bytes;
    const auto seen = read_all(*again);
    ASSERT_TRUE(is_prefix(seen.bytes, written)) << bytes;
    // Each record is a commit here, hence starts on a sector; its 72 + 4 + 20 + n bytes lie within it.
    const std::size_t sure = bytes < 1024 ? 0 : bytes / 512 - 1;
    ASSERT_GE(seen.bytes.size(), std::min<std::size_t>(sure, 12)) << bytes;
    ASSERT_EQ(append(*again, request({{1000, "more"}})).last.value, seen.bytes.size() + 1);
    ASSERT_EQ(read_all(*again).bytes.size(), seen.bytes.size() + 1);
  }
}

// One flipped bit anywhere: either nothing that counts changed, or verify and the reader both say what is missing.
TEST(Damage, EverySingleBit) {
  SimFs fs;
  auto spool = open(fs);
  const auto written = write_some(*spool, 1, 6);
  // A commit of three records, so that some do not start on a sector.
  for (std::uint64_t i = 7; i <= 9; ++i) EXPECT_EQ(spool->append(request({{i, "event " + std::to_string(i)}})), Admission::taken);
  spool->pump();
  const auto all = read_all(*spool).events;
  ASSERT_EQ(all.size(), 9u);
  const std::string path = only_segment(fs);
  const std::string whole = fs.content(path);
  const std::size_t end = 512 * 9;
  std::size_t silent = 0, told = 0;
  for (std::size_t bit = 0; bit < end * 8; bit += kShare) {
    std::string flipped = whole;
    flipped[bit / 8] = char(flipped[bit / 8] ^ (1 << (bit % 8)));
    auto image = std::make_unique<SimFs>();
    image->put("d/format", fs.content("d/format"));
    image->put(path, flipped);
    const auto seen = read_directory_all(*image);
    const auto report = verify(*image, kDirectory);
    ASSERT_TRUE(report);
    if (seen.events == all) {
      ++silent;
      continue;
    }
    ++told;
    // Only the damaged record is gone; what remains is unchanged and keeps its offset.
    ASSERT_EQ(seen.events.size(), 8u) << bit;
    for (const auto& event : seen.events) ASSERT_THAT(all, ::testing::Contains(event)) << bit;
    ASSERT_TRUE(report->lost_events + report->torn_events == 1 || report->torn_bytes > 0) << bit;
    if (bit / 8 < 512 * 6) { ASSERT_EQ(report->lost_events, 1u) << bit; }
  }
  EXPECT_GT(silent, 0u);
  // Six records alone and three together, each of 72 + 4 + 20 + 7 bytes.
  EXPECT_GE(told, (std::size_t(9) * 103 * 8 - 16) / kShare);
}

// Damage in the middle: kept aside, counted once however often it is met, everything else stays.
TEST(Damage, IsQuarantinedOnce) {
  SimFs fs;
  auto spool = open(fs);
  write_some(*spool, 1, 60);
  spool.reset();
  const std::string path = only_segment(fs);
  std::string bytes = fs.content(path);
  bytes[512 * 11 + 80] = char(bytes[512 * 11 + 80] ^ 1);
  fs.put(path, bytes);
  spool = open(fs);
  for (int round = 0; round < 2; ++round) {
    const auto seen = read_all(*spool);
    EXPECT_EQ(seen.events.size(), 59u);
    EXPECT_EQ(seen.lost, 1u);
    EXPECT_EQ(seen.events[10], "12:event 12");
    EXPECT_EQ(spool->stats().quarantined_events, 1u);
  }
  spool.reset();
  EXPECT_EQ(open(fs)->stats().quarantined_events, 1u);
  EXPECT_EQ(verify(fs, kDirectory)->quarantined_events, 1u);
  EXPECT_EQ(verify(fs, kDirectory)->lost_events, 1u);
}

TEST(Damage, UnderARunningReader) {
  SimFs fs;
  auto spool = open(fs);
  write_some(*spool, 1, 5);
  const std::string path = only_segment(fs);
  auto file = *fs.open(path, OpenMode::write);
  ASSERT_TRUE(file->pwrite("rot", 512 * 5 + 90));  // the last event
  auto reader = *spool->read_from({});
  EXPECT_EQ(read_all(*reader).events.size(), 4u);
  EXPECT_EQ(reader->lost_events(), 1u);
  write_some(*spool, 6, 7);
  EXPECT_THAT(read_all(*reader).events, ElementsAre("6:event 6", "7:event 7"));
  EXPECT_EQ(spool->stats().quarantined_events, 1u);
}

// The dedup log knows how far the log went: a lost end is damage then, and its offsets are not given again.
TEST(Damage, AtTheEndAfterAnOrderlyStop) {
  SimFs fs;
  auto spool = open(fs);
  write_some(*spool, 1, 5);
  spool.reset();
  const std::string path = only_segment(fs);
  fs.put(path, fs.content(path).substr(0, 512 * 4 + 30));
  spool = open(fs);
  EXPECT_EQ(spool->recovery().lost_events, 2u);
  EXPECT_EQ(spool->visible(), Offset{5});
  EXPECT_EQ(append(*spool, request({{4, "event 4"}})).duplicates, 1u);
  EXPECT_EQ(append(*spool, request({{6, "event 6"}})).last, Offset{6});
  EXPECT_THAT(read_all(*spool).events, ElementsAre("1:event 1", "2:event 2", "3:event 3", "6:event 6"));
}

TEST(Damage, ALostHeaderLosesNothing) {
  SimFs fs;
  auto spool = open(fs);
  const auto written = write_some(*spool, 1, 80);  // several segments
  for (std::size_t which = 0; which < 2; ++which) {
    auto image = fs.kill_image();
    const std::string path = only_segment(*image, which);
    std::string bytes = image->content(path);
    bytes.replace(0, 512, std::string(512, 'X'));
    image->put(path, bytes);
    EXPECT_EQ(verify(*image, kDirectory)->damaged_headers, 1u);
    EXPECT_EQ(read_directory_all(*image).bytes, written);
    EXPECT_EQ(read_all(*open(*image)).bytes, written);
    // With the first record gone as well, that record is what is lost.
    bytes.replace(0, 1024, std::string(1024, 'X'));
    image = fs.kill_image();
    image->put(path, bytes);
    EXPECT_EQ(read_directory_all(*image).bytes.size(), 79u);
    EXPECT_EQ(read_all(*open(*image)).bytes.size(), 79u);
  }
}

// Tails nobody but an adversary or a dying controller would write.
TEST(Damage, ForgedTails) {
  SimFs fs;
  auto spool = open(fs);
  const auto written = write_some(*spool, 1, 3);
  const std::string path = only_segment(fs);
  const auto header = *decode_header(fs.content(path));
  const std::uint64_t salt = segment_salt(header.node, header.number);
  ASSERT_NE(salt, segment_salt(header.node, header.number + 1));  // or a recycled file would show its former life
  const auto forged = [&](std::uint64_t first, std::uint64_t with_salt) {
    std::string record;
    const Item item{{9, 9}, 1};
    append_record(record, {.first = {first}, .customer = "acme", .received = noon()}, {&item, 1}, {}, "F");
    finish_records(record, with_salt);
    return record;
  };
  const auto with_tail = [&](const std::string& tail, std::size_t expected) {
    auto image = fs.kill_image();
    std::string bytes = image->content(path).substr(0, 512 * 4) + tail;
    bytes.resize(16 * 1024, '\0');
    image->put(path, bytes);
    auto again = open(*image);
    ASSERT_NE(again, nullptr);
    EXPECT_EQ(read_all(*again).events.size(), expected);
    const auto next = append(*again, request({{500, "after"}}));
    EXPECT_TRUE(next.status);
    EXPECT_EQ(read_all(*again).bytes.back(), "after");
    EXPECT_TRUE(is_prefix(written, read_all(*again).bytes));
  };
  with_tail(std::string(3000, '\xff'), 3);
  with_tail(std::string(700, '\0'), 3);
  with_tail(forged(4, salt + 1), 3);                        // of another life of the file
  with_tail(forged(2, salt), 3);                            // an old offset again
  with_tail(forged(4, salt), 4);                            // indistinguishable from a record of ours
  with_tail(forged(4, salt).substr(0, 90), 3);              // torn
  with_tail("X" + forged(4, salt), 4);                      // shifted: kept, since it may be somebody's
  with_tail(forged(9, salt), 4);                            // a jump is a hole, not the end
  with_tail(forged(~std::uint64_t(0), salt), 3);            // no such offset
  std::string length = forged(4, salt);
  length[7] = '\x7f';
  with_tail(length, 3);
  std::string ends = forged(4, salt);
  ends[record_header_bytes + 4 + 16] = 9;                   // an event that ends outside the payload, rightly checksummed
  finish_records(ends, salt);
  with_tail(ends, 3);
}

// Power cuts at random moments of a random run. Acknowledged is there; nothing is there twice; offsets never change
// their meaning; refused may be there (it was never promised to be away) but only as it was sent.
TEST(Damage, CrashImages) {
  std::size_t torn = 0, images = 0;
  const std::size_t wanted = std::getenv("AYBIZA_TEST_LONG") != nullptr ? 100'000 : 3000 / kShare;
  for (std::uint64_t seed = 1; images < wanted; ++seed) {
    std::mt19937_64 random(seed);
    auto fs = std::make_unique<SimFs>();
    auto spool = open(*fs);
    ASSERT_NE(spool, nullptr);
    std::vector<std::string> acked;  // by offset
    std::uint64_t next_id = 1;
    for (int life = 0; life < 4; ++life) {
      const auto steps = random() % 40;
      for (std::uint64_t step = 0; step < steps; ++step) {
        const auto requests = 1 + random() % 3;
        for (std::uint64_t r = 0; r < requests; ++r) {
          std::vector<std::pair<std::uint64_t, std::string>> events;
          for (std::uint64_t e = 0, n = 1 + random() % 3; e < n; ++e, ++next_id) {
            events.emplace_back(next_id, std::to_string(next_id) + std::string(random() % 900, 'p'));
          }
          auto what = request(events);
          what.done = [&acked, events](const AppendResult& result) {
            if (!result.status) return;
            EXPECT_EQ(result.accepted, events.size());
            acked.resize(std::max<std::size_t>(acked.size(), result.last.value));
            for (std::size_t e = 0; e < events.size(); ++e) acked[result.last.value - events.size() + e] = events[e].second;
          };
          EXPECT_EQ(spool->append(std::move(what)), Admission::taken);
        }
        // The last commit of a life fails half way, so that its sectors are in doubt.
        if (step + 1 == steps && random() % 2 == 0) fs->fail_call(random() % 2 == 0 ? Call::sync : Call::pwrite, 1, true);
        while (spool->pump()) continue;
        if (random() % 5 == 0) spool->maintain();
      }
      // Several images of the same moment are looked at; the last one lives on.
      std::unique_ptr<SimFs> image;
      for (int copy = 0; copy < 5; ++copy, ++images) {
        image = fs->crash_image(random);
        auto looked = image->kill_image();
        auto again = open(*looked);
        ASSERT_NE(again, nullptr) << "seed " << seed;
        const auto seen = read_all(*again);
        EXPECT_EQ(seen.lost, 0u) << "seed " << seed;
        EXPECT_EQ(again->recovery().lost_events, 0u) << "seed " << seed;
        torn += again->recovery().torn_bytes + again->recovery().torn_events > 0;
        std::map<std::uint64_t, std::string> by_offset;
        for (const auto& event : seen.events) {
          const auto colon = event.find(':');
          by_offset[std::stoull(event)] = event.substr(colon + 1);
        }
        for (std::size_t i = 0; i < acked.size(); ++i) {
          if (acked[i].empty()) continue;
          ASSERT_EQ(by_offset[i + 1], acked[i]) << "seed " << seed << " life " << life << " offset " << i + 1;
          const auto id = std::stoull(acked[i]);
          ASSERT_EQ(append(*again, request({{id, "?"}})).duplicates, 1u) << "seed " << seed;
        }
      }
      spool.reset();
      fs = std::move(image);
      spool = open(*fs);
      ASSERT_NE(spool, nullptr);
      // What is on disk now stays: it is as good as acknowledged.
      const auto seen = read_all(*spool);
      acked.assign(spool->visible().value, "");
      for (const auto& event : seen.events) acked[std::stoull(event) - 1] = event.substr(event.find(':') + 1);
    }
  }
  EXPECT_GT(torn, 0u);
}

// A damaged or torn dedup log costs reading the log again, nothing else.
TEST(Damage, OfTheDedupLog) {
  SimFs fs;
  auto spool = open(fs);
  for (std::uint64_t i = 1; i <= 100; ++i) {
    append(*spool, request({{i, "x"}}));
    spool->maintain();
  }
  for (const auto& path : fs.files()) {
    if (!path.starts_with("d/dedup/")) continue;
    const std::string whole = fs.content(path);
    ASSERT_GT(whole.size(), 0u);
    for (std::size_t at = 0; at < whole.size(); at += 97) {
      for (const bool cut : {false, true}) {
        auto image = fs.kill_image();
        std::string bytes = whole;
        bytes[at] = char(bytes[at] ^ 0x10);
        image->put(path, cut ? whole.substr(0, at) : bytes);
        auto again = open(*image);
        ASSERT_NE(again, nullptr);
        for (std::uint64_t i = 1; i <= 100; i += 9) ASSERT_EQ(append(*again, request({{i, "?"}})).duplicates, 1u);
      }
    }
  }
}

}  // namespace
}  // namespace aybiza::spool
