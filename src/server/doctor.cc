#include "server/doctor.h"

#include <fmt/format.h>

#include "base/clock.h"
#include "store/postgres_store.h"

namespace aybiza {

int run_doctor(const std::string& store) {
  const auto failed = [](std::string_view message) {
    fmt::print(stderr, "aybiza doctor: {}\n", message);
    return 1;
  };
  if (!is_postgres_url(store)) {
    if (store != "duckdb") return failed("--store is duckdb or postgres://USER@HOST/DATABASE");
    fmt::print("duckdb: embedded, one file beside the log; nothing to detect\n");
    return 0;
  }
  const SystemClock clock;
  const auto report = examine_postgres(store, clock);
  if (!report) return failed(report.error().message);
  for (const std::string& line : report->lines) fmt::print("{}\n", line);
  return report->fit ? 0 : failed(report->fit.error().message);
}

}  // namespace aybiza
