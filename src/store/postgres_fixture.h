// Fixture of tests that need a PostgreSQL server of their own: started with each test, skipped where none is installed.
//
// Threads  None: owned by one test.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <thread>

#include "store/ask_text.h"
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

}  // namespace aybiza
