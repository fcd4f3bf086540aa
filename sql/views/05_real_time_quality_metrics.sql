-- The last two hours by five minutes and agent; the oldest window begins two hours ago, not at its mark.
CREATE OR REPLACE VIEW real_time_quality_metrics AS
SELECT to_timestamp(floor(EXTRACT(EPOCH FROM time) / 300) * 300) AS time_window,
  customer_id,
  agent_id,
  count(*) AS calls_in_window,
  avg(audio_quality_score) AS avg_audio_quality,
  avg(voice_processing_latency_ms) AS avg_latency,
  avg(customer_satisfaction_score) AS avg_satisfaction,
  count(*) FILTER (WHERE error_count > 0) AS calls_with_errors,
  percentile_cont(0.95) WITHIN GROUP (ORDER BY CAST(voice_processing_latency_ms AS DOUBLE PRECISION)) AS p95_latency,
  coalesce(bool_or(sample_weight > 1), false) AS estimate,
  CASE WHEN bool_or(sample_weight > 1) THEN sqrt(CAST(sum(coalesce(sample_weight, 1) - 1) AS DOUBLE PRECISION)) END AS calls_standard_error
FROM (SELECT * FROM call_analytics UNION ALL  -- a sampled call as often as it counts
  SELECT c.* FROM call_analytics c JOIN generate_series(2, 1000) AS again(n) ON again.n <= c.sample_weight WHERE c.sample_weight > 1) counted
WHERE time >= now() - INTERVAL '2 hours'
GROUP BY 1, 2, 3
ORDER BY time_window DESC;
