// A table on its way out: the store pushes, the network pulls, and neither gets far ahead of the other.
//
// Shape    the store's thread hands over one piece at a time and waits until the client has taken it.
// Errors   the client leaves: the export ends at its next piece. The export fails: the body is broken off.
// Threads  source() is called once on a network thread; run() on the thread that exports.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>

#include "base/status.h"
#include "net/http.h"

namespace aybiza {

class ExportStream : public std::enable_shared_from_this<ExportStream> {
 public:
  net::ChunkSource source();
  // Gives `bytes` to the client; fails when it has left or does not take them in time.
  Status push(std::string_view bytes);
  void finish(Status result);
  bool gone() const;  // the client has left

 private:
  std::optional<net::ChunkReady> wait_for_client();

  mutable std::mutex mutex_;
  std::condition_variable asked_;
  std::optional<net::ChunkReady> ready_;
  bool gone_ = false;
};

}  // namespace aybiza
