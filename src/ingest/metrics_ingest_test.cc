// The two ways in for metrics over a real spool: what is sent is in the log, counted, and masked.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <netinet/in.h>
#include <arpa/inet.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstring>
#include <filesystem>
#include <mutex>

#include "base/limits.h"
#include "codec/event_binary.h"
#include "codec/metric_binary.h"
#include "ingest/remote_write_endpoint.h"
#include "ingest/statsd_receiver.h"

namespace aybiza {
namespace {

using namespace std::chrono_literals;

class MetricsIngest : public testing::Test {
 protected:
  MetricsIngest() : directory_(std::filesystem::temp_directory_path() / ("aybiza-mi-" + to_string(random_id()))) {
    std::filesystem::create_directories(directory_);
    auto opened = spool::Spool::open({.directory = (directory_ / "spool").string()});
    EXPECT_TRUE(opened);
    spool_ = std::move(*opened);
  }
  ~MetricsIngest() override {
    if (spool_) spool_->close();
    receiver_.reset();
    spool_.reset();
    std::filesystem::remove_all(directory_);
  }
  std::function<spool::Admission(spool::AppendRequest)> append() {
    return [this](spool::AppendRequest request) { return spool_->append(std::move(request)); };
  }
  void listen(StatsdConfig config) {
    config.clock = &clock_, config.tokenizer = &tokenizer_, config.ledger = &ledger_, config.points = &points_;
    config.append = append();
    auto started = StatsdReceiver::start(std::move(config));
    ASSERT_TRUE(started) << started.error().message;
    receiver_ = std::move(*started);
  }
  // Everything in the log after the spool was closed, "name value tags" in order.
  std::string logged() {
    if (receiver_) receiver_->stop();
    spool_->close();
    auto reader = spool_->read_from(spool::Offset{0});
    EXPECT_TRUE(reader);
    std::string out;
    std::vector<Value> values;
    for (;;) {
      const auto record = (*reader)->next(std::chrono::steady_clock::now());
      if (!record || !*record) return out;
      for (std::size_t i = 0; i < (*record)->count(); ++i) {
        const auto event = decode_event((*record)->event(i).bytes, values);
        MetricBatch batch;
        EXPECT_TRUE(decode_metric_batch(event->event.text(Field::points), batch));
        for (const MetricPoint& p : batch.points) {
          const MetricSeries& s = batch.series()[p.series];
          out += fmt::format("{}{} {} {}{}", out.empty() ? "" : "; ", event->event.customer, s.name, p.value, s.tags.empty() ? "" : " " + std::string(s.tags));
        }
      }
    }
  }
  net::Response write(std::string body, std::string_view type, std::string_view encoding = "snappy") {
    if (!endpoint_)
      endpoint_ = std::make_unique<RemoteWriteEndpoint>(RemoteWriteConfig{
          .clock = &clock_, .tokenizer = &tokenizer_, .trust = {.keys = nullptr, .insecure_loopback = true}, .ledger = &ledger_,
          .points = &points_, .admission = {}, .count_masked = {}, .append = append()});
    struct Sink final : net::Responder::Sink {
      std::mutex mutex;
      std::condition_variable changed;
      std::optional<net::Response> response;
      void deliver(net::Response given) override {
        const std::lock_guard lock(mutex);
        response = std::move(given);
        changed.notify_all();
      }
      bool client_gone() const override { return false; }
    };
    auto sink = std::make_shared<Sink>();
    auto request = std::make_unique<net::Request>();
    request->body = std::move(body);
    request->peer.loopback = true;
    request->headers.push_back({"Content-Type", std::string(type)});
    request->headers.push_back({"Content-Encoding", std::string(encoding)});
    endpoint_->handle(std::move(request), net::Responder(sink));
    std::unique_lock lock(sink->mutex);
    sink->changed.wait(lock, [&] { return sink->response.has_value(); });
    return std::move(*sink->response);
  }
  static std::string header(const net::Response& response, std::string_view name) {
    for (const auto& one : response.headers)
      if (one.name == name) return one.value;
    return "";
  }

