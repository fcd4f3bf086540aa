#include "aggregate/cold_calls.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <utility>

#include "base/ids.h"
#include "base/limits.h"

namespace aybiza {
namespace {

constexpr std::size_t head_bytes = 4 + 8, write_bytes = 64 * limits::KiB, retry_after = 4096;

template <typename T>
void append_raw(std::string& to, T value) {
  to.append(reinterpret_cast<const char*>(&value), sizeof value);
}
template <typename T>
T raw_at(const char* from) {
  T value;
  std::copy_n(from, sizeof value, reinterpret_cast<char*>(&value));
  return value;
}

bool write_whole(int file, std::string_view bytes, std::uint64_t at) {
  while (!bytes.empty()) {
    const ssize_t n = ::pwrite(file, bytes.data(), bytes.size(), off_t(at));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    bytes.remove_prefix(std::size_t(n));
    at += std::uint64_t(n);
  }
  return true;
}

bool read_whole(int file, char* into, std::size_t size, std::uint64_t at) {
  while (size > 0) {
    const ssize_t n = ::pread(file, into, size, off_t(at));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    into += n, size -= std::size_t(n), at += std::uint64_t(n);
  }
  return true;
}

}  // namespace

ColdCalls::~ColdCalls() {
  for (const Segment& segment : segments_) ::close(segment.file);
}

std::filesystem::path ColdCalls::path_of(std::uint32_t segment) const { return options_.directory / std::to_string(segment); }

std::optional<std::uint32_t> ColdCalls::find(std::uint64_t hash) const {
  return index_.find(hash, [&](std::uint32_t position) { return queue_[position - first_].hash == hash; });
}

void ColdCalls::put(std::uint64_t hash, std::string_view bytes) {
  Entry entry{.hash = hash};
  if (keeps_bytes() && !bytes.empty()) {
    if (bytes.size() > limits::cold_call_bytes || (!open_ && !begin_segment())) {
      ++lost_;
    } else {
      entry.segment = segments_.back().number;
      entry.at = std::uint32_t(segments_.back().bytes + tail_.size());
      append_raw(tail_, std::uint32_t(bytes.size()));
      append_raw(tail_, hash64(bytes));
      tail_ += bytes;
      if (tail_.size() >= write_bytes) sync();
      if (open_ && segments_.back().bytes + tail_.size() >= limits::cold_segment_bytes) end_segment();
    }
  }
  index_.insert(hash, first_ + std::uint32_t(queue_.size()));
  queue_.push_back(entry);
  for (; queue_.size() > std::max<std::size_t>(options_.ids_max, 1); queue_.pop_front(), ++first_) {
    if (queue_.front().at == erased) continue;
    index_.erase(queue_.front().hash, first_);
    forgot_ = true;
  }
  // Places grow along the queue: nobody behind the first refers to a segment before its own.
  while (!segments_.empty() && segments_.front().number < queue_.front().segment) drop_segment();
}

std::optional<std::string> ColdCalls::bytes_of(std::uint64_t hash) {
  const auto position = find(hash);
  if (!position || at(*position).segment == 0) return std::nullopt;
  std::string out;
  if (read_entry(at(*position), out)) return out;
  at(*position).segment = 0;
  ++lost_;
  return std::nullopt;
}

bool ColdCalls::read_entry(const Entry& entry, std::string& into) {
  const auto segment = std::ranges::lower_bound(segments_, entry.segment, {}, &Segment::number);
  if (segment == segments_.end() || segment->number != entry.segment) return false;
  char head[head_bytes];
  const auto take = [&](char* to, std::size_t size, std::uint64_t from) {
    if (from + size <= segment->bytes) return read_whole(segment->file, to, size, from);
    if (!open_ || segment->number != segments_.back().number || from < segment->bytes || from + size > segment->bytes + tail_.size()) return false;
    std::copy_n(tail_.data() + (from - segment->bytes), size, to);
    return true;
  };
  if (!take(head, head_bytes, entry.at)) return false;
  const auto size = raw_at<std::uint32_t>(head);
  if (size > limits::cold_call_bytes) return false;
  into.resize(size);
  return take(into.data(), size, entry.at + head_bytes) && hash64(into) == raw_at<std::uint64_t>(head + 4);
}

void ColdCalls::erase(std::uint64_t hash) {
  const auto position = find(hash);
  if (!position) return;
  index_.erase(hash, *position);
  at(*position).at = erased;
}

void ColdCalls::drop_bytes() {
  open_ = false;
  tail_.clear();
  while (!segments_.empty()) drop_segment();
  for (Entry& entry : queue_) entry.segment = 0;
}

// Files of a process before this one that no snapshot speaks of. Numbers go on behind theirs, so that a place never means two things.
void ColdCalls::prepare() {
  if (std::exchange(prepared_, true)) return;
  std::error_code error;
  std::filesystem::create_directories(options_.directory, error);
  for (std::filesystem::directory_iterator file(options_.directory, error), end; !error && file != end; file.increment(error)) {
    const std::string name = file->path().filename().string();
    std::uint32_t number = 0;
    const auto [rest, bad] = std::from_chars(name.data(), name.data() + name.size(), number);
    if (bad != std::errc() || rest != name.data() + name.size()) continue;  // not ours
    if (number < UINT32_MAX) next_segment_ = std::max(next_segment_, number + 1);
    if (std::ranges::find(segments_, number, &Segment::number) != segments_.end()) continue;
    std::error_code ignored;
    std::filesystem::remove(file->path(), ignored);
  }
}

bool ColdCalls::begin_segment() {
  if (puts_until_retry_ > 0) return --puts_until_retry_, false;
  prepare();
  puts_until_retry_ = retry_after;
  std::error_code error;
  const auto space = std::filesystem::space(options_.directory, error);
  while (bytes_ + limits::cold_segment_bytes > options_.bytes_max && !segments_.empty()) drop_segment();
  if (error || space.available < options_.free_bytes + limits::cold_segment_bytes) return false;
  const int file = ::open(path_of(next_segment_).c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (file < 0) return false;
  puts_until_retry_ = 0;
  segments_.push_back({.number = next_segment_++, .file = file, .bytes = 0});
  return open_ = true;
}

void ColdCalls::end_segment() {
  sync();
  open_ = false;
}

void ColdCalls::drop_segment() {
  const Segment& oldest = segments_.front();
  if (open_ && segments_.size() == 1) open_ = false, tail_.clear();
  ::close(oldest.file);
  std::error_code ignored;
  std::filesystem::remove(path_of(oldest.number), ignored);
  bytes_ -= oldest.bytes;
  segments_.pop_front();
}

void ColdCalls::sync() {
  if (!open_ || tail_.empty()) return;
  Segment& last = segments_.back();
  if (write_whole(last.file, tail_, last.bytes)) {
    last.bytes += tail_.size();
    bytes_ += tail_.size();
  } else {  // what was put since the last time is lost, and found to be when somebody asks for it
    open_ = false;
    puts_until_retry_ = retry_after;
  }
  tail_.clear();
}

ColdCalls::Stats ColdCalls::stats() const { return {.ids = index_.size(), .bytes = bytes_ + tail_.size(), .lost = lost_}; }

void ColdCalls::write(bytes::Writer& out) const {
  out.count(index_.size());
  std::uint32_t segment = 0, place = 0;
  for (const Entry& entry : queue_) {
    if (entry.at == erased) continue;
    out.fixed(entry.hash);
    out.count(entry.segment == 0 ? 0 : entry.segment - segment + 1);
    if (entry.segment == 0) continue;
    out.count(entry.segment == segment ? entry.at - place : entry.at);
    segment = entry.segment, place = entry.at;
  }
  out.byte(forgot_ ? 1 : 0);
}

bool ColdCalls::read(bytes::Reader& in, bool with_places) {
  const std::size_t count = in.length(8);
  std::uint64_t segment = 0, place = 0;
  for (std::size_t i = 0; i < count && !in.bad(); ++i) {
    Entry entry{.hash = in.fixed()};
    if (const std::uint64_t ahead = with_places ? in.count() : 0; ahead != 0) {
      const std::uint64_t from = in.count();
      if (ahead > UINT32_MAX || from >= erased) return false;
      place = ahead == 1 ? place + from : from;
      segment += ahead - 1;
      if (segment == 0 || segment >= UINT32_MAX || place >= erased) return false;
      entry.segment = std::uint32_t(segment), entry.at = std::uint32_t(place);
    }
    index_.insert(entry.hash, std::uint32_t(i));
    queue_.push_back(entry);
  }
  forgot_ = in.byte() != 0;
  if (in.bad()) return false;
  next_segment_ = std::uint32_t(segment + 1);
  if (!keeps_bytes()) return true;
  for (const Entry& entry : queue_) {
    if (entry.segment == 0 || (!segments_.empty() && segments_.back().number == entry.segment)) continue;
    const int file = ::open(path_of(entry.segment).c_str(), O_RDONLY | O_CLOEXEC);
    if (file < 0) continue;
    const off_t size = ::lseek(file, 0, SEEK_END);
    segments_.push_back({.number = entry.segment, .file = file, .bytes = std::uint64_t(std::max<off_t>(size, 0))});
    bytes_ += segments_.back().bytes;
  }
  prepare();
  return true;
}

}  // namespace aybiza
