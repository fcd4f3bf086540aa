-- Rollups are made of the stored rows, where these have changed: rollup_dirty is written with the rows. Everything there is is
-- marked; what the program kept until now held ended calls only and is not taken over.
DROP TABLE rollups;
CREATE TABLE rollups (
  bucket TIMESTAMPTZ NOT NULL, step_seconds BIGINT NOT NULL,  -- 60, 3600, 86400
  customer_id TEXT,
  dimension TEXT NOT NULL,                   -- '' is the total
  value TEXT, tally BLOB NOT NULL, sketches BLOB NOT NULL
);
CREATE TABLE rollup_dirty (step_seconds BIGINT NOT NULL, bucket TIMESTAMPTZ NOT NULL);
INSERT INTO rollup_dirty
SELECT DISTINCT step, to_timestamp(floor(extract(epoch FROM time) / step) * step)
FROM (SELECT time FROM call_analytics UNION ALL SELECT time FROM conversation_turns UNION ALL SELECT time FROM usage_events) times,
  (VALUES (60), (3600), (86400)) steps(step);
-- Rows before it are gone: rollups of then are all that is left, and stay as they are.
CREATE TABLE rollup_floor (before TIMESTAMPTZ NOT NULL);
