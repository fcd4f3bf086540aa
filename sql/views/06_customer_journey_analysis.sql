-- Callers of the last ninety days. caller_number is the caller's token: the number itself is stored nowhere.
-- n calls have n - 1 gaps between them, which add up to last - first.
CREATE OR REPLACE VIEW customer_journey_analysis AS
WITH callers AS (
  SELECT customer_id,
    caller_number,
    count(*) AS total_calls,
    avg(customer_satisfaction_score) AS avg_satisfaction,
    count(*) FILTER (WHERE resolution_status = 'resolved') AS resolved_calls,
    sum(cost_usd) AS total_value,
    EXTRACT(EPOCH FROM now()) - EXTRACT(EPOCH FROM max(time)) AS seconds_since_last,
    EXTRACT(EPOCH FROM max(time)) - EXTRACT(EPOCH FROM min(time)) AS seconds_between,
    coalesce(bool_or(sample_weight > 1), false) AS estimate,
    CASE WHEN bool_or(sample_weight > 1) THEN sqrt(CAST(sum(coalesce(sample_weight, 1) - 1) AS DOUBLE PRECISION)) END AS calls_standard_error
  FROM (SELECT * FROM call_analytics UNION ALL  -- a sampled call as often as it counts
    SELECT c.* FROM call_analytics c JOIN generate_series(2, 1000) AS again(n) ON again.n <= c.sample_weight WHERE c.sample_weight > 1) counted
  WHERE time >= now() - INTERVAL '90 days' AND caller_number IS NOT NULL
  GROUP BY 1, 2
)
SELECT customer_id,
  caller_number,
  total_calls,
  avg_satisfaction,
  CAST(resolved_calls AS DOUBLE PRECISION) / total_calls AS resolution_rate,
  total_value,
  floor(seconds_since_last / 86400) AS days_since_last_call,
  floor(seconds_between / 86400) AS customer_lifetime_days,
  seconds_between / 86400.0 / nullif(total_calls - 1, 0) AS avg_days_between_calls,
  CASE WHEN avg_satisfaction < 2.0 THEN 'high_risk'
    WHEN avg_satisfaction < 3.5 AND total_calls > 3 THEN 'medium_risk'
    WHEN floor(seconds_since_last / 86400) > 60 THEN 'dormant'
    ELSE 'healthy' END AS customer_status,
  estimate, calls_standard_error
FROM callers
ORDER BY total_value DESC NULLS LAST;
