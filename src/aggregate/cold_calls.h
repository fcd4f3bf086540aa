// Calls that a shard has let go: their ids in memory, their bytes in files, so that an event that comes later than memory
// reaches finds its call as it was, and live figures stay exact.
//
// Shape    a queue, oldest first: of each call a hash and where its bytes lie. Bytes go to segments of limits::cold_segment_bytes,
//          <directory>/<number>, each call as length(4) XXH3-64(8) bytes; what is not written yet is read from memory. The
//          oldest segment goes when there are too many bytes, the oldest id when there are too many ids. A call whose bytes are
//          gone, or are not what was written, is still known to have been let go.
// Errors   a disk that is full or fails costs the bytes, never the ids: nothing is reported, stats() counts it.
// Cost     16 bytes of memory and an index cell a call; put: a copy, 64 KiB at a time to the page cache; take: one pread.
// Restart  write() and read() are part of the shard's snapshot, after sync(). Segments that are begun later than a snapshot
//          are removed when it is read: what they held is told again by the log. Files are not flushed to disk: after a power
//          failure checksums say which bytes are whole.
// Threads  none: owned by one shard.
#pragma once

#include <cstdint>
#include <deque>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "aggregate/flat_index.h"
#include "assemble/bytes.h"

namespace aybiza {

class ColdCalls {
 public:
  struct Options {
    std::filesystem::path directory{};   // empty: ids alone
    std::size_t ids_max = 0;
    std::size_t bytes_max = 0;           // of all segments
    std::uint64_t free_bytes = 0;        // that are left on the disk
  };
  struct Stats {
    std::size_t ids = 0;                 // of calls let go that are known
    std::uint64_t bytes = 0;             // in segments
    std::uint64_t lost = 0;              // calls whose bytes could not be written, or not be read again
  };

  explicit ColdCalls(Options options) : options_(std::move(options)) {}
  ~ColdCalls();
  ColdCalls(const ColdCalls&) = delete;

  void put(std::uint64_t hash, std::string_view bytes);  // none: its id alone
  bool knows(std::uint64_t hash) const { return find(hash).has_value(); }
  bool forgot() const { return forgot_; }  // an id, ever
  bool keeps_bytes() const { return !options_.directory.empty(); }

  // The bytes put under `hash`; nullopt: it is not known, or its bytes are gone.
  std::optional<std::string> bytes_of(std::uint64_t hash);
  void erase(std::uint64_t hash);        // it is no longer let go
  void drop_bytes();                     // of all: they hold no longer

  // So that what was put so far can be read by a process that starts after this one was killed.
  void sync();
  void write(bytes::Writer& out) const;
  bool read(bytes::Reader& in, bool with_places);  // into an empty one; false: no such bytes

  Stats stats() const;
  std::size_t heap_bytes() const { return queue_.size() * sizeof(Entry) + index_.heap_bytes() + tail_.capacity(); }

 private:
  struct Entry {
    std::uint64_t hash = 0;
    std::uint32_t segment = 0, at = 0;   // segment 0: its bytes are gone; `erased`: it is no longer let go
  };
  static constexpr std::uint32_t erased = UINT32_MAX;
  struct Segment {
    std::uint32_t number = 0;
    int file = -1;
    std::uint64_t bytes = 0;             // in the file
  };

  std::optional<std::uint32_t> find(std::uint64_t hash) const;
  Entry& at(std::uint32_t position) { return queue_[position - first_]; }
  bool begin_segment();
  void end_segment();
  void drop_segment();                   // the oldest
  void prepare();
  bool read_entry(const Entry& entry, std::string& into);
  std::filesystem::path path_of(std::uint32_t segment) const;

  Options options_;
  std::deque<Entry> queue_;
  FlatIndex index_;                      // slot = position modulo 2^32, counted from the first ever
  std::uint32_t first_ = 0;              // the position of queue_.front()
  bool forgot_ = false, prepared_ = false;
  std::deque<Segment> segments_;         // oldest first; the last is written to while `open_`
  bool open_ = false;
  std::string tail_;                     // of the open segment, not in its file yet
  std::uint32_t next_segment_ = 1;
  std::uint64_t bytes_ = 0, lost_ = 0;   // in files; calls
  std::size_t puts_until_retry_ = 0;
};

}  // namespace aybiza
