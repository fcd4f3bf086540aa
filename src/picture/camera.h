// Pictures of pages, one browser at a time.
//
// Shape    a wish waits in a short queue and is answered once. A wish that nobody waits for any more is dropped, also while it is being taken.
// Errors   as take_pictures; unsupported where there is no browser, with the remedy; unavailable when the queue is full or the camera stopped.
// Threads  any; answers come on the camera's thread. stop() calls off what is under way and returns when its browser is gone.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "picture/page_picture.h"
#include "runtime/worker_pool.h"

namespace aybiza {

struct CameraCounters {
  std::uint64_t taken = 0;                       // wishes that were fulfilled
  std::map<std::string, std::uint64_t> failed;   // by reason: no_browser, busy, gone, late, large, page, broken
  std::uint64_t waiting = 0;
};

class Camera {
 public:
  // `program`: where the browser is; empty: there is none. `off`: by choice.
  Camera(std::filesystem::path program, bool off, const Clock& clock);
  ~Camera() { stop(); }
  Camera(const Camera&) = delete;  // one per server
  Camera& operator=(const Camera&) = delete;

  using Answer = std::move_only_function<void(Result<PagePictures>)>;
  using Gone = std::function<bool()>;
  using Prepare = std::move_only_function<PictureWish()>;
  // `prepare` is called when the wish's turn has come: what it makes is used at once. Each is answered once, also by a refusal.
  void take(Prepare prepare, Gone gone, Answer answer);

  Status there() const;  // unsupported: no pictures here, and why
  CameraCounters counters() const;
  void stop();

 private:
  Result<PagePictures> taken(const PictureWish& wish, const Gone& gone);
  Result<PagePictures> counted(Result<PagePictures> result, bool gone);

  const std::filesystem::path program_;
  const bool off_;
  const Clock& clock_;
  std::atomic<bool> stopping_{false};
  mutable std::mutex mutex_;  // guards counters_
  CameraCounters counters_;
  WorkerPool pool_;  // last: its thread uses the members above
};

}  // namespace aybiza
