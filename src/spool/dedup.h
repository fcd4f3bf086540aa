// Which event ids and batch keys have been seen: exact sets in slices of time, the oldest slice forgotten whole.
//
// Shape    IdTable: open addressing over 16-byte ids, each with an optional 64-bit value. SlicedSet: a queue of tables; new
//          ids go to the newest, look-ups ask all. Dedup: batch keys (24 h) and event ids (as many as the memory
//          allows) with the changes of the commit under way, which either stay or are taken back.
// Units    ids per slice; bytes are 16 per slot (24 with a value), at most 3/4 of the slots used.
// Errors   none. The empty id is never in a set; callers do not deduplicate what has no id.
// Cost     one probe per slice; prefetch() first, and the probes of a batch overlap. Growing a table moves it once.
// Threads  none: owned by the committer.
// Source   reliability.md 3.1 rule 8.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/units.h"
#include "spool/huge_page_allocator.h"

namespace aybiza::spool {

class IdTable {
 public:
  explicit IdTable(bool with_values) : with_values_(with_values) {}

  const std::uint64_t* find(const Id& id) const;  // null: absent; points to 0 when the table holds no values
  bool contains(const Id& id) const { return used_ != 0 && ids_[slot_of(id)] == id; }
  void insert(const Id& id, std::uint64_t value);  // REQUIRES: absent, not empty
  bool erase(const Id& id);
  void reserve(std::size_t count);  // no table is moved until this many are in
  void prefetch(const Id& id) const {
    if (!ids_.empty()) __builtin_prefetch(&ids_[id.low & (ids_.size() - 1)]);
  }
  std::size_t size() const { return used_; }

 private:
  std::size_t slot_of(const Id& id) const;  // where it is or would go
  void rehash(std::size_t slots);

  bool with_values_;
  std::size_t used_ = 0;
  std::vector<Id, HugePageAllocator<Id>> ids_;
  std::vector<std::uint64_t> values_;
};

class SlicedSet {
 public:
  struct Limits {
    std::size_t slices = 1;
    std::size_t ids_per_slice = 1;
    Duration slice_span = Duration::max();  // a slice takes ids for this long
    Duration horizon = Duration::max();     // then it is forgotten
    bool with_values = false;
  };
  struct Slice {
    std::uint64_t number;
    Instant start, last;
    IdTable table;
  };

  explicit SlicedSet(Limits limits) : limits_(limits) {}

  const std::uint64_t* find(const Id& id) const;
  // Into the newest slice, or a new one when that is full or over; answers the slice's number. REQUIRES: absent.
  std::uint64_t insert(const Id& id, std::uint64_t value, Instant now);
  void erase(const Id& id);
  void forget_before(Instant now);  // slices past the horizon
  // For loading: into slice `number`, made when absent. REQUIRES: numbers do not fall. Present ids are left alone.
  void load(std::uint64_t number, Instant start, Instant last, const Id& id, std::uint64_t value);
  void prefetch(const Id& id) const {
    for (const auto& slice : slices_) slice.table.prefetch(id);
  }
  std::size_t size() const;
  bool forgot() const { return forgot_; }
  std::uint64_t oldest() const { return slices_.empty() ? next_number_ : slices_.front().number; }
  std::optional<Instant> since() const {  // everything from here on is remembered
    return slices_.empty() ? std::nullopt : std::optional(slices_.front().start);
  }
  const std::deque<Slice>& slices() const { return slices_; }

 private:
  void open_slice(std::uint64_t number, Instant start);

  Limits limits_;
  std::deque<Slice> slices_;
  std::uint64_t next_number_ = 1;
  bool forgot_ = false;
};

// What a commit added; the dedup log writes it.
struct DedupEntry {
  std::uint64_t slice = 0;
  Instant at;
  Id id;
  std::uint64_t value = 0;
};
struct DedupChanges {
  std::vector<DedupEntry> events, batches;
};

class Dedup {
 public:
  struct Limits {
    std::size_t event_bytes, batches;
  };
  enum class Batch : std::uint8_t { fresh, duplicate, conflict };

  // The seed makes the places in the tables unguessable; it must not change while sets live on.
  Dedup(Limits limits, std::uint64_t seed);

  Id event_key(std::uint64_t customer, const Id& id) const;  // customer: customer_hash()
  std::uint64_t customer_hash(std::string_view customer) const;

  Batch find_batch(const Id& key, std::uint64_t body_hash, Instant now);
  void add_batch(const Id& key, std::uint64_t body_hash, Instant now);
  bool add_event(const Id& key, Instant now);  // false: seen before
  void prefetch(const Id& key) const { events_.prefetch(key); }

  DedupChanges commit();  // the changes since the last commit or rollback stay
  void rollback();        // they are forgotten again

  SlicedSet& events() { return events_; }
  SlicedSet& batches() { return batches_; }
  Duration horizon(Instant now) const;

 private:
  SlicedSet events_, batches_;
  DedupChanges changes_;
  std::uint64_t seed_;
};

}  // namespace aybiza::spool
