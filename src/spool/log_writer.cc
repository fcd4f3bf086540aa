#include "spool/log_writer.h"

#include "base/limits.h"

namespace aybiza::spool {

Status LogWriter::timed_sync() {
  const Duration before = clock_.elapsed();
  const Status status = file_->sync();
  const Duration took = clock_.elapsed() - before;
  log_.stats.fsync_latency.add(took);
  if (took > limits::spool_stall) ++log_.stats.stalls;
  return status;
}

Status LogWriter::try_segment(Offset first) {
  const std::uint64_t number = next_number_++;
  auto spare = log_.spares.take();
  const std::string raw = spare ? spare->path : log_.directory + "/" + segment_name(number) + ".tmp";
  auto segment = std::make_shared<Segment>();
  segment->path = log_.directory + "/" + segment_name(number);
  segment->number = number;
  segment->salt = segment_salt(log_.node, number);
  segment->first_seq = first.value;
  segment->recycled = spare && spare->recycled;
  segment->bytes = segment_bytes_;
  auto file = log_.fs.open(raw, OpenMode::create);
  if (!file) return std::unexpected(file.error());
  if (!spare) AYBIZA_TRY((*file)->truncate(0));
  AYBIZA_TRY((*file)->pwrite(encode_header({log_.node, number, first.value, segment->recycled}), 0));
  AYBIZA_TRY((*file)->sync());
  AYBIZA_TRY(log_.fs.rename(raw, segment->path));
  AYBIZA_TRY(log_.fs.sync_directory(log_.directory));
  file_ = std::move(*file);
  segment_ = segment;
  position_ = segment_header_bytes;
  unsynced_ = false;
  log_.segments.add(std::move(segment));
  return {};
}

Status LogWriter::begin_segment(Offset first) {
  for (int attempt = 0; attempt < 2; ++attempt) {
    const Status begun = try_segment(first);
    if (begun) return {};
    if (begun.error().code == Code::unavailable) {  // full: housekeeping says when to try again
      log_.stats.disk_reserve = true;
      return begun;
    }
    ++log_.stats.dead_segments;
    log_.notice(fmt::format("spool: a new segment could not be begun: {}", begun.error().message));
  }
  read_only_ = true;
  log_.stats.read_only = true;
  log_.notice("spool: read-only from here on: nothing is accepted until the disk is repaired and the server restarted; "
              "what was acknowledged stays readable");
  return fail(Code::unavailable, "the spool is read-only");
}

std::unexpected<Error> LogWriter::bury(const Error& cause, Offset first) {
  ++log_.stats.dead_segments;
  log_.notice(fmt::format("spool: {} is not written any more: {}; its unfinished commit was refused", segment_->path,
                          cause.message));
  segment_->end_seq = first.value;
  segment_->dead = true;
  segment_.reset();
  file_.reset();
  unsynced_ = false;
  // The answer to this commit does not depend on it: the next one finds out again.
  (void)begin_segment(first);
  return fail(Code::unavailable, "not stored: {}", cause.message);
}

Status LogWriter::write(std::span<char> commit, std::size_t record_bytes, Offset first, bool sync) {
  if (read_only_) return fail(Code::unavailable, "the spool is read-only");
  if (segment_ && position_ > segment_header_bytes && position_ + commit.size() > segment_bytes_) {
    if (unsynced_) {
      if (const Status old = timed_sync(); !old) return bury(old.error(), first);
    }
    segment_->end_seq = first.value;
    segment_.reset();
    file_.reset();
  }
  if (!segment_) {
    if (const Status begun = begin_segment(first); !begun) return fail(Code::unavailable, "not stored: {}", begun.error().message);
  }
  finish_records(commit.first(record_bytes), segment_->salt);
  Status status = file_->pwrite({commit.data(), commit.size()}, position_);
  if (status && sync) status = timed_sync();
  if (!status) return bury(status.error(), first);
  unsynced_ = !sync;
  position_ += commit.size();
  if (position_ > segment_->bytes) segment_->bytes = position_;
  return {};
}

Status LogWriter::sync(Offset next) {
  if (!segment_ || !unsynced_) return {};
  if (const Status status = timed_sync(); !status) return bury(status.error(), next);
  unsynced_ = false;
  return {};
}

}  // namespace aybiza::spool
