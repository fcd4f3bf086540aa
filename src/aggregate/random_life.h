// The life of a shard as a server leads it, at random: for tests that hold it to account while it goes on.
#pragma once

#include "aggregate/random_events.h"
#include "aggregate/shard.h"
#include "assemble/price_order.h"
#include "base/ids.h"

namespace aybiza::testing {

using namespace std::chrono_literals;

// Does to a shard what the server does, and all of it at random.
class Life {
 public:
  // Without `collects` its rows are the caller's to collect.
  Life(unsigned seed, std::size_t calls_retained, bool collects = true)
      : stream_(seed), shard({.calls_retained = calls_retained, .cold = cold_}), collects_(collects), arrivals_(stream_.calls({.calls = 120, .agents = 30, .spread = 20h})) {}

  ~Life() { std::filesystem::remove_all(cold_); }
  Life(const Life&) = delete;

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
    if (!collects_) return;
    RowBatch rows;
    rows.to = offset_;
    shard.collect(rows, what);
  }

  bool chance(int percent) { return stream_.chance(percent); }
  std::uint64_t offset() const { return offset_; }
  const Arrival& last() const { return arrivals_[at_ - 1]; }  // REQUIRES: a step was made

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
  const std::filesystem::path cold_ = std::filesystem::temp_directory_path() / ("aybiza-life-" + to_string(random_id()));

 public:
  Shard shard;

 private:
  bool collects_;
  std::vector<Arrival> arrivals_;
  std::size_t at_ = 0;
  std::uint64_t offset_ = 0;
};

}  // namespace aybiza::testing
