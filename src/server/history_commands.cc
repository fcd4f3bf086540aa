#include "server/history_commands.h"

#include <fmt/format.h>

#include <cstdio>

#include "server/open_store.h"
#include "store/copy_history.h"

namespace aybiza {
namespace {

Status move_history(const MoveOptions& options) {
  if (options.from == options.to) return fail(Code::invalid, "--from and --to are the same");
  const SystemClock clock;
  auto from = open_store(options.data, options.from, clock);
  if (!from) return std::unexpected(from.error());
  auto to = open_store(options.data, options.to, clock);
  if (!to) return std::unexpected(to.error());
  std::size_t told = 0;
  const auto done = copy_history(**from, **to, [&](const CopyReport& report) {
    const std::size_t percent = report.steps * 100 / report.of;
    if (percent / 5 == told / 5) return;
    told = percent;
    fmt::print("{} of {} steps, {} rows\n", report.steps, report.of, report.rows);
    std::fflush(stdout);
  });
  if (!done) return std::unexpected(done.error());
  fmt::print("moved: {} rows; start the server with --store {}\n", done->rows, options.to);
  return {};
}

}  // namespace

int run_move(const MoveOptions& options) {
  const Status done = move_history(options);
  if (!done) fmt::print(stderr, "aybiza move: {}\n", done.error().message);
  return done ? 0 : done.error().code == Code::invalid ? 2 : 1;
}

}  // namespace aybiza
