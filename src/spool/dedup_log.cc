#include "spool/dedup_log.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <optional>
#include <span>

#include "spool/crc32c.h"
#include "spool/segment.h"

namespace aybiza::spool {
namespace {

constexpr std::uint32_t kMagic = 0x44424159;  // "YABD"
constexpr std::size_t kHeadBytes = 56;
constexpr std::size_t kEntryBytes = 24;

enum Kind : std::uint32_t { kEvents = 1, kBatches = 2 };

struct Head {
  std::uint32_t magic, crc, kind, count;
  std::uint64_t slice;
  std::int64_t start, last;
  std::uint64_t from, to;
};
static_assert(sizeof(Head) == kHeadBytes);

std::size_t entry_bytes(std::uint32_t kind) { return kind == kEvents ? sizeof(Id) : kEntryBytes; }

std::string encode(std::span<const DedupEntry> entries, Kind kind, std::uint64_t slice, Offset from, Offset to) {
  Instant start, last;
  for (const auto& entry : entries) last = std::max(last, entry.at);
  if (!entries.empty()) start = entries.front().at;
  Head head{kMagic, 0, kind, std::uint32_t(entries.size()), slice, to_micros(start), to_micros(last), from.value, to.value};
  std::string chunk(align_sector(kHeadBytes + entries.size() * entry_bytes(kind)), '\0');
  char* at = chunk.data() + kHeadBytes;
  for (const auto& entry : entries) {
    std::memcpy(at, &entry.id, sizeof(Id));
    if (kind == kBatches) std::memcpy(at + sizeof(Id), &entry.value, 8);
    at += entry_bytes(kind);
  }
  std::memcpy(chunk.data(), &head, kHeadBytes);
  head.crc = crc32c(std::string_view(chunk).substr(8));
  std::memcpy(chunk.data() + 4, &head.crc, 4);
  return chunk;
}

std::optional<Head> whole_chunk(std::string_view bytes) {
  if (bytes.size() < kHeadBytes) return std::nullopt;
  Head head;
  std::memcpy(&head, bytes.data(), kHeadBytes);
  if (head.magic != kMagic || (head.kind != kEvents && head.kind != kBatches)) return std::nullopt;
  const std::uint64_t size = align_sector(kHeadBytes + std::uint64_t(head.count) * entry_bytes(head.kind));
  if (bytes.size() < size || head.crc != crc32c(bytes.substr(8, std::size_t(size) - 8))) return std::nullopt;
  return head;
}

void read_chunk(std::string_view bytes, const Head& head, Dedup& into) {
  SlicedSet& set = head.kind == kEvents ? into.events() : into.batches();
  const Instant start = from_micros(head.start);
  if (head.count == 0) return;
  for (std::uint32_t i = 0; i < head.count; ++i) {
    const char* const at = bytes.data() + kHeadBytes + i * entry_bytes(head.kind);
    DedupEntry entry;
    std::memcpy(&entry.id, at, sizeof(Id));
    if (head.kind == kBatches) std::memcpy(&entry.value, at + sizeof(Id), 8);
    set.load(head.slice, start, from_micros(head.last), entry.id, entry.value);
  }
}

std::string file_name(std::string_view kind, std::uint64_t slice) { return fmt::format("{}-{:012}", kind, slice); }

std::optional<std::uint64_t> slice_of(std::string_view name, std::string_view kind) {
  if (!name.starts_with(kind) || name.size() <= kind.size() + 1 || name[kind.size()] != '-') return std::nullopt;
  name.remove_prefix(kind.size() + 1);
  std::uint64_t slice = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), slice);
  return error == std::errc() && end == name.data() + name.size() ? std::optional(slice) : std::nullopt;
}

