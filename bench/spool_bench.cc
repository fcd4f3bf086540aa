// The spool stage alone: 16 producers x 500-event batches of 200 B, every ack after fdatasync, beside a bare loop of pwrite
// and fdatasync on the same disk in the same run.
//
//   spool_bench [directory] [seconds] [events per second; 0 = as fast as acks come]
#include <fmt/format.h>
#include <sys/utsname.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "base/check.h"
#include "spool/spool.h"

namespace {

using namespace aybiza;
using namespace aybiza::spool;
using SteadyClock = std::chrono::steady_clock;
using Micros = std::chrono::microseconds;

constexpr std::size_t kProducers = 16, kBatch = 500, kEventBytes = 200;

std::string first_line_with(const char* path, const std::string& word) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with(word)) return line.substr(line.find(':') + 1);
  }
  return " unknown";
}

double quantile(std::vector<double>& values, double q) {
  if (values.empty()) return 0;
  const auto at = std::ptrdiff_t(q * double(values.size() - 1));
  std::ranges::nth_element(values, values.begin() + at);
  return values[std::size_t(at)];
}

struct Bare {
  double bytes_per_second = 0, p50_ms = 0, p99_ms = 0;
};

// What the disk gives without us: commits of the same size into written blocks, flushed one by one.
Bare bare_loop(const std::string& directory, std::size_t commit, double seconds) {
  auto file = *posix_fs().open(directory + "/bare", OpenMode::create);
  const std::string bytes(commit, 'b'), zeros(limits::MiB, '\0');
  for (std::size_t at = 0; at < limits::spool_segment_bytes; at += zeros.size()) CHECK(file->pwrite(zeros, at));
  CHECK(file->sync());
  std::vector<double> flushes;
  std::size_t at = 0, total = 0;
  const auto start = SteadyClock::now();
  while (SteadyClock::now() - start < std::chrono::duration<double>(seconds)) {
    if (at + commit > limits::spool_segment_bytes) at = 0;
    CHECK(file->pwrite(bytes, at));
    const auto before = SteadyClock::now();
    CHECK(file->sync());
    flushes.push_back(std::chrono::duration<double, std::milli>(SteadyClock::now() - before).count());
    at += (commit + 511) / 512 * 512;
    total += commit;
  }
  const double took = std::chrono::duration<double>(SteadyClock::now() - start).count();
  return {double(total) / took, quantile(flushes, 0.5), quantile(flushes, 0.99)};
}

struct Producer {
  std::mutex mutex;
  std::condition_variable answered;
  bool waiting = false;
  std::vector<double> acks_ms;

  void run(Spool& spool, std::size_t index, double rate, std::atomic<bool>& stop) {
    std::mt19937_64 random(index + 1);
    std::string event(kEventBytes, 'e');
    const std::string bytes = [&] {
      std::string all;
      for (std::size_t i = 0; i < kBatch; ++i) all += event;
      return all;
    }();
    const auto pause = rate > 0 ? std::chrono::duration<double>(double(kBatch * kProducers) / rate) : std::chrono::duration<double>(0);
    auto due = SteadyClock::now() + std::chrono::duration_cast<SteadyClock::duration>(pause * double(index) / double(kProducers));
    while (!stop) {
      if (rate > 0) std::this_thread::sleep_until(due);
      AppendRequest request;
      request.customer = "customer";
      request.received = SystemClock().now();
      request.batch_key = {random(), random()};
      for (std::size_t i = 0; i < kBatch; ++i) request.items.push_back({{random(), random()}, kEventBytes});
      request.bytes = bytes;
      request.done = [this](const AppendResult& result) {
        CHECK(result.status && result.accepted == kBatch);
        const std::lock_guard lock(mutex);
        waiting = false;
        answered.notify_one();
      };
      // From the moment it was due: a late start counts as latency (coordinated omission).
      const auto sent = rate > 0 ? due : SteadyClock::now();
      waiting = true;
      if (spool.append(std::move(request)) != Admission::taken) continue;
      std::unique_lock lock(mutex);
      answered.wait(lock, [this] { return !waiting; });
      acks_ms.push_back(std::chrono::duration<double, std::milli>(SteadyClock::now() - sent).count());
      due += std::chrono::duration_cast<SteadyClock::duration>(pause);
    }
  }
};

