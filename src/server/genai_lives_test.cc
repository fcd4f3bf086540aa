// Conversations of OpenTelemetry GenAI, told by spans, their events, attributes and log records, of which only some name the
// conversation: in any order, twice, in any pieces, over restarts and any number of shards, the same call each time, and no other.
#include <gtest/gtest.h>

#include <random>
#include <set>

#include "codec/test_otlp.h"
#include "ingest/mask_batch.h"
#include "query/oracle.h"
#include "server/event_router.h"
#include "store/memory_store.h"

namespace aybiza {
namespace {

using namespace std::chrono_literals;
using testing::text;
using testing::WayIn;
using testing::whole;

const Instant received_first = *parse_rfc3339("2026-11-21T10:00:00Z");
constexpr std::int64_t base_ms = 1'795'254'900'000;  // 2026-11-21T09:55:00Z
constexpr std::string_view first_trace = "5b8efff798038103d269b633813fc60c", second_trace = "6b8efff798038103d269b633813fc60c", third_trace = "7b8efff798038103d269b633813fc60c";

using Attributes = std::vector<std::string>;

struct Recorded {
  std::string item;
  bool log = false;
};

Recorded span(std::string_view trace, std::string_view id, std::string_view parent, std::int64_t from, std::int64_t to, const Attributes& attributes, const std::vector<std::string>& events = {}) {
  return {fmt::format(R"({{"traceId":"{}","spanId":"{:0>16}","parentSpanId":"{}","name":"s","startTimeUnixNano":"{}000000","endTimeUnixNano":"{}000000","attributes":[{}],"events":[{}]}})", trace, id,
                      parent.empty() ? std::string() : fmt::format("{:0>16}", parent), base_ms + from, base_ms + to, fmt::join(attributes, ","), fmt::join(events, ","))};
}
Recorded record(std::string_view trace, std::string_view id, std::string_view name, std::int64_t at, std::string_view says) {
  const std::string body = fmt::format(R"({{"kvlistValue":{{"values":[{}]}}}})", text("content", says));
  return {fmt::format(R"({{"timeUnixNano":"{}000000","eventName":"{}","traceId":"{}","spanId":"{:0>16}","body":{},"attributes":[]}})", base_ms + at, name, trace, id, body), true};
}
std::string event(std::string_view name, std::int64_t at, std::string_view says) {
  return fmt::format(R"({{"name":"{}","timeUnixNano":"{}000000","attributes":[{}]}})", name, base_ms + at, text("content", says));
}

const Attributes chat = {text("gen_ai.operation.name", "chat"), text("gen_ai.provider.name", "openai"), text("gen_ai.request.model", "gpt-4.1-mini"),
                         whole("gen_ai.usage.input_tokens", 100), whole("gen_ai.usage.output_tokens", 10)};
Attributes with(Attributes more) {
  more.insert(more.begin(), chat.begin(), chat.end());
  return more;
}

// Three traces of one conversation. Of the first only the root names it, whose children were sent before; its texts come as records
// and as events. The second has a tool in between.
std::vector<Recorded> life() {
  std::vector<Recorded> out;
  out.push_back(record(first_trace, "11", "gen_ai.system.message", 100, "Be kind"));
  out.push_back(record(first_trace, "11", "gen_ai.user.message", 101, "I was charged twice"));
  out.push_back(record(first_trace, "11", "gen_ai.choice", 900, "I am sorry to hear that."));
  out.push_back(span(first_trace, "11", "1", 100, 900, with({})));
  out.push_back(span(first_trace, "12", "1", 2000, 2800, with({}),
                     {event("gen_ai.user.message", 2001, "I was charged twice"), event("gen_ai.assistant.message", 2002, "I am sorry to hear that."),
                      event("gen_ai.user.message", 2003, "Please refund me"), event("gen_ai.choice", 2700, "Done.")}));
  out.push_back(record(first_trace, "12", "gen_ai.user.message", 2001, "I was charged twice"));
  out.push_back(record(first_trace, "12", "gen_ai.user.message", 2003, "Please refund me"));
  out.push_back(span(first_trace, "1", "", 0, 3000, {text("gen_ai.operation.name", "invoke_agent"), text("gen_ai.agent.id", "billing"), text("gen_ai.conversation.id", "conv-9")}));
  out.push_back(span(second_trace, "21", "2", 4000, 4500, with({text("gen_ai.prompt.0.role", "user"), text("gen_ai.prompt.0.content", "What about the fee?"), text("gen_ai.completion.0.content", "Let me look.")})));
  out.push_back(record(second_trace, "22", "gen_ai.user.message", 4601, "What about the fee?"));
  out.push_back(record(second_trace, "22", "gen_ai.assistant.message", 4602, "Let me look."));
  out.push_back(record(second_trace, "22", "gen_ai.tool.message", 4603, "12 dollars"));
  out.push_back(record(second_trace, "22", "gen_ai.choice", 4900, "It is 12 dollars."));
  out.push_back(span(second_trace, "22", "2", 4600, 5000, with({})));
  out.push_back(span(second_trace, "2", "", 3900, 5100, {text("gen_ai.operation.name", "invoke_agent"), text("gen_ai.conversation.id", "conv-9")}));
  // Here a child names it, and the root, which ends, does not.
  out.push_back(span(third_trace, "3", "", 6000, 7000, {text("gen_ai.operation.name", "invoke_agent"), text("gen_ai.agent.id", "billing")}));
  out.push_back(span(third_trace, "31", "3", 6100, 6900, with({text("gen_ai.conversation.id", "conv-9"), text("gen_ai.prompt.0.role", "user"), text("gen_ai.prompt.0.content", "Thanks, bye"), text("gen_ai.completion.0.content", "Goodbye.")})));
  return out;
}

std::string request(const std::vector<const Recorded*>& items, bool logs) {
  std::string all;
  for (const Recorded* one : items) all += (all.empty() ? "" : ",") + one->item;
  return fmt::format(R"({{"{}":[{{"resource":{{"attributes":[{}]}},"{}":[{{"scope":{{"name":"openai"}},"{}":[{}]}}]}}]}})", logs ? "resourceLogs" : "resourceSpans", text("service.name", "desk"),
                     logs ? "scopeLogs" : "scopeSpans", logs ? "logRecords" : "spans", all);
}

std::string figures(const CallRow& call, std::vector<TurnRow> turns, std::vector<UsageRow> usage) {
  std::erase_if(turns, [&](const TurnRow& row) { return row.call_id != call.call_id; });
  std::erase_if(usage, [&](const UsageRow& row) { return row.call_id != call.call_id; });
  std::ranges::sort(turns, {}, &TurnRow::turn_number);
  std::ranges::sort(usage, {}, &UsageRow::id);
  const auto n = [](const Number& v) { return v ? std::to_string(*v) : std::string("-"); };
  std::string out = fmt::format("{} {} {} {} {} cost {} tokens {} errors {} llm {} turns {} {}\n", to_string(call.call_id), call.external_call_id, call.dims[Field::agent_id], to_micros(call.start), call.ended ? "ended" : "-",
                                n(call.cost_nano), n(call.tokens_consumed), n(call.error_count), n(call.llm_latency_us), call.turns, call.dims[Field::model_used]);
  for (const TurnRow& t : turns)
    out += fmt::format("{} @{} {} '{}' llm {} {}\n", t.turn_number, to_micros(t.time), t.agent_speaks ? "agent" : "caller", t.text_content, n(t.llm_latency_us), n(t.sentiment_e4));
  for (const UsageRow& u : usage) out += fmt::format("{} {} in {} out {} cost {}\n", to_string(u.id), u.model, n(u.input_tokens), n(u.output_tokens), n(u.cost_nano));
  return out;
}

struct Sending {
  bool shuffled = false, twice = false, restarts = false, masked = false;
  std::size_t piece = 1000, shards = 2;
  std::uint64_t seed = 1;
};

// The log's way to rows: router, shard threads, store; and beside it the oracle.
class Fold {
 public:
  explicit Fold(std::size_t shards) : count_(shards) {
    std::vector<Shard> fresh;
    for (unsigned i = 0; i < count_; ++i) fresh.emplace_back(ShardOptions{.index = i, .count = unsigned(count_)});
    begin(std::move(fresh));
  }
  void add(const std::string& bytes, Instant received) {
    routes_->route(bytes, ++offset_, received);
    oracle_.add(decode_event(bytes, values_)->event, received);
    received_ = received;
  }
  void flush() {
    for (std::size_t i = 0; i < count_; ++i) {
      EventChunk chunk = routes_->take(i);
      chunk.to = offset_;
      chunk.received = received_;
      live_->feed(i, std::move(chunk));
    }
  }
  void collect() {
    std::vector<RowBatch> parts(count_);
    live_->run_all([&](std::size_t i, Shard& shard) {
      parts[i].from = applied_, parts[i].to = offset_;
      shard.collect(parts[i]);
    });
    RowBatch rows{.from = applied_, .to = offset_};
    for (RowBatch& part : parts) {
      std::ranges::move(part.calls, std::back_inserter(rows.calls));
      std::ranges::move(part.turns, std::back_inserter(rows.turns));
      std::ranges::move(part.usage, std::back_inserter(rows.usage));
      std::ranges::move(part.raw, std::back_inserter(rows.raw));
      std::ranges::move(part.late, std::back_inserter(rows.late));
    }
    EXPECT_TRUE(store_->apply(rows));
    applied_ = offset_;
  }
  void restart() {
    std::vector<std::string> bytes(count_);
    live_->run_all([&](std::size_t i, Shard& shard) { bytes[i] = shard.snapshot(); });
    std::vector<Shard> again;
    for (unsigned i = 0; i < count_; ++i) {
      again.emplace_back(ShardOptions{.index = i, .count = unsigned(count_)});
      EXPECT_TRUE(again.back().restore(bytes[i]));
      again.back().mark_stored_until(applied_);
    }
    begin(std::move(again));
  }
  // Every call there is, live, in the store and to the oracle: each must be the same one.
  std::vector<std::string> told() {
    std::vector<std::string> live, stored, rival;
    live_->run_all([&](std::size_t, Shard& shard) {
      static std::mutex mutex;
      const std::lock_guard lock(mutex);
      for (const CallRow& call : shard.live_calls(100, "")) {
        const auto detail = shard.call(call.call_id);
        live.push_back(figures(detail->call, detail->turns, detail->usage));
      }
    });
    const RowSet rows = oracle_.rows(received_);
    for (const CallRow& call : rows.calls) rival.push_back(figures(call, rows.turns, rows.usage));
    const auto all = store_->rows({});
    EXPECT_TRUE(all);
    if (all)
      for (const CallRow& call : all->calls) stored.push_back(figures(call, all->turns, all->usage));
    for (auto* list : {&live, &stored, &rival}) std::ranges::sort(*list);
    EXPECT_EQ(stored, live);
    EXPECT_EQ(rival, live);
    return live;
  }

