// What every page does alike: filters from the address, states that arrive, pausing, and the page's reports about itself.
//
// Shape    a page watches up to a handful of topics, each in a slot. over HTTP a slot is filled at once; over the socket
//          the newest state is applied as it comes, every few seconds, or not at all, as the address and the viewer ask.
//          At most two ticks are unacknowledged: a browser that cannot keep up gets fewer, newer states, not a queue.
// Threads  None: a View belongs to its socket.
// Source   liveview-protocol notes on back-pressure; web/js/hooks/pulse.js.
#pragma once

#include <string>
#include <vector>

#include "dashboard/frame.h"
#include "dashboard/viewer.h"
#include "live/overview.h"

namespace aybiza::dashboard {

class LivePage : public liveview::View {
 public:
  explicit LivePage(const liveview::Visitor& visitor) : viewer_(viewer_of(visitor)) {}

  void mount(liveview::Context& context, const liveview::MountInfo& info) final;
  void handle_params(liveview::Context& context, const liveview::Location& at) final;
  void handle_event(liveview::Context& context, const liveview::Event& event) final;
  bool handle_info(liveview::Context& context, const liveview::Info& info) final;
  liveview::Node render(const liveview::Context& context) final;

 protected:
  virtual Tab tab() const = 0;
  virtual void opened(liveview::Context& context, const liveview::Location& at) = 0;  // calls watch()
  virtual void shown(liveview::Context&, std::size_t) {}                              // the slot has a new state
  virtual void on_event(liveview::Context&, const liveview::Event&) {}
  virtual liveview::Node body(const liveview::Context& context) = 0;

  // REQUIRES: the same slots in the same order, whatever the address.
  void watch(liveview::Context& context, std::size_t slot, TopicPlan plan);
  template <typename State>
  const State* state(std::size_t slot) const {
    return slot < slots_.size() ? static_cast<const State*>(slots_[slot].shown.get()) : nullptr;
  }
  StatePtr held_state(std::size_t slot) const { return slot < slots_.size() ? slots_[slot].shown : nullptr; }
  // Live figures have come that count every event up to `folded`; nullopt: what came is not of now.
  void follows(std::optional<std::uint64_t> folded) const;
  bool fresh(std::size_t slot) const { return slot < slots_.size() && !slots_[slot].waiting; }  // of this address
  void go(liveview::Context& context, const Filters& to) const;

  // A bar of a chart over time was pressed: its bucket becomes the range of `to`. False: the event names no time.
  bool narrow_to_bucket(Filters& to, const liveview::Event& event, Instant now) const;

  const Viewer& viewer() const { return viewer_; }
  bool keeps() const { return viewer_.keeping.preferences && !viewer_.person.empty(); }  // what this reader prefers
  const Texts& texts() const { return viewer_.texts(); }
  std::string customers_key() const;  // whom the viewer may see, as part of a topic's key
  const Filters& filters() const { return filters_; }
  const OpenTables& tables() const { return tables_; }
  const std::string& path() const { return path_; }
  ViewScope scope() const;
  static constexpr std::size_t own_slots = 2;  // the filters' choices, and the changes that charts over time mark

 private:
  struct Slot {
    std::string key, name;
    Watch watch;
    StatePtr shown, pending;
    bool waiting = false;  // `shown` is of another address
  };
  void apply(liveview::Context& context, std::size_t slot, StatePtr state);
  bool apply_pending(liveview::Context& context);
  bool held(Instant now) const;
  void stop_following() const;
  void rhythm(liveview::Context& context);
  void push_marks(liveview::Context& context);
  TopicPlan rewound(TopicPlan plan) const;
  void rewind(liveview::Context& context, std::optional<Instant> at, std::string_view speed) const;
  void tell_tick(liveview::Context& context);
  void keep_theme(std::string_view word) const;
  bool arranges() const { return keeps() && !viewer_.read_only() && tiles_of_page(path_); }
  void arrange(liveview::Context& context, const liveview::Event& event) const;
  void turn_table(const liveview::Event& event);
  void acknowledged(liveview::Context& context, const liveview::Event& event);

  const Viewer& viewer_;
  FramePieces frame_;
  Filters filters_;
  std::string path_ = "/";
  std::vector<Slot> slots_;
  std::string marks_pushed_;
  OpenTables tables_;
  bool paused_ = false, hidden_ = false;
  bool tick_waits_ = false;  // for the next message: what comes before it leaves travels under the same number
  std::int64_t ticks_ = 0, acknowledged_ = 0;
  Instant last_tick_{};
  std::uint64_t serial_ = 0;
};

}  // namespace aybiza::dashboard
