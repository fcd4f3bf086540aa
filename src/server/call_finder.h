// One call whole, by any of its names: ours, its sender's, or that of another source which tells of it (a carrier's CallSid).
//
// Errors   nullopt: there is no such call among what the customers may see (empty: anybody's); the store's own.
// Cost     a look-up in the store, two by the name of another source.
// Threads  any. REQUIRES: what the parts name outlives it.
// Source   docs/ingest.md "One call, several sources".
#pragma once

#include "dashboard/source.h"
#include "ingest/webhook_endpoint.h"
#include "privacy/tokenizer.h"
#include "server/pipeline.h"

namespace aybiza {

class CallFinder {
 public:
  struct Parts {
    Pipeline* pipeline = nullptr;
    const Tokenizer* tokenizer = nullptr;
    const WebhookEndpoint* webhooks = nullptr;  // whose table of names is asked; may be absent
  };
  explicit CallFinder(Parts parts) : parts_(parts) {}

  using Found = Result<std::optional<dashboard::CallDetail>>;
  // `name` as anybody writes it: where it is personal, its token was kept.
  Found find(std::string_view name, const std::vector<std::string>& customers) const;

 private:
  Found load(std::string_view id, const std::vector<std::string>& customers) const;
  const Parts parts_;
};

}  // namespace aybiza
