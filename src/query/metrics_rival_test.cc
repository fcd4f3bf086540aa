// Generic metrics four ways: the shard's rows in DuckDB, the walk over them, live minutes, and the oracle from the events.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <random>

#include "aggregate/shard.h"
#include "base/clock.h"
#include "codec/metric_binary.h"
#include "query/live_answer.h"
#include "query/oracle.h"
#include "query/rows_scan.h"
#include "query/sql_answer.h"
#include "store/engine_fixture.h"

namespace aybiza {
namespace {

using namespace std::chrono_literals;

constexpr Instant t0 = from_micros(1'790'000'040'000'000);  // a whole minute

class Points {
 public:
  explicit Points(unsigned seed) : random_(seed) {}

  // A batch as the codecs make them: every kind and temporality, repeated and reset streams, gauges with sign.
  void fill(MetricBatch& batch, Instant now) {
    batch.clear();
    for (int i = 0; i < 40; ++i) {
      const std::string tags = fmt::format(R"({{"host":"h{}","zone":"z{}"}})", below(3), below(2));
      MetricSeries series{.unit = below(2) == 0 ? "ms" : "", .tags = below(5) == 0 ? std::string_view() : tags};
      series.kind = MetricKind(below(int(metric_kind_count)));
      const std::string name = fmt::format("m.{}", to_string(series.kind));
      series.name = name;
      if (series.kind == MetricKind::counter && below(3) == 0) series.sample_rate = 0.25;
      MetricPoint point{.time = now + Duration(below(20'000'000)), .value = double(below(1000)) / 8 - 20};
      if (series.kind == MetricKind::set) point.value = set_member(fmt::format("u{}", below(30)));
      const bool total = series.kind != MetricKind::set && series.kind != MetricKind::summary && below(3) == 0;
      // No sender says totals and increments of one series; where both come they are two.
      if (total) series.temporality = Temporality::cumulative;
      if (total && series.kind != MetricKind::last_value) series.unit = "1";
      if (total || below(4) == 0) point.start = below(2) == 0 ? t0 - 1h : t0 + 30s;
      if (point.start > point.time) point.start = point.time;
      if (series.kind == MetricKind::last_value) point.start = MetricPoint::unknown_start;
      const bool distribution = series.kind == MetricKind::distribution && below(2) == 0;
      if (series.kind == MetricKind::distribution && total && !distribution) continue;  // a running total of single values is none
      if (distribution) add_distribution(batch, point);
      point.series = batch.add_series(series);
      batch.points.push_back(point);
    }
  }

 private:
  void add_distribution(MetricBatch& batch, MetricPoint& point) {
    RealSketch sketch;
    MetricDistribution one;
    const double unit = double(1 + below(3));
    for (int k = 1 + below(4); k > 0; --k) sketch.add(unit * k, 2), one.count += 2, one.sum += unit * k * 2;
    if (below(2) == 0) one.min = unit, one.max = unit * 4;
    std::string bytes;
    sketch.serialise(bytes);
    one.sketch = batch.keep(bytes);
    point.value = one.sum;
    point.distribution = std::uint32_t(batch.distributions.size());
    batch.distributions.push_back(one);
  }
  int below(int bound) { return int(random_() % std::uint64_t(bound)); }
  std::mt19937_64 random_;
};

bool same(const Figure& a, const Figure& b, double relative) {
  if (a.index() != b.index()) return false;
  const auto* x = std::get_if<double>(&a);
  if (!x) return a.index() == 0 || std::get<std::string>(a) == std::get<std::string>(b);
  const double y = std::get<double>(b);
  return std::abs(*x - y) <= relative * std::max(std::abs(*x), std::abs(y)) + 1e-9;
}

void expect_same(const Answer& got, const Answer& want, std::string_view text, std::string_view who) {
  ASSERT_EQ(got.rows.size(), want.rows.size()) << who << " " << text << "\n" << to_json(got) << "\n" << to_json(want);
  for (std::size_t r = 0; r < want.rows.size(); ++r)
    for (std::size_t c = 0; c < want.columns.size(); ++c) {
      // A live quantile comes from a sketch where the store's is exact; between two ranks of different sign it is not bounded.
      const bool sketched = got.relative_error[c].has_value() || want.relative_error[c].has_value();
      if (sketched && want.rows[r][c].index() == 1 && got.rows[r][c].index() == 1) {
        EXPECT_TRUE(same(got.rows[r][c], want.rows[r][c], 0.02) || std::abs(std::get<double>(want.rows[r][c])) < 20) << who << " " << text;
        continue;
      }
      ASSERT_TRUE(same(got.rows[r][c], want.rows[r][c], 1e-9))
          << who << " " << text << "\nrow " << r << " " << want.columns[c] << "\ngot  " << to_json(got).substr(0, 3000) << "\nwant "
          << to_json(want).substr(0, 3000);
    }
  ASSERT_EQ(got.estimate, want.estimate) << who << " " << text;
  ASSERT_EQ(got.standard_error.size(), want.standard_error.size()) << who << " " << text;
  for (std::size_t r = 0; r < want.standard_error.size(); ++r)
    for (std::size_t c = 0; c < want.columns.size(); ++c) {
      const auto a = got.standard_error[r][c], b = want.standard_error[r][c];
      ASSERT_EQ(a.has_value(), b.has_value()) << who << " " << text;
      // Of a mean: the small difference of great numbers.
      if (a) {
        EXPECT_NEAR(*a, *b, 1e-6 * std::max(1.0, std::abs(*b))) << who << " " << text;
      }
    }
}

class Metrics : public OnStore {
 protected:
  void take(Shard& shard, const MetricBatch& batch, std::string_view customer, Instant received) {
    Event event;
    event.type = EventType::metric_points;
    event.time = received;
    event.customer = customer;
    std::string payload, bytes;
    append_metric_batch(payload, batch);
    const Value value{.field = Field::points, .text = payload};
    event.values = std::span(&value, 1);
    shard.apply_points(event, batch, ++offset_, received);
    oracle_.add(event, received);
  }
  void store_rows(Shard& shard) {
    RowBatch rows;
    rows.from = stored_, rows.to = offset_;
    shard.collect(rows);
    const auto done = store_->apply(rows);
    ASSERT_TRUE(done) << done.error().message;
    stored_ = offset_;
  }
  void compare(Shard& shard, const std::string& text, bool live_covers) {
    const auto question = parse_question(parse_query_string(text), now_);
    ASSERT_TRUE(question) << text << " " << question.error().message;
    const auto all = store_->rows({});
    ASSERT_TRUE(all);
    RowSet set;
    set.metric_series = all->metric_series, set.metric_points = all->metric_points, set.metric_distributions = all->metric_distributions;
    const auto want = answer_from_rows(*question, set, now_, "rows");
    ASSERT_TRUE(want);
    const auto sql = answer_from_sql(*question, *store_, now_, no_deadline);
    ASSERT_TRUE(sql) << text << " " << sql.error().message;
    expect_same(*sql, *want, text, "sql");
    const auto slow = answer_from_rows(*question, oracle_.rows(now_), now_, "oracle");
    ASSERT_TRUE(slow);
    expect_same(*slow, *want, text, "oracle");
    const auto live = answer_from_live(
        *question, [](const LiveQuestion&, Instant) -> Answered<LivePartial> { return LivePartial(); },
        [&](const MetricQuestion& one) -> Answered<MetricPartial> {
          if (const auto coverage = shard.covers(one); !coverage.covered) return std::unexpected(Refusal{"not_covered", "source", coverage.text});
          return shard.ask(one);
        },
        now_);
    EXPECT_EQ(live.has_value(), live_covers) << text << (live ? "" : live.error().message);
    if (live) expect_same(*live, *want, text, "live");
  }

  Oracle oracle_;
  std::uint64_t offset_ = 0, stored_ = 0;
  Instant now_ = t0 + 10min;
};

TEST_P(Metrics, FourWaysAgree) {
  Shard shard;
  Points points(11);
  MetricBatch batch;
  for (int i = 0; i < 25; ++i) {
    points.fill(batch, t0 + i * 15s);
    take(shard, batch, i % 3 == 0 ? "acme" : "", t0 + i * 15s);
    if (i % 4 == 0) store_rows(shard);
    if (i == 12) {  // a restart in between
      Shard again;
      ASSERT_TRUE(again.restore(shard.snapshot()));
      store_rows(shard);
      shard = std::move(again);
      shard.mark_stored_until(stored_);
    }
  }
  store_rows(shard);
  const std::string late = "&from=2026-09-21T14:18:00Z&to=2026-09-21T14:24:00Z", all = "&from=2026-09-21T14:10:00Z&to=2026-09-21T14:40:00Z";
  ASSERT_EQ(format_rfc3339(t0), "2026-09-21T14:14:00.000Z");
  for (const std::string kind : {"counter", "sum", "last_value", "summary", "distribution", "set"}) {
    const bool sketched = kind == "summary" || kind == "distribution";
    for (const std::string how : {"sum", "count", "avg", "last", "min", "max", "p50", "p99", "rate", "distinct"})
      for (const std::string rest : {"", "&by=tag.host", "&step=1m&by=customer_id,tag.zone", "&where=tag.host:h1|h2", "&where=!tag.host:h1&step=2m",
                                     "&where=customer_id:acme&where=tag.zone:"}) {
        const bool in_minutes = how.starts_with("p") ? sketched : how != "distinct" || kind == "set";
        compare(shard, "metric=m." + kind + "&select=" + how + rest + late, in_minutes);
        compare(shard, "select=metric:m." + kind + ":" + how + rest + all, false);  // live minutes begin at the restart
      }
  }
  compare(shard, "metric=m.counter&select=sum&by=hour_of_day" + all, false);
  compare(shard, "metric=none&select=sum,count&step=1m" + late, true);
}

// Two points that stand for four each, and one for itself.
TEST_P(Metrics, EstimatesSayTheirError) {
  Shard shard;
  MetricBatch batch;
  const auto sampled = batch.add_series({.kind = MetricKind::summary, .name = "s", .unit = {}, .tags = R"({"host":"a"})", .sample_rate = 0.25});
  const auto whole = batch.add_series({.kind = MetricKind::summary, .name = "s", .unit = {}, .tags = R"({"host":"b"})"});
  batch.points = {{.time = t0, .value = 4, .series = sampled}, {.time = t0 + 1s, .value = 8, .series = sampled}, {.time = t0 + 2s, .value = 10, .series = whole}};
  take(shard, batch, "acme", t0);
  store_rows(shard);
  const std::string range = "&from=2026-09-21T14:14:00Z&to=2026-09-21T14:15:00Z";
  for (const std::string how : {"count", "sum", "avg", "rate", "max", "p50", "last"})
    for (const std::string rest : {"", "&by=tag.host", "&where=tag.host:b"}) compare(shard, "metric=s&select=" + how + rest + range, true);
  const auto answered = [&](const std::string& text) {
    const auto answer = answer_from_sql(*parse_question(parse_query_string(text + range), now_), *store_, now_, no_deadline);
    const std::string json = answer ? to_json(*answer) : answer.error().message;
    return json.substr(0, json.find(",\"as_of\"")) + json.substr(std::min(json.find(",\"estimate\""), json.size() - 1));
  };
  const std::string note = R"~(,"notes":["made from a sample: figures of the columns marked in estimate differ from those of the whole by about their standard_error (docs/sampling.md)"]})~";
  EXPECT_EQ(answered("metric=s&select=count,sum"),
            R"({"columns":["count","sum"],"rows":[[9,58]],"estimate":[true,true],"standard_error":[[4.898979485566356,30.983866769659336]])" + note);
  EXPECT_EQ(answered("metric=s&select=max,sum&by=tag.host&order=-sum"),
            R"({"columns":["tag.host","max","sum"],"rows":[["a",8,48],["b",10,10]],"estimate":[false,true,true],"standard_error":[[null,null,30.983866769659336],[null,null,null]])" + note);
  EXPECT_EQ(answered("metric=s&select=sum&where=tag.host:b"), R"({"columns":["sum"],"rows":[[10]]})");
}

TEST_P(Metrics, SeriesOverTheBoundAreTheRest) {
  Shard shard({.series_per_dimension = 10});
  for (int i = 0; i < 100; ++i) {
    MetricBatch batch;
    const std::string tags = fmt::format(R"({{"id":"{}"}})", i % 50), name = i < 50 ? "a" : fmt::format("n{}", i);
    batch.points.push_back({.time = t0, .value = 1, .series = batch.add_series({.name = name, .tags = tags})});
    take(shard, batch, "", t0);
  }
  store_rows(shard);
  const auto ask = [&](const std::string& text) {
    const auto question = parse_question(parse_query_string(text + "&from=2026-09-21T14:10:00Z&to=2026-09-21T14:40:00Z"), now_);
    EXPECT_TRUE(question);
    const auto answer = answer_from_sql(*question, *store_, now_, no_deadline);
    EXPECT_TRUE(answer) << answer.error().message;
    return to_json(*answer);
  };
  EXPECT_NE(ask("metric=a&select=sum").find("[[50]]"), std::string::npos) << ask("metric=a&select=sum");
  EXPECT_NE(ask("metric=a&select=sum&by=tag.id").find(R"(["__other__",40])"), std::string::npos) << ask("metric=a&select=sum&by=tag.id");
  EXPECT_NE(ask("metric=__other__&select=count").find("[["), std::string::npos);
  EXPECT_LE(shard.stats().metrics.series, 24u);
  EXPECT_GT(shard.stats().metrics.folded, 0u);
}

INSTANTIATE_TEST_SUITE_P(Engines, Metrics, testing::ValuesIn(TestEngine::speaking_sql()), [](const auto& engine) { return engine.param; });

}  // namespace
}  // namespace aybiza
