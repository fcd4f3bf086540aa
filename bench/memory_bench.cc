// What a server keeps in memory once everything is full: 10 000 calls in flight, all ended ones it retains, every ring, the
// deduplication sets, and DuckDB writing the rows, with 10 000 and with 100 000 agents.
//
// Shape    event time runs through seven thin days (the hours fill), 16 hours of 2 000 lines (the minutes), nine of 10 000
//          (agents, calls), up to minute 39, when agents hold most minutes; the rows of the last 20 minutes go to DuckDB. Each
//          configuration is a process of its own, and what the kernel says it holds, now and at most, is printed beside what
//          the parts say of themselves. The verdict is of the most. memory_bench [agents…]
#include <malloc.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <tuple>

#include "aggregate/shard.h"
#include "base/clock.h"
#include "base/limits.h"
#include "call_source.h"
#include "runtime/huge_pages.h"
#include "spool/dedup.h"
#include "store/duckdb_store.h"

namespace {

using namespace aybiza;

std::size_t resident_mib(std::string_view which = "VmRSS:") {  // VmHWM: the most so far
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with(which)) return std::stoul(line.substr(which.size())) / 1024;
  return 0;
}

struct Filler {
  Shard shard;
  spool::Dedup dedup{{limits::dedup_event_bytes, limits::dedup_batches}, 7};
  bool deduplicates = false;
  std::uint64_t offset = 0;
  SystemClock clock;
  std::unique_ptr<Store> store;

  void run(CallSource& source, Instant until) {
    while (source.now() < until) {
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
  const struct mallinfo2 heap = ::mallinfo2();
  fmt::print("{} agents, {}: RSS {} MiB, at most {}; live state {} MiB: {} calls in flight and {} ended {} MiB, {} panes {} MiB, other {} MiB; heap {} MiB used, "
             "{} free ({} events)\n",
             agents, when, resident_mib(), resident_mib("VmHWM:"), sizes.bytes() >> 20, stats.calls_in_flight, stats.calls_ended, sizes.bytes_calls >> 20, sizes.panes,
             sizes.bytes_panes >> 20, sizes.bytes_other >> 20, (heap.uordblks + heap.hblkhd) >> 20, heap.fordblks >> 20, filler.offset);
  std::fflush(stdout);
}

void judge(std::size_t agents) {
  const std::size_t most = resident_mib("VmHWM:"), wanted = agents <= 10'000 ? 900 : 2'560;
  fmt::print("{} agents: {} MiB at most, required {} MiB: {}\n", agents, most, wanted, most <= wanted ? "held" : "MISSED");
}

void measure(std::size_t agents) {
  const auto directory = std::filesystem::temp_directory_path() / fmt::format("aybiza-memory-{}", ::getpid());
  std::filesystem::create_directories(directory);
  Filler filler;
  Instant at = from_micros(1'763'712'000'000'000);
  const auto stage = [&](const char* name, CallSource& source, Duration span) {
    filler.run(source, at += span);
    say(agents, name, filler);
  };
  for (const auto& [name, lines, span] : {std::tuple{"hours full", 100u, Duration(7 * 24h)}, {"minutes full", 2'000u, Duration(16h)}}) {
    CallSource source(agents, lines, false, at);
    stage(name, source, span);
  }
  CallSource source(agents, 10'000, true, at);
  stage("agents and calls full", source, 8h + 19min);
  filler.deduplicates = true;
  stage("with the deduplication sets", source, 1h);
  DuckdbOptions duck;
  duck.directory = directory;
  duck.clock = &filler.clock;
  auto store = open_duckdb_store(duck);
  if (!store) throw std::runtime_error(store.error().message);
  filler.store = std::move(*store);
  stage("with DuckDB", source, 20min);
  judge(agents);
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
