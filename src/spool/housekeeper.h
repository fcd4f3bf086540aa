// What the committer should not wait for: spare segments, the free space, the dedup log, released segments.
//
// Shape    round() does what is due. Its thread does one a second, and one whenever it is woken.
// Errors   are said once per state and tried again next round; appends meanwhile see the flags in Stats.
// Threads  release, save, wake: any. round: one at a time, under a mutex.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "spool/dedup_log.h"
#include "spool/segment_set.h"

namespace aybiza::spool {

class Housekeeper {
 public:
  struct Bounds {
    std::size_t segment_bytes, disk_bytes, reserve_bytes;
  };

  Housekeeper(Log& log, Bounds bounds)
      : log_(log), bounds_(bounds), dedup_log_(log.fs, log.directory + "/dedup") {}
  ~Housekeeper() { stop(); }
  Housekeeper(const Housekeeper&) = delete;  // owns a thread
  Housekeeper& operator=(const Housekeeper&) = delete;

  DedupLog& dedup_log() { return dedup_log_; }
  void start();
  void stop();  // after one last round
  void wake();
  void round();
  void release(Offset below);
  void save(DedupSave save);
  std::shared_ptr<const std::atomic<bool>> hold();      // see Spool::hold
  Status at_rest(const std::function<Status()>& work);
  Status prepare_spare();  // a zero-filled segment, unless there is one or no room

 private:
  void check_space();
  void write_saves();
  void remove_released();
  bool held();
  void say_once(std::string& last, const Status& status, std::string_view doing);

  Log& log_;
  Bounds bounds_;
  DedupLog dedup_log_;
  std::mutex round_mutex_;
  std::vector<DedupSave> failed_;  // under round_mutex_
  std::weak_ptr<std::atomic<bool>> held_;  // under round_mutex_
  std::string spare_trouble_, save_trouble_, release_trouble_;

  std::mutex mutex_;
  std::condition_variable due_;
  std::vector<DedupSave> saves_;
  std::size_t waiting_ids_ = 0;
  bool woken_ = false, stopping_ = false;
  std::thread thread_;
};

}  // namespace aybiza::spool
