// Fixtures of tests that run on every engine there is (store/test_engine.h); where an engine is not here, a test is skipped and says why.
//
// Threads  None: owned by one test.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

#include "store/test_engine.h"

namespace aybiza {

class OnEngine : public testing::TestWithParam<std::string> {
 protected:
  explicit OnEngine(Instant now = from_micros(1'795'000'000'000'000)) : clock_(now) {}
  void SetUp() override {
    if (!engine_.missing().empty()) GTEST_SKIP() << engine_.missing();
  }
  std::unique_ptr<Store> open() {
    auto store = engine_.open(clock_);
    EXPECT_TRUE(store.has_value()) << store.error().message;
    return store ? std::move(*store) : nullptr;
  }

  TestEngine engine_{GetParam()};
  ManualClock clock_;
};

// With a store that is open. What a test puts in beforehand comes after SetUp(), unless IsSkipped().
class OnStore : public OnEngine {
 protected:
  using OnEngine::OnEngine;
  void SetUp() override {
    OnEngine::SetUp();
    if (IsSkipped()) return;
    store_ = open();
    ASSERT_TRUE(store_);
  }
  void put(const RowBatch& batch) {
    const auto written = store_->apply(batch);
    ASSERT_TRUE(written) << written.error().message;
  }

  std::unique_ptr<Store> store_;
};

inline Status must(Status status) {
  EXPECT_TRUE(status.has_value()) << status.error().message;
  return status;
}

// Which a test changes as it needs.
inline CallRow a_call() {
  CallRow call;
  call.call_id = {7, 8};
  call.start = from_micros(1'795'000'000'000'001);
  call.updated = call.start;
  call.external_call_id = "c-1";
  call.dims[Field::customer_id] = "acme";
  return call;
}

}  // namespace aybiza
