#include "fleet/sender.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <chrono>

namespace aybiza {
namespace {

using namespace std::chrono_literals;
constexpr std::size_t latency_samples = 1 << 16;

Duration elapsed() {
  return std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now().time_since_epoch());
}

}  // namespace

Sender::Sender(SenderConfig config) : config_(std::move(config)) {
  latencies_us_.reserve(latency_samples);
  for (std::size_t i = 0; i < std::max<std::size_t>(config_.connections, 1); ++i)
    workers_.emplace_back(fmt::format("sender-{}", i), [this](std::stop_token stop) { work(stop); });
}

Sender::~Sender() { stop(); }

void Sender::stop() {
  for (Thread& worker : workers_) worker.request_stop();
  changed_.notify_all();
  for (Thread& worker : workers_) worker.join();
  workers_.clear();
}

void Sender::send(std::string_view line) {
  current_.bytes.append(line).push_back('\n');
  if (++current_.events >= config_.batch_events) flush();
}

void Sender::flush() {
  if (current_.events == 0) return;
  std::unique_lock lock(mutex_);
  const auto room = [&] { return queue_.size() < config_.queue_batches; };
  while (!room()) {
    if (config_.stop && *config_.stop) {  // nobody takes it, and who made it wants to end
      stats_.failed += std::exchange(current_, {}).events;
      return;
    }
    changed_.wait_for(lock, 100ms, room);
  }
  queue_.push_back(std::exchange(current_, {}));
  lock.unlock();
  changed_.notify_all();
}

bool Sender::finish(Duration patience) {
  flush();
  std::unique_lock lock(mutex_);
  const auto done = [&] { return queue_.empty() && busy_ == 0; };
  if (patience == Duration::max()) {
    changed_.wait(lock, done);
    return true;
  }
  return changed_.wait_for(lock, patience, done);
}

void Sender::work(std::stop_token stop) {
  net::ClientConfig server = config_.server;
  if (!config_.key.empty()) server.headers.push_back({"Authorization", "Bearer " + config_.key});
  net::HttpClient client(server);
  for (;;) {
    Batch batch;
    {
      std::unique_lock lock(mutex_);
      if (!changed_.wait(lock, stop, [&] { return !queue_.empty(); })) return;
      batch = std::move(queue_.front());
      queue_.pop_front();
      ++busy_;
    }
    changed_.notify_all();
    deliver(client, std::move(batch), stop);
    {
      std::lock_guard lock(mutex_);
      --busy_;
    }
    changed_.notify_all();
  }
}

void Sender::deliver(net::HttpClient& client, Batch batch, std::stop_token stop) {
  Duration backoff = 100ms;
  for (;;) {
    const Duration began = elapsed();
    const auto answer = client.request({.method = net::Method::post, .target = "/v1/events", .body = batch.bytes,
                                        .content_type = "application/x-ndjson", .headers = {}, .gzip = config_.gzip,
                                        .repeatable = true});
    if (answer && answer->status == 200) return count(answer->body, elapsed() - began, batch.events);
    const bool again = !answer || answer->status == 429 || answer->status >= 500;
    std::unique_lock lock(mutex_);
    stats_.last_error = answer ? fmt::format("{} {}", answer->status, answer->body.substr(0, 300)) : answer.error().message;
    if (!again || stop.stop_requested()) {
      stats_.failed += batch.events;
      return;
    }
    ++stats_.retries;
    const Duration wait = answer ? answer->retry_after().value_or(backoff) : backoff;
    backoff = std::min<Duration>(backoff * 2, 5s);
    changed_.wait_for(lock, stop, wait, [] { return false; });
  }
}

void Sender::count(const std::string& answer, Duration took, std::size_t events) {
  simdjson::dom::parser parser;
  simdjson::dom::element counts;
  const bool parsed = parser.parse(answer).get(counts) == simdjson::SUCCESS;
  const auto number = [&](std::string_view name) {
    std::uint64_t value = 0;
    return parsed && counts[name].get(value) == simdjson::SUCCESS ? value : 0;
  };
  std::lock_guard lock(mutex_);
  stats_.sent += events;
  stats_.accepted += number("accepted");
  stats_.duplicates += number("duplicates");
  stats_.rejected += number("rejected");
  ++stats_.batches;
  if (number("rejected") > 0) stats_.last_error = answer.substr(0, 300);
  const auto micros = std::uint32_t(std::min<std::int64_t>(took.count(), UINT32_MAX));
  if (latencies_us_.size() < latency_samples) latencies_us_.push_back(micros);
  else latencies_us_[latency_next_++ % latency_samples] = micros;
}

SenderStats Sender::stats() const {
  std::vector<std::uint32_t> latencies;
  SenderStats stats;
  {
    std::lock_guard lock(mutex_);
    latencies = latencies_us_;
    stats = stats_;
  }
  if (latencies.empty()) return stats;
  std::sort(latencies.begin(), latencies.end());
  const auto at = [&](double q) { return double(latencies[std::size_t(q * double(latencies.size() - 1))]) / 1000; };
  stats.p50_ms = at(.5), stats.p99_ms = at(.99), stats.max_ms = at(1);
  return stats;
}

}  // namespace aybiza
