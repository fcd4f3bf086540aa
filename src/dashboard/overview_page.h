// The Overview: eight figures with their trend, and the charts behind them.
//
// Shape    two topics: the figures, many times a second, and the charts, once a second. Charts go out as what changed
//          since the last message that left, so a skipped state costs nothing.
// Threads  None: a View belongs to its socket.
// Source   interface.md "Pages".
#pragma once

#include <memory>

#include "dashboard/live_page.h"

namespace aybiza::dashboard {

struct TilesState {
  Instant as_of{};
  std::array<TileState, overview_tiles> tiles;
};

class OverviewPage final : public LivePage {
 public:
  using LivePage::LivePage;

 private:
  enum : std::size_t { tiles_slot = own_slots, charts_slot };
  Tab tab() const override { return Tab::overview; }
  void opened(liveview::Context& context, const liveview::Location& at) override;
  void shown(liveview::Context& context, std::size_t slot) override;
  void on_event(liveview::Context& context, const liveview::Event& event) override;
  liveview::Node body(const liveview::Context& context) override;

  struct Rendered;
  Rendered& rendered();
  liveview::Node kpis(const TilesState* tiles, const OverviewState* charts) const;
  void render_charts(Rendered& into, const OverviewState* charts) const;

  void push_whole(liveview::Context& context, const OverviewState& state) const;
  void push_changes(liveview::Context& context, const OverviewState& from, const OverviewState& to) const;
  Duration length() const;
  std::optional<double> mood() const;

  std::shared_ptr<void> rendered_;               // when there is nobody to share with
  std::string drawn_key_;                        // the address whose charts the page has, or will have with the next message
  std::shared_ptr<const OverviewState> charts_;  // the newest
  std::shared_ptr<const OverviewState> left_;    // as of the last message that left
};

}  // namespace aybiza::dashboard
