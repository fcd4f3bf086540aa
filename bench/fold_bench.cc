// How fast one shard folds 10 000 calls in flight of 100, 10 000 and 100 000 agents.
//
// Shape    on 10 000 lines call follows call, each with another agent: a start, 25 turns with 13 usages between them, an
//          end, 5 s apart; the mix of the sample calls (62 % turns, 31 % usage). Events are made in batches, only apply() is timed. Beside it
//          the same events counted into a std::unordered_map by call: a figure that says what the machine can do. Each twice:
//          turns whose sentiment, topics and intent their sender gave, and turns with words, which fold also reads
//          (tokens, lexicon, sentiment; text_bench says what that costs by itself). fold_bench [events]
#include <fmt/format.h>
#include <sys/resource.h>
#include <time.h>

#include <chrono>
#include <string>
#include <unordered_map>
#include <vector>

#include "aggregate/shard.h"
#include "call_source.h"
#include "runtime/huge_pages.h"

namespace {

using namespace aybiza;
using namespace std::chrono_literals;

constexpr std::size_t calls_in_flight = 10'000;
const Instant begin = from_micros(1'763'712'000'000'000);

// Time of this thread, so that a busy machine does not spoil the figures.
double cpu_seconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return double(now.tv_sec) + double(now.tv_nsec) * 1e-9;
}
double seconds_since(double start) { return cpu_seconds() - start; }

std::size_t resident_mib() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return std::size_t(usage.ru_maxrss) / 1024;
}

void run(std::size_t agents, std::size_t events, bool text) {
  double counting = 0, folding = 0, collecting = 0;
  {
    CallSource source(agents, calls_in_flight, text, begin);
    std::unordered_map<Id, std::uint64_t> counts;
    for (std::size_t done = 0; done < events; done += batch_size) {
      const auto& batch = source.next();
      const auto start = cpu_seconds();
      for (const Event& event : batch) ++counts[event.call];
      counting += seconds_since(start);
    }
  }
  CallSource source(agents, calls_in_flight, text, begin);
  Shard shard;
  std::uint64_t offset = 0;
  std::size_t rows = 0;
  for (std::size_t done = 0; done < events; done += batch_size) {
    const auto& batch = source.next();
    const auto start = cpu_seconds();
    for (std::size_t i = 0; i < batch.size(); ++i) {  // as server/live_shards does
      shard.foresee(i, batch.size(), [&](std::size_t at) { return batch[at].call; });
      shard.apply(batch[i], ++offset, batch[i].time);
    }
    shard.advance(batch.back().time);
    folding += seconds_since(start);
    const auto middle = cpu_seconds();
    RowBatch out;
    shard.collect(out, Shard::What::due);
    rows += out.calls.size() + out.turns.size() + out.usage.size() + out.rollups.size();
    collecting += seconds_since(middle);
  }
  const ShardStats stats = shard.stats();
  const ShardSizes sizes = shard.measure();
  const Instant to = stats.newest;
  const auto asking = cpu_seconds();
  const LiveQuestion question{.by = {Dimension::agent_id}, .where = {}, .edges = {floor_to(to, 1min) - 15min, floor_to(to, 1min) + 1min}};
  const auto answer = shard.ask(question, to);
  const double ask_ms = seconds_since(asking) * 1e3;
  fmt::print("{:7} agents, {}: fold {:9.0f} events/s ({:4.0f} ns), {:.3f} of counting ({:9.0f}/s); collect {:9.0f} rows/s; "
             "state {} MiB ({} calls in {} MiB, {} panes in {} MiB), peak {} MiB; by agent over 16 min: {} groups in {:.1f} ms\n",
             agents, text ? "words read   " : "without words", double(offset) / folding, folding * 1e9 / double(offset), counting / folding, double(offset) / counting,
             double(rows) / collecting, sizes.bytes() >> 20, stats.calls_in_flight + stats.calls_ended,
             sizes.bytes_calls >> 20, sizes.panes, sizes.bytes_panes >> 20, resident_mib(),
             answer.cells.size(), ask_ms);
  std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
  aybiza::restart_with_huge_pages(argv);  // as the server does
  const std::size_t events = argc > 1 ? std::stoul(argv[1]) : 2'000'000;
  for (const std::size_t agents : {std::size_t(100), std::size_t(10'000), std::size_t(100'000)})
    for (const bool text : {false, true}) run(agents, events, text);
}
