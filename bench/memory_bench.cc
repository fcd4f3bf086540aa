// What a server keeps in memory once everything is full: 10 000 calls in flight, all ended ones it retains, every ring, the
// deduplication sets, and DuckDB writing the rows, with 10 000 and with 100 000 agents.
//
// Shape    event time runs through seven thin days (the hours fill), 16 hours of 2 000 lines (the minutes), nine of 10 000
//          (agents, calls); the rows of the last ten minutes go to DuckDB. Each configuration is a process of its own, and what the
//          kernel says it holds is printed beside what the parts say of themselves. memory_bench [agents…]
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "aggregate/shard.h"
#include "base/clock.h"
#include "base/limits.h"
#include "call_source.h"
#include "runtime/huge_pages.h"
#include "spool/dedup.h"
#include "store/duckdb_store.h"

namespace {

using namespace aybiza;

std::size_t resident_mib() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("VmRSS:")) return std::stoul(line.substr(6)) / 1024;
  return 0;
}

struct Filler {
  Shard shard;
  spool::Dedup dedup{{limits::dedup_event_bytes, limits::dedup_batches}, 7};
  bool deduplicates = false;
  std::uint64_t offset = 0;
  SystemClock clock;
  std::unique_ptr<Store> store;

  void run(std::size_t agents, std::size_t lines, Instant begin, Duration span, bool text) {
    CallSource source(agents, lines, text, begin);
    while (source.now() < begin + span) {
      const auto& batch = source.next();
      for (std::size_t i = 0; i < batch.size(); ++i) {
        shard.foresee(i, batch.size(), [&](std::size_t at) { return batch[at].call; });
        shard.apply(batch[i], ++offset, batch[i].time);
        if (deduplicates) static_cast<void>(dedup.add_event(dedup.event_key(1, batch[i].id), batch[i].time));
      }
      static_cast<void>(dedup.commit());
      shard.advance(batch.back().time);
      RowBatch rows;
      rows.from = store ? store->applied().value_or(0) : 0;
      shard.collect(rows, Shard::What::due);
      rows.to = offset;
      if (store)
        if (const Status done = store->apply(rows); !done) fmt::print(stderr, "store: {}\n", done.error().message);
    }
  }
};

void say(std::size_t agents, const char* when, const Filler& filler) {
  const ShardSizes sizes = filler.shard.measure();
  const ShardStats stats = filler.shard.stats();
  fmt::print("{} agents, {}: RSS {} MiB; live state {} MiB: {} calls in flight and {} ended {} MiB, {} panes {} MiB, other {} MiB ({} events)\n", agents,
             when, resident_mib(), sizes.bytes() >> 20, stats.calls_in_flight, stats.calls_ended, sizes.bytes_calls >> 20, sizes.panes,
             sizes.bytes_panes >> 20, sizes.bytes_other >> 20, filler.offset);
  std::fflush(stdout);
}

void measure(std::size_t agents) {
  const auto directory = std::filesystem::temp_directory_path() / fmt::format("aybiza-memory-{}", ::getpid());
  std::filesystem::create_directories(directory);
  Filler filler;
  Instant at = from_micros(1'763'712'000'000'000);
  const auto stage = [&](const char* name, std::size_t lines, Duration span, bool text) {
    filler.run(agents, lines, at, span, text);
    at += span;
    say(agents, name, filler);
  };
  stage("hours full", 100, 7 * 24h, false);
  stage("minutes full", 2'000, 16h, false);
  stage("agents and calls full", 10'000, 7h + 50min, true);
  filler.deduplicates = true;
  stage("with the deduplication sets", 10'000, 1h, true);
  DuckdbOptions duck;
  duck.directory = directory;
  duck.clock = &filler.clock;
  auto store = open_duckdb_store(duck);
  if (!store) throw std::runtime_error(store.error().message);
  filler.store = std::move(*store);
  stage("with DuckDB", 10'000, 10min, true);
  filler.store.reset();
  std::filesystem::remove_all(directory);
}

}  // namespace

int main(int argc, char** argv) {
  aybiza::restart_with_huge_pages(argv);
  std::vector<std::size_t> fleets;
  for (int i = 1; i < argc; ++i) fleets.push_back(std::stoul(argv[i]));
  if (fleets.empty()) fleets = {10'000, 100'000};
  for (const std::size_t agents : fleets) {
    const pid_t child = ::fork();
    if (child == 0) {
      measure(agents);
      ::_exit(0);
    }
    ::waitpid(child, nullptr, 0);
  }
  return 0;
}
