#include "spool/recovery.h"

#include <algorithm>

namespace aybiza::spool {
namespace {

Status remove_leftovers(Log& log, std::size_t segment_bytes) {
  const auto names = log.fs.list(log.directory);
  if (!names) return std::unexpected(names.error());
  for (const auto& name : *names) {
    const std::string path = log.directory + "/" + name;
    const bool zeroed = name.starts_with("spare-"), recycled = name.starts_with("recycled-");
    bool keep = !name.ends_with(".tmp");
    if (keep && (zeroed || recycled)) {
      auto file = log.fs.open(path, OpenMode::read);
      keep = file && (*file)->size().value_or(0) == segment_bytes;
      if (keep) log.spares.add({path, recycled});
    }
    if (!keep) AYBIZA_TRY(log.fs.unlink(path));
  }
  return {};
}

Status cut(Fs& fs, Segment& segment, std::uint64_t bytes) {
  auto file = fs.open(segment.path, OpenMode::write);
  if (!file) return std::unexpected(file.error());
  AYBIZA_TRY((*file)->truncate(bytes));
  AYBIZA_TRY((*file)->sync());
  segment.bytes = bytes;
  return {};
}

void append(DedupChanges& to, DedupChanges from) {
  to.events.insert(to.events.end(), from.events.begin(), from.events.end());
  to.batches.insert(to.batches.end(), from.batches.begin(), from.batches.end());
}

}  // namespace

Result<std::uint64_t> torn_bytes(Fs& fs, const Segment& segment, std::uint64_t from) {
  auto file = fs.open(segment.path, OpenMode::read);
  if (!file) return std::unexpected(file.error());
  std::string bytes(1 << 20, '\0');
  std::uint64_t last = 0, position = from;
  while (true) {
    const auto got = (*file)->pread(bytes, position);
    if (!got) return std::unexpected(got.error());
    const auto used = std::string_view(bytes).substr(0, *got);
    // Behind the records of a recycled segment lies its former life: only a record begun in this one is torn.
    if (segment.recycled) {
      const auto length = record_length(used, segment.salt);
      return length ? std::min<std::uint64_t>(*length, (*file)->size().value_or(from) - from) : 0;
    }
    const auto nonzero = used.find_last_not_of('\0');
    if (nonzero != std::string_view::npos) last = position + nonzero + 1;
    if (*got < bytes.size()) break;
    position += *got;
  }
  return last > from ? last - from : 0;
}

Id batch_key(const Dedup& dedup, std::uint64_t customer, const Id& key) { return dedup.event_key(~customer, key); }

void remember(Dedup& dedup, const RecordView& record) {
  const std::uint64_t customer = dedup.customer_hash(record.customer);
  if (!record.batch_key.empty()) {
    const Id key = batch_key(dedup, customer, record.batch_key);
    if (dedup.find_batch(key, 0, record.received) == Dedup::Batch::fresh) {
      dedup.add_batch(key, record.body_hash, record.received);
    }
  }
  for (std::size_t i = 0; i < record.count(); ++i) {
    const Id id = record.event(i).id;
    if (!id.empty()) dedup.add_event(dedup.event_key(customer, id), record.received);
  }
}

Result<Opened> claim_directory(Fs& fs, const std::string& directory, Id& node) {
  Opened opened;
  // First only look: a directory of a newer version is left exactly as it is.
  const auto format = read_format(fs, directory);
  if (!format) return std::unexpected(format.error());
  node = *format ? (*format)->node : Id{};
  const auto look = list_segments(fs, directory, node);
  if (!look && look.error().code != Code::not_found) return std::unexpected(look.error());
  AYBIZA_TRY(fs.make_directory(directory));
  auto lock = fs.open(directory + "/lock", OpenMode::create);
  if (!lock) return std::unexpected(lock.error());
  if (const Status held = (*lock)->lock(); !held) {
    if (held.error().code != Code::conflict) return std::unexpected(held.error());
    return fail(Code::conflict, "{} is in use by another server; stop that one or choose another --data", directory);
  }
  opened.lock = std::move(*lock);
  if (look && node.empty()) node = look->node;
  if (look && node.empty() && !look->segments.empty()) {
    return fail(Code::corrupt, "{}: neither the format file nor any segment header can be read; nothing was changed", directory);
  }
  if (node.empty()) node = random_id();
  if (!*format) AYBIZA_TRY(write_format(fs, directory, {format_version, node}));
  return opened;
}

Status recover(Log& log, DedupLog& dedup_log, Dedup& dedup, std::size_t segment_bytes, Opened& opened) {
  AYBIZA_TRY(remove_leftovers(log, segment_bytes));
  const auto kept = quarantined_events(log.fs, log.directory);
  if (!kept) return std::unexpected(kept.error());
  log.stats.quarantined_events = *kept;
  const auto loaded = dedup_log.load(dedup);
  if (!loaded) return wrap(loaded.error(), "reading the dedup log");
  auto listing = list_segments(log.fs, log.directory, log.node);
  if (!listing) return std::unexpected(listing.error());
  auto& segments = listing->segments;
  Recovery& recovery = opened.recovery;
  opened.covered = loaded->covered;

  // What the dedup log covers needs no reading; begin in the segment that holds the first event behind it.
  std::uint64_t after = segments.empty() ? 0 : segments.front()->number - 1;
  for (const auto& segment : segments) {
    if (segment->first_seq != 0 && segment->first_seq <= opened.covered.value) after = segment->number - 1;
  }
  LogWalk walk(log.fs, walk_list(segments), after, opened.covered);
  while (true) {
    auto step = walk.step();
    if (!step) return wrap(step.error(), "reading the log");
    if (step->kind == Step::Kind::end) break;
    if (step->kind == Step::Kind::gap) {
      (step->gap.torn ? recovery.torn_events : recovery.lost_events) += step->gap.events;
      if (!step->gap.torn) ++recovery.damaged_regions;
      report_gap(log, step->gap);
      continue;
    }
    ++recovery.records;
    opened.last_received = std::max(opened.last_received, step->record.received);
    remember(dedup, step->record);
    append(opened.unsaved, dedup.commit());
  }

  opened.next = std::max(walk.expected(), Offset{1});
  if (!segments.empty()) {
    Segment& last = *segments.back();
    const bool reached = walk.segment() == segments.back();
    const std::uint64_t position = reached ? walk.scan()->position() : segment_header_bytes;
    opened.next_number = last.number + 1;
    if (opened.covered > opened.next) {
      // The dedup log only knows what was committed: here acknowledged events are missing at the end.
      const Gap gap{segments.back(), position, last.bytes - std::min<std::uint64_t>(last.bytes, position), opened.next,
                    opened.covered.value - opened.next.value, false};
      recovery.lost_events += gap.events;
      ++recovery.damaged_regions;
      report_gap(log, gap);
    } else {
      const auto torn = torn_bytes(log.fs, last, position);
      if (!torn) return std::unexpected(torn.error());
      recovery.torn_bytes = *torn;
    }
    if (last.bytes > position) AYBIZA_TRY(cut(log.fs, last, position));
  }
  opened.next = std::max(opened.next, opened.covered);
  recovery.last = {opened.next.value - 1};
  if (!segments.empty()) segments.back()->end_seq = opened.next.value;
  for (auto& segment : segments) log.segments.add(segment);
  if (opened.covered.value == 0) opened.covered = log.segments.oldest();
  if (recovery.torn_bytes > 0 || recovery.torn_events > 0) {
    log.notice(fmt::format("spool: cut off {} bytes and {} events that were never acknowledged", recovery.torn_bytes,
                           recovery.torn_events));
  }
  return {};
}

}  // namespace aybiza::spool
