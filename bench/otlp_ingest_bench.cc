// OTLP end to end: `aybiza serve` as a process of its own, requests over loopback HTTP from senders on the same cores, each
// answered when it is on disk, flushed; folded, written to DuckDB, and counted back by a question to the store.
//
//   otlp_ingest_bench [million points = 6] [million spans = 1] [connections = 4] [points|spans|all = all]
//
// Prints points and spans a second of wall until the last answer and until all can be asked for, and a CPU-second of the
// server. Beside it, in the same run, VictoriaMetrics (Debian's package) with the same points as Influx lines of ten fields;
// it does not flush to disk before it answers. AYBIZA_BINARY names another program than ../aybiza.
#include <netinet/in.h>
#include <sys/socket.h>

#include <atomic>

#include "base/clock.h"
#include "measuring.h"
#include "otlp_bodies.h"

namespace {

using namespace aybiza;
using namespace aybiza::bench;
namespace fs = std::filesystem;

constexpr std::size_t points_of_request = 10'000, spans_of_request = 8'192;
constexpr std::uint64_t apart = 100'000'000;  // ns between requests

std::uint64_t start_nano() { return std::uint64_t(to_micros(SystemClock().now())) * 1000 - 900'000'000'000u; }

std::uint16_t free_port() {
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  must(::bind(fd, reinterpret_cast<sockaddr*>(&address), size) == 0 && ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) == 0, "no free port");
  ::close(fd);
  return ntohs(address.sin_port);
}

struct Target {
  std::uint16_t port;
  std::string path, content_type;
  int status;  // of an answer that says taken
};

// Sends `requests` bodies from so many connections, each waiting for its answers; the CPU seconds of the senders.
template <typename Body>
double send_all(const Target& target, const Body& first, std::size_t requests, std::size_t connections) {
  std::atomic<std::size_t> next{0};
  std::atomic<double> cpu{0};
  std::vector<std::jthread> senders;
  for (std::size_t c = 0; c < connections; ++c)
    senders.emplace_back([&] {
      net::HttpClient client({.port = target.port, .headers = {}});
      Body body = first;
      for (std::size_t n; (n = next++) < requests;) {
        body.renew(n, apart);
        for (;;) {  // as any exporter: told to wait, it waits and sends again
          const auto answer = client.post(target.path, body.bytes, target.content_type);
          must(answer.has_value(), answer ? "" : answer.error().message);
          if (answer->status == target.status) break;
          must(answer->status == 429 || answer->status == 503, fmt::format("{}: {} {}", target.path, answer->status, answer->body.substr(0, 300)));
          std::this_thread::sleep_for(std::chrono::milliseconds(20));
        }
      }
      cpu += thread_cpu_seconds();
    });
  senders.clear();
  return cpu;
}

struct Measured {
  double answered = 0, queryable = 0, per_cpu_second = 0;  // items a second
};

Measured print(std::string_view name, double items, double answered, double queryable, double cpu, double sender_cpu, std::string_view what) {
  fmt::print("{:<16} {:>9.0f} {}/s answered, {:>9.0f} /s until queryable; server {:.2f} cores, {:>9.0f} a CPU-second; senders {:.2f} cores\n", name, items / answered, what,
             items / queryable, cpu / queryable, items / cpu, sender_cpu / answered);
  return {items / answered, items / queryable, items / cpu};
}

// The first number of the answer's first row.
double first_number(const std::string& body) {
  const auto rows = body.find("\"rows\":[[");
  return rows == std::string::npos ? -1 : std::atof(body.c_str() + rows + 9);
}

struct Ours {
  fs::path directory = fresh_directory("otlp-bench");
  ChildServer child;
  std::uint16_t port;

