// StatsD and DogStatsD over UDP and unix sockets, into the spool.
//
// Shape    one thread: poll -> recvmmsg -> StatsdDecoder -> a batch, which goes to the spool when it is full or 100 ms old.
//          A path ending in ".stream" listens for connections (frames: length u32 little-endian, packet), any other takes
//          datagrams.
// Errors   start: invalid or io, with what to change. Nobody can be told to slow down: while the spool is full the sockets are
//          not read, so that the kernel's buffer takes what it can; after a second the batch is shed. Every loss is counted:
//          datagrams the kernel dropped (SO_MEMINFO, exact), lines refused by reason, points shed by reason.
// Cost     docs/ingest.md "StatsD"; bench/statsd_bench.
// Threads  start, stop, destroy by one owner; stats() from any. REQUIRES: outlives its batches in the spool (close the spool
//          before destroying it).
// Source   ingest-formats.md 8.1; socket(7), sock_diag SK_MEMINFO_DROPS.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/clock.h"
#include "codec/statsd.h"
#include "ingest/ledger.h"
#include "ingest/metric_masker.h"
#include "ingest/metric_sampler.h"
#include "runtime/thread.h"
#include "spool/spool.h"

namespace aybiza {

struct StatsdConfig {
  std::string listen;       // HOST:PORT, "" for none; port 0 chooses one
  std::string socket_path;  // "" for none
  std::string customer = "default";
  StatsdOptions options = {};
  const Clock* clock = nullptr;
  const MetricSampler* sampler = nullptr;  // none: nothing is sampled
  const Tokenizer* tokenizer = nullptr;
  Ledger* ledger = nullptr;  // the one of all ways in: batches
  Ledger* points = nullptr;  // of points
  std::uint8_t spool_source = 0;
  std::function<void(const MaskCounts&)> count_masked;  // may be empty
  std::function<spool::Admission(spool::AppendRequest)> append;
};

struct StatsdStats {
  std::uint64_t packets = 0, bytes = 0;
  std::uint64_t dropped_packets = 0;    // by the kernel, because its buffer was full
  std::uint64_t truncated_packets = 0;  // longer than limits::statsd_packet_bytes: their last line is lost
  std::uint64_t broken_streams = 0;     // closed because a frame was too long
  std::uint64_t batches = 0;
  StatsdCounts lines;
};

class StatsdReceiver {
 public:
  static Result<std::unique_ptr<StatsdReceiver>> start(StatsdConfig config);
  ~StatsdReceiver();
  StatsdReceiver(const StatsdReceiver&) = delete;  // one per listener

  void stop();  // what came is handed to the spool; nothing more is read
  StatsdStats stats() const;
  const std::string& address() const { return address_; }  // "127.0.0.1:8125"; "" without UDP

 private:
  struct Socket;
  struct Packets;
  explicit StatsdReceiver(StatsdConfig config);
  Status open_udp();
  Status open_unix();
  void serve(std::stop_token stop);
  bool read_datagrams(Socket& socket);
  bool read_stream(Socket& socket);
  void accept_stream(const Socket& listener);
  void take(std::string_view packet, Instant received);
  void flush();
  void hand_over(std::uint64_t points, Instant now);
  void count(std::uint64_t points);
  spool::Admission append(const std::string& bytes, std::uint64_t points, Instant now);

  const StatsdConfig config_;
  std::string address_;
  std::vector<std::unique_ptr<Socket>> sockets_;
  std::unique_ptr<Packets> packets_;
  StatsdDecoder decoder_;
  MetricMasker masker_;
  MetricBatch batch_;
  Duration batch_began_{0};
  StatsdCounts counted_;     // as far as the ledger knows
  mutable std::mutex mutex_;  // guards stats_
  StatsdStats stats_;
  Thread thread_;
};

}  // namespace aybiza
