// How the program itself is doing: what came in and what became of it, log, live state and store, memory, sockets, and what
// went wrong with the reason.
//
// Shape    topics: the counters, what machines reported, what is held and by which models, who may come in, and what was changed.
//          Who may see one customer only is told what that customer sent.
// Threads  None: a View belongs to its socket.
// Source   interface.md "System".
#pragma once

#include <memory>

#include "auth/change_log.h"
#include "dashboard/live_page.h"
#include "live/inventory.h"
#include "live/system.h"

namespace aybiza::dashboard {

struct SystemState {
  SystemFigures figures;
  std::array<TileState, system_tiles_count> tiles;
  ChartSeries ingest;
  MaskedFinds masked;
};
struct MachinesState {
  Instant as_of{};
  std::vector<SystemRow> rows;
  std::string error;
};

struct ReconcileState {
  Answered<Reconciled> found;
  Instant as_of{};
};
struct ChangesState {
  Instant as_of{};
  std::vector<auth::ChangeRecord> list;
};

class SystemPage final : public LivePage {
 public:
  using LivePage::LivePage;

 private:
  enum : std::size_t { figures_slot = own_slots, machines_slot, reconcile_slot, changes_slot, admission_slot, inventory_slot };
  Tab tab() const override { return Tab::system; }
  void opened(liveview::Context& context, const liveview::Location& at) override;
  void shown(liveview::Context& context, std::size_t slot) override;
  liveview::Node body(const liveview::Context& context) override;
  liveview::Node tiles(const SystemState* state) const;
  liveview::Node machine(const SystemState* state) const;
  liveview::Node machines() const;
  liveview::Node audit(const SystemState* state) const;
  std::optional<liveview::Node> inventory() const;
  std::optional<liveview::Node> admission() const;
  std::optional<liveview::Node> changes() const;
  bool sees_changes() const { return viewer().keeping.changes && viewer().sees_changes; }

  std::shared_ptr<const ChartSeries> newest_, left_;  // the chart as pushed, and as of the last message that left
};

}  // namespace aybiza::dashboard
