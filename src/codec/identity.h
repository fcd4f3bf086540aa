// Gives the events of a batch their identities, after masking: for deduplication, of the call and of the agent.
//
// Shape    id: hash over scope, source and the sender's id; without one, over the content and how many equal events of
//          the batch came before, so that two equal lines are two events and a batch sent again is not.
//          An id that is there already stays: assemblers know the identity of what they were sent (span_events.h).
//          call, agent: the UUID that was sent, else UUIDv5 in the scope (decisions.md 14).
// Errors   none. The content's hash uses the times as sent, before the skew correction (decisions.md 17).
// Cost     about 60 ns an event; one SHA-1 for each different call or agent of the batch.
// Threads  none: owned by one decoder's thread.
// Source   reliability.md 3.1 rule 8; decisions.md 13, 14, 17.
#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "codec/event_batch.h"

namespace aybiza {

class Identity {
 public:
  // `customer` of the key; empty: the platform's, then the event's own customer_id counts. REQUIRES: it lives as long as
  // the batch or is static.
  void assign(EventBatch& batch, std::string_view customer);

 private:
  struct Known {
    std::string_view text;
    Id id;
  };
  Id external(std::vector<Known>& known, std::string_view scope, std::string_view kind, std::string_view text);
  Id of_id(const Event& event);
  Id of_content(const Event& event, Duration shift);

  std::vector<Known> calls_, agents_;           // of this batch, by hash of the text
  std::unordered_map<Id, std::uint32_t> equal_; // how often a content came already
  std::string buffer_;
};

}  // namespace aybiza