// Where the unbroken cover that starts with the oldest interval ends.
Offset covered(std::vector<std::pair<std::uint64_t, std::uint64_t>> intervals) {
  std::ranges::sort(intervals);
  std::uint64_t end = 0;
  for (const auto& [from, to] : intervals) {
    if (end != 0 && from > end) break;
    end = std::max(end, to);
  }
  return {end};
}

}  // namespace

Result<DedupLog::Loaded> DedupLog::load(Dedup& into) {
  AYBIZA_TRY(fs_.make_directory(directory_));
  const auto names = fs_.list(directory_);
  if (!names) return std::unexpected(names.error());
  Loaded loaded;
  std::vector<std::pair<std::uint64_t, std::uint64_t>> intervals;
  for (const auto& name : *names) {  // sorted: slices come in order
    if (!slice_of(name, "event") && !slice_of(name, "batch")) continue;
    auto file = fs_.open(directory_ + "/" + name, OpenMode::read);
    if (!file) return std::unexpected(file.error());
    const auto size = (*file)->size();
    if (!size) return std::unexpected(size.error());
    std::string bytes(std::size_t(*size), '\0');
    const auto got = (*file)->pread(bytes, 0);
    if (!got) return std::unexpected(got.error());
    std::string_view rest = std::string_view(bytes).substr(0, *got);
    while (const auto head = whole_chunk(rest)) {
      read_chunk(rest, *head, into);
      if (head->to != 0) intervals.emplace_back(head->from, head->to);
      rest.remove_prefix(std::size_t(align_sector(kHeadBytes + std::uint64_t(head->count) * entry_bytes(head->kind))));
    }
    if (!rest.empty()) ++loaded.damaged_chunks;
    tails_[name] = bytes.size() - rest.size();
  }
  loaded.covered = covered(std::move(intervals));
  return loaded;
}

Status DedupLog::append(const std::string& name, std::string_view chunk) {
  const std::string path = directory_ + "/" + name;
  auto file = fs_.open(path, OpenMode::create);
  if (!file) return std::unexpected(file.error());
  std::uint64_t& tail = tails_[name];
  // What lies behind the last whole chunk is a save that was torn.
  AYBIZA_TRY((*file)->truncate(tail));
  AYBIZA_TRY((*file)->pwrite(chunk, tail));
  AYBIZA_TRY((*file)->sync());
  if (tail == 0) AYBIZA_TRY(fs_.sync_directory(directory_));
  tail += chunk.size();
  return {};
}

Status DedupLog::remove_below(std::string_view kind, std::uint64_t slice) {
  for (auto at = tails_.begin(); at != tails_.end();) {
    const auto number = slice_of(at->first, kind);
    if (number && *number < slice) {
      AYBIZA_TRY(fs_.unlink(directory_ + "/" + at->first));
      at = tails_.erase(at);
    } else {
      ++at;
    }
  }
  return {};
}

Status DedupLog::save(const DedupSave& save) {
  const auto write = [&](const std::vector<DedupEntry>& entries, Kind kind, bool closes) -> Status {
    const std::string_view word = kind == kEvents ? "event" : "batch";
    std::size_t begin = 0;
    do {
      std::size_t end = begin;
      while (end < entries.size() && entries[end].slice == entries[begin].slice) ++end;
      const bool last = closes && end == entries.size();
      const std::uint64_t slice = entries.empty() ? save.oldest_event_slice : entries[begin].slice;
      const auto part = std::span(entries).subspan(begin, end - begin);
      if (!part.empty() || last) {
        AYBIZA_TRY(append(file_name(word, slice), encode(part, kind, slice, last ? save.from : Offset(),
                                                      last ? save.to : Offset())));
      }
      begin = end;
    } while (begin < entries.size());
    return {};
  };
  AYBIZA_TRY(write(save.changes.batches, kBatches, false));
  AYBIZA_TRY(write(save.changes.events, kEvents, true));
  AYBIZA_TRY(remove_below("event", save.oldest_event_slice));
  return remove_below("batch", save.oldest_batch_slice);
}

}  // namespace aybiza::spool
