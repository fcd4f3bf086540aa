#include "ingest/ledger.h"

#include <gtest/gtest.h>

#include <thread>

#include "base/limits.h"

namespace aybiza {
namespace {

TEST(Ledger, EverySnapshotBalancesWhileThreadsCount) {
  Ledger ledger(from_micros(0));
  std::vector<std::jthread> senders;
  for (int t = 0; t < 4; ++t)
    senders.emplace_back([&ledger, t] {
      const std::string customer = t % 2 == 0 ? "even" : "odd";
      for (int i = 0; i < 2'000; ++i) {
        ledger.offer(customer, 10);
        ledger.settle(customer, {.accepted = 5, .duplicates = 1, .rejected = {{"invalid_time", 3}}, .shed = {{"rate", 1}}});
        ledger.shed(customer, "memory");
        ledger.reject(customer, "too_large");
      }
    });
  for (int i = 0; i < 500; ++i) {
    const auto now = ledger.snapshot();
    EXPECT_TRUE(now.total.balanced());
    for (const auto& [customer, counts] : now.customers) EXPECT_TRUE(counts.balanced()) << customer;
  }
  senders.clear();
  const auto end = ledger.snapshot().total;
  EXPECT_EQ(end.offered, 4u * 2'000 * 12);
  EXPECT_EQ(end.accepted, 40'000u);
  EXPECT_EQ(end.in_flight, 0u);
}

TEST(Ledger, CountsByTheWayInAndWhenItWasLastUsed) {
  Ledger ledger(from_micros(0));
  ledger.offer({"acme", "events ndjson", from_micros(5)}, 10);
  ledger.settle({"acme", "events ndjson"}, {.accepted = 7, .duplicates = 1, .rejected = {{"invalid_time", 2}}});
  ledger.offer({"globex", "events ndjson", from_micros(3)}, 1);  // told later, happened before
  ledger.shed({"acme", "statsd", from_micros(9)}, "memory", 4);
  ledger.reject({"acme", "statsd", from_micros(8)}, "too_large");
  ledger.offer("platform", 1);  // what the server orders itself comes by no way
  const auto now = ledger.snapshot();
  ASSERT_EQ(now.ways.size(), 2u);
  const WayCounts& events = now.ways.at("events ndjson");
  EXPECT_EQ(events.counts.offered, 11u);
  EXPECT_EQ(events.counts.accepted, 7u);
  EXPECT_EQ(events.counts.rejected.at("invalid_time"), 2u);
  EXPECT_EQ(events.counts.in_flight, 1u);
  EXPECT_EQ(events.last_seen, from_micros(5));
  EXPECT_EQ(now.ways.at("statsd").counts.shed_total(), 4u);
  EXPECT_EQ(now.ways.at("statsd").counts.rejected_total(), 1u);
  EXPECT_EQ(now.ways.at("statsd").last_seen, from_micros(9));
  EXPECT_TRUE(events.counts.balanced());
  EXPECT_EQ(now.total.offered, 17u);
}

TEST(Ledger, CustomersBeyondTheBoundAreCountedTogether) {
  Ledger ledger(from_micros(0));
  for (std::size_t i = 0; i < limits::ledger_customers + 50; ++i) {
    ledger.offer(std::to_string(i), 1);
    ledger.settle(std::to_string(i), {.accepted = 1});
  }
  const auto now = ledger.snapshot();
  EXPECT_EQ(now.customers.size(), limits::ledger_customers + 1);
  EXPECT_EQ(now.customers.at("__other__").accepted, 50u);
  EXPECT_EQ(now.total.accepted, limits::ledger_customers + 50);
}

TEST(Ledger, Json) {
  Ledger ledger(from_micros(0));
  ledger.offer("a", 3);
  ledger.settle("a", {.accepted = 1, .rejected = {{"invalid_json", 1}}});
  std::string out;
  JsonWriter json(out);
  json.begin_object();
  write_conservation(json, ledger.snapshot().total);
  json.end_object();
  EXPECT_EQ(out, R"({"offered":3,"accepted":1,"duplicates":0,"rejected":{"invalid_json":1},"shed":{},"in_flight":1})");
}

}  // namespace
}  // namespace aybiza