void measure(const std::string& directory, double seconds, double rate) {
  Options options;
  options.directory = directory + "/spool";
  auto opened = Spool::open(options);
  if (!opened) {
    fmt::print(stderr, "{}\n", opened.error().message);
    std::exit(1);
  }
  Spool& spool = **opened;
  std::atomic<bool> stop{false};
  std::vector<Producer> producers(kProducers);
  std::vector<std::thread> threads;
  std::uint64_t followed = 0;
  const auto start = SteadyClock::now();
  for (std::size_t i = 0; i < kProducers; ++i) threads.emplace_back([&, i] { producers[i].run(spool, i, rate, stop); });
  std::thread follower([&] {  // one reader, as the server has, that lets go of what it has read
    auto reader = *spool.read_from({});
    while (!stop) {
      const auto record = *reader->next(SteadyClock::now() + std::chrono::milliseconds(50));
      if (!record) continue;
      followed += record->count();
      if (record->first.value % 100'000 < kBatch) spool.release(record->first);
    }
  });
  std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
  stop = true;
  for (auto& thread : threads) thread.join();
  const double took = std::chrono::duration<double>(SteadyClock::now() - start).count();
  follower.join();
  const Stats& stats = spool.stats();
  std::vector<double> acks;
  for (auto& producer : producers) acks.insert(acks.end(), producer.acks_ms.begin(), producer.acks_ms.end());
  const std::uint64_t commits = stats.commits, bytes = stats.written_bytes;
  const double events = double(stats.accepted_events) / took;
  fmt::print("offered {:>9}  events/s {:>9.0f}  MB/s {:>6.1f}  ack ms p50 {:.2f} p99 {:.2f} max {:.1f}  commits/s {:.0f} of {} KiB  "
             "fsync ms p50 {:.2f} p99 {:.2f}  stalls>20ms {}  followed {:.0f}/s\n",
             rate > 0 ? fmt::format("{:.0f}", rate) : "max", events, double(bytes) / took / 1e6, quantile(acks, 0.5),
             quantile(acks, 0.99), quantile(acks, 1.0), double(commits) / took, bytes / std::max<std::uint64_t>(1, commits) / 1024,
             double(stats.fsync_latency.quantile_us(0.5)) / 1000, double(stats.fsync_latency.quantile_us(0.99)) / 1000,
             stats.stalls.load(), double(followed) / took);
  spool.close();
  const Bare bare = bare_loop(directory, std::size_t(bytes / std::max<std::uint64_t>(1, commits)), std::min(seconds, 3.0));
  fmt::print("  bare pwrite+fdatasync of that size: MB/s {:.1f}  fsync ms p50 {:.2f} p99 {:.2f}  spool/bare throughput {:.2f}\n",
             bare.bytes_per_second / 1e6, bare.p50_ms, bare.p99_ms, double(bytes) / took / bare.bytes_per_second);
  std::filesystem::remove_all(directory + "/spool");
}

}  // namespace

int main(int argc, char** argv) {
  const std::string directory = argc > 1 ? argv[1] : "spool_bench_data";
  const double seconds = argc > 2 ? std::atof(argv[2]) : 5;
  std::filesystem::create_directories(directory);
  utsname system{};
  uname(&system);
  fmt::print("machine {} x{}, {} {}\ndata    {} producers x {} events x {} B, one batch in flight each, fsync, one reader\ncommand ",
             first_line_with("/proc/cpuinfo", "model name").substr(1), std::thread::hardware_concurrency(), system.sysname,
             system.release, kProducers, kBatch, kEventBytes);
  for (int i = 0; i < argc; ++i) fmt::print("{} ", i == 0 ? "spool_bench" : argv[i]);
  fmt::print("\n");
  if (argc > 3) {
    measure(directory, seconds, std::atof(argv[3]));
  } else {
    for (const double rate : {100e3, 500e3, 1e6, 0.0}) measure(directory, seconds, rate);
  }
  std::filesystem::remove_all(directory);
}
