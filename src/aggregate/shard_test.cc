// Live state against a rival that keeps every event, sorts, and computes everything anew when asked.
#include "aggregate/shard.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "aggregate/random_events.h"
#include "aggregate/shard_rival.h"

namespace aybiza {
namespace {

using namespace std::chrono_literals;
using testing::answer;
using testing::Arrival;
using testing::Exact;
using testing::Rival;
using testing::Stream;

std::vector<Measure> measures_of(Entity entity) {
  std::vector<Measure> measures;
  for (const std::string& word : all_measures()) {
    if (word.starts_with("ma_") || word.starts_with("metric") || word.starts_with("hist_")) continue;
    const auto measure = parse_measure(word);
    if (measure->what == What::active_calls || measure->what == What::active_agents || measure->what == What::utilization) continue;
    if (entity_of(*measure) == entity) measures.push_back(*measure);
  }
  return measures;
}

double percentile(std::vector<std::int64_t> v, double q) {
  std::sort(v.begin(), v.end());
  const double rank = q * double(v.size() - 1);
  const auto low = std::size_t(rank);
  const double part = rank - double(low);
  return double(v[low]) + (low + 1 < v.size() ? part * double(v[low + 1] - v[low]) : 0);
}

void expect_same(const std::map<LiveKey, Exact>& want, LivePartial got, const LiveQuestion& question, const std::string& about) {
  std::erase_if(got.cells, [](const auto& cell) { return cell.second.empty(); });
  std::vector<LiveKey> want_keys, got_keys;
  for (const auto& [key, cell] : want) want_keys.push_back(key);
  for (const auto& [key, cell] : got.cells) got_keys.push_back(key);
  const auto text = [](const std::vector<LiveKey>& keys) {
    std::string out;
    for (const LiveKey& key : keys) {
      out += fmt::format(" {}", key.bucket);
      for (const auto& value : key.group) out += fmt::format("/{}", value.value_or("(null)"));
    }
    return out;
  };
  ASSERT_EQ(text(want_keys), text(got_keys)) << about;
  for (const auto& [key, exact] : want) {
    const Tally& tally = got.cells.at(key);
    for (const Entity entity : {Entity::call, Entity::turn, Entity::usage}) {
      if (entity == Entity::call ? !question.calls : entity == Entity::turn ? !question.turns : !question.usage) continue;
      for (const Measure& m : measures_of(entity)) {
        const auto got_value = value_of(m, tally);
        const auto where = fmt::format("{} {} bucket {} group {}", about, m.text, key.bucket, key.group.empty() ? "" : key.group[0].value_or("(null)"));
        if (m.what != What::statistic) {
          EXPECT_EQ(got_value, value_of(m, exact.counts)) << where;
          continue;
        }
        const auto at = exact.samples.find(m.quantity);
        if (at == exact.samples.end()) {
          EXPECT_EQ(got_value, std::nullopt) << where;
          continue;
        }
        ASSERT_TRUE(got_value) << where;
        const auto& v = at->second;
        double sum = 0;
        for (const auto x : v) sum += double(x);
        double exact_value = 0;
        switch (m.statistic) {
          case Statistic::avg: exact_value = sum / double(v.size()); break;
          case Statistic::p50: exact_value = percentile(v, .5); break;
          case Statistic::p90: exact_value = percentile(v, .9); break;
          case Statistic::p95: exact_value = percentile(v, .95); break;
          case Statistic::p99: exact_value = percentile(v, .99); break;
          case Statistic::min: exact_value = percentile(v, 0); break;
          default: exact_value = percentile(v, 1); break;
        }
        const double error = relative_error_of(m, tally).value_or(1e-12) * 1.0001;
        EXPECT_NEAR(*got_value, exact_value / unit_of(m.quantity), error * exact_value / unit_of(m.quantity)) << where;
      }
    }
  }
}

// ---------------------------------------------------------------- shards fed and asked

struct Fleet {
  std::vector<Shard> shards;
  std::uint64_t offset = 0;
  explicit Fleet(unsigned count, ShardOptions options = {}) {
    for (unsigned i = 0; i < count; ++i) {
      options.index = i, options.count = count;
      shards.emplace_back(options);
    }
  }
  void feed(const std::vector<Arrival>& arrivals) {
    for (const Arrival& a : arrivals) shards[shard_of(a.event, unsigned(shards.size()))].apply(a.event, ++offset, a.received);
  }
  void advance(Instant t) { for (Shard& s : shards) s.advance(t); }
  LivePartial ask(const LiveQuestion& q, Instant now) const {
    LivePartial out;
    for (const Shard& s : shards) {
      EXPECT_TRUE(s.covers(q, now).covered) << s.covers(q, now).text;
      out.merge(s.ask(q, now));
    }
    return out;
  }
};

std::vector<LiveQuestion> questions(Instant begin, Duration spread) {
  const Instant hour = floor_to(begin, 1h) - 1h, end = floor_to(begin + spread, 1h) + 3h;
  std::vector<Instant> hours, unaligned = {begin + 7s + 333us, begin + 21min + 1us, begin + spread / 2 + 41ms, end + 5ms}, minutes;
  for (Instant t = hour; t <= end; t += 1h) hours.push_back(t);
  for (Instant t = hour; t <= end; t += 10min) minutes.push_back(t);
  const std::vector<Instant> whole = {hour - 24h, end + 24h};
  std::vector<LiveQuestion> out;
  for (const auto& edges : {whole, hours, minutes, unaligned}) {
    out.push_back({.edges = edges});
    out.push_back({.by = {Dimension::customer_id}, .edges = edges});
    for (const Dimension d : {Dimension::region, Dimension::agent_type, Dimension::model_used, Dimension::agent_id, Dimension::direction}) {
      out.push_back({.by = {d}, .edges = edges});
      out.push_back({.by = {d}, .where = {{Dimension::customer_id, false, {"customer-1", "customer-2"}, false}}, .edges = edges});
    }
    out.push_back({.by = {Dimension::customer_id, Dimension::region}, .where = {{Dimension::region, true, {"us-east"}, false}}, .edges = edges});
    out.push_back({.where = {{Dimension::region, false, {"eu-west"}, true}}, .edges = edges});
    out.push_back({.by = {Dimension::region, Dimension::model_used}, .edges = edges});
    out.push_back({.where = {{Dimension::model_used, false, {"claude-haiku-4-5"}, false}, {Dimension::region, true, {}, true}}, .edges = edges});
    for (const Dimension d : {Dimension::call_outcome, Dimension::resolution_status, Dimension::end_reason})
      out.push_back({.by = {d}, .edges = edges, .turns = false, .usage = false});
    for (const Dimension d : {Dimension::emotion, Dimension::topic, Dimension::intent, Dimension::state, Dimension::speaker, Dimension::sentiment_class})
      out.push_back({.by = {d}, .edges = edges, .calls = false, .usage = false});
    out.push_back({.by = {Dimension::state, Dimension::region}, .where = {{Dimension::topic, true, {"billing"}, false}}, .edges = edges, .calls = false, .usage = false});
  }
  return out;
}

void compare(const Fleet& fleet, const Rival& rival, Instant received, const Stream::Shape& shape, const std::string& about) {
  const auto calls = rival.calls(received);
  std::size_t n = 0;
  for (const LiveQuestion& question : questions(shape.begin, shape.spread)) {
    expect_same(answer(calls, question), fleet.ask(question, received), question, fmt::format("{} question {}", about, n++));
    if (::testing::Test::HasFailure()) return;
  }
}

class Agreement : public ::testing::TestWithParam<unsigned> {};

TEST_P(Agreement, any_order_with_duplicates_answers_like_the_rival) {
  Stream stream(GetParam());
  const Stream::Shape shape;
  auto arrivals = stream.calls(shape);
  Rival rival;
  for (const Arrival& a : arrivals) rival.add(a);
  const Instant end = arrivals.back().received + 2h;
  for (int round = 0; round < 3; ++round) {
    Fleet fleet(unsigned(round) + 1);
    fleet.feed(arrivals);
    fleet.advance(end);
    compare(fleet, rival, end, shape, fmt::format("seed {} round {}", GetParam(), round));
    if (HasFailure()) return;
    std::shuffle(arrivals.begin(), arrivals.end(), stream.random());
    for (int i = 0; i < 30; ++i) arrivals.push_back(arrivals[std::size_t(stream.number(0, std::int64_t(arrivals.size()) - 1))]);
  }
}

TEST_P(Agreement, while_calls_are_in_flight_and_texts_are_forgotten) {
  Stream stream(GetParam() + 1000);
  Stream::Shape shape;
  shape.calls = 30;
  const auto arrivals = stream.calls(shape);
  Rival rival;
  Fleet fleet(2);
  std::size_t i = 0;
  for (const Arrival& a : arrivals) {
    rival.add(a);
    fleet.feed({a});
    if (++i % 7 == 0) {
      fleet.advance(a.received);
      RowBatch rows;
      for (Shard& s : fleet.shards) s.collect(rows);
    }
    if (i % 149 == 0) {
      fleet.advance(a.received);
      compare(fleet, rival, a.received, shape, fmt::format("seed {} after {}", GetParam(), i));
      if (HasFailure()) return;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(seeds, Agreement, ::testing::Range(1u, 4u));

}  // namespace
}  // namespace aybiza
