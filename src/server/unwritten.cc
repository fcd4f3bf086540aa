#include "server/unwritten.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/limits.h"
#include "server/snapshot_file.h"
#include "store/batch_bytes.h"

namespace aybiza {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

constexpr std::size_t piece_bytes = limits::MiB;  // packed at a time
constexpr Duration again = 1s;                    // after what the disk refused

}  // namespace

Unwritten::Unwritten(fs::path folder, Bounds bounds, std::function<void()> spilled)
    : folder_(std::move(folder)), bounds_(bounds), spilled_(std::move(spilled)) {
  clear();  // of a process that was killed
  spiller_ = Thread("unwritten", [this](std::stop_token stop) { spill(stop); });
}

Unwritten::~Unwritten() {
  close();
  spiller_.request_stop();
  spiller_.join();
  clear();
}

void Unwritten::clear() const {
  std::error_code ignored;  // what stays is in nobody's way, and goes at the next start
  fs::remove_all(folder_, ignored);
}

void Unwritten::push(std::unique_ptr<Collection> next) {
  auto entry = std::make_shared<Entry>();
  entry->to = next->rows.to;
  entry->collection = std::move(next);
  {
    const std::lock_guard lock(mutex_);
    waiting_.push_back(std::move(entry));
    stats_.waiting = waiting_.size();
  }
  changed_.notify_all();
}

void Unwritten::press() {
  {
    const std::lock_guard lock(mutex_);
    if (std::exchange(pressed_, true)) return;
  }
  changed_.notify_all();
}

void Unwritten::close() {
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
  }
  changed_.notify_all();
}

bool Unwritten::finished() const {
  const std::lock_guard lock(mutex_);
  return closed_ && waiting_.empty();
}

std::uint64_t Unwritten::away() const {
  const std::lock_guard lock(mutex_);
  return away_;
}

Unwritten::Stats Unwritten::stats() const {
  const std::lock_guard lock(mutex_);
  return stats_;
}

// --- To disk --------------------------------------------------------------------------------------------------------

void Unwritten::spill(std::stop_token stop) {
  const auto in_memory = [&] { return std::ranges::any_of(waiting_, [](const auto& entry) { return entry->file.empty(); }); };
  while (!stop.stop_requested()) {
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, stop, [&] { return (pressed_ && !closed_) || to_read(); });
      if (stop.stop_requested()) return;
      if (to_read() && !(pressed_ && !closed_ && in_memory())) {
        lock.unlock();
        read_ahead();
        continue;
      }
      if (!in_memory()) {
        pressed_ = false;
        continue;
      }
    }
    if (spill_one()) continue;
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, stop, again, [] { return false; });
  }
}

Status Unwritten::room() const {
  std::error_code error;
  fs::create_directories(folder_, error);
  if (!error) fs::permissions(folder_, fs::perms::owner_all, error);
  const fs::space_info space = error ? fs::space_info{} : fs::space(folder_, error);
  if (error) return fail(Code::io, "{}: {}", folder_.string(), error.message());
  if (space.available < std::min<std::uint64_t>(bounds_.free_bytes, space.capacity / 10)) return fail(Code::unavailable, "only {} MiB are free on the disk", space.available / limits::MiB);
  const std::lock_guard lock(mutex_);
  if (stats_.spilled_bytes > bounds_.disk_bytes) return fail(Code::unavailable, "{} MiB wait on disk already", stats_.spilled_bytes / limits::MiB);
  return {};
}

Result<std::uint64_t> Unwritten::write(const fs::path& file, const RowBatch& rows) const {
  AYBIZA_TRY(room());
  SnapshotPart out;
  out.open(file);
  const std::string bytes = batch_bytes(rows);
  for (std::size_t at = 0; at < bytes.size() && out.state(); at += piece_bytes) out.append(std::string_view(bytes).substr(at, piece_bytes));
  if (out.state()) return out.bytes();
  std::error_code ignored;  // it is written anew under the next name
  fs::remove(file, ignored);
  return std::unexpected(out.state().error());
}

