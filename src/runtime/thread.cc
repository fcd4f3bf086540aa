#include "runtime/thread.h"

#include <pthread.h>

#include <utility>

namespace aybiza {

void name_this_thread(const std::string& name) {
  // The kernel keeps 15 bytes and refuses more; a thread without its name works as well, so the answer is ignored.
  (void)pthread_setname_np(pthread_self(), name.substr(0, 15).c_str());
}

Thread::Thread(std::string name, std::function<void(std::stop_token)> body)
    : thread_([name = std::move(name), body = std::move(body)](std::stop_token stop) {
        name_this_thread(name);
        body(std::move(stop));
      }) {}

void Thread::join() {
  if (thread_.joinable()) thread_.join();
}

}  // namespace aybiza
