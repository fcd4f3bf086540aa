// Ingest end to end: a whole server in this process, NDJSON over loopback HTTP in 500-event batches, fsync before every
// answer, masking, sentiment, live state and DuckDB on, the senders on the same cores.
//
//   ingest_bench [events per second = 100000] [seconds = 20] [connections = 4] [directory = a temporary one]
//
// Prints what was reached, the answers' p50 and p99, how far the store was behind, the CPU used, and the ratio to the
// bare minimum in the same run: the same bodies written and fdatasynced to a file, nothing understood. With
// AYBIZA_BENCH_TRACE set, also the state of the store and of the snapshots once a second.
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "base/clock.h"
#include "fleet/sender.h"
#include "fleet/simulation.h"
#include "runtime/huge_pages.h"
#include "server/serve.h"
#include "measuring.h"

namespace {

using namespace aybiza;
using namespace std::chrono_literals;
using namespace aybiza::bench;

std::vector<std::string> make_lines(std::size_t events, double rate) {
  const SystemClock clock;
  const Duration span(std::int64_t(double(events) / rate * 1e6));
  const Instant start = clock.now() - span - 2min;
  Simulation simulation({.seed = 7, .agents = 10'000, .events_per_second = rate, .season = false, .start = start});
  std::vector<std::string> lines;
  lines.reserve(events);
  for (Instant at = start; lines.size() < events; at += 1s)
    simulation.advance(at, [&](Instant, std::string_view line) {
      if (lines.size() < events) lines.emplace_back(line);
    });
  return lines;
}

double bare_events_per_second(const std::vector<std::string>& lines, const std::filesystem::path& directory) {
  const auto file = directory / "bare";
  const int fd = ::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  const auto begin = Steady::now();
  std::string body;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    body.append(lines[i]).push_back('\n');
    if ((i + 1) % 500 != 0) continue;
    if (::write(fd, body.data(), body.size()) < 0 || ::fdatasync(fd) != 0) std::abort();
    body.clear();
  }
  const double took = seconds(Steady::now() - begin);
  ::close(fd);
  std::filesystem::remove(file);
  return double(lines.size()) / took;
}

}  // namespace

int main(int argc, char** argv) {
  aybiza::restart_with_huge_pages(argv);  // as the server does
  const double rate = argc > 1 ? std::atof(argv[1]) : 100'000, length = argc > 2 ? std::atof(argv[2]) : 20;
  const std::size_t connections = argc > 3 ? std::size_t(std::atoi(argv[3])) : 4;
  const std::filesystem::path directory = argc > 4 ? argv[4] : std::filesystem::temp_directory_path() / ("aybiza-bench-" + std::to_string(getpid()));
  std::filesystem::create_directories(directory);
  const auto lines = make_lines(std::size_t(rate * length), rate);
  std::size_t bytes = 0;
  for (const auto& line : lines) bytes += line.size() + 1;
  fmt::print("machine    {}\ndata       {} events, {:.0f} B each, 10 000 agents, simulated mix\ncommand    ingest_bench {:.0f} {:.0f} {}\n", machine(), lines.size(),
             double(bytes) / double(lines.size()), rate, length, connections);
  const double bare = bare_events_per_second(lines, directory);

  auto server = Server::start({.data = directory / "data", .listen = "127.0.0.1:0", .insecure_loopback = true});
  if (!server) {
    fmt::print(stderr, "{}\n", server.error().message);
    return 1;
  }
  const auto config = *net::parse_http_url((*server)->url());
  net::HttpClient reader(config);
  Sender sender({.server = config, .key = "", .connections = connections, .batch_events = 500, .queue_batches = 8});
  const double cpu_before = cpu_seconds();
  const auto begin = Steady::now();
  double lag_max = 0;
  const bool trace = std::getenv("AYBIZA_BENCH_TRACE") != nullptr;
  auto next_look = begin + 1s;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    sender.send(lines[i]);
    if (i % 500 != 499) continue;
    const auto due = begin + std::chrono::duration_cast<Steady::duration>(std::chrono::duration<double>(double(i + 1) / rate));
    std::this_thread::sleep_until(due);
    if (Steady::now() < next_look) continue;
    next_look += 1s;
    lag_max = std::max(lag_max, gauge(reader, "aybiza_store_lag_seconds"));
    if (trace) fmt::print(stderr, "{:4.0f} s: store {:.1f} s behind, commit {:.0f} ms, snapshot {:.0f} ms {:.0f} MB, store log {:.0f} MB\n", seconds(Steady::now() - begin), gauge(reader, "aybiza_store_lag_seconds"), gauge(reader, "aybiza_store_commit_milliseconds"), gauge(reader, "aybiza_snapshot_milliseconds"), gauge(reader, "aybiza_snapshot_bytes") / 1e6, gauge(reader, "aybiza_store_log_bytes") / 1e6);
  }
  sender.finish();
  const double took = seconds(Steady::now() - begin), cpu = cpu_seconds() - cpu_before;
  const auto drain = Steady::now();
  const auto calls = reader.get("/api/v1/query?select=calls,turns&window=24h&source=store");
  const double behind = seconds(Steady::now() - drain);
  const SenderStats stats = sender.stats();
  fmt::print("reached    {:.0f} events/s ({} accepted, {} rejected, {} retries) in {:.1f} s\n", double(stats.accepted) / took, stats.accepted, stats.rejected,
             stats.retries, took);
  fmt::print("answers    p50 {:.1f} ms  p99 {:.1f} ms  max {:.1f} ms\n", stats.p50_ms, stats.p99_ms, stats.max_ms);
  fmt::print("store      at most {:.1f} s behind, {:.2f} s to catch up at the end: {}\n", lag_max, behind, calls ? calls->body.substr(0, 120) : "no answer");
  fmt::print("cpu        {:.2f} cores, server and senders together\n", cpu / took);
  fmt::print("baseline   {:.0f} events/s written and fdatasynced by one thread, nothing understood; ratio {:.3f}\n", bare, double(stats.accepted) / took / bare);
  (*server)->stop();
  std::filesystem::remove_all(directory);
  return stats.failed == 0 && stats.rejected == 0 ? 0 : 1;
}
