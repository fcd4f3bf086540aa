// The boards of a data directory: who made them, who may see them.
//
// Shape    one JSON file a board, `<data>/boards/<id>.json`, version 1, replaced whole (written beside, fsynced, renamed), all of them read
//          at the start. A board is its maker's, or everybody's of the maker's customer ("*": of those who see all customers).
//          Names are one person's own; among what everybody of a customer sees they are unique.
// Errors   save: conflict (the name is taken), too_large (too many), io; nothing has changed then. A file that is damaged is left where it
//          is and is no board; damaged() counts them.
// Cost     looks are a walk over the boards; a change writes and syncs a file.
// Threads  any. A board that was handed out does not change.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/units.h"
#include "dashboard/board.h"

namespace aybiza::dashboard {

struct KeptBoard {
  std::string id;                // 12 base62 digits
  std::string owner, customer;   // a person (viewer.h); a customer or "*"
  bool everyone = false;         // of the customer
  std::int64_t revision = 0;     // rises with every change
  Board board;
};
using BoardPtr = std::shared_ptr<const KeptBoard>;

// Who asks.
struct BoardReader {
  std::string person, customer;
  bool may_see(const KeptBoard& board) const { return (!person.empty() && board.owner == person) || (board.everyone && board.customer == customer); }
  bool owns(const KeptBoard& board) const { return !person.empty() && board.owner == person; }
};

class BoardStore {
 public:
  static Result<std::unique_ptr<BoardStore>> open(const std::filesystem::path& data_dir);
  BoardStore(const BoardStore&) = delete;  // one per server
  BoardStore& operator=(const BoardStore&) = delete;

  std::vector<BoardPtr> visible(const BoardReader& reader) const;  // their own first, then by name
  // By name, in any case: one's own before somebody else's; null: it is not there, or not theirs.
  BoardPtr find(std::string_view name, const BoardReader& reader) const;
  BoardPtr by_id(std::string_view id) const;

  Result<BoardPtr> add(const Board& board, const BoardReader& owner);  // a name that is taken gets a number
  // Only the owner's: not_found for everybody else.
  Result<BoardPtr> change(std::string_view id, const BoardReader& owner, const Board& board, bool everyone);
  Status remove(std::string_view id, const BoardReader& owner);
  std::size_t damaged() const { return damaged_; }

 private:
  explicit BoardStore(std::filesystem::path folder) : folder_(std::move(folder)) {}
  Status write(const KeptBoard& board) const;
  bool taken(std::string_view name, const KeptBoard& by) const;

  const std::filesystem::path folder_;
  std::size_t damaged_ = 0;
  mutable std::mutex mutex_;  // guards boards_ and the files
  std::map<std::string, BoardPtr, std::less<>> boards_;
};

}  // namespace aybiza::dashboard
