#include "spool/spool.h"

#include <condition_variable>
#include <cstdio>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>

#include "base/check.h"
#include "spool/committer.h"
#include "spool/housekeeper.h"
#include "spool/live_reader.h"
#include "spool/recovery.h"

namespace aybiza::spool {
namespace {

const Clock& system_clock() {
  static const SystemClock clock;
  return clock;
}

std::size_t weight(const AppendRequest& request) {
  return request.bytes.size() + request.items.size() * 20 + request.customer.size() + record_header_bytes;
}

bool well_formed(const AppendRequest& request) {
  std::uint64_t bytes = 0;
  for (const auto& item : request.items) bytes += item.size;
  return bytes == request.bytes.size() && request.customer.size() <= limits::id_bytes &&
         request.items.size() <= 0xFFFF && weight(request) <= limits::spool_record_bytes;
}

}  // namespace

std::string_view reason(Admission admission) {
  switch (admission) {
    case Admission::taken: return "taken";
    case Admission::overloaded: return "overload";
    case Admission::disk_reserve: return "disk reserve";
    case Admission::spool_full: return "spool full";
    case Admission::read_only: return "read-only";
    case Admission::closed: return "closed";
    case Admission::malformed: return "malformed";
  }
  return "unknown";
}

class Spool::Impl {
 public:
  Impl(Options options, Id node)
      : options_(std::move(options)),
        log_(std::make_shared<Log>(*options_.fs, options_.directory, node, options_.notice)),
        dedup_({options_.dedup_event_bytes, options_.dedup_batches}, node.high ^ node.low),
        housekeeper_(*log_, {options_.segment_bytes, options_.disk_bytes, options_.reserve_bytes}) {}

  Status open(Opened opened) {
    lock_ = std::move(opened.lock);
    AYBIZA_TRY(recover(*log_, housekeeper_.dedup_log(), dedup_, options_.segment_bytes, opened));
    recovery_ = opened.recovery;
    saved_to_ = opened.covered;
    log_->stats.dedup_saved_offset = opened.covered.value;
    AYBIZA_TRY(housekeeper_.prepare_spare());
    writer_.emplace(*log_, *options_.clock, options_.segment_bytes, opened.next_number);
    // A full disk is no reason not to start: what is there can be read, and there may be room soon.
    if (const Status begun = writer_->begin(opened.next); !begun && begun.error().code != Code::unavailable) return begun;
    committer_.emplace(*log_, dedup_, *writer_, opened.next, opened.last_received);
    committer_->keep_unsaved(std::move(opened.unsaved));
    log_->stats.visible_offset = log_->stats.durable_offset = recovery_.last.value;
    log_->tail.publish(recovery_.last.value, writer_->segment_number(), writer_->position());
    housekeeper_.round();
    if (options_.threads) start();
    return {};
  }

  Admission append(AppendRequest request) {
    auto& stats = log_->stats;
    if (!well_formed(request)) return ++stats.refused_malformed, Admission::malformed;
    if (stats.read_only) return ++stats.refused_read_only, Admission::read_only;
    if (stats.disk_reserve) return ++stats.refused_reserve, Admission::disk_reserve;
    if (stats.spool_full) return ++stats.refused_full, Admission::spool_full;
    const std::size_t bytes = weight(request);
    {
      const std::lock_guard lock(mutex_);
      if (closing_) return Admission::closed;
      // An empty queue takes any request that is within the limits, else a large one could never pass.
      const bool full = !queue_.empty() && (queue_.size() >= options_.queue_requests || queued_bytes_ + bytes > options_.queue_bytes);
      if (full) return ++stats.refused_overload, Admission::overloaded;
      queue_.push_back(std::move(request));
      queued_bytes_ += bytes;
      stats.queued_requests = queue_.size();
      stats.queued_bytes = queued_bytes_;
    }
    arrived_.notify_one();
    return Admission::taken;
  }

  Result<std::unique_ptr<Reader>> read_from(Offset from) { return read_live(log_, from); }

  void release(Offset below) { housekeeper_.release(below); }

  bool pump() {
    CHECK(!options_.threads);
    return commit_once(false);
  }

  void maintain() { housekeeper_.round(); }

  void close() {
    {
      const std::lock_guard lock(mutex_);
      if (closed_) return;
      closing_ = closed_ = true;
    }
    arrived_.notify_all();
    if (commit_thread_.joinable()) commit_thread_.join();
    while (commit_once(false)) continue;
    if (committer_) {
      // Records of durability os survive an orderly end as all others do.
      if (const Status flushed = writer_->sync(committer_->next()); !flushed) options_.notice(flushed.error().message);
      hand_over();
    }
    housekeeper_.stop();
    lock_.reset();
    {
      const std::lock_guard lock(log_->tail.mutex);
      log_->tail.closed = true;
    }
    log_->tail.grown.notify_all();
  }

  Spool::Hold hold() { return housekeeper_.hold(); }
  Status at_rest(const std::function<Status()>& work) { return housekeeper_.at_rest(work); }

