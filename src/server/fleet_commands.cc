#include "server/fleet_commands.h"

#include <fmt/format.h>

#include <charconv>
#include <chrono>
#include <thread>

#include "base/clock.h"
#include "base/ids.h"
#include "fleet/replay.h"
#include "fleet/sender.h"
#include "fleet/simulation.h"
#include "server/progress.h"

namespace aybiza {
namespace {

using namespace std::chrono_literals;

// How long a source sleeps between looks at the clock: below the 25 ms a busy page may take to show an event.
constexpr Duration tick = 5ms;

std::optional<SenderConfig> sender_config(const std::string& url, const std::string& key, std::size_t connections,
                                          std::size_t batch) {
  const auto server = net::parse_http_url(url);
  if (!server) {
    fmt::print(stderr, "aybiza: '{}' is not a server: give --url http://HOST:PORT\n", url);
    return std::nullopt;
  }
  return SenderConfig{.server = *server, .key = key, .connections = connections, .batch_events = batch};
}

std::string remark(const SenderStats& s, double seconds) {
  return fmt::format("{:.0f}/s  accepted {}  duplicates {}  rejected {}  retries {}  answer p50 {:.1f} ms p99 {:.1f} ms{}{}",
                     double(s.sent) / std::max(seconds, .001), s.accepted, s.duplicates, s.rejected, s.retries, s.p50_ms, s.p99_ms,
                     s.last_error.empty() ? "" : "  last error: ", s.last_error);
}

int exit_code(const SenderStats& s, bool complete) { return complete && s.failed == 0 && s.rejected == 0 ? 0 : 1; }

}  // namespace

int run_simulate(const FleetOptions& options, const std::atomic<bool>& stop, bool quiet) {
  auto config = sender_config(options.url, options.key, options.connections, options.batch_events);
  if (!config) return 2;
  config->stop = &stop;
  Sender sender(*config);
  const SystemClock clock;
  const Instant begin = clock.now();
  // Calls are under way when the fleet is switched on: two minutes of them are sent as history.
  const Duration warm_up = std::max<Duration>(2min, Duration(std::int64_t(options.backfill_minutes * 60e6)));
  Simulation simulation({.seed = options.seed, .agents = options.agents, .concurrency = options.concurrency,
                         .events_per_second = options.rate, .season = options.rate == 0, .start = begin - warm_up});
  Progress progress(fmt::format("simulate {} agents", options.agents));
  std::uint64_t events = 0;
  const auto take = [&](Instant, std::string_view line) {
    sender.send(line);
    ++events;
  };
  for (Instant at = begin - warm_up; at < clock.now() && !stop;) {  // history, in slices so that an interrupt is heard
    at += 10s;
    simulation.advance(std::min(at, clock.now()), take);
    if (!quiet) progress.show(events, 0, "history  " + remark(sender.stats(), double((clock.now() - begin).count()) / 1e6));
  }
  const auto over = [&](Instant now) {
    return stop || (options.duration_seconds > 0 && double((now - begin).count()) > options.duration_seconds * 1e6);
  };
  for (Instant now = clock.now(); !over(now); now = clock.now()) {
    simulation.advance(now, take);
    sender.flush();
    if (!quiet)
      progress.show(events, 0, fmt::format("{} calls in flight  {}", simulation.calls_in_flight(),
                                           remark(sender.stats(), double((now - begin).count()) / 1e6)));
    std::this_thread::sleep_for(tick);
  }
  const bool complete = sender.finish(10s);
  const SenderStats stats = sender.stats();
  if (!quiet) progress.finish(remark(stats, double((clock.now() - begin).count()) / 1e6));
  return exit_code(stats, complete);
}

namespace {

// 0: as fast as the server takes it; nullopt: not a speed.
std::optional<double> parse_speed(const std::string& text) {
  if (text == "max") return 0.0;
  double speed = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), speed);
  if (error != std::errc() || end != text.data() + text.size() || !(speed > 0)) return std::nullopt;
  return speed;
}

}  // namespace

int run_replay(const ReplayCommand& command, const std::atomic<bool>& stop) {
  const auto speed = parse_speed(command.speed);
  if (!speed) {
    fmt::print(stderr, "aybiza replay: --speed {} is not a speed: give 1, 60 or max\n", command.speed);
    return 2;
  }
  if (!command.shift.empty() && command.shift != "now") {
    fmt::print(stderr, "aybiza replay: --shift {} is not known: give now, or leave it out\n", command.shift);
    return 2;
  }
  auto config = sender_config(command.url, command.key, command.connections, command.batch_events);
  if (!config) return 2;
  const SystemClock clock;
  ReplayOptions options;
  if (command.shift == "now") options.last_event_at = clock.now();
  options.salt = command.salt_given ? command.salt : command.shift == "now" ? to_string(random_id()).substr(0, 8) : "";
  const auto lines = load_replay(command.file, options);
  if (!lines) {
    fmt::print(stderr, "aybiza replay: {}\n", lines.error().message);
    return 2;
  }
  config->stop = &stop;
  Sender sender(*config);
  Progress progress("replay " + command.file.filename().string());
  const Instant begin = clock.now();
  std::uint64_t done = 0;
  for (const ReplayLine& line : *lines) {
    if (stop) break;
    if (*speed > 0) {
      const auto due = begin + Duration(std::int64_t(double((line.time - lines->front().time).count()) / *speed));
      if (clock.now() < due) sender.flush();
      while (clock.now() < due && !stop) std::this_thread::sleep_for(std::min<Duration>(due - clock.now(), 50ms));
    }
    sender.send(line.line);
    progress.show(++done, lines->size(), remark(sender.stats(), double((clock.now() - begin).count()) / 1e6));
  }
  const bool complete = sender.finish(30s) && done == lines->size();
  const SenderStats stats = sender.stats();
  progress.finish(remark(stats, double((clock.now() - begin).count()) / 1e6));
  return exit_code(stats, complete);
}

}  // namespace aybiza
