// The life of a call as each vendor tells it, shuffled, duplicated and delayed, is the same call each time.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <random>
#include <set>

#include "aggregate/shard.h"
#include "codec/webhook_testing.h"
#include "ingest/call_aliases.h"
#include "server/call_json.h"

namespace aybiza {
namespace {

using namespace std::chrono_literals;
using namespace aybiza::testing;

struct Delivery {
  const DecodedHook* hook;
  Instant received;
};

// What the server would do with the bodies: each event id once, in the order of arrival.
std::string fold(const std::vector<Delivery>& deliveries, const Id& call) {
  Shard shard;
  std::set<Id> seen;
  std::uint64_t offset = 0;
  Instant last{};
  for (const Delivery& delivery : deliveries) {
    last = delivery.received;
    shard.advance(last);
    for (const Event& event : delivery.hook->batch.events.events)
      if (seen.insert(event.id).second) shard.apply(event, ++offset, delivery.received);
  }
  shard.advance(last);
  EXPECT_EQ(shard.stats().calls_in_flight + shard.stats().calls_ended, 1u);
  const auto detail = shard.call(call);
  EXPECT_TRUE(detail.has_value());
  if (!detail) return {};
  std::string out;
  JsonWriter json(out);
  json.begin_object().key("call");
  write_call(json, detail->call);
  json.key("turns").begin_array();
  for (const TurnRow& turn : detail->turns) write_turn(json, turn);
  json.end_array().key("usage").begin_array();
  for (const UsageRow& usage : detail->usage) write_usage(json, usage);
  json.end_array().end_object();
  return out;
}

std::vector<DecodedHook> decode_all(const std::vector<Hook>& life) {
  std::vector<DecodedHook> out;
  for (const Hook& hook : life) {
    out.push_back(decode_hook(hook));
    EXPECT_TRUE(out.back().status) << hook.body;
  }
  return out;
}

std::vector<Delivery> in_order(const std::vector<DecodedHook>& hooks) {
  std::vector<Delivery> out;
  for (const DecodedHook& hook : hooks) out.push_back({&hook, life_received + 10s * int(out.size())});
  return out;
}

std::vector<Delivery> disturbed(const std::vector<DecodedHook>& hooks, unsigned seed) {
  std::mt19937 random(seed);
  std::vector<Delivery> out;
  for (const DecodedHook& hook : hooks)
    for (unsigned copies = 1 + random() % 3; copies > 0; --copies) out.push_back({&hook, {}});
  std::shuffle(out.begin(), out.end(), random);
  Instant at = life_received;
  for (Delivery& delivery : out) delivery.received = at += std::chrono::minutes(random() % 45);
  return out;
}

void contains(const std::string& json, std::initializer_list<std::string_view> parts) {
  for (const std::string_view part : parts) EXPECT_NE(json.find(part), std::string::npos) << part << "\nis not in\n" << json;
}

std::string same_in_any_order(const std::vector<DecodedHook>& hooks) {
  const Id call = hooks.front().batch.events.events.front().call;
  const std::string wanted = fold(in_order(hooks), call);
  for (unsigned seed = 0; seed < 100; ++seed) {
    const std::string got = fold(disturbed(hooks, seed), call);
    EXPECT_EQ(got, wanted) << "seed " << seed;
    if (got != wanted) break;
  }
  return wanted;
}

TEST(CallLives, Vapi) {
  contains(same_in_any_order(decode_all(vapi_life())),
           {R"("call_id":"7420f27a-30fd-4f49-a995-5549ae7cc00d")", R"("state":"ended")", R"("total_duration_ms":63500)", R"("cost_usd":0.1042)",
            R"("cost_source":"reported")", R"("call_outcome":"successful")", R"("resolution_status":"resolved")", R"("turns":4)",
            R"("voice_processing_latency_ms":1050)", R"("tokens_consumed":4422)", R"("model_used":"gpt-4.1")", R"("time":"2026-11-21T09:00:00.000Z")",
            R"("text_content":"Tuesday at nine?")", R"("tools":[{"name":"find_slot","ms":400}])"});
}

TEST(CallLives, Retell) {
  contains(same_in_any_order(decode_all(retell_life())),
           {R"("external_call_id":"call_0123")", R"("state":"ended")", R"("total_duration_ms":63500)", R"("cost_usd":0.127)",
            R"("call_outcome":"successful")", R"("turns":3)", R"("tokens_consumed":2436)", R"("end_reason":"user_hangup")"});
}

TEST(CallLives, ElevenLabs) {
  contains(same_in_any_order(decode_all(elevenlabs_life())),
           {R"("external_call_id":"conv_3901")", R"("state":"ended")", R"("total_duration_ms":63000)", R"("cost_usd":0.0812)",
            R"("call_outcome":"successful")", R"("turns":3)", R"("customer_satisfaction_score":5)", R"("voice_processing_latency_ms":1120)"});
}

TEST(CallLives, Twilio) {
  contains(same_in_any_order(decode_all(twilio_life())),
           {R"("state":"ended")", R"("total_duration_ms":63000)", R"("audio_quality_score":4.1)", R"("call_outcome":"unknown")",
            R"("cost_usd":null)", R"("region":"ashburn")", R"("time":"2026-11-21T09:00:00.000Z")"});
}

TEST(CallLives, LiveKit) {
  contains(same_in_any_order(decode_all(livekit_life())),
           {R"("external_call_id":"RM_abc")", R"("state":"ended")", R"("total_duration_ms":63000)", R"("agent_id":"desk")",
            R"("region":"us-east")", R"("time":"2026-11-21T09:00:00.000Z")"});
}

// One call that a platform and its carrier both tell of. The elder's id depends on who came first; nothing else may.
class Joined : public ::testing::Test {
 protected:
  void SetUp() override {
    directory_ = std::filesystem::temp_directory_path() / ("aybiza-lives-" + to_string(random_id()));
    std::filesystem::create_directories(directory_);
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  // As ingest/webhook_endpoint.cc names calls. Answers the ids that were used.
  std::set<Id> name(const std::vector<Delivery>& deliveries) {
    auto aliases = CallAliases::open(directory_);
    EXPECT_TRUE(aliases);
    std::set<Id> calls;
    for (const Delivery& delivery : deliveries) {
      VendorBatch& batch = const_cast<DecodedHook*>(delivery.hook)->batch;
      for (std::size_t i = 0; i < batch.events.events.size(); ++i) {
        Event& event = batch.events.events[i];
        if (event.type == EventType::other) continue;
        const CallAliases::Names names{.scope = event.scope, .source = event.source, .external = event.text(Field::call_id),
                                       .twilio_sid = batch.names[i].twilio_sid, .own = event.call};
        if (event.source == "twilio" && event.type != EventType::call_ended && !(*aliases)->find(names)) {
          event.type = EventType::other;
          continue;
        }
        event.call = (*aliases)->resolve(names, delivery.received).call;
        calls.insert(event.call);
      }
    }
    EXPECT_EQ((*aliases)->conflicts(), 0u);
    std::filesystem::remove(directory_ / "call_aliases");
    return calls;
  }
  std::filesystem::path directory_;
};

TEST_F(Joined, APlatformAndItsCarrierAreOneCall) {
  for (const auto& life : {vapi_life(), retell_life(), elevenlabs_life()})
    for (unsigned seed = 0; seed < 60; ++seed) {
      std::vector<Hook> both = life;
      for (Hook& hook : twilio_life()) both.push_back(std::move(hook));
      const auto hooks = decode_all(both);
      auto deliveries = disturbed(hooks, seed);
      // The OTel form of ElevenLabs names no carrier: it comes first or second to the full one only where nothing else was told.
      std::stable_sort(deliveries.begin(), deliveries.end(), [&](const Delivery& a, const Delivery& b) {
        const auto otel = [](const Delivery& d) { return !d.hook->batch.names.empty() && d.hook->batch.names[0].twilio_sid.empty(); };
        return otel(a) < otel(b);
      });
      Instant at = life_received;
      for (Delivery& delivery : deliveries) delivery.received = at += 1s;
      const auto calls = name(deliveries);
      ASSERT_EQ(calls.size(), 1u) << "seed " << seed;
      const std::string got = fold(deliveries, *calls.begin());
      contains(got, {R"("state":"ended")", R"("audio_quality_score":4.1)", R"("call_outcome":"successful")", R"("region":"ashburn")"});
      if (::testing::Test::HasFailure()) return;
    }
}

}  // namespace
}  // namespace aybiza
