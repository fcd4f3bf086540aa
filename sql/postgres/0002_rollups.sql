-- Rollups are made of the stored rows, where these have changed: rollup_dirty is written with the rows. Everything there is is marked.
DROP INDEX rollups_key;
DELETE FROM rollups;
CREATE UNIQUE INDEX rollups_key ON rollups (step_seconds, bucket, dimension, customer_id, value) NULLS NOT DISTINCT;
CREATE INDEX rollup_dirty_key ON rollup_dirty (step_seconds, bucket);
INSERT INTO rollup_dirty (step_seconds, bucket)
SELECT DISTINCT step, to_timestamp(floor(extract(epoch FROM time) / step) * step)
FROM (SELECT time FROM call_analytics UNION ALL SELECT time FROM conversation_turns UNION ALL SELECT time FROM usage_events) times,
  (VALUES (60), (3600), (86400)) steps(step);