  const std::filesystem::path directory_;
  SystemClock clock_;
  Tokenizer tokenizer_{"sixteen bytes and more"};
  Ledger ledger_{Instant{}}, points_{Instant{}};
  std::unique_ptr<spool::Spool> spool_;
  std::unique_ptr<StatsdReceiver> receiver_;
  std::unique_ptr<RemoteWriteEndpoint> endpoint_;
};

TEST_F(MetricsIngest, Udp) {
  listen({.listen = "127.0.0.1:0"});
  const std::string& address = receiver_->address();
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(std::uint16_t(std::stoi(address.substr(address.rfind(':') + 1))));
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int fd = ::socket(AF_INET, SOCK_DGRAM, 0);
  for (const std::string_view packet : {"a:1|c|#k:v\nb:2|g", "bad", "who:5|ms|#caller:+14155550100\n"})
    ASSERT_EQ(::sendto(fd, packet.data(), packet.size(), 0, reinterpret_cast<const sockaddr*>(&to), sizeof to), ssize_t(packet.size()));
  ::close(fd);
  const std::string log = logged();
  EXPECT_EQ(log.substr(0, log.find("; default who")), R"(default a 1 {"k":"v"}; default b 2)");
  EXPECT_EQ(log.find("4155550100"), std::string::npos) << log;
  const auto stats = receiver_->stats();
  EXPECT_EQ(stats.packets, 3u);
  EXPECT_EQ(stats.lines.lines, 4u);
  EXPECT_EQ(stats.dropped_packets, 0u);
  const auto points = points_.snapshot().total;
  EXPECT_EQ(points.offered, 4u);
  EXPECT_EQ(points.accepted, 3u);
  EXPECT_EQ(points.rejected_total(), 1u);
  EXPECT_TRUE(points.balanced());
  EXPECT_TRUE(ledger_.snapshot().total.balanced());
}

int connected(const std::string& path, int type) {
  sockaddr_un to{};
  to.sun_family = AF_UNIX;
  std::memcpy(to.sun_path, path.data(), path.size());
  const int fd = ::socket(AF_UNIX, type, 0);
  EXPECT_EQ(::connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof to), 0);
  return fd;
}

TEST_F(MetricsIngest, UnixDatagrams) {
  const std::string path = (directory_ / "statsd.sock").string();
  listen({.socket_path = path, .customer = "acme"});
  const int fd = connected(path, SOCK_DGRAM);
  ASSERT_EQ(::send(fd, "a:1|c\n", 6, 0), 6);
  ::close(fd);
  EXPECT_EQ(logged(), "acme a 1");
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST_F(MetricsIngest, UnixStreamFrames) {
  const std::string path = (directory_ / "statsd.stream").string();
  listen({.socket_path = path});
  const int fd = connected(path, SOCK_STREAM);
  std::string frames;
  for (const std::string_view packet : {"a:1|c\nb:2|c", "c:3|c"}) {
    const auto length = std::uint32_t(packet.size());
    frames.append(reinterpret_cast<const char*>(&length), 4).append(packet);
  }
  for (const char c : frames) ASSERT_EQ(::send(fd, &c, 1, 0), 1);  // cut anywhere
  while (receiver_->stats().packets < 2) ::usleep(1000);
  const std::uint32_t huge = 1u << 30;
  ASSERT_EQ(::send(fd, &huge, 4, 0), 4);
  while (receiver_->stats().broken_streams < 1) ::usleep(1000);
  ::close(fd);
  EXPECT_EQ(logged(), "default a 1; default b 2; default c 3");
}

// More than the kernel's buffer takes while nobody reads: sent = taken + dropped, exactly.
TEST_F(MetricsIngest, KernelDropsAreCounted) {
  std::mutex gate;
  std::unique_lock closed(gate);
  std::atomic<bool> entered{false};
  StatsdConfig config{.listen = "127.0.0.1:0"};
  config.clock = &clock_, config.tokenizer = &tokenizer_, config.ledger = &ledger_, config.points = &points_;
  config.append = [this, &gate, &entered](spool::AppendRequest request) {
    entered = true;
    const std::lock_guard wait(gate);  // the receiver stands still here
    return spool_->append(std::move(request));
  };
  auto started = StatsdReceiver::start(std::move(config));
  ASSERT_TRUE(started);
  receiver_ = std::move(*started);
  const std::string& address = receiver_->address();
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(std::uint16_t(std::stoi(address.substr(address.rfind(':') + 1))));
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int fd = ::socket(AF_INET, SOCK_DGRAM, 0);
  const std::string line = "a:1|c|#k:" + std::string(200, 'v');
  std::string packet = line;
  while (packet.size() < 60'000) packet += "\n" + line;
  const auto lines = std::uint64_t(std::count(packet.begin(), packet.end(), '\n') + 1);
  std::uint64_t sent = 0;
  const auto send = [&] { sent += ::sendto(fd, packet.data(), packet.size(), 0, reinterpret_cast<const sockaddr*>(&to), sizeof to) > 0 ? 1 : 0; };
  send();
  while (!entered) ::usleep(1000);
  for (int i = 0; i < 2'000; ++i) send();
  ::close(fd);
  closed.unlock();
  while (receiver_->stats().packets + receiver_->stats().dropped_packets < sent) ::usleep(1000);
  receiver_->stop();
  const auto stats = receiver_->stats();
  EXPECT_EQ(stats.packets + stats.dropped_packets, sent);
  EXPECT_GT(stats.dropped_packets, 0u);
  EXPECT_EQ(stats.lines.points, stats.packets * lines);
  spool_->close();
  EXPECT_EQ(points_.snapshot().total.accepted, stats.lines.points);
}

TEST_F(MetricsIngest, RefusesWhatIsNoSocket) {
  const std::string path = (directory_ / "file").string();
  std::filesystem::create_directories(path);
  StatsdConfig config{.socket_path = path, .clock = &clock_, .tokenizer = &tokenizer_, .ledger = &ledger_, .points = &points_, .append = append()};
  EXPECT_FALSE(StatsdReceiver::start(std::move(config)));
}

std::string unhex(std::string_view hex) {
  std::string out;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) out += char(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
  return out;
}

// One sample that is refused: the answer names it, also where others of the body were taken and the answer has their place in the log.
TEST_F(MetricsIngest, RemoteWriteNamesWhatItRefuses) {
  const auto varint = [](std::string& out, std::uint64_t n) {
    for (; n >= 128; n >>= 7) out += char((n & 127) | 128);
    out += char(n);
  };
  const auto member = [&](std::string& out, int number, const std::string& bytes) {
    varint(out, std::uint64_t(number) << 3 | 2);
    varint(out, bytes.size());
    out += bytes;
  };
  const auto now_ms = std::uint64_t(to_micros(clock_.now()) / 1000);
  for (const bool one_is_good : {false, true}) {
    std::string label, series, request, packed;
    member(label, 1, "__name__");
    member(label, 2, one_is_good ? "some" : "none");
    member(series, 1, label);
    for (const std::uint64_t at : {std::uint64_t(1000), now_ms}) {
      if (at == now_ms && !one_is_good) continue;
      std::string sample = "\x09" + std::string(8, '\0') + "\x10";
      varint(sample, at);
      member(series, 2, sample);
    }
    member(request, 1, series);
    varint(packed, request.size());
    packed += char(60 << 2);
    packed += char(request.size() - 1);
    packed += request;
    const auto answer = write(packed, "application/x-protobuf");
    EXPECT_EQ(answer.status, 400);
    const std::string& body = std::get<std::string>(answer.body);
    EXPECT_NE(body.find("400 days"), std::string::npos) << body;
    EXPECT_EQ(header(answer, "X-Durability").starts_with("fsync; offset="), one_is_good);
  }
}

TEST_F(MetricsIngest, RemoteWrite) {
  constexpr std::string_view v1 = "application/x-protobuf", v2 = "application/x-protobuf;proto=io.prometheus.write.v2.Request";
  const std::string packed = unhex(
      "74f05b0a540a1d0a085f5f6e616d655f5f1211766f6963655f63616c6c735f746f74616c0a120a08696e7374616e63651206613a393536380a0d0a036a6f6212066167656e74"
      "7312100900000000000045401080d8c1a28c341a1c08011211424c0018220563616c6c73");
  const std::string second = unhex(
      "5ab8220022085f5f6e616d655f5f2211766f6963655f63616c6c735f746f74616c22036a6f6222066167656e7473220563011a2c2a250a04010203041217090005015445"
      "401080d8c1a28c3418c0d384a28c342a0408011805");
  EXPECT_EQ(write(packed, v1).status, 204);
  EXPECT_EQ(write(packed, v1).status, 204);  // again: a duplicate
  const auto answer = write(second, v2);
  EXPECT_EQ(answer.status, 204);
  EXPECT_EQ(header(answer, "X-Prometheus-Remote-Write-Samples-Written"), "1");
  EXPECT_EQ(header(answer, "X-Prometheus-Remote-Write-Histograms-Written"), "0");
  EXPECT_EQ(write("x", v1).status, 400);
  EXPECT_EQ(write("", "text/plain").status, 415);
  EXPECT_EQ(write(packed, v1, "gzip").status, 415);
  EXPECT_EQ(write(packed, "application/x-protobuf;proto=prometheus.Other").status, 415);
  const auto points = points_.snapshot().total;
  EXPECT_EQ(points.accepted, 2u);
  EXPECT_EQ(points.duplicates, 1u);
  EXPECT_TRUE(points.balanced());
  EXPECT_EQ(logged(), R"( voice_calls_total 42 {"instance":"a:9568","job":"agents"};  voice_calls_total 42 {"job":"agents"})");
}

}  // namespace
}  // namespace aybiza
