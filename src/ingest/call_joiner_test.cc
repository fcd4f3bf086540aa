#include "ingest/call_joiner.h"

#include <gtest/gtest.h>

#include <filesystem>

namespace aybiza {
namespace {

constexpr std::string_view sid = "CA0123456789abcdef0123456789abcdef", other_sid = "CAffffffffffffffffffffffffffffffff";
const Instant now = from_micros(1'795'000'000'000'000);

class Joining : public testing::Test {
 protected:
  Joining() {
    std::filesystem::create_directories(directory_);
    open();
  }
  ~Joining() override {
    aliases_.reset();
    std::filesystem::remove_all(directory_);
  }
  void open() {
    aliases_.reset();
    aliases_ = std::move(*CallAliases::open(directory_));
    sources_ = std::move(*auth::WebhookSources::open(directory_));
  }
  void twilio() {
    ASSERT_TRUE(sources_->add({.vendor = "twilio", .customer = "acme", .secret = "s", .url = "https://here"}, now));
  }

  // Events of one call of spans, as its request brings them; what they look like after joining.
  EventBatch spans(std::uint64_t call, std::string_view external, std::string_view carrier, std::size_t count = 2) {
    EventBatch batch;
    for (std::size_t i = 0; i < count; ++i) {
      const auto values = batch.arena.array<Value>(1);
      values[0] = {Field::call_id, 0, batch.arena.copy(external)};
      batch.events.push_back({.type = EventType::turn, .rank = Rank::span, .time = now, .id = {call, i + 1}, .call = {9, call}, .scope = "acme",
                              .customer = "acme", .source = "pipecat", .values = values});
      batch.index.push_back(std::uint32_t(i));
      batch.wire_bytes.push_back(0);
    }
    const NamedCall named{.id = {9, call}, .vendor = "trace", .external = external, .twilio_sid = carrier};
    joined_ = CallJoiner(*aliases_, *sources_).join(batch, std::span(&named, 1), "acme", now + Duration(++clock_)).events;
    return batch;
  }
  // The call that the carrier's record belongs to.
  CallAliases::Known carrier(std::string_view which = sid) {
    return aliases_->resolve({.scope = "acme", .source = "twilio", .external = which, .twilio_sid = which, .own = {5, hash64(which)}}, now + Duration(++clock_));
  }

  const std::filesystem::path directory_ = std::filesystem::temp_directory_path() / ("aybiza-joining-" + to_string(random_id()));
  std::unique_ptr<CallAliases> aliases_;
  std::unique_ptr<auth::WebhookSources> sources_;
  std::uint64_t joined_ = 0;
  int clock_ = 0;
};

TEST_F(Joining, OnlyWhereACarrierTellsToo) {
  const CallJoiner joiner(*aliases_, *sources_);
  EXPECT_FALSE(joiner.wanted("acme"));
  twilio();
  EXPECT_TRUE(joiner.wanted("acme"));
  EXPECT_FALSE(joiner.wanted("zen"));
}

TEST_F(Joining, TheCarrierComesToTheCallOfTheSpans) {
  const EventBatch first = spans(1, "trace-1", sid);
  EXPECT_EQ(first.events.size(), 2u);
  EXPECT_EQ(joined_, 0u);
  EXPECT_TRUE(aliases_->find(spans_of("acme")));  // webhooks know now that spans tell of calls too
  EXPECT_FALSE(aliases_->find(spans_of("zen")));
  EXPECT_EQ(carrier().call, (Id{9, 1}));
  EXPECT_EQ(carrier().external, "trace-1");
  ASSERT_TRUE(aliases_->sync());
  open();
  EXPECT_EQ(carrier().call, (Id{9, 1}));
  EXPECT_EQ(carrier(other_sid).call, (Id{5, hash64(other_sid)}));
}

TEST_F(Joining, SpansComeToTheCarriersCallWhenItWasFirst) {
  const Id call = carrier().call;
  const EventBatch first = spans(1, "trace-1", sid), second = spans(1, "trace-1", "");
  EXPECT_EQ(joined_, 2u);  // the second time without the name
  for (const EventBatch* batch : {&first, &second})
    for (const Event& event : batch->events) {
      EXPECT_EQ(event.call, call);
      EXPECT_EQ(event.text(Field::call_id), sid);
    }
}

TEST_F(Joining, OfTwoThatExistTheSpansStayAndTheCarriersIsSetAside) {
  spans(1, "trace-1", "");
  const Id carriers = carrier().call;
  EXPECT_NE(carriers, (Id{9, 1}));
  const EventBatch late = spans(1, "trace-1", sid, 1);
  EXPECT_EQ(joined_, 0u);
  ASSERT_EQ(late.events.size(), 2u);
  EXPECT_EQ(late.events[0].call, (Id{9, 1}));
  EXPECT_EQ(late.events[1].call, carriers);
  EXPECT_EQ(late.events[1].customer, merged_customer);
  EXPECT_EQ(late.events[1].text(Field::customer_id), merged_customer);
  EXPECT_EQ(late.events[1].text(Field::call_id), sid);
  EXPECT_EQ(late.index.size(), 2u);
  EXPECT_EQ(carrier().call, (Id{9, 1}));  // from now on its records are the spans' call's
  EXPECT_EQ(spans(1, "trace-1", sid).events.size(), 2u);  // once
}

}  // namespace
}  // namespace aybiza
