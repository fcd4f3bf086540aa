#include "spool/housekeeper.h"

#include <algorithm>

#include "base/ids.h"
#include "base/limits.h"

namespace aybiza::spool {

void Housekeeper::start() {
  thread_ = std::thread([this] {
    while (true) {
      {
        std::unique_lock lock(mutex_);
        due_.wait_for(lock, limits::spool_upkeep_interval, [this] { return woken_ || stopping_; });
        if (stopping_) return;
        woken_ = false;
      }
      round();
    }
  });
}

void Housekeeper::stop() {
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) return;
    stopping_ = true;
  }
  due_.notify_all();
  if (thread_.joinable()) thread_.join();
  const std::lock_guard lock(round_mutex_);
  write_saves();
}

void Housekeeper::wake() {
  {
    const std::lock_guard lock(mutex_);
    woken_ = true;
  }
  due_.notify_all();
}

void Housekeeper::round() {
  const std::lock_guard lock(round_mutex_);
  write_saves();
  remove_released();
  check_space();
  if (!log_.stats.disk_reserve) say_once(spare_trouble_, prepare_spare(), "preparing a spare segment");
  log_.stats.segments = log_.segments.count();
  log_.stats.segment_bytes = log_.segments.bytes();
  log_.stats.spares = log_.spares.count();
}

void Housekeeper::release(Offset below) {
  auto& released = log_.stats.released_offset;
  std::uint64_t before = released.load();
  while (before < below.value && !released.compare_exchange_weak(before, below.value)) continue;
  wake();
}

void Housekeeper::save(DedupSave save) {
  {
    const std::lock_guard lock(mutex_);
    const std::size_t ids = save.changes.events.size() + save.changes.batches.size();
    // When the disk does not take the ids, the log itself keeps them: from here on nothing is covered, so no segment goes.
    if (waiting_ids_ + ids > limits::dedup_unsaved_ids) log_.stats.dedup_log_failed = true;
    if (log_.stats.dedup_log_failed) return;
    waiting_ids_ += ids;
    saves_.push_back(std::move(save));
    woken_ = true;
  }
  due_.notify_all();
}

void Housekeeper::write_saves() {
  {
    const std::lock_guard lock(mutex_);
    std::ranges::move(saves_, std::back_inserter(failed_));
    saves_.clear();
  }
  while (!failed_.empty()) {
    const DedupSave& save = failed_.front();
    const Status status = dedup_log_.save(save);
    say_once(save_trouble_, status, "writing the dedup log");
    if (!status) return;
    log_.stats.dedup_saved_offset = save.to.value;
    {
      const std::lock_guard lock(mutex_);
      waiting_ids_ -= save.changes.events.size() + save.changes.batches.size();
    }
    failed_.erase(failed_.begin());
  }
}

std::shared_ptr<const std::atomic<bool>> Housekeeper::hold() {
  const std::lock_guard lock(round_mutex_);
  auto hold = held_.lock();
  if (!hold || !*hold) held_ = hold = std::make_shared<std::atomic<bool>>(true);
  return hold;
}

Status Housekeeper::at_rest(const std::function<Status()>& work) {
  const std::lock_guard lock(round_mutex_);
  return work();
}

bool Housekeeper::held() {
  const auto hold = held_.lock();
  if (!hold || !*hold) return false;
  if (log_.segments.bytes() <= bounds_.disk_bytes / 2) return true;
  *hold = false;
  log_.notice("spool: a copy or a hold keeps too much of the log and is given up: its segments are removed as they are released");
  return false;
}

void Housekeeper::remove_released() {
  if (held()) return;
  const std::uint64_t below = std::min(log_.stats.released_offset.load(), log_.stats.dedup_saved_offset.load());
  std::size_t spares = log_.spares.count();
  bool renamed = false;
  std::vector<Spare> fresh;
  for (const auto& [segment, pinned] : log_.segments.take_released({below})) {
    const bool recycle = !pinned && !segment->dead && segment->bytes == bounds_.segment_bytes && spares < limits::spool_spares;
    Status status;
    if (recycle) {
      const std::string path = log_.directory + "/recycled-" + std::to_string(segment->number);
      status = log_.fs.rename(segment->path, path);
      if (status) fresh.push_back({path, true}), ++spares;
      renamed = true;
    } else {
      status = log_.fs.unlink(segment->path);
    }
    say_once(release_trouble_, status, "removing a released segment");
  }
  // Only a name that is surely gone may lend its file to another.
  if (renamed && !log_.fs.sync_directory(log_.directory)) return;
  for (auto& spare : fresh) log_.spares.add(std::move(spare));
}

void Housekeeper::check_space() {
  const auto space = log_.fs.space(log_.directory);
  if (!space) return;
  const std::uint64_t reserve = std::min<std::uint64_t>(bounds_.reserve_bytes, space->total_bytes / 20);
  const bool low = space->free_bytes < reserve;
  auto& stats = log_.stats;
  stats.free_bytes = space->free_bytes;
  if (low != stats.disk_reserve.exchange(low)) {
    log_.notice(low ? fmt::format("spool: only {} MiB are free on the disk, the reserve is {} MiB: events are refused until there "
                                  "is room", space->free_bytes >> 20, reserve >> 20)
                    : "spool: there is room on the disk again: events are accepted");
  }
  const std::uint64_t used = log_.segments.bytes();
  const bool full = used > bounds_.disk_bytes;
  if (full != stats.spool_full.exchange(full)) {
    log_.notice(full ? fmt::format("spool: {} MiB wait to be stored, the limit is {} MiB: events are refused until the store "
                                   "catches up", used >> 20, bounds_.disk_bytes >> 20)
                     : "spool: the store has caught up: events are accepted");
  }
}

Status Housekeeper::prepare_spare() {
  if (log_.spares.count() > 0) return {};
  const auto space = log_.fs.space(log_.directory);
  if (!space) return std::unexpected(space.error());
  const std::uint64_t reserve = std::min<std::uint64_t>(bounds_.reserve_bytes, space->total_bytes / 20);
  if (space->free_bytes < reserve + bounds_.segment_bytes) return {};
  // A name of its own: the committer may still be renaming the one it took.
  const std::string path = fmt::format("{}/spare-{}", log_.directory, to_string(random_id())), raw = path + ".tmp";
  auto file = log_.fs.open(raw, OpenMode::create);
  if (!file) return std::unexpected(file.error());
  AYBIZA_TRY((*file)->truncate(0));
  const std::string zeros(std::min(bounds_.segment_bytes, 1 * limits::MiB), '\0');
  for (std::size_t at = 0; at < bounds_.segment_bytes; at += zeros.size()) {
    const std::size_t bytes = std::min(zeros.size(), bounds_.segment_bytes - at);
    AYBIZA_TRY((*file)->pwrite(std::string_view(zeros).substr(0, bytes), at));
  }
  AYBIZA_TRY((*file)->sync());
  AYBIZA_TRY(log_.fs.rename(raw, path));
  AYBIZA_TRY(log_.fs.sync_directory(log_.directory));
  log_.spares.add({path, false});
  return {};
}

void Housekeeper::say_once(std::string& last, const Status& status, std::string_view doing) {
  const std::string now = status ? "" : status.error().message;
  if (!now.empty() && now != last) log_.notice(fmt::format("spool: {} failed: {}; it is tried again", doing, now));
  last = now;
}

}  // namespace aybiza::spool
