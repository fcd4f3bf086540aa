-- Calls by day. total_revenue is the mission's name for what is cost; total_cost_usd says it.
CREATE OR REPLACE VIEW business_metrics_daily AS
SELECT date_trunc('day', time AT TIME ZONE 'UTC') AT TIME ZONE 'UTC' AS bucket,
  customer_id,
  count(*) AS total_calls,
  avg(customer_satisfaction_score) AS avg_satisfaction,
  count(*) FILTER (WHERE resolution_status = 'resolved') AS resolved_calls,
  count(*) FILTER (WHERE call_outcome = 'successful') AS successful_calls,
  sum(cost_usd) AS total_revenue,
  sum(cost_usd) AS total_cost_usd,
  avg(total_duration_ms) / 1000.0 AS avg_duration_seconds,
  percentile_cont(0.5) WITHIN GROUP (ORDER BY CAST(voice_processing_latency_ms AS DOUBLE PRECISION)) AS p50_latency,
  percentile_cont(0.95) WITHIN GROUP (ORDER BY CAST(voice_processing_latency_ms AS DOUBLE PRECISION)) AS p95_latency,
  percentile_cont(0.99) WITHIN GROUP (ORDER BY CAST(voice_processing_latency_ms AS DOUBLE PRECISION)) AS p99_latency,
  coalesce(bool_or(sample_weight > 1), false) AS estimate,
  CASE WHEN bool_or(sample_weight > 1) THEN sqrt(CAST(sum(coalesce(sample_weight, 1) - 1) AS DOUBLE PRECISION)) END AS calls_standard_error
FROM (SELECT * FROM call_analytics UNION ALL  -- a sampled call as often as it counts
  SELECT c.* FROM call_analytics c JOIN generate_series(2, 1000) AS again(n) ON again.n <= c.sample_weight WHERE c.sample_weight > 1) counted
GROUP BY 1, 2;