 private:
  void begin(std::vector<Shard> shards) {
    std::vector<JoinedCall> joined;
    for (const Shard& shard : shards) joined.insert(joined.end(), shard.joined().begin(), shard.joined().end());
    routes_ = std::make_unique<EventRouter>();
    routes_->begin(count_, std::move(joined));
    live_ = std::make_unique<LiveShards>(std::move(shards));
  }

  const std::size_t count_;
  std::unique_ptr<EventRouter> routes_;
  std::unique_ptr<LiveShards> live_;
  std::unique_ptr<Store> store_ = make_memory_store();
  Oracle oracle_;
  std::vector<Value> values_;
  std::uint64_t offset_ = 0, applied_ = 0;
  Instant received_{};
};

std::vector<std::string> told_by(const std::vector<Recorded>& life, const Sending& how) {
  std::mt19937_64 random(how.seed);
  std::vector<const Recorded*> order;
  for (int copies = how.twice ? 2 : 1; copies > 0; --copies)
    for (const Recorded& one : life) order.push_back(&one);
  if (how.shuffled) std::ranges::shuffle(order, random);
  Fold fold(how.shards);
  std::set<Id> seen;
  std::vector<Value> values;
  Instant received = received_first;
  const Tokenizer tokenizer("a key of sixteen bytes or more");
  BatchMasker masker(tokenizer);
  WayIn way([&](EventBatch& events) {
    if (how.masked) masker.mask(events, "acme", received);
  });
  for (std::size_t at = 0; at < order.size();) {
    const std::size_t end = std::min(order.size(), at + 1 + random() % how.piece);
    received += 700ms;
    for (const bool logs : {false, true}) {
      std::vector<const Recorded*> piece;
      for (std::size_t i = at; i < end; ++i)
        if (order[i]->log == logs) piece.push_back(order[i]);
      if (piece.empty()) continue;
      for (const std::string& bytes : way.events_of(request(piece, logs), logs, received))
        if (seen.insert(decode_event(bytes, values)->event.id).second) fold.add(bytes, received);  // as the spool does
    }
    at = end;
    if (random() % 3 != 0) fold.flush();
    if (random() % 2 == 0) fold.flush(), fold.collect();
    if (how.restarts && random() % 3 == 0) fold.flush(), fold.collect(), fold.restart();
  }
  fold.flush();
  fold.collect();
  return fold.told();
}

TEST(GenaiLives, a_conversation_as_recorded) {
  const auto told = told_by(life(), {});
  ASSERT_EQ(told.size(), 1u);
  EXPECT_TRUE(told[0].starts_with(to_string(uuid_v5("acme|call|events|conv-9")) + " conv-9 ")) << told[0];
  std::string turns;
  std::size_t at = 0;
  while ((at = told[0].find('\'', at)) != std::string::npos) {
    const std::size_t end = told[0].find('\'', at + 1);
    turns += told[0].substr(at + 1, end - at - 1) + "|";
    at = end + 1;
  }
  EXPECT_EQ(turns, "I was charged twice|I am sorry to hear that.|Please refund me|Done.|What about the fee?|Let me look.|It is 12 dollars.|Thanks, bye|Goodbye.|");
  EXPECT_NE(told[0].find(fmt::format(" {} - cost", base_ms * 1000 + 100'000)), std::string::npos) << told[0];  // as long as the first thing told, and not ended
  EXPECT_NE(told[0].find(" tokens 550 "), std::string::npos) << told[0];  // five completions, each once
}

TEST(GenaiLives, a_conversation_in_any_order) {
  const auto expected = told_by(life(), {});
  for (std::uint64_t seed = 2; seed < 150; ++seed) {
    const auto told = told_by(life(), {.shuffled = seed > 4, .twice = seed % 3 == 0, .restarts = seed % 4 == 0, .piece = seed % 7 + 1, .shards = seed % 3 + 1, .seed = seed});
    ASSERT_EQ(told, expected) << seed;
  }
}

// Drawn at random, one trace of a thousand has digits that pass for a card's or an IBAN's, which the way in hides.
TEST(GenaiLives, a_trace_that_is_masked_is_part_as_any) {
  auto personal = life();
  for (Recorded& one : personal)
    for (const auto& [trace, looks] : {std::pair(first_trace, std::string_view("4111111111111111abcdefabcdefabcd")), std::pair(second_trace, std::string_view("de89370400440532013000abcdefabcd"))})
      for (std::size_t at; (at = one.item.find(trace)) != std::string::npos;) one.item.replace(at, trace.size(), looks);
  const auto expected = told_by(personal, {});
  for (std::uint64_t seed = 1; seed < 30; ++seed)
    ASSERT_EQ(told_by(personal, {.shuffled = seed > 1, .restarts = seed % 4 == 0, .masked = true, .piece = seed % 7 + 1, .shards = seed % 3 + 1, .seed = seed}), expected) << seed;
}

TEST(GenaiLives, two_conversations_stay_two) {
  auto both = life();
  for (Recorded& one : both)
    if (one.item.find(second_trace) != std::string::npos)
      if (const auto at = one.item.find("conv-9"); at != std::string::npos) one.item.replace(at, 6, "conv-8");
  for (std::uint64_t seed = 2; seed < 20; ++seed) {
    const auto told = told_by(both, {.shuffled = true, .twice = seed % 2 == 0, .piece = 2, .shards = 3, .seed = seed});
    EXPECT_EQ(told.size(), 2u) << seed;
  }
}

TEST(JoinedCalls, knows_a_trace_whatever_of_it_is_masked) {
  const Tokenizer tokenizer("a key of sixteen bytes or more");
  std::mt19937_64 random(11);
  Event event;
  event.source = joinable_source;
  Value name{.field = Field::call_id};
  event.values = std::span(&name, 1);
  const auto part = [&](std::string_view text) { return name.text = text, may_be_part(event); };
  std::size_t masked = 0;
  for (int i = 0; i < 100'000; ++i) {
    const std::string trace = fmt::format("{:016x}{:016x}", random(), random()), kept = tokenizer.mask_label(trace);
    masked += kept != trace;
    ASSERT_TRUE(part(kept)) << trace << ' ' << kept;
  }
  EXPECT_GT(masked, 20u);
  for (const std::string_view other : {"", "conv-9", "5b8efff798038103d269b633813fc60", "5b8efff798038103d269b633813fc60ca", "5B8EFFF798038103D269B633813FC60C", "abc4111111111111111", "4111111111111111",
                                       "de89370400440532013000", "+14155552671", "pan_", "550e8400-e29b-41d4-a716-446655440000"})
    EXPECT_FALSE(part(tokenizer.mask_label(other))) << other;
}

TEST(JoinedCalls, forgets_the_oldest_and_keeps_the_first_word) {
  JoinedCalls joined(2);
  const auto part = [](std::uint64_t n) { return Id{1, n}; };
  EXPECT_TRUE(joined.note({part(1), {2, 1}, "a", 1}));
  EXPECT_FALSE(joined.note({part(1), {2, 2}, "b", 2}));
  EXPECT_TRUE(joined.note({part(2), {2, 2}, "b", 3}));
  EXPECT_TRUE(joined.note({part(3), {2, 3}, "c", 4}));
  EXPECT_EQ(joined.size(), 2u);
  Event event;
  event.source = joinable_source;
  event.call = part(1);
  EXPECT_EQ(joined.find(event), nullptr);
  event.call = part(2);
  ASSERT_NE(joined.find(event), nullptr);
  EXPECT_EQ(joined.find(event)->name, "b");
  event.source = "pipecat";  // another's spans of that trace are no part
  EXPECT_EQ(joined.find(event), nullptr);
}

}  // namespace
}  // namespace aybiza
