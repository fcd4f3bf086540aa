#include "spool/segment_set.h"

#include <algorithm>
#include <charconv>

#include "base/limits.h"

namespace aybiza::spool {

void SegmentSet::add(SegmentPtr segment) {
  const std::lock_guard lock(mutex_);
  segments_.push_back(std::move(segment));
}

SegmentPtr SegmentSet::after(std::uint64_t number) const {
  const std::lock_guard lock(mutex_);
  const auto at = std::ranges::upper_bound(segments_, number, {}, [](const SegmentPtr& s) { return s->number; });
  return at == segments_.end() ? nullptr : *at;
}

Offset SegmentSet::oldest() const {
  const std::lock_guard lock(mutex_);
  return segments_.empty() ? Offset{1} : Offset{segments_.front()->first_seq};
}

SegmentPtr SegmentSet::holding(Offset from) const {
  const std::lock_guard lock(mutex_);
  SegmentPtr best;
  for (const auto& segment : segments_) {
    // One whose beginning is unknown is reached through its neighbour.
    if (segment->first_seq <= from.value && (segment->first_seq != 0 || !best)) best = segment;
  }
  return best;
}

std::vector<SegmentSet::Released> SegmentSet::take_released(Offset below) {
  const std::lock_guard lock(mutex_);
  std::vector<Released> taken;
  while (segments_.size() > 1 && segments_.front()->end_seq <= below.value) {
    // Readers take a segment under this mutex only, so a count of one stays one.
    const bool pinned = segments_.front().use_count() > 1;
    taken.push_back({std::move(segments_.front()), pinned});
    segments_.erase(segments_.begin());
  }
  return taken;
}

std::size_t SegmentSet::count() const {
  const std::lock_guard lock(mutex_);
  return segments_.size();
}

std::uint64_t SegmentSet::bytes() const {
  const std::lock_guard lock(mutex_);
  std::uint64_t sum = 0;
  for (const auto& segment : segments_) sum += segment->bytes;
  return sum;
}

namespace {

Status copy_region(Fs& fs, const Gap& gap, const std::string& to) {
  auto source = fs.open(gap.segment->path, OpenMode::read);
  if (!source) return std::unexpected(source.error());
  auto target = fs.open(to, OpenMode::create);
  if (!target) return std::unexpected(target.error());
  std::string bytes(std::size_t(std::min<std::uint64_t>(gap.bytes, limits::spool_quarantine_bytes)), '\0');
  const auto got = (*source)->pread(bytes, gap.position);
  if (!got) return std::unexpected(got.error());
  AYBIZA_TRY((*target)->pwrite(std::string_view(bytes).substr(0, *got), 0));
  return (*target)->sync();
}

}  // namespace

void report_gap(Log& log, const Gap& gap) {
  if (gap.torn) {
    log.stats.torn_events += gap.events;
    return;
  }
  const std::lock_guard lock(log.quarantine_mutex);
  const std::string directory = log.directory + "/quarantine";
  const std::string name = fmt::format("{:010}-{:012}-{}.bad", gap.segment->number, gap.position, gap.events);
  const auto known = log.fs.list(directory);
  if (known && std::ranges::binary_search(*known, name)) return;
  log.stats.quarantined_events += gap.events;
  ++log.stats.damaged_regions;
  Status kept = log.fs.make_directory(directory);
  if (kept) kept = copy_region(log.fs, gap, directory + "/" + name);
  if (kept) kept = log.fs.sync_directory(directory);
  log.notice(fmt::format("spool: {} acknowledged events from offset {} are damaged ({}, {} bytes at {}); {}", gap.events,
                         gap.first.value, gap.segment->path, gap.bytes, gap.position,
                         kept ? "the bytes are kept in quarantine/" + name : "copying them failed: " + kept.error().message));
}

Result<std::uint64_t> quarantined_events(Fs& fs, const std::string& directory) {
  const auto names = fs.list(directory + "/quarantine");
  if (!names && names.error().code == Code::not_found) return std::uint64_t(0);
  if (!names) return std::unexpected(names.error());
  std::uint64_t sum = 0;
  for (const auto& name : *names) {
    if (!name.ends_with(".bad")) continue;
    const auto dash = name.rfind('-');
    std::uint64_t events = 0;
    if (dash != std::string::npos) std::from_chars(name.data() + dash + 1, name.data() + name.size(), events);
    sum += events;
  }
  return sum;
}

}  // namespace aybiza::spool
