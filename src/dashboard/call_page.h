// One call: its facts, the timeline of its turns, the transcript, what it used and cost.
//
// Shape    a call in progress comes anew every half second while something changes; one that is not there, or not the
//          viewer's, is one and the same 404.
// Threads  None: a View belongs to its socket.
// Source   interface.md "Call page".
#pragma once

#include "dashboard/live_page.h"

namespace aybiza::dashboard {

struct CallShown {
  Instant as_of{};
  Result<std::optional<CallDetail>> call;
};

class CallPageView final : public LivePage {
 public:
  using LivePage::LivePage;

 private:
  enum : std::size_t { call_slot = own_slots };
  Tab tab() const override { return Tab::calls; }
  void opened(liveview::Context& context, const liveview::Location& at) override;
  liveview::Node body(const liveview::Context& context) override;
};

// The lanes of a call's timeline: turns by speaker, stages under the agent's, x = 0..1000 over the call.
struct Block {
  std::string kind;  // css classes: "turn caller", "stage llm", "turn interrupt"
  double x = 0, width = 0;
  std::string title;
};
std::vector<Block> timeline(const CallDetail& call, Instant now, const Texts& t);
Duration timeline_length(const CallDetail& call, Instant now);

}  // namespace aybiza::dashboard
