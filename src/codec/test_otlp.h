// The way of recorded OTLP JSON up to the log, for tests: attributes as they are written, and the events a request becomes.
//
// Shape    one WayIn serves many requests, as a server's thread does: what one left behind shows in the next.
// Errors   what is refused fails the test that sends it.
// Threads  none: owned by one test.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "codec/event_binary.h"
#include "codec/identity.h"
#include "codec/otlp_decoder.h"
#include "codec/otlp_json.h"
#include "codec/span_events.h"

namespace aybiza::testing {

inline std::string text(std::string_view key, std::string_view value) { return fmt::format(R"({{"key":"{}","value":{{"stringValue":"{}"}}}})", key, value); }
inline std::string whole(std::string_view key, std::int64_t value) { return fmt::format(R"({{"key":"{}","value":{{"intValue":"{}"}}}})", key, value); }

class WayIn {
 public:
  // `mask`: the privacy step, which is not this folder's.
  explicit WayIn(std::function<void(EventBatch&)> mask = {}) : mask_(std::move(mask)) {}
  // As the log keeps them.
  std::vector<std::string> events_of(const std::string& request, bool logs, Instant received) {
    const OtlpSignal signal = logs ? OtlpSignal::logs : OtlpSignal::traces;
    auto transcoded = json_.transcode(signal, request);
    EXPECT_TRUE(transcoded && transcoded->rejected == 0) << request;
    OtlpBatch batch;
    EXPECT_TRUE(decoder_.decode(signal, std::move(transcoded->protobuf), batch));
    EXPECT_EQ(batch.rejected, 0u) << batch.first_rejection;
    EventBatch events;
    MetricBatch metrics;
    assembler_.assemble(batch, {.customer = "acme", .source = "key", .received = received}, events, metrics);
    EXPECT_EQ(events.rejected_total(), 0u);
    if (mask_) mask_(events);
    Identity().assign(events, "acme");
    std::vector<std::string> out;
    for (const Event& event : events.events) append_event(out.emplace_back(), event);
    return out;
  }

 private:
  OtlpJson json_;
  OtlpDecoder decoder_;
  SpanAssembler assembler_;
  std::function<void(EventBatch&)> mask_;
};

}  // namespace aybiza::testing
