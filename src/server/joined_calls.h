// Calls that have turned out to be part of another one, as the router knows them; and how what was told of such a part changes shards.
//
// Shape    the log says it once (call.joined, model/event.h), wherever that stands among the part's events. What came before it
//          is with the part's shard, which gives it up; the whole's shard folds it at the same place of the log (Handover). What
//          comes after it is handed to the whole at once: find().
// Errors   beyond limits::joined_calls the oldest are forgotten: what still comes for them is a call of its own.
// Threads  JoinedCalls: the router's. Handover: one puts, one takes.
// Source   docs/ingest.md "OpenTelemetry GenAI: texts and conversations"; ARCHITECTURE.md "Calls that turn out to be one".
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "aggregate/shard.h"
#include "base/limits.h"

namespace aybiza {

class JoinedCalls {
 public:
  explicit JoinedCalls(std::size_t limit = limits::joined_calls) : limit_(limit) {}
  void adopt(std::vector<JoinedCall> known);  // of all shards, after a start
  bool note(JoinedCall join);                 // false: of this part another was told before
  const JoinedCall* find(const Event& event) const;  // of an event of a part
  std::size_t size() const { return order_.size(); }

 private:
  const std::size_t limit_;
  std::unordered_map<Id, JoinedCall> by_part_;
  std::deque<Id> order_;
};

// Whether what is told of its call may turn out to be told of another: spans of a trace whose conversation is not known yet.
bool may_be_part(const Event& event);

// What a shard gives up. A shard that waits for it waits for something earlier in the log: no two wait for each other.
class Handover {
 public:
  void put(std::string told);
  // `gone`: asked now and then whether nobody will put anything any more.
  std::string take(const std::function<bool()>& gone);

 private:
  std::mutex mutex_;
  std::condition_variable came_;
  std::optional<std::string> told_;
};

}  // namespace aybiza
