// An image taken a piece at a time, while the shard goes on, is the one a shard at rest would have given, byte for byte.
#include "aggregate/shard_image.h"

#include <gtest/gtest.h>

#include "aggregate/random_events.h"
#include "assemble/price_order.h"

namespace aybiza {
namespace {

using namespace std::chrono_literals;
using testing::Arrival;
using testing::Stream;

// Does to a shard what the server does, and all of it at random.
class Life {
 public:
  Life(unsigned seed, std::size_t calls_retained) : stream_(seed), shard({.calls_retained = calls_retained}), arrivals_(stream_.calls({.calls = 120, .agents = 30, .spread = 20h})) {}

  bool over() const { return at_ == arrivals_.size(); }

  void step() {
    const Arrival& now = arrivals_[at_];
    shard.apply(now.event, ++offset_, now.received, stream_.chance(50) ? "what was told" : "");
    ++at_;
    if (stream_.chance(20)) shard.advance(now.received);
    if (stream_.chance(10)) collect(stream_.chance(30) ? Shard::What::all : Shard::What::due);
    if (at_ % 50 == 1) order({.what = PriceOrder::What::book, .shipped = {}, .file = fmt::format("input\t*\t*\t{}\t1M\noutput\t*\t*\t{}\t1M\n", at_, at_ + 1), .rerate = {}}, now);
    if (stream_.chance(4)) order({.what = PriceOrder::What::rerate, .shipped = {}, .file = {}, .rerate = {now.event.time - 4h, now.event.time, stream_.chance(50) ? "" : std::string(now.event.customer)}}, now);
    if (stream_.chance(4)) shard.give_up({.part = arrivals_[std::size_t(stream_.number(0, std::int64_t(at_) - 1))].event.call, .whole = now.event.call, .name = "whole", .offset = offset_});
    if (stream_.chance(3)) ask(now);
    if (over()) shard.advance(now.received + 3h);  // silent calls end, texts go, panes cool
  }

  void collect(Shard::What what) {
    RowBatch rows;
    rows.to = offset_;
    shard.collect(rows, what);
  }

  bool chance(int percent) { return stream_.chance(percent); }

 private:
  void order(const PriceOrder& what, const Arrival& now) {
    const std::string bytes = encode(what);
    const Value value{.field = Field::price_order, .number = 0, .text = bytes};
    Event event;
    event.type = EventType::prices, event.time = now.event.time;
    event.values = std::span(&value, 1);
    shard.apply(event, ++offset_, now.received);
  }

  // Reading changes nothing, whatever it brings up to date behind the scenes.
  void ask(const Arrival& now) {
    LiveQuestion question;
    question.edges = {now.event.time - 1h, now.event.time};
    (void)shard.ask(question, now.received);
    (void)shard.live_calls(10, "");
    (void)shard.call(now.event.call);
  }

  Stream stream_;

 public:
  Shard shard;

 private:
  std::vector<Arrival> arrivals_;
  std::size_t at_ = 0;
  std::uint64_t offset_ = 0;
};

TEST(ShardImage, is_of_the_moment_it_was_begun_whatever_happens_meanwhile) {
  std::size_t taken = 0, changed = 0;
  for (unsigned seed = 1; seed <= 24; ++seed) {
    Life life(seed, seed % 3 == 0 ? 25 : 0);
    while (!life.over()) {
      for (int i = 0; i < 60 && !life.over(); ++i) life.step();
      if (life.chance(60)) life.collect(Shard::What::due);  // as the server does, or with much that waits
      const std::string at_rest = life.shard.snapshot();
      life.shard.begin_snapshot(life.chance(50) ? 3 : 40);
      std::string pieces;
      for (bool more = true; more;) {
        for (int i = 0; i < 20 && !life.over() && life.chance(80); ++i) life.step();
        more = life.shard.next_of_snapshot(pieces);
      }
      ASSERT_EQ(pieces.size(), at_rest.size()) << seed;
      ASSERT_TRUE(pieces == at_rest) << seed;  // not EQ: nobody reads a megabyte of bytes
      Shard again;
      ASSERT_TRUE(again.restore(pieces)) << seed;
      ++taken;
      changed += life.shard.snapshot() != pieces;
    }
  }
  EXPECT_GT(taken, 100u);
  EXPECT_GT(changed, taken / 2);  // else nothing was shown
}

TEST(ShardImage, one_that_is_given_up_leaves_nothing) {
  Life life(77, 0), quiet(77, 0);
  for (int i = 0; i < 200; ++i) life.step(), quiet.step();
  life.shard.begin_snapshot();
  std::string some;
  EXPECT_TRUE(life.shard.next_of_snapshot(some));
  for (int i = 0; i < 50; ++i) life.step(), quiet.step();
  life.shard.begin_snapshot();
  for (int i = 0; i < 50; ++i) life.step(), quiet.step();
  EXPECT_EQ(life.shard.canonical_dump(), quiet.shard.canonical_dump());
  std::string whole;
  while (life.shard.next_of_snapshot(whole)) {
  }
  EXPECT_EQ(life.shard.snapshot(), quiet.shard.snapshot());
}

TEST(ShardImage, of_nothing_is_one_piece) {
  Shard shard;
  std::string piece;
  shard.begin_snapshot();
  EXPECT_FALSE(shard.next_of_snapshot(piece));
  EXPECT_EQ(piece, shard.snapshot());
}

}  // namespace
}  // namespace aybiza
