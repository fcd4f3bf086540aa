// What is said in the calls: moods, topics, emotions, how long it takes and where the time goes, and a table by topic, intent, state and more.
//
// Threads  None: a View belongs to its socket.
// Source   interface.md "Conversations".
#pragma once

#include <memory>

#include "dashboard/flow_heat.h"
#include "dashboard/live_page.h"
#include "live/conversations.h"
#include "live/league.h"

namespace aybiza::dashboard {

class ConversationsPage final : public LivePage {
 public:
  using LivePage::LivePage;

 private:
  enum : std::size_t { talk_slot = own_slots, league_slot, flow_slot, time_slot, found_slot };
  Tab tab() const override { return Tab::conversations; }
  void opened(liveview::Context& context, const liveview::Location& at) override;
  void shown(liveview::Context& context, std::size_t slot) override;
  liveview::Node body(const liveview::Context& context) override;
  std::string key() const;
  void watch_found(liveview::Context& context);
  liveview::Node tiles(const ConversationsState* state) const;
  liveview::Node charts(const ConversationsState* state) const;
  void flow_shown(liveview::Context& context);
  liveview::Node flow() const;
  liveview::Node table() const;

  std::string drawn_key_;                             // the address whose charts the page has
  std::shared_ptr<const ConversationsState> newest_;  // of the charts
  std::shared_ptr<const ConversationsState> left_;    // as of the last message that left
  std::shared_ptr<const FlowState> flow_newest_, flow_left_;
  std::string flow_key_;
};

}  // namespace aybiza::dashboard
