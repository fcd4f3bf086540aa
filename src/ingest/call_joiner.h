// Calls that spans tell of and a carrier's webhooks too: one call, whoever named it first.
//
// Shape    for customers with a Twilio source: the calls of a batch of span events are looked up, and remembered, in the
//          table of names that webhooks use. Spans are not told again, so their call stays where both exist, and the carrier's
//          moves to "__merged__". That spans tell of a customer's calls is remembered too: from then on its webhooks join.
// Errors   none here: what was remembered is on disk after CallAliases::sync().
// Cost     a look-up for each call of a batch; nothing for customers without a Twilio source.
// Threads  any: it holds nothing but references.
// Source   ingest-formats.md 0.2; docs/ingest.md "One call, several sources".
#pragma once

#include <span>
#include <vector>

#include "auth/webhook_sources.h"
#include "codec/event_batch.h"
#include "codec/span_events.h"
#include "ingest/call_aliases.h"
#include "ingest/caller_keys.h"

namespace aybiza {

// Whose the younger of two calls that are one becomes.
inline constexpr std::string_view merged_customer = "__merged__";
// The event that moves it there; it is appended to `events`.
void append_set_aside(EventBatch& events, const CallAliases::Call& younger, const Event& joining);

// What spans tell of this scope's calls, as an entry of the table of names.
CallAliases::Names spans_of(std::string_view scope);

class CallJoiner {
 public:
  CallJoiner(CallAliases& aliases, const auth::WebhookSources& sources) : aliases_(aliases), sources_(sources) {}

  bool wanted(std::string_view customer) const { return sources_.has("twilio", customer); }
  struct Joined {
    std::uint64_t events = 0;               // that now belong to another call
    std::vector<CallerKeys::Joined> calls;  // that are one
  };
  // REQUIRES: ids are assigned.
  Joined join(EventBatch& events, std::span<const NamedCall> calls, std::string_view scope, Instant now) const;
  CallAliases& aliases() const { return aliases_; }

 private:
  CallAliases& aliases_;
  const auth::WebhookSources& sources_;
};

}  // namespace aybiza