// The oldest that is in memory: those before it are on disk already.
bool Unwritten::spill_one() {
  std::shared_ptr<Entry> entry;
  fs::path file;
  {
    const std::lock_guard lock(mutex_);
    const auto at = std::ranges::find_if(waiting_, [](const auto& one) { return one->file.empty(); });
    if (at == waiting_.end()) return true;
    entry = *at;
    entry->leaving = true;
    file = folder_ / fmt::format("{}.rows", ++files_);
  }
  const auto written = write(file, entry->collection->rows);
  RowBatch gone;  // let go without the lock
  {
    const std::lock_guard lock(mutex_);
    entry->leaving = false;
    const std::string trouble = written ? "" : written.error().message;
    if (trouble.empty() != stats_.trouble.empty())
      fmt::print(stderr, "{}\n", written ? "aybiza: rows wait on disk again" : fmt::format("aybiza: rows that wait for the store stay in memory ({}): live figures wait when it is full", trouble));
    stats_.trouble = trouble;
    if (written) {
      gone = std::exchange(entry->collection->rows, {});
      entry->file = file, entry->bytes = *written;
      stats_.spilled_bytes += *written;
      ++stats_.spilled_total;
      away_ = std::max(away_, entry->to);
    }
  }
  changed_.notify_all();
  if (written) spilled_();
  return written.has_value();
}

// --- And back -------------------------------------------------------------------------------------------------------

Result<RowBatch> Unwritten::read(const Entry& entry) {
  const auto bytes = load_frames(entry.file, entry.bytes);
  return bytes ? read_batch_bytes(*bytes) : Result<RowBatch>(std::unexpected(bytes.error()));
}

// Only what comes next: more than one beside the one that is being written would not be a bound of memory.
bool Unwritten::to_read() const {
  if (waiting_.empty()) return false;
  const Entry& next = *waiting_.front();
  return !next.file.empty() && !next.reading && next.ahead == Entry::Ahead::no;
}

void Unwritten::read_ahead() {
  std::shared_ptr<Entry> next;
  {
    const std::lock_guard lock(mutex_);
    if (!to_read()) return;
    next = waiting_.front();
    next->reading = true;
  }
  auto rows = read(*next);
  {
    const std::lock_guard lock(mutex_);
    next->reading = false;
    next->ahead = rows ? Entry::Ahead::read : Entry::Ahead::failed;  // whoever pops it tries again, and says what is wrong
    if (rows) next->collection->rows = std::move(*rows), ++stats_.read_ahead;
  }
  changed_.notify_all();
}

Result<Unwritten::Popped> Unwritten::pop(Duration patience, bool with_rows) {
  std::shared_ptr<Entry> first;
  {
    std::unique_lock lock(mutex_);
    const auto taken = [&] { return waiting_.front()->leaving || waiting_.front()->reading; };
    changed_.wait_for(lock, patience, [&] { return (closed_ && waiting_.empty()) || (!waiting_.empty() && !taken()); });
    if (waiting_.empty() || taken()) return Popped{};
    first = waiting_.front();
    if (first->file.empty()) {  // under the same lock: the spiller has not begun with it
      waiting_.pop_front();
      stats_.waiting = waiting_.size();
      away_ = std::max(away_, first->to);
      return Popped{std::move(first->collection), false};
    }
    first->reading = true;  // by this thread, or it is there already
  }
  if (with_rows && first->ahead != Entry::Ahead::read) {
    auto rows = read(*first);
    if (!rows) {
      const std::lock_guard lock(mutex_);
      first->reading = false, first->ahead = Entry::Ahead::failed;
      return wrap(rows.error(), "reading back what waited for the store; a restart takes it from the log");
    }
    first->collection->rows = std::move(*rows);
  }
  std::error_code ignored;
  fs::remove(first->file, ignored);
  {
    const std::lock_guard lock(mutex_);
    waiting_.pop_front();  // the writer alone takes from the front
    stats_.waiting = waiting_.size();
    stats_.spilled_bytes -= first->bytes;
  }
  changed_.notify_all();  // what comes next may be read
  return Popped{std::move(first->collection), true};
}

}  // namespace aybiza
