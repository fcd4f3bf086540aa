-- One row per agent and hour of call starts, always in step with the calls. Rates leave unknown values out.
CREATE OR REPLACE VIEW agent_performance_metrics AS
WITH calls AS (
  SELECT date_trunc('hour', time AT TIME ZONE 'UTC') AT TIME ZONE 'UTC' AS hour, *
  FROM (SELECT * FROM call_analytics UNION ALL  -- a sampled call as often as it counts
    SELECT c.* FROM call_analytics c JOIN generate_series(2, 1000) AS again(n) ON again.n <= c.sample_weight WHERE c.sample_weight > 1) counted
), models AS (
  SELECT hour, agent_id, '{' || string_agg(CAST(to_json(model_used) AS TEXT) || ':' || CAST(calls AS TEXT), ',' ORDER BY model_used) || '}' AS distribution
  FROM (SELECT hour, agent_id, model_used, count(*) AS calls FROM calls WHERE model_used IS NOT NULL GROUP BY 1, 2, 3) used
  GROUP BY 1, 2
)
SELECT c.hour AS time,
  c.agent_id,
  count(*) AS total_calls,
  count(*) FILTER (WHERE c.call_outcome = 'successful') AS successful_calls,
  avg(c.total_duration_ms) / 1000.0 AS avg_duration_seconds,
  avg(c.customer_satisfaction_score) AS avg_satisfaction_score,
  CAST(count(*) FILTER (WHERE c.resolution_status = 'resolved') AS DOUBLE PRECISION)
    / nullif(count(*) FILTER (WHERE c.resolution_status <> 'unknown'), 0) AS avg_resolution_rate,
  avg(c.voice_processing_latency_ms) AS avg_response_time_ms,
  avg(c.audio_quality_score) AS avg_audio_quality,
  CAST(count(*) FILTER (WHERE c.error_count > 0) AS DOUBLE PRECISION) / count(*) AS error_rate,
  sum(c.cost_usd) AS total_cost_usd,
  avg(c.cost_usd) AS cost_per_call_usd,
  max(m.distribution) AS model_distribution,
  CAST(sum(c.tokens_consumed) AS BIGINT) AS token_consumption,
  min(c.customer_id) AS customer_id,
  coalesce(bool_or(c.sample_weight > 1), false) AS estimate,
  CASE WHEN bool_or(c.sample_weight > 1) THEN sqrt(CAST(sum(coalesce(c.sample_weight, 1) - 1) AS DOUBLE PRECISION)) END AS calls_standard_error
FROM calls c LEFT JOIN models m ON m.hour = c.hour AND m.agent_id = c.agent_id
GROUP BY 1, 2;
