-- Calls by hour, agent and region. Averages cannot be averaged: what coarser readers need is in the sums and counts.
CREATE OR REPLACE VIEW call_analytics_hourly AS
SELECT date_trunc('hour', time AT TIME ZONE 'UTC') AT TIME ZONE 'UTC' AS bucket,
  customer_id,
  agent_id,
  region,
  count(*) AS total_calls,
  avg(total_duration_ms) AS avg_duration_ms,
  avg(voice_processing_latency_ms) AS avg_latency_ms,
  avg(customer_satisfaction_score) AS avg_satisfaction,
  avg(audio_quality_score) AS avg_audio_quality,
  sum(cost_usd) AS total_cost_usd,
  avg(cost_usd) AS avg_cost_per_call,
  count(*) FILTER (WHERE call_outcome = 'successful') AS successful_calls,
  count(*) FILTER (WHERE error_count > 0) AS calls_with_errors,
  count(*) FILTER (WHERE resolution_status = 'resolved') AS resolved_calls,
  sum(total_duration_ms) AS sum_duration_ms,
  count(total_duration_ms) AS n_duration,
  sum(voice_processing_latency_ms) AS sum_latency_ms,
  count(voice_processing_latency_ms) AS n_latency,
  sum(customer_satisfaction_score) AS sum_satisfaction,
  count(customer_satisfaction_score) AS n_satisfaction,
  sum(audio_quality_score) AS sum_audio_quality,
  count(audio_quality_score) AS n_audio_quality,
  count(cost_usd) AS n_cost,
  coalesce(bool_or(sample_weight > 1), false) AS estimate,
  CASE WHEN bool_or(sample_weight > 1) THEN sqrt(CAST(sum(coalesce(sample_weight, 1) - 1) AS DOUBLE PRECISION)) END AS calls_standard_error
FROM (SELECT * FROM call_analytics UNION ALL  -- a sampled call as often as it counts
  SELECT c.* FROM call_analytics c JOIN generate_series(2, 1000) AS again(n) ON again.n <= c.sample_weight WHERE c.sample_weight > 1) counted
GROUP BY 1, 2, 3, 4;
