// A named thread that is asked to stop and joined when it leaves scope.
//
// Shape    the body gets a stop_token; whoever waits inside it must watch the token (Mailbox::drain and Periodic do).
// Errors   a name longer than 15 bytes is cut: that is what the kernel keeps. The body must not throw.
// Threads  construct, stop and destroy from one thread; the body runs on its own.
#pragma once

#include <functional>
#include <stop_token>
#include <string>
#include <thread>

namespace aybiza {

class Thread {
 public:
  Thread() = default;
  Thread(std::string name, std::function<void(std::stop_token)> body);

  void request_stop() { thread_.request_stop(); }
  void join();
  bool joinable() const { return thread_.joinable(); }

 private:
  std::jthread thread_;
};

// Names the calling thread, for a thread that somebody else started.
void name_this_thread(const std::string& name);

}  // namespace aybiza
