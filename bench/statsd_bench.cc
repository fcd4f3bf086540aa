// StatsD on one core: lines decoded, and a receiver on a real socket with a real spool, loss counted exactly.
//
//   statsd_bench [lines per second to send = 800000] [seconds = 5] [series = 1000]
//
// Part 1 decodes packets as senders make them (1432 bytes, tags, rates), without a socket. Part 2 sends the same packets over
// UDP loopback at the asked rate; the receiver thread decodes, masks, encodes and appends, the spool fsyncs. Printed: lines a
// second of wall and of the receiver's CPU, and sent = read + dropped by the kernel, checked.
#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "base/check.h"
#include "base/clock.h"
#include "base/limits.h"
#include "codec/metric_binary.h"
#include "codec/statsd.h"
#include "ingest/statsd_receiver.h"
#include "measuring.h"

namespace {

using namespace aybiza;
using namespace std::chrono_literals;
using namespace aybiza::bench;

struct Packet {
  std::string bytes;
  std::uint64_t lines = 0;
};

std::vector<Packet> packets_of(std::size_t series) {
  std::vector<Packet> packets;
  Packet packet;
  std::uint64_t seed = 7;
  while (packets.size() < 4096) {
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    const std::size_t of = (seed >> 33) % series;
    constexpr std::string_view kinds[] = {"c", "g", "ms", "d"};
    const std::string line = fmt::format("voice.turn.m{}:{}|{}|#agent:support-{},region:us-east-1", of % 50, (seed >> 40) % 2000, kinds[of % 4], of / 50);
    if (packet.bytes.size() + line.size() + 1 > 1432) packets.push_back(std::exchange(packet, {}));
    if (!packet.bytes.empty()) packet.bytes += '\n';
    packet.bytes += line;
    ++packet.lines;
  }
  return packets;
}

void decode_only(const std::vector<Packet>& packets) {
  StatsdDecoder decoder;
  MetricBatch batch;
  decoder.begin(batch);
  std::string bytes;
  std::uint64_t lines = 0, encoded = 0;
  const Instant now = SystemClock().now();
  const auto start = Steady::now();
  while (seconds(Steady::now() - start) < 2)
    for (const Packet& packet : packets) {
      decoder.decode(packet.bytes, now);
      lines += packet.lines;
      if (!batch.full()) continue;
      bytes.clear();
      append_metric_event(bytes, {.customer = "default", .source = "statsd", .time = now}, batch);
      encoded += bytes.size();
      batch.clear();
      decoder.begin(batch);
    }
  const double took = seconds(Steady::now() - start);
  fmt::print("decode and encode: {:.2f} M lines/s on one core, {:.1f} bytes of log a line\n", double(lines) / took / 1e6, double(encoded) / double(lines));
}

// CPU seconds of the thread of this process that has this name.
double cpu_of(const std::string& name) {
  double total = 0;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/task")) {
    std::ifstream comm(entry.path() / "comm");
    std::string text;
    std::getline(comm, text);
    if (text != name) continue;
    std::ifstream stat(entry.path() / "schedstat");
    double ns = 0;
    stat >> ns;
    total += ns / 1e9;
  }
  return total;
}

void over_udp(const std::vector<Packet>& packets, double rate, double duration) {
  const auto directory = std::filesystem::temp_directory_path() / ("aybiza-statsd-bench-" + to_string(random_id()));
  std::filesystem::create_directories(directory);
  SystemClock clock;
  Tokenizer tokenizer("sixteen bytes and more");
  Ledger ledger(clock.now()), points(clock.now());
  auto spool = spool::Spool::open({.directory = (directory / "spool").string()});
  CHECK(spool.has_value());
  StatsdConfig config{.listen = "127.0.0.1:0"};
  config.clock = &clock, config.tokenizer = &tokenizer, config.ledger = &ledger, config.points = &points;
  config.append = [&](spool::AppendRequest request) { return (*spool)->append(std::move(request)); };
  auto receiver = StatsdReceiver::start(std::move(config));
  CHECK(receiver.has_value());
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const std::string& address = (*receiver)->address();
  to.sin_port = htons(std::uint16_t(std::atoi(address.c_str() + address.rfind(':') + 1)));
  const int fd = ::socket(AF_INET, SOCK_DGRAM, 0);
  std::uint64_t lines = 0, sent = 0;
  const auto start = Steady::now();
  for (std::size_t i = 0; seconds(Steady::now() - start) < duration; i = (i + 1) % packets.size()) {
    while (double(lines) > rate * seconds(Steady::now() - start)) std::this_thread::sleep_for(200us);
    if (::sendto(fd, packets[i].bytes.data(), packets[i].bytes.size(), 0, reinterpret_cast<const sockaddr*>(&to), sizeof to) < 0) continue;
    ++sent;
    lines += packets[i].lines;
  }
  const double took = seconds(Steady::now() - start);
  const double cpu = cpu_of("statsd");
  ::close(fd);
  while ((*receiver)->stats().packets + (*receiver)->stats().dropped_packets < sent) std::this_thread::sleep_for(1ms);
  (*receiver)->stop();
  (*spool)->close();
  const auto stats = (*receiver)->stats();
  const auto total = points.snapshot().total;
  fmt::print("over UDP: {:.0f} k lines/s sent for {:.1f} s, {:.0f} k lines/s read and durable; receiver {:.2f} of a core: {:.2f} M lines per CPU-second\n",
             double(lines) / took / 1e3, took, double(total.accepted) / took / 1e3, cpu / took, double(total.accepted) / cpu / 1e6);
  fmt::print("packets: {} sent = {} read + {} dropped by the kernel: {}\n", sent, stats.packets, stats.dropped_packets,
             sent == stats.packets + stats.dropped_packets ? "exact" : "NOT EXACT");
  CHECK(sent == stats.packets + stats.dropped_packets && total.accepted == stats.lines.points && total.balanced());
  receiver->reset();
  spool->reset();
  std::filesystem::remove_all(directory);
}

}  // namespace

int main(int argc, char** argv) {
  const double rate = argc > 1 ? std::atof(argv[1]) : 800'000, duration = argc > 2 ? std::atof(argv[2]) : 5;
  fmt::print("machine    {}\ncommand    statsd_bench {:.0f} {:.0f}\n", machine(), rate, duration);
  const auto packets = packets_of(argc > 3 ? std::size_t(std::atoll(argv[3])) : 1000);
  decode_only(packets);
  over_udp(packets, rate, duration);
  return 0;
}
