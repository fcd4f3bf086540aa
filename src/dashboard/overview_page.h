// The Overview: eight figures with their trend, and the charts behind them.
//
// Shape    five topics: the figures, many times a second, the charts, once a second, what was masked, what moved and what calls are expected, now and then. Charts go out as what changed
//          since the last message that left, so a skipped state costs nothing.
// Threads  None: a View belongs to its socket.
// Source   interface.md "Pages".
#pragma once

#include <memory>

#include "dashboard/live_page.h"
#include "live/volume_forecast.h"

namespace aybiza::dashboard {

struct TilesState {
  Instant as_of{};
  std::array<TileState, overview_tiles> tiles;
  std::optional<std::uint64_t> folded;  // events of the log that are counted in them; empty: the store's, which are behind
};

class OverviewPage : public LivePage {
 public:
  using LivePage::LivePage;

 protected:
  virtual ViewScope own_scope() const { return scope(); }
  virtual liveview::Node heading() const;
  std::optional<liveview::Node> first_steps(Instant now) const;

  enum : std::size_t { tiles_slot = own_slots, charts_slot, masked_slot, movers_slot, forecast_slot, slots };
  void opened(liveview::Context& context, const liveview::Location& at) override;
  liveview::Node body(const liveview::Context& context) override;

 private:
  Tab tab() const override { return Tab::overview; }
  void shown(liveview::Context& context, std::size_t slot) override;
  void on_event(liveview::Context& context, const liveview::Event& event) override;

  struct Rendered;
  Rendered& rendered();
  liveview::Node kpis(const TilesState* tiles, const OverviewState* charts, const TilesState* tabled) const;
  void render_charts(Rendered& into, const OverviewState* charts) const;
  liveview::Node masked(const MaskedFinds* finds) const;
  liveview::Node movers() const;

  void push_whole(liveview::Context& context, const OverviewState& state) const;
  void push_changes(liveview::Context& context, const OverviewState& from, const OverviewState& to) const;
  void forecast_shown(liveview::Context& context);
  const VolumeForecast* forecast() const { return fresh(forecast_slot) ? state<VolumeForecast>(forecast_slot) : nullptr; }
  Duration length() const;
  std::optional<double> mood() const;

  std::shared_ptr<void> rendered_;               // when there is nobody to share with
  std::string drawn_key_;                        // the address whose charts the page has, or will have with the next message
  std::shared_ptr<const OverviewState> charts_;  // the newest
  std::shared_ptr<const OverviewState> left_;    // as of the last message that left
  std::shared_ptr<const VolumeForecast> forecast_, forecast_left_;  // the same of the band in the chart of calls
};

// The same of one agent: "/agents/<id>". One that nobody told a call of, or of no customer the viewer may see, is a page that is not there (404).
class AgentPage final : public OverviewPage {
 public:
  using OverviewPage::OverviewPage;

 private:
  Tab tab() const override { return Tab::agents; }
  ViewScope own_scope() const override;
  liveview::Node heading() const override;
  void opened(liveview::Context& context, const liveview::Location& at) override;
  liveview::Node body(const liveview::Context& context) override;
  bool missing() const;
  enum : std::size_t { known_slot = slots };
  std::string agent_;
};

}  // namespace aybiza::dashboard
