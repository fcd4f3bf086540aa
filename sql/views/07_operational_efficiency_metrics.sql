-- The last seven days by hour and region, beside the region's machines. Both sides are summed up before they meet: a call
-- counts once however many samples its hour has, and also when it has none.
CREATE OR REPLACE VIEW operational_efficiency_metrics AS
WITH calls AS (
  SELECT date_trunc('hour', time AT TIME ZONE 'UTC') AT TIME ZONE 'UTC' AS hour,
    customer_id,
    region,
    count(*) AS total_calls,
    avg(voice_processing_latency_ms) AS avg_latency,
    count(*) FILTER (WHERE error_count > 0) AS error_calls,
    avg(cost_usd) AS cost_per_call,
    avg(audio_quality_score) AS avg_audio_quality,
    coalesce(bool_or(sample_weight > 1), false) AS estimate,
    CASE WHEN bool_or(sample_weight > 1) THEN sqrt(CAST(sum(coalesce(sample_weight, 1) - 1) AS DOUBLE PRECISION)) END AS calls_standard_error
  FROM (SELECT * FROM call_analytics UNION ALL  -- a sampled call as often as it counts
    SELECT c.* FROM call_analytics c JOIN generate_series(2, 1000) AS again(n) ON again.n <= c.sample_weight WHERE c.sample_weight > 1) counted
  WHERE time >= now() - INTERVAL '7 days'
  GROUP BY 1, 2, 3
), machines AS (
  SELECT date_trunc('hour', time AT TIME ZONE 'UTC') AT TIME ZONE 'UTC' AS hour,
    region,
    avg(cpu_utilization_pct) AS avg_cpu_utilization_pct,
    avg(utilization_pct) AS avg_utilization_pct
  FROM system_performance_metrics
  WHERE time >= now() - INTERVAL '7 days 1 hour'
  GROUP BY 1, 2
)
SELECT c.hour,
  c.customer_id,
  c.region,
  c.total_calls,
  c.avg_latency,
  CAST(c.error_calls AS DOUBLE PRECISION) / c.total_calls AS error_rate,
  c.cost_per_call,
  c.avg_audio_quality,
  CASE WHEN c.avg_latency > 150 THEN 'poor'
    WHEN c.avg_latency > 100 THEN 'fair'
    WHEN c.avg_latency > 75 THEN 'good'
    WHEN c.avg_latency IS NOT NULL THEN 'excellent' END AS latency_grade,
  lag(c.total_calls) OVER before AS prev_hour_calls,
  CAST(c.total_calls - lag(c.total_calls) OVER before AS DOUBLE PRECISION) / lag(c.total_calls) OVER before AS call_volume_change,
  m.avg_cpu_utilization_pct,
  m.avg_utilization_pct,
  c.estimate,
  c.calls_standard_error
FROM calls c LEFT JOIN machines m ON m.hour = c.hour AND m.region = c.region
WINDOW before AS (PARTITION BY c.customer_id, c.region ORDER BY c.hour)
ORDER BY c.hour DESC, c.region;
