#include "spool/reader.h"

#include "spool/live_reader.h"

namespace aybiza::spool {
namespace {

std::unexpected<Error> released(Offset at, Offset oldest) {
  return fail(Code::not_found, "offset {} is not in the log any more; the oldest is {}", at.value, oldest.value);
}

// Inside the server: waits on the tail, stops at what is visible.
class LiveReader final : public Reader {
 public:
  LiveReader(std::shared_ptr<Log> log, std::uint64_t after_number, Offset from)
      : log_(std::move(log)),
        walk_(log_->fs, [log = log_.get()](std::uint64_t after) -> Result<SegmentPtr> { return log->segments.after(after); },
              after_number, from),
        from_(from) {}

  Result<std::optional<RecordView>> next(Deadline deadline) override {
    while (true) {
      const std::uint64_t visible = log_->tail.visible.load();
      auto step = walk_.step(visible + 1);
      if (!step && step.error().code == Code::not_found) return released(position(), log_->segments.oldest());
      if (!step) return std::unexpected(step.error());
      if (step->kind == Step::Kind::record) return std::optional(step->record);
      if (step->kind == Step::Kind::end && position().value <= visible) {
        if (!give_up(visible, *step)) continue;
      }
      if (step->kind == Step::Kind::gap) {
        // A hole below the oldest segment is one that was released under us, not damage.
        if (step->gap.first < log_->segments.oldest()) return released(step->gap.first, log_->segments.oldest());
        report_gap(*log_, step->gap);
        if (!step->gap.torn) lost_ += step->gap.events;
        continue;
      }
      if (!wait(visible, deadline)) return std::optional<RecordView>();
    }
  }

  Offset position() const override { return std::max(walk_.expected(), from_); }
  std::uint64_t lost_events() const override { return lost_; }

  bool closed() const override {
    const std::lock_guard lock(log_->tail.mutex);
    return log_->tail.closed && position().value > log_->tail.visible.load();
  }

 private:
  // Committed events that cannot be found up to the end of the visible part: damage in the newest segment.
  bool give_up(std::uint64_t visible, Step& step) {
    std::uint64_t segment = 0, end = 0;
    {
      const std::lock_guard lock(log_->tail.mutex);
      if (log_->tail.visible.load() != visible) return false;  // look again: there is more now
      segment = log_->tail.segment;
      end = log_->tail.position;
    }
    if (!walk_.segment() || walk_.segment()->number != segment) return false;
    step.gap = walk_.skip_to(Offset{visible + 1}, end);
    step.kind = Step::Kind::gap;
    return true;
  }

  bool wait(std::uint64_t seen, Deadline deadline) {
    auto& tail = log_->tail;
    std::unique_lock lock(tail.mutex);
    const auto more = [&] { return tail.visible.load() > seen || tail.closed; };
    if (deadline == Deadline::min()) return tail.visible.load() > seen;
    tail.grown.wait_until(lock, deadline, more);
    return tail.visible.load() > seen;
  }

  std::shared_ptr<Log> log_;
  LogWalk walk_;
  Offset from_;
  std::uint64_t lost_ = 0;
};

// Beside a server: the directory is all there is, and it may change under us.
class DirectoryReader final : public Reader {
 public:
  DirectoryReader(Fs& fs, std::string directory, Id node, std::uint64_t after_number, Offset from)
      : fs_(fs),
        directory_(std::move(directory)),
        node_(node),
        walk_(fs, [this](std::uint64_t after) { return following(after); }, after_number, from),
        from_(from) {}

  Result<std::optional<RecordView>> next(Deadline) override {
    while (true) {
      auto step = walk_.step();
      if (!step && step.error().code == Code::not_found) return released(position(), oldest_);
      if (!step) return std::unexpected(step.error());
      if (step->kind == Step::Kind::record) return std::optional(step->record);
      if (step->kind == Step::Kind::end) return std::optional<RecordView>();
      if (step->gap.first < oldest_) return released(step->gap.first, oldest_);
      if (!step->gap.torn) lost_ += step->gap.events;
    }
  }

  Offset position() const override { return std::max(walk_.expected(), from_); }
  std::uint64_t lost_events() const override { return lost_; }
  bool closed() const override { return false; }

 private:
  Result<SegmentPtr> following(std::uint64_t after) {
    auto listing = list_segments(fs_, directory_, node_);
    if (!listing) return std::unexpected(listing.error());
    if (!listing->segments.empty()) oldest_ = {listing->segments.front()->first_seq};
    if (walk_.segment()) {
      // What follows decides where the segment we are in ends.
      for (const auto& segment : listing->segments) {
        if (segment->number == walk_.segment()->number) walk_.segment()->end_seq = segment->end_seq.load();
      }
    }
    return walk_list(std::move(listing->segments))(after);
  }

  Fs& fs_;
  std::string directory_;
  Id node_;
  Offset oldest_;
  LogWalk walk_;
  Offset from_;
  std::uint64_t lost_ = 0;
};

}  // namespace

Result<std::unique_ptr<Reader>> read_live(std::shared_ptr<Log> log, Offset from) {
  const Offset oldest = log->segments.oldest();
  if (from.value <= 1) from = oldest;
  const SegmentPtr start = log->segments.holding(from);
  if (!start) return released(from, oldest);
  return std::make_unique<LiveReader>(std::move(log), start->number - 1, from);
}

Result<std::unique_ptr<Reader>> read_directory(Fs& fs, const std::string& directory, Offset from) {
  const auto format = read_format(fs, directory);
  if (!format) return std::unexpected(format.error());
  const auto listing = list_segments(fs, directory, *format ? (*format)->node : Id{});
  if (!listing) return std::unexpected(listing.error());
  std::uint64_t after = 0;
  const Offset oldest{listing->segments.empty() ? 0 : listing->segments.front()->first_seq};
  for (const auto& segment : listing->segments) {
    if (segment->first_seq != 0 && segment->first_seq <= from.value) after = segment->number - 1;
  }
  if (from.value <= 1) {
    from = oldest;
    after = 0;
  }
  if (from < oldest) return released(from, oldest);
  return std::make_unique<DirectoryReader>(fs, directory, listing->node, after, from);
}

}  // namespace aybiza::spool
