// Points of metrics from the log to the store: batches are appended, fsynced, folded and written to DuckDB, then asked for.
//
//   metrics_bench [points = 6000000] [series = 1000] [points of a batch = 10000]
//
// Prints points a second of wall until all are durable and until all are stored, CPU seconds a million points, bytes a point in
// the log, and the time of questions by tag over all of them, live and stored.
#include <fmt/format.h>

#include <condition_variable>
#include <mutex>
#include <string>
#include <vector>

#include "base/check.h"
#include "base/clock.h"
#include "codec/metric_binary.h"
#include "query/question.h"
#include "server/pipeline.h"
#include "measuring.h"

namespace {

using namespace aybiza;
using namespace std::chrono_literals;
using namespace aybiza::bench;

std::string batch_event(std::size_t first, std::size_t count, std::size_t series, Instant start, Instant received) {
  MetricBatch batch;
  std::vector<std::uint32_t> of;
  for (std::size_t i = 0; i < series; ++i)
    of.push_back(batch.add_series({.kind = MetricKind(i % 4 == 0 ? std::size_t(MetricKind::counter) : i % 4 == 1 ? std::size_t(MetricKind::sum)
                                                      : i % 4 == 2 ? std::size_t(MetricKind::last_value) : std::size_t(MetricKind::summary)),
                                   .temporality = i % 4 == 2 ? Temporality::cumulative : Temporality::delta,
                                   .name = fmt::format("voice.turn.m{}", i % 50),
                                   .tags = fmt::format(R"({{"agent":"support-{}","region":"us-east-{}"}})", i / 50, i % 3)}));
  for (std::size_t i = first; i < first + count; ++i)
    batch.points.push_back({.time = start + Duration(std::int64_t(i)), .value = double(i % 1000) / 8, .series = of[i % series]});
  std::string bytes;
  append_metric_event(bytes, {.scope = "bench", .customer = "bench", .source = "bench", .time = received}, batch);
  return bytes;
}

}  // namespace

int main(int argc, char** argv) {
  const std::size_t total = argc > 1 ? std::size_t(std::atoll(argv[1])) : 6'000'000;
  const std::size_t series = argc > 2 ? std::size_t(std::atoll(argv[2])) : 1000, size = argc > 3 ? std::size_t(std::atoll(argv[3])) : 10'000;
  const auto directory = std::filesystem::temp_directory_path() / ("aybiza-metrics-bench-" + to_string(random_id()));
  fmt::print("machine    {}\ncommand    metrics_bench {} {} {}\n", machine(), total, series, size);
  SystemClock clock;
  const Instant start = clock.now() - 2min;
  std::vector<std::string> events;
  std::size_t bytes = 0;
  for (std::size_t at = 0; at < total; at += size) bytes += events.emplace_back(batch_event(at, size, series, start, clock.now())).size();
  {
    auto pipeline = Pipeline::open({.data = directory, .clock = &clock});
    CHECK(pipeline.has_value());
    std::mutex mutex;
    std::condition_variable changed;
    std::size_t waiting = 0;
    const double cpu_before = cpu_seconds();
    const auto began = Steady::now();
    for (std::string& event : events) {
      spool::AppendRequest request{.customer = "bench", .received = clock.now()};
      request.items.push_back({.id = {}, .size = std::uint32_t(event.size())});
      request.bytes = std::move(event);
      request.done = [&](const spool::AppendResult& result) {
        CHECK(result.status.has_value());
        const std::lock_guard lock(mutex);
        --waiting;
        changed.notify_one();
      };
      std::unique_lock lock(mutex);
      changed.wait(lock, [&] { return waiting < 32; });  // as so many senders that wait for their answers
      ++waiting;
      lock.unlock();
      CHECK((*pipeline)->spool().append(std::move(request)) == spool::Admission::taken);
    }
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return waiting == 0; });
    lock.unlock();
    const double durable = seconds(Steady::now() - began);
    CHECK((*pipeline)->wait_applied(120s));
    const double stored = seconds(Steady::now() - began), cpu = cpu_seconds() - cpu_before;
    const double points = double(events.size() * size);
    fmt::print("{:.1f} M points of {} series in batches of {}: {:.2f} M/s durable, {:.2f} M/s stored, {:.2f} CPU-seconds a million, {:.1f} bytes of log a point\n",
               points / 1e6, series, size, points / durable / 1e6, points / stored / 1e6, cpu / points * 1e6, double(bytes) / points);
    for (const std::string text : {"select=sum&metric=voice.turn.m0&by=tag.region&source=store&window=15m", "select=sum,count,p95&metric=voice.turn.m3&step=1m&source=store&window=15m",
                                   "select=sum&metric=voice.turn.m0&by=tag.region&source=live&from={0}&to={1}"}) {
      const Instant now = clock.now();
      const auto minute = [](Instant t) { return format_rfc3339(floor_to(t, 1min)); };
      const auto question = parse_question(parse_query_string(fmt::format(fmt::runtime(text), minute(now - 10min), minute(now + 1min))), now);
      CHECK(question.has_value());
      const auto asked = Steady::now();
      const auto answer = (*pipeline)->ask(*question);
      fmt::print("  {:.1f} ms: {}\n", seconds(Steady::now() - asked) * 1e3, answer ? to_json(*answer).substr(0, 160) : answer.error().message);
    }
    (*pipeline)->stop();
  }
  std::filesystem::remove_all(directory);
  return 0;
}
