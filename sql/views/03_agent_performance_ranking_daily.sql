-- A customer's agents ranked by day; an agent nobody rated comes last.
CREATE OR REPLACE VIEW agent_performance_ranking_daily AS
SELECT bucket, customer_id, agent_id, total_calls, avg_satisfaction, avg_duration_seconds, resolution_rate,
  rank() OVER (PARTITION BY bucket, customer_id ORDER BY avg_satisfaction DESC NULLS LAST) AS satisfaction_rank,
  rank() OVER (PARTITION BY bucket, customer_id ORDER BY total_calls DESC) AS volume_rank,
  estimate, calls_standard_error
FROM (
  SELECT date_trunc('day', time AT TIME ZONE 'UTC') AT TIME ZONE 'UTC' AS bucket,
    customer_id,
    agent_id,
    count(*) AS total_calls,
    avg(customer_satisfaction_score) AS avg_satisfaction,
    avg(total_duration_ms) / 1000.0 AS avg_duration_seconds,
    CAST(count(*) FILTER (WHERE resolution_status = 'resolved') AS DOUBLE PRECISION) / count(*) AS resolution_rate,
    coalesce(bool_or(sample_weight > 1), false) AS estimate,
    CASE WHEN bool_or(sample_weight > 1) THEN sqrt(CAST(sum(coalesce(sample_weight, 1) - 1) AS DOUBLE PRECISION)) END AS calls_standard_error
  FROM (SELECT * FROM call_analytics UNION ALL  -- a sampled call as often as it counts
    SELECT c.* FROM call_analytics c JOIN generate_series(2, 1000) AS again(n) ON again.n <= c.sample_weight WHERE c.sample_weight > 1) counted
  GROUP BY 1, 2, 3
) daily;
