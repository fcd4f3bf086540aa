// A process killed at any moment leaves whole batches and the offset that belongs to them.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <random>

#include "store/duckdb_store.h"
#include "store/memory_store.h"
#include "store/row_text.h"
#include "store/sample_rows.h"
#include "store/scratch.h"

namespace aybiza {
namespace {

constexpr std::size_t batch_events = 400;

Result<std::unique_ptr<Store>> open(const std::string& directory, const Clock& clock) {
  // A small log, so that kills land inside checkpoints, too.
  return open_duckdb_store({.directory = directory, .node = "local", .clock = &clock, .checkpoint_bytes = 300'000});
}

// In the child: applies batch after batch from where the store is, one byte into `report` for each that is committed.
[[noreturn]] void write_until_killed(const std::string& directory, const Clock& clock, std::uint64_t seed, int report) {
  auto store = open(directory, clock);
  if (!store) _exit(3);
  const std::uint64_t applied = (*store)->applied().value_or(0);
  SampleRows sample(seed);
  for (;;) {
    const RowBatch batch = sample.next(batch_events);
    if (batch.to <= applied) continue;
    if (!(*store)->apply(batch)) _exit(4);
    if (::write(report, "x", 1) != 1) _exit(5);
  }
}

TEST(Crash, KilledAtAnyMomentRowsAndOffsetAgree) {
  const Scratch scratch;
  const ManualClock clock(from_micros(1'795'000'000'000'000));
  constexpr std::uint64_t seed = 21;
  std::mt19937 random(seed);
  std::uint64_t committed = 0;
  for (int round = 0; round < 20; ++round) {
    SCOPED_TRACE(round);
    int pipe_ends[2];
    ASSERT_EQ(::pipe(pipe_ends), 0);
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      ::close(pipe_ends[0]);
      write_until_killed(scratch.path(), clock, seed, pipe_ends[1]);
    }
    ::close(pipe_ends[1]);
    // After some whole batches, and then somewhere inside the next ones.
    const int batches = int(random() % 4);
    char byte = 0;
    int seen = 0;
    while (seen < batches && ::read(pipe_ends[0], &byte, 1) == 1) ++seen;
    ::usleep(random() % 30'000);  // decides where the kill lands, not what must hold
    ::kill(child, SIGKILL);
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status)) << "the child gave up with " << WEXITSTATUS(status);
    while (::read(pipe_ends[0], &byte, 1) == 1) ++seen;
    ::close(pipe_ends[0]);

    auto store = open(scratch.path(), clock);
    ASSERT_TRUE(store.has_value()) << store.error().message;
    const std::uint64_t applied = (*store)->applied().value();
    ASSERT_EQ(applied % batch_events, 0u);
    // All that was acknowledged is there; at most the batch that was being committed more.
    ASSERT_GE(applied, committed + std::uint64_t(seen) * batch_events);
    ASSERT_LE(applied, committed + std::uint64_t(seen + 1) * batch_events);
    committed = applied;
    const auto rival = make_memory_store();
    SampleRows sample(seed);
    for (std::uint64_t done = 0; done < applied; done += batch_events) ASSERT_TRUE(rival->apply(sample.next(batch_events)).has_value());
    ASSERT_EQ(row_texts((*store)->rows({}).value()), row_texts(rival->rows({}).value()));
    ASSERT_EQ((*store)->stats().repaired, "");
  }
}

}  // namespace
}  // namespace aybiza
