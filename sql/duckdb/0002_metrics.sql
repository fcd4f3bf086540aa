-- Generic metrics narrow: a point is (time, series, value), who it belongs to is said once in metric_series.
CREATE TABLE metric_series (
  series BIGINT NOT NULL,                    -- a hash of all that follows
  customer_id TEXT, name TEXT NOT NULL, kind TEXT NOT NULL, unit TEXT, tags TEXT, sample_rate DOUBLE NOT NULL
);
CREATE TABLE metric_values (time TIMESTAMPTZ NOT NULL, series BIGINT NOT NULL, value DOUBLE NOT NULL);
-- Points that are distributions already (histograms of OpenTelemetry and Prometheus): increments, never running totals.
CREATE TABLE metric_distributions (
  time TIMESTAMPTZ NOT NULL, series BIGINT NOT NULL, count BIGINT NOT NULL, sum DOUBLE NOT NULL, min DOUBLE, max DOUBLE,
  sketch BLOB                                -- RealSketch, NULL: not told
);

CREATE TEMP TABLE old_points AS
SELECT *, (hash(customer_id, name, kind, unit, tags, sample_rate) >> 1)::BIGINT AS series FROM metric_points;
INSERT INTO metric_series
SELECT DISTINCT series, customer_id, coalesce(name, ''), coalesce(kind, 'sum'), unit, tags, sample_rate FROM old_points;
INSERT INTO metric_values SELECT time, series, value FROM old_points ORDER BY time, event_id;
DROP TABLE old_points;
DROP TABLE metric_points;

CREATE VIEW metric_points AS
SELECT v.time, s.customer_id, s.name, s.kind, s.unit, s.tags, v.value, s.sample_rate
FROM metric_values v JOIN metric_series s ON s.series = v.series;