  explicit Ours(const std::string& binary)
      : child({binary, "serve", "--data", (directory / "data").string(), "--listen", "127.0.0.1:0", "--otlp", "off", "--insecure-loopback"}, directory / "log"),
        port(ChildServer::port_in(directory / "log", "http://127.0.0.1:")) {}
  ~Ours() {
    child.stop();
    fs::remove_all(directory);
  }
  double ask(const std::string& question) {
    net::HttpClient client({.port = port, .headers = {}});
    for (;;) {
      const auto answer = client.get("/api/v1/query?" + question);
      must(answer.has_value(), "no answer to the question");
      if (answer->status == 200) return first_number(answer->body);
      must(answer->status == 503, answer->body);  // the store is behind
    }
  }
};

template <typename Body>
Measured ours(const std::string& binary, std::string_view path, const Body& body, std::size_t requests, std::size_t connections, const std::string& question, double wanted,
              std::string_view what) {
  Ours server(binary);
  const double cpu_before = server.child.cpu_seconds();
  const auto begin = Steady::now();
  const double senders = send_all({server.port, std::string(path), "application/x-protobuf", 200}, body, requests, connections);
  const double answered = seconds_since(begin);
  const double counted = server.ask(question);
  const double queryable = seconds_since(begin), cpu = server.child.cpu_seconds() - cpu_before;
  must(counted == wanted, fmt::format("{} were counted, {} sent", counted, wanted));
  return print("aybiza", double(requests * body.items), answered, queryable, cpu, senders, what);
}

std::optional<Measured> victoria(std::size_t requests, std::size_t connections, std::uint64_t start) {
  if (std::system("command -v victoria-metrics >/dev/null 2>&1") != 0) {
    fmt::print("baseline         victoria-metrics is not installed (Debian package victoria-metrics): no ratio\n");
    return std::nullopt;
  }
  const fs::path directory = fresh_directory("victoria-bench");
  const std::uint16_t port = free_port();
  Measured out;
  {
    ChildServer child({"victoria-metrics", "-storageDataPath=" + (directory / "data").string(), fmt::format("-httpListenAddr=127.0.0.1:{}", port), "-loggerLevel=ERROR",
                       "-search.latencyOffset=0s", "-retentionPeriod=12"},
                      directory / "log");
    net::HttpClient client({.port = port, .headers = {}});
    for (int i = 0; i < 200 && !client.get("/health"); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(50));
    const double cpu_before = child.cpu_seconds();
    const auto begin = Steady::now();
    const double senders = send_all({port, "/write", "text/plain", 204}, InfluxBody(points_of_request, start), requests, connections);
    const double answered = seconds_since(begin);
    must(client.get("/internal/force_flush").has_value(), "victoria-metrics does not flush");
    const auto answer = client.get("/api/v1/query?query=sum(count_over_time(voice_metric_0[2h]))");
    const double queryable = seconds_since(begin), cpu = child.cpu_seconds() - cpu_before;
    const auto value = answer ? answer->body.find("\"value\":[") : std::string::npos;
    const double counted = value == std::string::npos ? -1 : std::atof(answer->body.c_str() + answer->body.find(",\"", value) + 2);
    out = print("VictoriaMetrics", double(requests * points_of_request), answered, queryable, cpu, senders, "points");
    if (counted != double(requests * points_of_request) / metrics_of_series) fmt::print("                 it counts {} of {} points\n", counted, requests * points_of_request / metrics_of_series);
  }
  fs::remove_all(directory);
  return out;
}

}  // namespace

int main(int argc, char** argv) {
  const double points = argc > 1 ? std::atof(argv[1]) : 6, spans = argc > 2 ? std::atof(argv[2]) : 1;
  const std::size_t connections = argc > 3 ? std::size_t(std::atoi(argv[3])) : 4;
  const std::string_view only = argc > 4 ? argv[4] : "all";
  const char* named = std::getenv("AYBIZA_BINARY");
  const std::string binary = named ? named : (fs::canonical("/proc/self/exe").parent_path().parent_path() / "aybiza").string();
  const std::uint64_t start = start_nano();
  const auto point_requests = std::size_t(points * 1e6 / double(points_of_request)), span_requests = std::size_t(spans * 1e6 / double(spans_of_request));
  fmt::print("machine    {}\ncommand    otlp_ingest_bench {} {} {} {}\n", machine(), points, spans, connections, only);
  if (only != "spans") {
    const RenewedBody body = metrics_body(points_of_request, start);
    fmt::print("data       {} requests of {} points of as many series, protobuf, {} bytes each\n", point_requests, points_of_request, body.bytes.size());
    const auto baseline = victoria(point_requests, connections, start);
    const Measured us = ours(binary, "/v1/metrics", body, point_requests, connections, "select=count&metric=voice.metric_0&window=1h&source=store",
                             double(point_requests * points_of_request / metrics_of_series), "points");
    fmt::print("required   600000 points/s queryable: {:.2f} of it\n", us.queryable / 600'000);
    if (baseline) fmt::print("ratio      {:.2f} of VictoriaMetrics a CPU-second (required 1.0), {:.2f} in wall time\n", us.per_cpu_second / baseline->per_cpu_second, us.queryable / baseline->queryable);
  }
  if (only != "points") {
    const RenewedBody body = trace_body(spans_of_request, start);
    const std::size_t calls = (spans_of_request + 11) / 12;
    fmt::print("data       {} requests of {} spans of {} calls, protobuf, {} bytes each\n", span_requests, spans_of_request, calls, body.bytes.size());
    const Measured us = ours(binary, "/v1/traces", body, span_requests, connections, "select=calls&window=24h&source=store", double(span_requests * calls), "spans");
    fmt::print("required   250000 spans/s: {:.2f} of it until queryable, {:.2f} answered\n", us.queryable / 250'000, us.answered / 250'000);
  }
  return 0;
}
