-- Samples of the last day that need a look: a level too high or too low, a rate of errors that doubled, an availability that fell.
-- alert_type names the first that holds; an availability that fell by a point is low already, so the two changes are said beside it.
CREATE OR REPLACE VIEW system_health_alerts AS
WITH samples AS (
  SELECT time, customer_id, region, error_rate, availability_pct, cpu_utilization_pct, memory_utilization_pct,
    lag(error_rate) OVER before AS prev_error_rate,
    lag(availability_pct) OVER before AS prev_availability_pct
  FROM system_performance_metrics
  WHERE time >= now() - INTERVAL '24 hours'
  WINDOW before AS (PARTITION BY customer_id, region ORDER BY time, event_id)
), judged AS (
  SELECT time, customer_id, region, error_rate, availability_pct, cpu_utilization_pct, memory_utilization_pct,
    coalesce(error_rate > prev_error_rate * 2 AND error_rate > 0.001, false) AS spike,
    coalesce(availability_pct < prev_availability_pct - 1, false) AS fall
  FROM samples
)
SELECT time, customer_id, region, error_rate, availability_pct, cpu_utilization_pct, memory_utilization_pct,
  CASE WHEN error_rate > 0.05 THEN 'high_error_rate'
    WHEN availability_pct < 99.0 THEN 'low_availability'
    WHEN cpu_utilization_pct > 80 THEN 'high_cpu'
    WHEN memory_utilization_pct > 85 THEN 'high_memory'
    WHEN spike THEN 'error_rate_spike'
    WHEN fall THEN 'availability_drop'
    ELSE 'normal' END AS alert_type,
  CASE WHEN error_rate > 0.1 OR availability_pct < 95.0 THEN 'critical'
    WHEN error_rate > 0.05 OR availability_pct < 99.0 OR cpu_utilization_pct > 80 OR memory_utilization_pct > 85 THEN 'warning'
    ELSE 'info' END AS severity,
  spike AS error_rate_spiked,
  fall AS availability_dropped
FROM judged
WHERE error_rate > 0.02 OR availability_pct < 99.5 OR cpu_utilization_pct > 70 OR memory_utilization_pct > 75 OR spike OR fall
ORDER BY time DESC;
