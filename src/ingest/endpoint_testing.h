// What the tests of endpoints share: a real spool in a directory of its own, whose committer runs when the test says so, and
// answers that can be looked at.
//
// Threads  none: one test.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/limits.h"
#include "codec/event_binary.h"
#include "net/http.h"
#include "privacy/tokenizer.h"
#include "spool/spool.h"

namespace aybiza::testing {

struct ReplySink final : net::Responder::Sink {
  std::optional<net::Response> response;
  void deliver(net::Response r) override { response = std::move(r); }
  bool client_gone() const override { return false; }
};

struct Reply {
  int status = 0;  // 0: nothing yet
  std::string body, type, durability, retry_after, authenticate;

  static Reply of(const ReplySink& sink) {
    Reply out;
    if (!sink.response) return out;
    out.status = sink.response->status;
    out.type = sink.response->content_type;
    out.body = std::get<std::string>(sink.response->body);
    for (const auto& [name, value] : sink.response->headers) {
      if (name == "X-Durability") out.durability = value;
      if (name == "Retry-After") out.retry_after = value;
      if (name == "WWW-Authenticate") out.authenticate = value;
    }
    return out;
  }
};

class OverSpool : public ::testing::Test {
 protected:
  explicit OverSpool(Instant now) : clock_(now) {
    directory_ = std::filesystem::temp_directory_path() / ("aybiza-ingest-" + to_string(random_id()));
    std::filesystem::create_directories(directory_);
  }
  ~OverSpool() override {
    spool_.reset();
    std::filesystem::remove_all(directory_);
  }
  void open_spool() {
    auto spool = spool::Spool::open({.directory = (directory_ / "spool").string(), .clock = &clock_, .segment_bytes = 1 * limits::MiB, .reserve_bytes = 0,
                                     .threads = false, .notice = [](std::string_view) {}});
    ASSERT_TRUE(spool.has_value()) << spool.error().message;
    spool_ = std::move(*spool);
  }
  void pump() {
    while (spool_->pump()) {
    }
  }
  template <typename Visit>
  void each_event(Visit&& visit) {
    auto reader = *spool_->read_from({});
    std::vector<Value> values;
    while (true) {
      const auto record = reader->next();
      if (!record.has_value() || !*record) break;
      for (std::size_t i = 0; i < (*record)->count(); ++i) visit(decode_event((*record)->event(i).bytes, values)->event);
    }
  }

  ManualClock clock_;
  Tokenizer tokenizer_{"a test key of thirty-two bytes..."};
  std::filesystem::path directory_;
  std::unique_ptr<spool::Spool> spool_;
};

}  // namespace aybiza::testing
