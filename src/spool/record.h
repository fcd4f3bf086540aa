// One record of the log: the accepted events of one request, whole or not there at all.
//
// Shape    On disk, little-endian, without alignment:
//            0 magic u32 (xor salt) | 4 length u32 (all of it) | 8 crc32c u32 (salt, length, everything behind the crc)
//           12 flags u8 (1 = durability os) | 13 source u8 | 14 count u16
//           16 seq u64 | 24 acked u64 | 32 received i64 us | 40 batch key 16 B | 56 body hash u64
//           64 payload bytes u32 | 68 customer bytes u8 | 69 zero x 3
//           72 customer | count x id 16 B | count x end u32 (of each event in the payload) | payload
//          `acked` is the highest offset that was acknowledged when the record was written: a hole above it was never
//          promised to anybody. The salt differs per segment, so what an earlier use of the file left behind is noise.
// Units    an Offset counts events from 1; a record of n events holds [seq, seq + n).
// Errors   parse answers nullopt for everything that is not exactly a record of this salt.
// Cost     one CRC pass to write, one to parse; nothing is copied when parsing.
// Threads  values; a RecordView lives as long as the bytes below it.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/units.h"

namespace aybiza::spool {

// The position of an event in the log; 0 is before the first.
struct Offset {
  std::uint64_t value = 0;
  friend constexpr auto operator<=>(Offset, Offset) = default;
  constexpr Offset operator+(std::uint64_t events) const { return {value + events}; }
};

enum class Durability : std::uint8_t {
  fsync,  // survives power loss
  os,     // survives the death of the process only
};

struct Item {
  Id id;  // empty: never a duplicate
  std::uint32_t size = 0;
};

struct Event {
  Offset offset;
  Id id;
  std::string_view bytes;
};

class RecordView {
 public:
  Offset first;  // of the events shown here
  Offset acked;
  std::string_view customer;
  std::uint8_t source = 0;
  Durability durability = Durability::fsync;
  Instant received;
  Id batch_key;
  std::uint64_t body_hash = 0;
  std::uint32_t length = 0;  // of the record on disk

  std::size_t count() const { return count_ - skipped_; }
  Offset end() const { return first + count(); }
  Event event(std::size_t index) const;     // REQUIRES: index < count()
  void drop_front(std::size_t events);      // shows the rest only. REQUIRES: events <= count()

 private:
  friend std::optional<RecordView> parse_record(std::string_view bytes, std::uint64_t salt);
  std::size_t count_ = 0, skipped_ = 0;
  const char* ids_ = nullptr;
  const char* ends_ = nullptr;
  const char* payload_ = nullptr;
};

inline constexpr std::size_t record_header_bytes = 72;

struct RecordHead {
  Offset first, acked;
  std::string_view customer;
  std::uint8_t source = 0;
  Durability durability = Durability::fsync;
  Instant received;
  Id batch_key;
  std::uint64_t body_hash = 0;
};

// Appends a record without magic and crc: which segment it goes to is not known yet. Items whose bit in `dropped` is
// set are left out with their bytes. REQUIRES: sizes of items add up to payload; at least one item stays.
void append_record(std::string& out, const RecordHead& head, std::span<const Item> items,
                   const std::vector<bool>& dropped, std::string_view payload);

// Completes the records that lie one behind the other in `records`.
void finish_records(std::span<char> records, std::uint64_t salt);

// The length the bytes claim when they start like a record of this salt (they may be fewer than it), else nullopt.
std::optional<std::uint32_t> record_length(std::string_view bytes, std::uint64_t salt);
std::optional<RecordView> parse_record(std::string_view bytes, std::uint64_t salt);

// The first position at or after `from` where a record could start, else npos.
std::size_t find_record_start(std::string_view bytes, std::size_t from, std::uint64_t salt);

}  // namespace aybiza::spool
