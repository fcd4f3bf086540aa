#include "spool/spool.h"

#include <gmock/gmock.h>

#include <thread>

#include "spool/segment.h"
#include "spool/test_log.h"
#include "spool/verify.h"

namespace aybiza::spool {
namespace {

using namespace testing;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(Spool, GivesOffsetsAndReadsBack) {
  SimFs fs;
  auto spool = open(fs);
  const auto one = append(*spool, request({{1, "a"}, {2, "bb"}}));
  EXPECT_TRUE(one.status);
  EXPECT_EQ(one.last, Offset{2});
  EXPECT_EQ(one.accepted, 2u);
  EXPECT_EQ(append(*spool, request({{3, ""}})).last, Offset{3});
  EXPECT_THAT(read_all(*spool).events, ElementsAre("1:a", "2:bb", "3:"));
  EXPECT_THAT(read_all(*spool, Offset{2}).events, ElementsAre("2:bb", "3:"));
  EXPECT_THAT(read_all(*spool, Offset{4}).events, ElementsAre());
  EXPECT_THAT(read_directory_all(fs).events, ElementsAre("1:a", "2:bb", "3:"));
  EXPECT_EQ(spool->stats().accepted_events, 3u);
}

TEST(Spool, ARecordKeepsItsEnvelope) {
  SimFs fs;
  auto spool = open(fs);
  auto what = request({{5, "x"}}, "a customer");
  what.batch_key = {1, 2};
  what.body_hash = 3;
  what.durability = Durability::os;
  append(*spool, std::move(what));
  auto reader = *spool->read_from({});
  const auto record = **reader->next();
  EXPECT_EQ(record.customer, "a customer");
  EXPECT_EQ(record.source, 3);
  EXPECT_EQ(record.received, noon());
  EXPECT_EQ(record.batch_key, (Id{1, 2}));
  EXPECT_EQ(record.body_hash, 3u);
  EXPECT_EQ(record.durability, Durability::os);
  EXPECT_EQ(record.event(0).id, (Id{7, 5}));
}

TEST(Spool, DropsDuplicatesInOrder) {
  SimFs fs;
  auto spool = open(fs);
  append(*spool, request({{1, "a"}}));
  const auto again = append(*spool, request({{1, "a"}, {2, "b"}, {2, "b"}, {0, "c"}, {0, "c"}}));
  EXPECT_EQ(again.accepted, 3u);
  EXPECT_EQ(again.duplicates, 2u);
  EXPECT_THAT(again.duplicate, ElementsAre(true, false, true, false, false));
  EXPECT_THAT(read_all(*spool).events, ElementsAre("1:a", "2:b", "3:c", "4:c"));
  const auto only = append(*spool, request({{1, "a"}}));
  EXPECT_TRUE(only.status);
  EXPECT_EQ(only.accepted, 0u);
  EXPECT_EQ(only.last, Offset{4});
  EXPECT_EQ(append(*spool, request({{1, "a"}}, "other")).accepted, 1u);  // ids belong to a customer
  EXPECT_EQ(append(*spool, request({})).accepted, 0u);
}

TEST(Spool, BatchKeysAndConflicts) {
  SimFs fs;
  auto spool = open(fs);
  const auto keyed = [](std::uint64_t hash, std::string customer = "acme") {
    auto made = request({{0, "a"}, {0, "b"}}, std::move(customer));
    made.batch_key = {1, 1};
    made.body_hash = hash;
    return made;
  };
  EXPECT_EQ(append(*spool, keyed(1)).accepted, 2u);
  const auto again = append(*spool, keyed(1));
  EXPECT_EQ(again.duplicates, 2u);
  EXPECT_FALSE(again.conflict);
  const auto other = append(*spool, keyed(2));
  EXPECT_TRUE(other.conflict);
  EXPECT_EQ(other.accepted + other.duplicates, 0u);
  EXPECT_EQ(append(*spool, keyed(2, "other")).accepted, 2u);
  spool->close();
  spool = open(fs);
  EXPECT_EQ(append(*spool, keyed(1)).duplicates, 2u);
  EXPECT_TRUE(append(*spool, keyed(2)).conflict);
}

// Killed at any point, with and without a dedup log on disk: every id that was acknowledged stays known.
TEST(Spool, DuplicatesAcrossRestarts) {
  auto fs = std::make_unique<SimFs>();
  auto spool = open(*fs);
  for (std::uint64_t i = 1; i <= 400; ++i) {
    auto what = request({{i, std::string(100, 'x')}});
    what.batch_key = {2, i};
    what.body_hash = i;
    ASSERT_EQ(append(*spool, std::move(what)).accepted, 1u);
    if (i % 7 == 0) spool->maintain();
    if (i % 50 != 0) continue;
    auto image = fs->kill_image();
    spool.reset();
    fs = std::move(image);
    spool = open(*fs);
    ASSERT_EQ(spool->visible(), Offset{i});
    for (std::uint64_t j = 1; j <= i; ++j) {
      ASSERT_EQ(append(*spool, request({{j, "?"}})).duplicates, 1u) << j;
      auto keyed = request({{0, "?"}});
      keyed.batch_key = {2, j};
      keyed.body_hash = j + 1;
      ASSERT_TRUE(append(*spool, std::move(keyed)).conflict);
    }
  }
  EXPECT_EQ(read_all(*spool).events.size(), 400u);
}

TEST(Spool, ManySegmentsReadInOrder) {
  SimFs fs;
  auto spool = open(fs);
  for (int i = 1; i <= 300; ++i) append(*spool, request({{std::uint64_t(i), "event " + std::to_string(i)}}));
  const auto seen = read_all(*spool);
  ASSERT_EQ(seen.events.size(), 300u);
  for (std::size_t i = 0; i < 300; ++i) EXPECT_EQ(seen.bytes[i], "event " + std::to_string(i + 1));
  EXPECT_EQ(seen.lost, 0u);
  EXPECT_THAT(read_all(*spool, Offset{299}).events, ElementsAre("299:event 299", "300:event 300"));
  EXPECT_GT(spool->stats().segments, 0u);
  EXPECT_EQ(verify(fs, kDirectory)->events, 300u);
  EXPECT_TRUE(verify(fs, kDirectory)->clean());
}

TEST(Spool, ARequestLargerThanASegmentAndTheQueue) {
  SimFs fs;
  auto with = options(fs);
  with.queue_bytes = 1000;
  auto spool = open(with);
  EXPECT_EQ(append(*spool, request({{1, std::string(100'000, 'L')}, {2, "s"}})).accepted, 2u);
  EXPECT_EQ(append(*spool, request({{3, "t"}})).last, Offset{3});
  EXPECT_EQ(read_all(*spool).bytes.at(0).size(), 100'000u);
  EXPECT_EQ(read_all(*spool).events.size(), 3u);
  spool->close();
  EXPECT_EQ(read_all(*open(fs)).events.size(), 3u);
}

TEST(Spool, RefusesWhenTheQueueIsFull) {
  SimFs fs;
  auto with = options(fs);
  with.queue_requests = 2;
  auto spool = open(with);
  EXPECT_EQ(spool->append(request({{1, "a"}})), Admission::taken);
  EXPECT_EQ(spool->append(request({{2, "a"}})), Admission::taken);
  EXPECT_EQ(spool->append(request({{3, "a"}})), Admission::overloaded);
  spool->pump();
  EXPECT_EQ(spool->append(request({{3, "a"}})), Admission::taken);
  EXPECT_EQ(spool->stats().refused_overload, 1u);
}

TEST(Spool, RefusesWhatDoesNotAddUp) {
  SimFs fs;
  auto spool = open(fs);
  auto what = request({{1, "a"}});
  what.items[0].size = 2;
  EXPECT_EQ(spool->append(std::move(what)), Admission::malformed);
  EXPECT_EQ(spool->append(request({{1, "a"}}, std::string(129, 'c'))), Admission::malformed);
  AppendRequest many;
  many.items.resize(65'536);
  EXPECT_EQ(spool->append(std::move(many)), Admission::malformed);
}

TEST(Spool, ASecondServerIsRefused) {
  SimFs fs;
  auto spool = open(fs);
  const auto second = Spool::open(options(fs));
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Code::conflict);
  EXPECT_THAT(second.error().message, HasSubstr("in use by another server"));
}

TEST(Spool, ANewerFormatIsLeftAlone) {
  SimFs fs;
  open(fs)->close();
  fs.put("d/format", "aybiza-spool 2 6ba7b810-9dad-11d1-80b4-00c04fd430c8\n");
  const auto before = fs.files();
  const auto calls = fs.calls(Call::pwrite) + fs.calls(Call::truncate) + fs.calls(Call::unlink) + fs.calls(Call::rename);
  const auto newer = Spool::open(options(fs));
  ASSERT_FALSE(newer);
  EXPECT_EQ(newer.error().code, Code::unsupported);
  EXPECT_EQ(fs.files(), before);
  EXPECT_EQ(fs.calls(Call::pwrite) + fs.calls(Call::truncate) + fs.calls(Call::unlink) + fs.calls(Call::rename), calls);
}

TEST(Spool, TheNodeSurvivesTheFormatFile) {
  SimFs fs;
  auto spool = open(fs);
  const Id node = spool->node();
  append(*spool, request({{1, "a"}}));
  spool.reset();
  fs.put("d/format", "garbage");
  spool = open(fs);
  EXPECT_EQ(spool->node(), node);
  EXPECT_THAT(read_all(*spool).events, ElementsAre("1:a"));
}

// Released segments are used again, and never show what was in them.
TEST(Spool, ReleasedSegmentsAreRecycledAndForgotten) {
  SimFs fs;
  auto spool = open(fs);
  for (std::uint64_t i = 1; i <= 2000; ++i) {
    append(*spool, request({{i, "event " + std::to_string(i)}}));
    if (i % 20 != 0) continue;
    spool->release(Offset{i});
    spool->maintain();
  }
  spool->maintain();
  EXPECT_LE(spool->stats().segments, 4u);
  std::size_t recycled = 0;
  for (const auto& path : fs.files()) {
    const auto header = decode_header(fs.content(path));
    recycled += path.ends_with(".seg") && header && header->recycled;
  }
  EXPECT_GT(recycled, 0u);
  const auto gone = spool->read_from(Offset{2});
  ASSERT_FALSE(gone);
  EXPECT_EQ(gone.error().code, Code::not_found);
  const auto seen = read_all(*spool);
  EXPECT_EQ(seen.events.back(), "2000:event 2000");
  EXPECT_EQ(seen.lost, 0u);
  auto image = fs.kill_image();
  auto after = open(*image);
  EXPECT_EQ(after->visible(), Offset{2000});
  EXPECT_EQ(read_all(*after).events, seen.events);
  EXPECT_EQ(after->recovery().lost_events, 0u);
  EXPECT_EQ(after->recovery().torn_bytes, 0u);
  EXPECT_TRUE(verify(*image, kDirectory)->clean());
  for (std::uint64_t i = 1; i <= 2000; ++i) ASSERT_EQ(append(*after, request({{i, "?"}})).duplicates, 1u);
}

TEST(Spool, AReaderThatIsOvertakenSaysSo) {
  SimFs fs;
  auto spool = open(fs);
  auto reader = *spool->read_from({});
  append(*spool, request({{1, "first"}}));
  ASSERT_TRUE((*reader->next()).has_value());
  for (std::uint64_t i = 2; i <= 300; ++i) append(*spool, request({{i, "x"}}));
  spool->maintain();
  spool->release(Offset{300});
  spool->maintain();
  Result<std::optional<RecordView>> next = std::nullopt;
  do next = reader->next();
  while (next && *next);
  ASSERT_FALSE(next);
  EXPECT_EQ(next.error().code, Code::not_found);
  EXPECT_EQ(spool->stats().quarantined_events, 0u);
}

TEST(Spool, TheDiskBoundRefusesUntilReleased) {
  SimFs fs;
  auto with = options(fs);
  with.disk_bytes = 40 * 1024;
  auto spool = open(with);
  std::uint64_t id = 0;
  while (!spool->stats().spool_full) {
    append(*spool, request({{++id, "x"}}));
    spool->maintain();
    ASSERT_LT(id, 1000u);
  }
  EXPECT_EQ(spool->append(request({{++id, "x"}})), Admission::spool_full);
  spool->release(spool->visible());
  spool->maintain();
  EXPECT_EQ(spool->append(request({{id, "x"}})), Admission::taken);
}

TEST(Spool, TheReserveRefusesAndResumes) {
  SimFs fs;
  fs.capacity(200 * 1024);
  auto with = options(fs);
  auto spool = open(with);
  append(*spool, request({{1, "x"}}));
  fs.put("d/other", std::string(165 * 1024, 'o'));
  spool->maintain();
  EXPECT_EQ(spool->append(request({{2, "x"}})), Admission::disk_reserve);
  EXPECT_EQ(reason(Admission::disk_reserve), "disk reserve");
  EXPECT_THAT(read_all(*spool).events, ElementsAre("1:x"));
  fs.put("d/other", "");
  spool->maintain();
  EXPECT_EQ(append(*spool, request({{2, "x"}})).last, Offset{2});
}

// ENOSPC wherever it strikes: what was acknowledged is there, what was not is refused, and it goes on when there is room.
TEST(Spool, NoSpaceLosesNothing) {
  for (std::uint64_t room = 20; room < 80; room += 3) {
    SimFs fs;
    fs.capacity(1 << 30);
    auto spool = open(fs);
    fs.capacity(fs.used() + room * 512);
    std::vector<std::string> acked;
    for (std::uint64_t i = 1; i <= 200; ++i) {
      auto what = request({{i, "event " + std::to_string(i)}});
      bool stored = false;
      what.done = [&](const AppendResult& r) { stored = r.status && r.accepted == 1; };
      (void)spool->append(std::move(what));  // refused is fine here
      spool->pump();
      if (stored) acked.push_back("event " + std::to_string(i));
      if (i == 150) fs.capacity(1 << 30), spool->maintain();
    }
    ASSERT_GE(acked.size(), 50u);
    EXPECT_EQ(acked.back(), "event 200");
    EXPECT_EQ(read_all(*spool).bytes, acked);
    EXPECT_FALSE(spool->stats().read_only);
    auto image = fs.kill_image();
    EXPECT_EQ(read_all(*open(*image)).bytes, acked);
  }
}

TEST(Spool, ThreadsReadersAndAppenders) {
  SimFs fs;
  auto with = options(fs);
  with.threads = true;
  with.segment_bytes = 64 * 1024;
  auto spool = open(with);
  constexpr std::uint64_t producers = 4, each = 300;
  std::atomic<std::uint64_t> answered{0}, accepted{0};
  std::vector<std::thread> threads;
  for (std::uint64_t p = 0; p < producers; ++p) {
    threads.emplace_back([&, p] {
      for (std::uint64_t i = 1; i <= each; ++i) {
        // Each id is sent by two producers: one of them is the duplicate.
        const std::uint64_t id = (p / 2) * each + i;
        while (true) {
          auto what = request({{id, std::to_string(id)}});
          what.done = [&](const AppendResult& r) { accepted += r.accepted, ++answered; };
          if (spool->append(std::move(what)) == Admission::taken) break;
          std::this_thread::yield();
        }
      }
    });
  }
  std::vector<std::size_t> seen(3);
  for (std::size_t r = 0; r < seen.size(); ++r) {
    threads.emplace_back([&, r] {
      auto reader = *spool->read_from({});
      Offset expected{1};
      while (!reader->closed()) {
        auto record = reader->next(std::chrono::steady_clock::now() + std::chrono::seconds(10));
        ASSERT_TRUE(record);
        if (!*record) continue;
        ASSERT_EQ((*record)->first, expected);
        expected = (*record)->end();
        seen[r] += (*record)->count();
      }
    });
  }
  for (std::size_t t = 0; t < producers; ++t) threads[t].join();
  spool->close();
  for (std::size_t t = producers; t < threads.size(); ++t) threads[t].join();
  EXPECT_EQ(answered, producers * each);
  EXPECT_EQ(accepted, producers * each / 2);
  for (const auto count : seen) EXPECT_EQ(count, producers * each / 2);
  EXPECT_EQ(read_directory_all(fs).events.size(), producers * each / 2);
}

TEST(Spool, APosixDirectory) {
  const std::string directory = ::testing::TempDir() + "/aybiza_spool_" + to_string(random_id());
  auto with = options(posix_fs());
  with.directory = directory;
  with.threads = true;
  auto spool = open(with);
  EXPECT_FALSE(Spool::open(with));
  for (std::uint64_t i = 1; i <= 100; ++i) {
    ASSERT_EQ(spool->append(request({{i, "event " + std::to_string(i)}})), Admission::taken);
  }
  spool->close();
  EXPECT_EQ(spool->stats().accepted_events, 100u);
  spool.reset();
  spool = open(with);
  EXPECT_EQ(read_all(*spool).events.size(), 100u);
  EXPECT_TRUE(verify(posix_fs(), directory)->clean());
  spool.reset();
  for (const std::string sub : {"/dedup", ""}) {
    const auto names = posix_fs().list(directory + sub);
    for (const auto& name : *names) EXPECT_TRUE(posix_fs().unlink(directory + sub + "/" + name));
    ::remove((directory + sub).c_str());
  }
}

}  // namespace
}  // namespace aybiza::spool
