-- The last twelve whole weeks (UTC, from Monday) of each agent. Slopes are per week, averages weigh every call alike.
-- One point has no slope: PostgreSQL says NULL, DuckDB NaN, which is greater than anything.
CREATE OR REPLACE VIEW agent_performance_analysis AS
WITH weekly AS (
  SELECT customer_id,
    agent_id,
    date_trunc('week', time AT TIME ZONE 'UTC') AT TIME ZONE 'UTC' AS week,
    count(*) AS total_calls,
    avg(customer_satisfaction_score) AS avg_satisfaction,
    sum(customer_satisfaction_score) AS sum_satisfaction,
    count(customer_satisfaction_score) AS n_satisfaction,
    sum(total_duration_ms) AS sum_duration_ms,
    count(total_duration_ms) AS n_duration,
    sum(voice_processing_latency_ms) AS sum_latency_ms,
    count(voice_processing_latency_ms) AS n_latency,
    count(*) FILTER (WHERE resolution_status = 'resolved') AS resolved_calls,
    sum(cost_usd) AS cost_usd,
    bool_or(sample_weight > 1) AS estimate,
    sum(coalesce(sample_weight, 1) - 1) AS calls_variance
  FROM (SELECT * FROM call_analytics UNION ALL  -- a sampled call as often as it counts
    SELECT c.* FROM call_analytics c JOIN generate_series(2, 1000) AS again(n) ON again.n <= c.sample_weight WHERE c.sample_weight > 1) counted
  WHERE time >= (date_trunc('week', now() AT TIME ZONE 'UTC') - INTERVAL '84 days') AT TIME ZONE 'UTC'
    AND time < date_trunc('week', now() AT TIME ZONE 'UTC') AT TIME ZONE 'UTC'
  GROUP BY 1, 2, 3
), whole AS (
  SELECT customer_id,
    agent_id,
    CAST(sum(sum_satisfaction) AS DOUBLE PRECISION) / nullif(sum(n_satisfaction), 0) AS overall_satisfaction,
    avg(total_calls) AS avg_weekly_calls,
    CAST(sum(sum_duration_ms) AS DOUBLE PRECISION) / nullif(sum(n_duration), 0) / 1000.0 AS avg_call_duration,
    CAST(sum(resolved_calls) AS DOUBLE PRECISION) / sum(total_calls) AS resolution_rate,
    CAST(sum(sum_latency_ms) AS DOUBLE PRECISION) / nullif(sum(n_latency), 0) AS avg_processing_latency,
    sum(cost_usd) AS total_revenue,
    sum(cost_usd) AS total_cost_usd,
    CASE WHEN count(avg_satisfaction) > 1 THEN regr_slope(CAST(avg_satisfaction AS DOUBLE PRECISION), EXTRACT(EPOCH FROM week) / 604800.0) END AS satisfaction_trend,
    CASE WHEN count(total_calls) > 1 THEN regr_slope(CAST(total_calls AS DOUBLE PRECISION), EXTRACT(EPOCH FROM week) / 604800.0) END AS volume_trend,
    CASE WHEN count(cost_usd) > 1 THEN regr_slope(CAST(cost_usd AS DOUBLE PRECISION), EXTRACT(EPOCH FROM week) / 604800.0) END AS revenue_trend,
    coalesce(bool_or(estimate), false) AS estimate,
    CASE WHEN bool_or(estimate) THEN sqrt(CAST(sum(calls_variance) AS DOUBLE PRECISION)) / count(*) END AS calls_standard_error
  FROM weekly
  GROUP BY 1, 2
)
SELECT customer_id, agent_id, overall_satisfaction, avg_weekly_calls, avg_call_duration, resolution_rate, avg_processing_latency,
  total_revenue, total_cost_usd, satisfaction_trend, volume_trend, revenue_trend,
  CASE WHEN satisfaction_trend > 0.01 THEN 'improving'
    WHEN satisfaction_trend < -0.01 THEN 'declining'
    ELSE 'stable' END AS performance_trend,
  estimate, calls_standard_error
FROM whole;
