// Fixture of tests that need a PostgreSQL server of their own: started with each test, skipped where none is installed.
//
// Threads  None: owned by one test.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "store/postgres.h"
#include "store/postgres_server.h"
#include "store/postgres_store.h"

namespace aybiza {

class PostgresTest : public testing::Test {
 protected:
  void SetUp() override {
    const std::string binaries = PostgresServer::binaries();
    if (binaries.empty()) GTEST_SKIP() << "no PostgreSQL server is installed here: script/bootstrap brings one";
    auto started = PostgresServer::start(binaries);
    ASSERT_TRUE(started) << started.error().message;
    server_ = std::move(*started);
  }
  std::unique_ptr<Store> open() {
    auto store = open_postgres_store({.url = server_->url(), .clock = &clock_});
    EXPECT_TRUE(store) << store.error().message;
    return store ? std::move(*store) : nullptr;
  }
  std::unique_ptr<PostgresConnection> raw() {
    auto made = PostgresConnection::open(server_->url(), clock_, false);
    EXPECT_TRUE(made) << made.error().message;
    return made ? std::move(*made) : nullptr;
  }
  // Tries like the server's writer does, until the world is well again.
  static Status until_applied(Store& store, const RowBatch& batch) {
    Status done;
    for (int attempt = 0; attempt < 600; ++attempt) {
      done = store.apply(batch);
      if (done || done.error().code != Code::unavailable) return done;
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
    return done;
  }

  std::unique_ptr<PostgresServer> server_;
  SystemClock clock_;
};

// The answer's cells, columns by blanks, rows by lines.
inline std::string ask(Store& store, std::string_view text, std::vector<Param> params = {}) {
  auto rows = store.sql(text, params);
  if (!rows) return rows.error().message;
  std::string out;
  for (;;) {
    const auto more = (*rows)->next();
    if (!more) return more.error().message;
    if (!*more) return out;
    for (std::size_t row = 0; row < (*rows)->row_count(); ++row) {
      for (std::size_t column = 0; column < (*rows)->columns().size(); ++column) {
        const Cell cell = (*rows)->cell(row, column);
        if (column > 0) out += ' ';
        if (const auto* word = std::get_if<std::string_view>(&cell)) out += *word;
        else if (const auto* decimal = std::get_if<Decimal>(&cell)) out += to_string(*decimal);
        else if (const auto* time = std::get_if<Instant>(&cell)) out += format_rfc3339(*time);
        else if (const auto* id = std::get_if<Id>(&cell)) out += to_string(*id);
        else if (const auto integer = as_integer(cell)) out += fmt::format("{}", *integer);
        else if (const auto real = as_real(cell)) out += fmt::format("{}", *real);
        else out += is_null(cell) ? "NULL" : fmt::format("blob of {}", std::get<Blob>(cell).bytes.size());
      }
      out += '\n';
    }
  }
}

}  // namespace aybiza
