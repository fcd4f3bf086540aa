// What is folded and not yet in the store: collections in the order of the log, in memory as long as there is room, then on disk.
//
// Shape    the collector pushes, the writer pops. press() says that memory is short: what waits then goes to DIR/unwritten, a file a
//          collection, packed, by a thread of its own, and comes back when it is its turn: that thread reads it while the writer has the
//          one before it in hand. So live state never waits for the
//          store, however long that is away. Nothing is synced and nothing survives the process: the log has all of it, and a start
//          folds from there what the store lacks.
// Errors   a disk that is full, or has less than `free_bytes` left, keeps collections in memory: then the collector waits, as room() says.
//          pop() fails while a file cannot be read; the collection stays first.
// Cost     a spilled event is packed to some tens of bytes (bench/outage_timeline.py: 14); writing and reading them is a small part of what
//          the store needs for it.
// Threads  push, press, close, stats from any; pop from the writer.
// Source   reliability.md R7; docs/postgres.md "When the server is away".
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "assemble/price_book.h"
#include "base/limits.h"
#include "base/status.h"
#include "base/units.h"
#include "model/rows.h"
#include "runtime/thread.h"
#include "store/rerate.h"

namespace aybiza {

namespace limits {
inline constexpr std::size_t unwritten_disk_bytes = 16 * GiB;  // of such files; beyond it, and beyond what is free, the router waits for the store
inline constexpr std::size_t unwritten_disk_left = 2 * GiB;    // left free for the log, or a tenth of the disk, if that is less
}  // namespace limits

struct Collection {
  RowBatch rows;
  bool whole = false;                  // nothing was deferred
  PriceBook prices;                    // in force at rows.to
  std::optional<Rerate> rerate;        // to be done before the rows are written
  Instant received{};
};

class Unwritten {
 public:
  struct Bounds {
    std::uint64_t disk_bytes = 0;  // of all files
    std::uint64_t free_bytes = 0;  // left to others on that disk, or a tenth of it, if that is less
  };
  // `spilled` is called after a collection has left memory.
  Unwritten(std::filesystem::path folder, Bounds bounds, std::function<void()> spilled);
  ~Unwritten();
  Unwritten(const Unwritten&) = delete;

  void push(std::unique_ptr<Collection> next);
  void press();  // memory is short
  struct Popped {
    std::unique_ptr<Collection> collection;  // null: closed and empty, or nothing came within the patience
    bool was_spilled = false;
  };
  Result<Popped> pop(Duration patience, bool with_rows = true);  // without: what is on disk comes without its rows
  void close();  // nothing follows
  bool finished() const;

  struct Stats {
    std::uint64_t waiting = 0, spilled_bytes = 0;  // collections; files there are now
    std::uint64_t spilled_total = 0, read_ahead = 0;  // collections, since start; read_ahead: before their turn
    std::string trouble;                           // why nothing goes to disk; empty: it does
  };
  Stats stats() const;
  std::uint64_t away() const;  // rows of events up to here are on disk, or with the writer

 private:
  struct Entry {
    std::unique_ptr<Collection> collection;  // without rows, once they are on disk
    std::filesystem::path file;              // empty: in memory
    std::uint64_t bytes = 0, to = 0;
    bool leaving = false;                    // being written to disk
    bool reading = false;                    // being read from there
    enum class Ahead : std::uint8_t { no, read, failed } ahead = Ahead::no;  // before its turn
  };
  void spill(std::stop_token stop);
  bool spill_one();
  bool to_read() const;  // REQUIRES: mutex_ is held
  void read_ahead();
  static Result<RowBatch> read(const Entry& entry);
  Status room() const;
  Result<std::uint64_t> write(const std::filesystem::path& file, const RowBatch& rows) const;
  void clear() const;

  const std::filesystem::path folder_;
  const Bounds bounds_;
  const std::function<void()> spilled_;
  mutable std::mutex mutex_;  // guards all that follows
  std::condition_variable_any changed_;
  std::deque<std::shared_ptr<Entry>> waiting_;
  bool pressed_ = false, closed_ = false;
  std::uint64_t files_ = 0, away_ = 0;
  Stats stats_;
  Thread spiller_;  // last: what it uses outlives it
};

}  // namespace aybiza
