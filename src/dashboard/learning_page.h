// Is it getting better, and why: success, errors and efficiency with the changes that were made, what was learnt, how knowledge
// grows, and experiments with an interval that may be watched.
//
// Shape    two topics: progress, and experiments. Charts go out whole once, then as what changed.
// Threads  None: a View belongs to its socket.
// Source   interface.md "Learning"; docs/learning.md.
#pragma once

#include <memory>

#include "dashboard/live_page.h"
#include "live/experiments.h"
#include "live/learning_progress.h"

namespace aybiza::dashboard {

class LearningPage final : public LivePage {
 public:
  using LivePage::LivePage;

 private:
  enum : std::size_t { progress_slot = own_slots, experiments_slot };
  Tab tab() const override { return Tab::learning; }
  void opened(liveview::Context& context, const liveview::Location& at) override;
  void shown(liveview::Context& context, std::size_t slot) override;
  liveview::Node body(const liveview::Context& context) override;
  std::string key() const;
  liveview::Node tiles(const LearningState* state) const;
  liveview::Node charts(const LearningState* state) const;
  liveview::Node tables(const LearningState* state) const;

  std::string drawn_key_;                        // the address whose charts the page has
  std::shared_ptr<const LearningState> newest_;  // of the charts
  std::shared_ptr<const LearningState> left_;    // as of the last message that left
};

// Experiments with their variants, intervals and what may be concluded (experiment_table.cc).
liveview::Node experiments_node(const Experiments* experiments, const Filters& filters);

}  // namespace aybiza::dashboard
