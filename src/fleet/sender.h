// Carries event lines to a server through `POST /v1/events`, in batches, over a few connections, with retries.
//
// Shape    send() queues a line; full batches, and what flush() leaves over, are posted by worker threads. A batch
//          that was not answered with 200 is sent again with the same ids, so nothing counts twice.
// Errors   429 and 503 wait as Retry-After says, a broken connection waits 100 ms, doubling to 5 s; other 4xx give the
//          batch up and count it as failed with the server's words kept (last_error).
// Cost     bounded: at most `queue_batches` batches wait, then send() blocks until there is room or `stop` is set.
// Threads  send and flush from one thread; stats from any.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/units.h"
#include "net/http_client.h"
#include "runtime/thread.h"

namespace aybiza {

struct SenderConfig {
  net::ClientConfig server;
  std::string key;  // Bearer; empty: none
  std::size_t connections = 2, batch_events = 500, queue_batches = 64;
  bool gzip = false;
  const std::atomic<bool>* stop = nullptr;  // once set, what finds no room is given up instead of waited for
};

struct SenderStats {
  std::uint64_t sent = 0, accepted = 0, duplicates = 0, rejected = 0, failed = 0, retries = 0, batches = 0;
  double p50_ms = 0, p99_ms = 0, max_ms = 0;  // of one POST, from send to answer
  std::string last_error;
};

class Sender {
 public:
  explicit Sender(SenderConfig config);
  ~Sender();  // gives up what is still queued; call finish() to wait for it
  Sender(const Sender&) = delete;

  void send(std::string_view line);
  void flush();                            // posts the batch at hand
  bool finish(Duration patience);          // flush and wait until all is answered; false: some is not
  bool finish() { return finish(Duration::max()); }
  void stop();                             // retries end, queued batches are given up
  SenderStats stats() const;

 private:
  struct Batch {
    std::string bytes;
    std::size_t events = 0;
  };
  void work(std::stop_token stop);
  void deliver(net::HttpClient& client, Batch batch, std::stop_token stop);
  void count(const std::string& answer, Duration took, std::size_t events);

  const SenderConfig config_;
  Batch current_;
  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<Batch> queue_;
  std::size_t busy_ = 0;
  SenderStats stats_;
  std::vector<std::uint32_t> latencies_us_;  // the last `latency_samples`
  std::size_t latency_next_ = 0;
  std::vector<Thread> workers_;
};

}  // namespace aybiza
