// The image of a shard: all it knew at one moment as bytes, taken a piece at a time while the shard goes on changing.
//
// Shape    What is short is written down at once. Series and calls are long: each is written when its turn comes, or, when it is
//          about to change before that, just then, and kept until its turn. So the bytes are those of the moment the image
//          was begun, the same and in the same order as if nobody had touched the shard.
// Layout   "AYLIVE" version(6) | index count | scalars | labels | series with their panes | calls | let-go ids |
//          agent statuses | price books | series of metrics | learning and changes | joined calls (not in version 5) | XXH3-64
//          of all before. Let-go ids have places since version 7 (cold_calls.h). Numbers are varints (assemble/bytes.h).
// Cost     beginning: a pass over labels, ended calls, let-go ids, statuses and metrics. While it lasts: a bit for each call and
//          series, and the bytes of those that change before their turn.
// Threads  the shard's own.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "aggregate/shard.h"
#include "base/hash_stream.h"

namespace aybiza {

using Slot = std::uint32_t;

class ShardImage {
 public:
  static constexpr std::string_view magic = "AYLIVE";
  static constexpr std::uint8_t version = 7, oldest_version = 5;

  explicit ShardImage(const Shard::State& of, std::size_t at_a_time = Shard::snapshot_calls);

  // Appends what comes next, 64 KiB of it or as many calls and series as it takes at a time; false: that was the end.
  bool next(std::string& piece);

  // Before the shard changes, lets go of or moves the bytes of one.
  void before_call(Slot slot) {
    if (slot < calls_.waits.size() && calls_.waits[slot]) keep_call(slot);
  }
  void before_series(std::uint32_t id) {
    if (id < series_.waits.size() && series_.waits[id]) keep_series(id);
  }

 private:
  struct Part {
    std::vector<bool> waits;                                // those whose bytes are still the shard's own
    std::unordered_map<std::uint32_t, std::string> before;  // of those that changed since
  };
  void keep_call(Slot slot);
  void keep_series(std::uint32_t id);
  void write_call(Slot slot, std::string& into) const;
  void write_series(std::uint32_t id, std::string& into) const;
  void write_head();
  void write_rest();
  void list_calls();
  template <typename Write>
  void keep(Part& part, std::uint32_t which, Write&& write);
  template <typename Write>
  void take(Part& part, std::uint32_t which, std::string& into, Write&& write);

  const Shard::State& of_;
  const std::size_t at_a_time_;
  std::string head_, rest_;     // before the series; behind the calls
  std::vector<Slot> order_;     // of the calls
  Part series_, calls_;
  std::size_t at_ = 0;          // 0 the head, then series, how many calls there are, calls, the rest
  Hash64Stream sum_;
};

}  // namespace aybiza
