// Segment files of the log: their names, headers, and the walk over them that recovery, readers and verify share.
//
// Shape    A segment is `<number>.seg`: a header of one sector, then records. Commits start on a sector, so a torn commit
//          cannot hurt an earlier one. Numbers only grow. A file is recycled under a new number, hence a new salt, so no
//          record of its former life can pass for one of the new. `end_seq` is where the next segment begins: records from
//          there on belong to a commit that failed and are not part of the log.
// Errors   header: unsupported for a newer version, corrupt otherwise.
// Threads  Segment's atomics any; SegmentScan and LogWalk one.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/status.h"
#include "spool/fs.h"
#include "spool/record.h"

namespace aybiza::spool {

inline constexpr std::uint64_t no_end = std::numeric_limits<std::uint64_t>::max();
inline constexpr std::size_t sector_bytes = 512;
inline constexpr std::size_t segment_header_bytes = sector_bytes;
inline constexpr std::uint32_t format_version = 1;

constexpr std::uint64_t align_sector(std::uint64_t bytes) { return (bytes + sector_bytes - 1) / sector_bytes * sector_bytes; }

struct SegmentHeader {
  Id node;
  std::uint64_t number = 0;
  std::uint64_t first_seq = 0;
  bool recycled = false;  // behind the last record lie bytes of a former life, not zeros
};

std::string encode_header(const SegmentHeader& header);
Result<SegmentHeader> decode_header(std::string_view bytes);
std::uint64_t segment_salt(const Id& node, std::uint64_t number);
std::string segment_name(std::uint64_t number);                       // "0000000007.seg"
std::optional<std::uint64_t> segment_number(std::string_view name);   // nullopt for other files

struct Segment {
  std::string path;
  std::uint64_t number = 0, salt = 0;
  std::uint64_t first_seq = 0;  // 0: neither the header nor the first record can be read
  bool header_damaged = false;
  bool recycled = false;
  std::atomic<std::uint64_t> bytes{0};  // on disk
  std::atomic<bool> dead{false};  // a flush failed: never written or recycled again
  std::atomic<std::uint64_t> end_seq{no_end};
};
using SegmentPtr = std::shared_ptr<Segment>;

// `<directory>/format`, which names the version and the node; written once, before anything else.
struct Format {
  std::uint32_t version = format_version;
  Id node;
};
Result<std::optional<Format>> read_format(Fs& fs, const std::string& directory);  // nullopt: absent or unreadable
Status write_format(Fs& fs, const std::string& directory, const Format& format);

// All segments of a directory in order, end_seq set. A damaged header leaves first_seq 0. Touches nothing.
// unsupported when one is of a newer version; conflict when one belongs to another node than `node` (empty: any).
struct Listing {
  Id node;
  std::vector<SegmentPtr> segments;
};
Result<Listing> list_segments(Fs& fs, const std::string& directory, Id node);

// The records of one segment, from the front.
class SegmentScan {
 public:
  SegmentScan(std::shared_ptr<File> file, std::uint64_t salt) : file_(std::move(file)), salt_(salt) {}

  // The record that starts here or at the next sector, else nullopt. The view lives until the next call.
  Result<std::optional<RecordView>> here();
  // The first record anywhere behind here, else nullopt; its position is record_position().
  Result<std::optional<RecordView>> resync();

  std::uint64_t record_position() const { return record_position_; }  // of the view just given
  std::uint64_t position() const { return position_; }
  void move_to(std::uint64_t position) { position_ = position; }
  const File& file() const { return *file_; }

 private:
  Result<std::string_view> bytes_at(std::uint64_t position, std::size_t wanted);  // fewer at the end of the file
  Result<std::optional<RecordView>> parse_at(std::uint64_t position);

  std::shared_ptr<File> file_;
  std::uint64_t salt_;
  std::uint64_t position_ = segment_header_bytes;
  std::uint64_t record_position_ = 0;
  std::string buffer_;
  std::uint64_t buffer_start_ = 0;
  std::size_t buffer_used_ = 0;
};

// A place where events should be and are not.
struct Gap {
  SegmentPtr segment;
  std::uint64_t position = 0, bytes = 0;  // of the bad region
  Offset first;
  std::uint64_t events = 0;
  bool torn = false;  // above everything that was acknowledged when the log went on: nothing was lost
};

struct Step {
  enum class Kind : std::uint8_t { record, gap, end } kind = Kind::end;
  RecordView record;
  Gap gap;
};

// Walks over segments that are asked for when needed, since a log grows while it is read.
class LogWalk {
 public:
  using NextSegment = std::function<Result<SegmentPtr>(std::uint64_t after_number)>;  // null: there is none (yet)

  // Starts in the first segment after `after_number`; records that end at or below `from` are passed over.
  LogWalk(Fs& fs, NextSegment next_segment, std::uint64_t after_number, Offset from)
      : fs_(fs), next_segment_(std::move(next_segment)), number_(after_number), from_(from) {}

  // The next record below `limit`, or a gap, or the end for now. The view lives until the next call.
  Result<Step> step(std::uint64_t limit = no_end);

  // Gives up on everything below `to` (which is known to be committed): what is left of this segment is a gap.
  Gap skip_to(Offset to, std::uint64_t position);

  Offset expected() const { return {expected_}; }  // 0: not known yet
  const SegmentPtr& segment() const { return segment_; }
  const SegmentScan* scan() const { return scan_ ? &*scan_ : nullptr; }

 private:
  Status enter(SegmentPtr segment);
  Result<Step> damage(std::uint64_t limit, const SegmentPtr& following);

  Fs& fs_;
  NextSegment next_segment_;
  std::uint64_t number_;
  Offset from_;
  SegmentPtr segment_;
  std::optional<SegmentScan> scan_;
  std::uint64_t expected_ = 0;
};

// NextSegment over a fixed list.
LogWalk::NextSegment walk_list(std::vector<SegmentPtr> segments);

}  // namespace aybiza::spool
