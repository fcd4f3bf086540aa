// A board: somebody's tiles, live, and how they are built and laid out; and the wall, which shows one board after another.
//
// Shape    /boards/:name and /wall. One topic a board: its tiles are asked one after the other, each with its own failure. Editing is the owner's;
//          each step is kept at once, reset goes back to what there was when editing began. A board that is not there and one that is
//          not theirs are the same page, with 404.
// Threads  None: a View belongs to its socket. A change of a board writes a file here: some milliseconds, and rare.
// Source   interface.md "Frame"; docs/boards.md.
#pragma once

#include <memory>

#include "dashboard/board_builder.h"
#include "dashboard/board_store.h"
#include "dashboard/live_page.h"

namespace aybiza::dashboard {

struct BoardState {
  Instant as_of{};
  std::vector<std::pair<int, BuiltTile>> tiles;  // by id
  const BuiltTile* find(int id) const;
};

class BoardPage : public LivePage {
 public:
  using LivePage::LivePage;

 protected:
  virtual BoardPtr board_of(const liveview::Location& at);

 private:
  enum : std::size_t { board_slot = own_slots };
  Tab tab() const override { return Tab::boards; }
  void opened(liveview::Context& context, const liveview::Location& at) override;
  void shown(liveview::Context& context, std::size_t slot) override;
  void on_event(liveview::Context& context, const liveview::Event& event) override;
  liveview::Node body(const liveview::Context& context) override;

  void look(liveview::Context& context);
  bool edit_event(liveview::Context& context, const liveview::Event& event);
  void save_tile(liveview::Context& context, const liveview::Form& form);
  void keep(liveview::Context& context, Board wanted, bool everyone);
  void keep(liveview::Context& context, Board wanted) { keep(context, std::move(wanted), board_->everyone); }
  liveview::Node heading() const;
  liveview::Node grid() const;
  BoardReader reader() const { return {viewer().person, viewer().customer()}; }
  bool own() const { return board_ && reader().owns(*board_); }
  Duration length() const;

  BoardPtr board_;
  std::optional<Board> before_;       // what there was when editing began; empty: nothing is being edited
  std::optional<BuilderDraft> draft_; // of the tile that is being built
  std::string refused_;               // why the last change was not kept
  std::string drawn_key_;
  std::shared_ptr<const BoardState> newest_, left_;  // of the charts; as of the last message that left
};

// What a link to a board shows.
class SharedBoardPage final : public BoardPage {
 public:
  using BoardPage::BoardPage;

 private:
  BoardPtr board_of(const liveview::Location& at) override;
};

class WallPage final : public BoardPage {
 public:
  using BoardPage::BoardPage;

 private:
  BoardPtr board_of(const liveview::Location& at) override;
};

}  // namespace aybiza::dashboard
