// A copy of the embedded store's file beside its use: what a checkpoint wrote stays as it is until the next one.
//
// Shape    after a checkpoint nothing it wrote is overwritten before the next: rows go to the engine's log, and what large
//          transactions write early goes to free blocks. So the file may be read at leisure while checkpoints wait.
// Errors   begin: conflict while another copy lives, io.
// Threads  begin and may_checkpoint by the writer; the copy by one thread of its own.
// Source   fcntl(2): closing any descriptor of a file lets go of the process's locks on it, DuckDB's too; so ours stays
//          open until the database is closed.
#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "store/store.h"

namespace aybiza {

class DuckCopies {
 public:
  DuckCopies() = default;
  DuckCopies(const DuckCopies&) = delete;  // one per store, declared before its database
  DuckCopies& operator=(const DuckCopies&) = delete;
  ~DuckCopies();

  // False while a copy lives; a copy whose engine log has grown to `log_bytes` over the bound is broken, and then it is true.
  bool may_checkpoint(std::uint64_t log_bytes);
  // REQUIRES: a checkpoint was made at `applied` and nothing after it.
  Result<std::unique_ptr<StoreCopy>> begin(const std::string& path, std::uint64_t applied);

  struct State {
    std::atomic<bool> held{false}, broken{false};
  };

 private:
  int file_ = -1;
  std::shared_ptr<State> state_ = std::make_shared<State>();
};

}  // namespace aybiza
