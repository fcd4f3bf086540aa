// Which shard folds which event of the log: the router's inside.
//
// Shape    route() every event in the order of the log, take() what has gathered for each shard. Calls go by their id, those
//          that are part of another (joined_calls.h) by that one's.
// Errors   an event that cannot be decoded goes to the first shard, which counts it.
// Threads  none: the router's.
#pragma once

#include <vector>

#include "server/joined_calls.h"
#include "server/live_shards.h"

namespace aybiza {

class EventRouter {
 public:
  void begin(std::size_t shards, std::vector<JoinedCall> joined);  // as the shards know them
  void route(std::string_view event, std::uint64_t offset, Instant received);
  EventChunk take(std::size_t shard) { return std::exchange(chunks_[shard], {}); }
  std::size_t shards() const { return chunks_.size(); }

 private:
  void join(const Event& event, const Id& part, std::uint64_t offset, Instant received);

  std::vector<EventChunk> chunks_;
  JoinedCalls joined_;
  std::vector<Value> values_;
};

}  // namespace aybiza