  Result<LogParts> parts() const {
    LogParts out;
    std::uint64_t tail = 0, position = 0;
    {
      const std::lock_guard lock(log_->tail.mutex);
      tail = log_->tail.segment, position = log_->tail.position;
      out.last = {log_->tail.visible.load()};
    }
    const auto names = log_->fs.list(log_->directory);
    if (!names) return std::unexpected(names.error());
    for (const std::string& name : *names) {
      const auto number = segment_number(name);
      if (!number || *number > tail) continue;
      const auto file = log_->fs.open(log_->directory + "/" + name, OpenMode::read);
      if (!file) return std::unexpected(file.error());
      const auto size = (*file)->size();
      if (!size) return std::unexpected(size.error());
      out.segments.push_back({name, *number == tail ? std::min(position, *size) : *size});
    }
    out.first = log_->segments.oldest();
    return out;
  }

  const Log& log() const { return *log_; }
  const Recovery& recovery() const { return recovery_; }

 private:
  void start() {
    housekeeper_.start();
    commit_thread_ = std::thread([this] {
      while (commit_once(true)) continue;
    });
  }

  // Everything that waits, up to a commit's size. What arrives during the flush is the next commit: no timer is needed
  // for requests to gather. False when there was nothing, and with `wait` only when the spool closes.
  bool commit_once(bool wait) {
    batch_.clear();
    std::size_t bytes = 0;
    {
      std::unique_lock lock(mutex_);
      if (wait) arrived_.wait(lock, [this] { return !queue_.empty() || closing_; });
      while (!queue_.empty() && bytes < options_.commit_bytes) {
        bytes += weight(queue_.front());
        batch_.push_back(std::move(queue_.front()));
        queue_.pop_front();
      }
      queued_bytes_ -= bytes;
      log_->stats.queued_requests = queue_.size();
      log_->stats.queued_bytes = queued_bytes_;
    }
    if (batch_.empty()) return false;
    const std::uint64_t segment = writer_->segment_number(), written = log_->stats.written_bytes;
    committer_->commit(batch_);
    since_save_ += std::size_t(log_->stats.written_bytes - written);
    if (since_save_ >= options_.snapshot_every_bytes || committer_->unsaved_ids() >= limits::dedup_unsaved_ids / 4) hand_over();
    if (writer_->segment_number() != segment) housekeeper_.wake();
    return true;
  }

  void hand_over() {
    since_save_ = 0;
    const Offset to = committer_->next();
    if (to <= saved_to_) return;
    housekeeper_.save({committer_->take_unsaved(), saved_to_, to, dedup_.events().oldest(), dedup_.batches().oldest()});
    saved_to_ = to;
  }

  Options options_;
  std::shared_ptr<Log> log_;
  std::unique_ptr<File> lock_;
  Dedup dedup_;
  Housekeeper housekeeper_;
  Recovery recovery_;
  std::optional<LogWriter> writer_;
  std::optional<Committer> committer_;
  std::vector<AppendRequest> batch_;
  std::size_t since_save_ = 0;
  Offset saved_to_;

  std::mutex mutex_;
  std::condition_variable arrived_;
  std::deque<AppendRequest> queue_;
  std::size_t queued_bytes_ = 0;
  bool closing_ = false, closed_ = false;
  std::thread commit_thread_;
};

Spool::Spool(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Spool::~Spool() { close(); }

Result<std::unique_ptr<Spool>> Spool::open(Options options) {
  if (options.fs == nullptr) options.fs = &posix_fs();
  if (options.clock == nullptr) options.clock = &system_clock();
  if (!options.notice) {
    options.notice = [](std::string_view line) { std::fprintf(stderr, "%.*s\n", int(line.size()), line.data()); };
  }
  while (options.directory.size() > 1 && options.directory.ends_with('/')) options.directory.pop_back();
  Id node;
  auto opened = claim_directory(*options.fs, options.directory, node);
  if (!opened) return std::unexpected(opened.error());
  auto impl = std::make_unique<Impl>(std::move(options), node);
  AYBIZA_TRY(impl->open(std::move(*opened)));
  return std::unique_ptr<Spool>(new Spool(std::move(impl)));
}

Admission Spool::append(AppendRequest request) { return impl_->append(std::move(request)); }
Result<std::unique_ptr<Reader>> Spool::read_from(Offset from) { return impl_->read_from(from); }
void Spool::release(Offset below) { impl_->release(below); }
void Spool::close() { impl_->close(); }
Spool::Hold Spool::hold() { return impl_->hold(); }
Status Spool::at_rest(const std::function<Status()>& work) { return impl_->at_rest(work); }
Result<LogParts> Spool::parts() const { return impl_->parts(); }
Offset Spool::visible() const { return {impl_->log().tail.visible.load()}; }
const Stats& Spool::stats() const { return impl_->log().stats; }
const Recovery& Spool::recovery() const { return impl_->recovery(); }
Id Spool::node() const { return impl_->log().node; }
bool Spool::pump() { return impl_->pump(); }
void Spool::maintain() { impl_->maintain(); }

}  // namespace aybiza::spool
