// Every published view against answers computed by hand, on a few rows that contain what such views get wrong: samples that
// multiply calls, slopes by the second, the running bucket, more than 100 USD, two starts of one call, unknown figures, a
// caller of two customers, levels that hide changes. The same for every engine that speaks SQL.
#include <gtest/gtest.h>

#include "base/clock.h"
#include "store/migrate.h"
#include "store/engine_fixture.h"

namespace aybiza {
namespace {

constexpr Id agent_a{0, 1}, agent_b{0, 2}, agent_c{0, 3}, agent_d{0, 4}, agent_j{0, 9};

Instant at(std::string_view text) { return parse_rfc3339(text).value(); }

// What a call of the fixture is told by; what stays empty is unknown.
struct Told {
  Id agent;
  std::string_view time, region = "eu", customer = "acme", caller = "", outcome = "", resolution = "", model = "";
  std::optional<double> seconds = {}, latency_ms = {}, satisfaction = {}, audio = {}, cost = {};
  Number errors = {}, tokens = {};
};

Number scaled(std::optional<double> value, double by) { return value ? Number(std::llround(*value * by)) : Number(); }

CallRow call(std::uint64_t number, const Told& told) {
  CallRow row;
  row.call_id = {1, number};
  row.start = row.updated = at(told.time);
  row.agent_id = told.agent;
  row.dims[Field::customer_id] = told.customer;
  row.dims[Field::region] = told.region;
  row.dims[Field::model_used] = told.model;
  row.state = told.seconds ? CallState::ended : CallState::active;
  row.caller_number = told.caller;
  row.call_outcome = told.outcome;
  row.resolution_status = told.resolution;
  row.duration_us = scaled(told.seconds, 1e6);
  row.voice_latency_us = scaled(told.latency_ms, 1e3);
  row.satisfaction_e4 = scaled(told.satisfaction, 1e4);
  row.audio_quality_e4 = scaled(told.audio, 1e4);
  row.cost_nano = scaled(told.cost, 1e9);
  row.error_count = told.errors;
  row.tokens_consumed = told.tokens;
  return row;
}

std::vector<CallRow> calls() {
  std::vector<CallRow> rows;
  const auto add = [&](const Told& told) { rows.push_back(call(rows.size() + 1, told)); };
  // Today, 18 November, a Wednesday.
  add({.agent = agent_a, .time = "2026-11-18T11:01:00Z", .caller = "tok_a", .outcome = "successful", .resolution = "resolved", .model = "m\"1",
       .seconds = 60, .latency_ms = 100, .satisfaction = 4, .audio = 4, .cost = 120.5, .errors = 0, .tokens = 5'000'000'000});
  add({.agent = agent_a, .time = "2026-11-18T11:03:00Z", .caller = "tok_b", .outcome = "failed", .resolution = "unresolved", .model = "m2",
       .seconds = 120, .latency_ms = 200, .satisfaction = 2, .audio = 3, .cost = 0.5, .errors = 2, .tokens = 7});
  add({.agent = agent_a, .time = "2026-11-18T12:01:00Z", .caller = "tok_a"});  // in flight, in the running hour
  add({.agent = agent_b, .time = "2026-11-18T11:04:59.999Z", .region = "us", .outcome = "unknown", .resolution = "unknown", .seconds = 30, .latency_ms = 50});
  add({.agent = agent_c, .time = "2026-11-18T11:02:00Z", .customer = "beta", .caller = "tok_a", .outcome = "successful", .resolution = "resolved",
       .seconds = 10, .latency_ms = 80, .satisfaction = 5, .audio = 5, .cost = 1, .errors = 0});
  add({.agent = agent_a, .time = "2026-11-18T11:59:00Z", .outcome = "successful", .resolution = "resolved", .seconds = 600, .latency_ms = 160,
       .satisfaction = 3, .audio = 2, .cost = 2});  // moves to 10:30
  add({.agent = agent_b, .time = "2026-11-18T10:01:59.999Z", .region = "us"});  // just outside two hours
  // The day before: two share the first rank.
  add({.agent = agent_a, .time = "2026-11-17T23:59:59Z", .region = "ap", .satisfaction = 4});
  add({.agent = agent_b, .time = "2026-11-17T23:00:00Z", .region = "ap", .satisfaction = 4});
  add({.agent = agent_d, .time = "2026-11-17T23:00:00Z", .region = "ap", .satisfaction = 3});
  // Whole weeks: agent a's 1, 3, 5 calls from the first instant on, b's only one in the last instant, d's two.
  add({.agent = agent_a, .time = "2026-08-23T23:59:59.999999Z", .seconds = 999, .satisfaction = 0, .cost = 9});  // a week too early
  const std::string_view weeks[] = {"2026-08-24T00:00:00Z", "2026-08-31T12:00:00Z", "2026-09-13T23:59:59Z"};
  for (int week = 0; week < 3; ++week)
    for (int i = 0; i < 1 + 2 * week; ++i)
      add({.agent = agent_a, .time = weeks[week], .outcome = "successful", .resolution = week == 1 ? "resolved" : "unresolved",
           .seconds = week == 0 ? 10 : 20, .latency_ms = 90, .satisfaction = 2.0 + week, .cost = 1});
  add({.agent = agent_b, .time = "2026-11-15T23:59:59.999999Z", .satisfaction = 5});
  add({.agent = agent_d, .time = "2026-11-03T08:00:00Z", .satisfaction = 3});
  add({.agent = agent_d, .time = "2026-11-09T00:00:00Z", .satisfaction = 2.5});
  // Callers.
  add({.agent = agent_j, .time = "2026-11-08T12:01:00Z", .caller = "tok_a", .resolution = "resolved", .satisfaction = 3, .cost = 2});
  add({.agent = agent_j, .time = "2026-11-01T12:00:00Z", .caller = "tok_h", .satisfaction = 1.9});
  for (int i = 0; i < 4; ++i) add({.agent = agent_j, .time = "2026-11-02T12:00:00Z", .caller = "tok_m", .satisfaction = 3, .cost = 0.25});
  add({.agent = agent_j, .time = "2026-09-18T12:01:00Z", .caller = "tok_dormant"});  // 61 days and a minute
  add({.agent = agent_j, .time = "2026-09-18T12:03:00Z", .caller = "tok_nearly"});   // 60 days and a little
  add({.agent = agent_j, .time = "2026-08-20T12:01:59Z", .caller = "tok_old"});      // more than 90
  return rows;
}

SystemRow sample(std::string_view time, std::string_view region, double error_rate, double availability, double cpu, double memory,
                 std::string_view customer = "acme") {
  static std::uint64_t number = 0;
  SystemRow row;
  row.id = {2, ++number};
  row.time = at(time);
  row.customer = customer;
  row.region = region;
  row.error_rate_e4 = scaled(error_rate, 1e4);
  row.availability_e4 = scaled(availability, 1e4);
  row.cpu_e4 = scaled(cpu, 1e4);
  row.memory_e4 = scaled(memory, 1e4);
  row.utilization_e4 = scaled(cpu / 2, 1e4);
  return row;
}

std::vector<SystemRow> samples() {
  return {
      sample("2026-11-18T11:00:00Z", "eu", 0.001, 99.9, 10, 20), sample("2026-11-18T11:01:00Z", "eu", 0.003, 99.9, 20, 20),
      sample("2026-11-18T11:02:00Z", "eu", 0.003, 98.5, 60, 20),  // three samples of the hour in which two calls are
      sample("2026-11-18T11:00:30Z", "eu", 0.5, 99.9, 10, 20, "beta"),
      sample("2026-11-18T09:00:00Z", "us", 0.0004, 99.9, 10, 86), sample("2026-11-18T09:01:00Z", "us", 0.0009, 99.9, 10, 20),
      sample("2026-11-18T09:02:00Z", "us", 0.0009, 99.9, 75, 20), sample("2026-11-18T09:03:00Z", "us", 0.0009, 99.9, 85, 20),
      sample("2026-11-18T09:04:00Z", "us", 0.06, 99.9, 10, 20),   sample("2026-11-18T09:05:00Z", "us", 0.11, 99.9, 10, 20),
      sample("2026-11-18T09:06:00Z", "us", 0.0009, 94, 10, 20),
      sample("2026-11-17T12:01:00Z", "ap", 0.001, 99.9, 10, 20),  // before the last day: nobody's predecessor
      sample("2026-11-17T12:03:00Z", "ap", 0.02, 99.9, 10, 20),
  };
}

class Views : public OnStore {
 protected:
  void SetUp() override {
    OnStore::SetUp();
    if (IsSkipped()) return;
    std::vector<CallRow> rows = calls();
    const CallRow moved = rows[5];
    ASSERT_TRUE(store_->apply({.from = 0, .to = 1, .calls = std::move(rows), .system = samples()}).has_value());
    CallRow better = moved;
    better.stored_start = moved.start;
    better.start = at("2026-11-18T10:30:00Z");
    ASSERT_TRUE(store_->apply({.from = 1, .to = 2, .calls = {better}}).has_value());
  }

  // A view's text as it is published, at a time of ours.
  static std::string as_of(std::string_view view, std::string_view now) {
    for (const PublishedView& one : published_views()) {
      const std::string head = fmt::format("VIEW {} AS", view);
      const std::size_t begin = one.text.find(head);
      if (begin == one.text.npos) continue;
      std::string body(one.text.substr(begin + head.size(), one.text.rfind(';') - begin - head.size()));
      for (std::size_t place; (place = body.find("now()")) != body.npos;)
        body.replace(place, 5, fmt::format("TIMESTAMP WITH TIME ZONE '{}'", now));
      return "(" + body + ") v";
    }
    ADD_FAILURE() << "no view " << view;
    return "";
  }

  static std::string text_of(const Cell& cell) {
    if (const auto* text = std::get_if<std::string_view>(&cell)) return std::string(*text);
    if (const auto* time = std::get_if<Instant>(&cell)) return format_rfc3339(*time).substr(5, 11);  // 11-18T12:00
    if (const auto* id = std::get_if<Id>(&cell)) return fmt::format("agent{}", id->low);
    const auto real = as_real(cell);  // numbers of any kind, to ten digits
    return !real ? "-" : fmt::format("{:.10g}", *real == 0 ? 0.0 : *real);
  }

  void check(std::string_view view, std::string_view rest, std::vector<std::string> expected) {
    SCOPED_TRACE(view);
    const std::string text = fmt::format("SELECT {}", rest), from = as_of(view, "2026-11-18 12:02:00+00");
    const std::size_t place = text.find("@");
    auto rows = store_->sql(std::string(text).replace(place, 1, from), {});
    ASSERT_TRUE(rows.has_value()) << rows.error().message;
    std::vector<std::string> found;
    for (;;) {
      const auto more = (*rows)->next();
      ASSERT_TRUE(more.has_value()) << more.error().message;
      if (!*more) break;
      for (std::size_t row = 0; row < (*rows)->row_count(); ++row) {
        std::string& line = found.emplace_back();
        for (std::size_t column = 0; column < (*rows)->columns().size(); ++column)
          line += (column == 0 ? "" : " ") + text_of((*rows)->cell(row, column));
      }
    }
    EXPECT_EQ(found, expected);
    auto published = store_->sql(std::string(text).replace(place, 1, view), {});  // by its name, whatever is now
    ASSERT_TRUE(published.has_value()) << published.error().message;
    EXPECT_EQ((*published)->columns(), (*rows)->columns());
  }

};

TEST_P(Views, CallAnalyticsHourly) {
  check("call_analytics_hourly",
        "bucket, customer_id, agent_id, region, total_calls, avg_duration_ms, avg_latency_ms, avg_satisfaction, avg_audio_quality, total_cost_usd, "
        "avg_cost_per_call, successful_calls, calls_with_errors, resolved_calls, sum_duration_ms, n_duration, sum_latency_ms, n_latency, "
        "sum_satisfaction, n_satisfaction, sum_audio_quality, n_audio_quality, n_cost "
        "FROM @ WHERE bucket >= TIMESTAMP WITH TIME ZONE '2026-11-18 00:00:00+00' ORDER BY bucket, agent_id",
        {"11-18T10:00 acme agent1 eu 1 600000 160 3 2 2 2 1 0 1 600000 1 160 1 3 1 2 1 1",  // where its better start is
         "11-18T10:00 acme agent2 us 1 - - - - - - 0 0 0 - 0 - 0 - 0 - 0 0",
         "11-18T11:00 acme agent1 eu 2 90000 150 3 3.5 121 60.5 1 1 1 180000 2 300 2 6 2 7 2 2",
         "11-18T11:00 acme agent2 us 1 30000 50 - - - - 0 0 0 30000 1 50 1 - 0 - 0 0",
         "11-18T11:00 beta agent3 eu 1 10000 80 5 5 1 1 1 0 1 10000 1 80 1 5 1 5 1 1",
         "11-18T12:00 acme agent1 eu 1 - - - - - - 0 0 0 - 0 - 0 - 0 - 0 0"});
}

TEST_P(Views, BusinessMetricsDaily) {
  check("business_metrics_daily",
        "bucket, customer_id, total_calls, avg_satisfaction, resolved_calls, successful_calls, total_revenue, total_cost_usd, "
        "avg_duration_seconds, p50_latency, p95_latency, p99_latency "
        "FROM @ WHERE bucket >= TIMESTAMP WITH TIME ZONE '2026-11-17 00:00:00+00' ORDER BY bucket, customer_id",
        {"11-17T00:00 acme 3 3.666666667 0 0 - - - - - -", "11-18T00:00 acme 6 3 2 2 123 123 202.5 130 194 198.8",
         "11-18T00:00 beta 1 5 1 1 1 1 10 80 80 80"});
}

TEST_P(Views, AgentPerformanceRankingDaily) {
  check("agent_performance_ranking_daily",
        "bucket, customer_id, agent_id, total_calls, avg_satisfaction, avg_duration_seconds, resolution_rate, satisfaction_rank, volume_rank "
        "FROM @ WHERE bucket >= TIMESTAMP WITH TIME ZONE '2026-11-17 00:00:00+00' ORDER BY bucket, agent_id",
        {"11-17T00:00 acme agent1 1 4 - 0 1 1", "11-17T00:00 acme agent2 1 4 - 0 1 1", "11-17T00:00 acme agent4 1 3 - 0 3 1",
         "11-18T00:00 acme agent1 4 3 260 0.5 1 1", "11-18T00:00 acme agent2 2 - 30 0 2 2", "11-18T00:00 beta agent3 1 5 10 1 1 1"});
}

TEST_P(Views, AgentPerformanceAnalysis) {
  check("agent_performance_analysis",
        "customer_id, agent_id, overall_satisfaction, avg_weekly_calls, avg_call_duration, resolution_rate, avg_processing_latency, "
        "total_revenue, total_cost_usd, satisfaction_trend, volume_trend, revenue_trend, performance_trend "
        "FROM @ WHERE agent_id <> '00000000-0000-0000-0000-000000000009' ORDER BY agent_id",
        {"acme agent1 3.444444444 3 18.88888889 0.3333333333 90 9 9 1 2 2 improving",  // 31 of 9 ratings, not the mean of means
         "acme agent2 5 1 - 0 - - - - - - stable", "acme agent4 2.75 1 - 0 - - - -0.5 0 - declining"});
}

TEST_P(Views, RealTimeQualityMetrics) {
  check("real_time_quality_metrics",
        "time_window, customer_id, agent_id, calls_in_window, avg_audio_quality, avg_latency, avg_satisfaction, calls_with_errors, p95_latency "
        "FROM @ ORDER BY time_window, agent_id",
        {"11-18T10:30 acme agent1 1 2 160 3 0 160", "11-18T11:00 acme agent1 2 3.5 150 3 1 195", "11-18T11:00 acme agent2 1 - 50 - 0 50",
         "11-18T11:00 beta agent3 1 5 80 5 0 80", "11-18T12:00 acme agent1 1 - - - 0 -"});
}

TEST_P(Views, CustomerJourneyAnalysis) {
  check("customer_journey_analysis",
        "customer_id, caller_number, total_calls, avg_satisfaction, resolution_rate, total_value, days_since_last_call, customer_lifetime_days, "
        "avg_days_between_calls, customer_status FROM @ ORDER BY customer_id, caller_number",
        {"acme tok_a 3 3.5 0.6666666667 122.5 0 10 5 healthy", "acme tok_b 1 2 0 0.5 0 0 - healthy", "acme tok_dormant 1 - 0 - 61 0 - dormant",
         "acme tok_h 1 1.9 0 - 17 0 - high_risk", "acme tok_m 4 3 0 1 16 0 0 medium_risk", "acme tok_nearly 1 - 0 - 60 0 - healthy",
         "beta tok_a 1 5 1 1 0 0 - healthy"});
}

TEST_P(Views, OperationalEfficiencyMetrics) {
  check("operational_efficiency_metrics",
        "hour, customer_id, region, total_calls, avg_latency, error_rate, cost_per_call, avg_audio_quality, latency_grade, prev_hour_calls, "
        "call_volume_change, avg_cpu_utilization_pct, avg_utilization_pct FROM @ ORDER BY hour, customer_id, region",
        {"11-15T23:00 acme eu 1 - 0 - - - - - - -", "11-17T23:00 acme ap 3 - 0 - - - - - - -",
         "11-18T10:00 acme eu 1 160 0 2 2 poor 1 0 - -", "11-18T10:00 acme us 1 - 0 - - - - - - -",
         "11-18T11:00 acme eu 2 150 0.5 60.5 3.5 fair 1 1 25 12.5",  // two calls, though the hour has four samples
         "11-18T11:00 acme us 1 50 0 - - excellent 1 0 - -", "11-18T11:00 beta eu 1 80 0 1 5 good - - 25 12.5",
         "11-18T12:00 acme eu 1 - 0 - - - 2 -0.5 - -"});
}

TEST_P(Views, SystemHealthAlerts) {
  check("system_health_alerts",
        "time, customer_id, region, error_rate, availability_pct, cpu_utilization_pct, memory_utilization_pct, alert_type, severity, "
        "CAST(error_rate_spiked AS INTEGER), CAST(availability_dropped AS INTEGER) FROM @ ORDER BY time",
        {"11-18T09:00 acme us 0.0004 99.9 10 86 high_memory warning 0 0", "11-18T09:02 acme us 0.0009 99.9 75 20 normal info 0 0",
         "11-18T09:03 acme us 0.0009 99.9 85 20 high_cpu warning 0 0", "11-18T09:04 acme us 0.06 99.9 10 20 high_error_rate warning 1 0",
         "11-18T09:05 acme us 0.11 99.9 10 20 high_error_rate critical 0 0", "11-18T09:06 acme us 0.0009 94 10 20 low_availability critical 0 1",
         "11-18T11:00 beta eu 0.5 99.9 10 20 high_error_rate critical 0 0", "11-18T11:01 acme eu 0.003 99.9 20 20 error_rate_spike info 1 0",
         "11-18T11:02 acme eu 0.003 98.5 60 20 low_availability warning 0 1"});
}

TEST_P(Views, AgentPerformanceMetrics) {
  check("agent_performance_metrics",
        "time, agent_id, total_calls, successful_calls, avg_duration_seconds, avg_satisfaction_score, avg_resolution_rate, avg_response_time_ms, "
        "avg_audio_quality, error_rate, total_cost_usd, cost_per_call_usd, model_distribution, token_consumption, customer_id "
        "FROM @ WHERE time >= TIMESTAMP WITH TIME ZONE '2026-11-18 11:00:00+00' ORDER BY time, agent_id",
        {R"(11-18T11:00 agent1 2 1 90 3 0.5 150 3.5 0.5 121 60.5 {"m\"1":1,"m2":1} 5000000007 acme)",
         "11-18T11:00 agent2 1 0 30 - - 50 - 0 - - - - acme", "11-18T11:00 agent3 1 1 10 5 1 80 5 0 1 1 - - beta",
         "11-18T12:00 agent1 1 0 - - - - - 0 - - - - acme"});
}

// One call that stands for ten beside one that stands for itself: 11 calls, and ten of them are known to within sqrt(10 * 9).
TEST_P(Views, SampledCallsMakeEstimates) {
  const auto sampled = [](std::uint64_t number, std::string_view time, std::int64_t weight) {
    CallRow row = call(number, {.agent = {0, 7}, .time = time, .region = "sa", .customer = "gamma", .caller = "tok_s", .seconds = 60});
    if (weight > 1) row.sample_weight = weight;
    return row;
  };
  ASSERT_TRUE(store_->apply({.from = 2, .to = 3, .calls = {sampled(901, "2026-11-18T11:01:00Z", 10), sampled(902, "2026-11-18T11:02:00Z", 1),
                                                            sampled(903, "2026-11-10T11:01:00Z", 10), sampled(904, "2026-11-03T11:02:00Z", 1)}}).has_value());
  const std::string marks = "CAST(estimate AS INTEGER), calls_standard_error FROM @ WHERE customer_id ";
  const std::string today = "= 'gamma' AND bucket >= TIMESTAMP WITH TIME ZONE '2026-11-18 00:00:00+00'";
  check("call_analytics_hourly", "total_calls, " + marks + today, {"11 1 9.486832981"});
  check("business_metrics_daily", "total_calls, " + marks + today, {"11 1 9.486832981"});
  check("agent_performance_ranking_daily", "total_calls, " + marks + today, {"11 1 9.486832981"});
  check("agent_performance_analysis", "avg_weekly_calls, " + marks + "= 'gamma'", {"5.5 1 4.74341649"});  // of two weeks: 10 calls and 1
  check("real_time_quality_metrics", "calls_in_window, " + marks + "= 'gamma'", {"11 1 9.486832981"});
  check("customer_journey_analysis", "total_calls, " + marks + "= 'gamma'", {"22 1 13.41640786"});  // two such calls: sqrt(180)
  check("operational_efficiency_metrics", "total_calls, " + marks + "= 'gamma' AND region = 'sa' AND hour >= TIMESTAMP WITH TIME ZONE '2026-11-18 00:00:00+00'", {"11 1 9.486832981"});
  check("agent_performance_metrics", "total_calls, " + marks + "= 'gamma' AND time >= TIMESTAMP WITH TIME ZONE '2026-11-18 00:00:00+00'", {"11 1 9.486832981"});
  check("business_metrics_daily", "total_calls, " + marks + "= 'beta'", {"1 0 -"});  // and of the others nothing is said
}

INSTANTIATE_TEST_SUITE_P(Engines, Views, testing::ValuesIn(TestEngine::speaking_sql()), [](const auto& engine) { return engine.param; });

}  // namespace
}  // namespace aybiza
