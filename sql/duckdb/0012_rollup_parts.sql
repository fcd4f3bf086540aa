-- Rollups that are asked for together lie together: an hour's totals were read out of all that the hour's minutes and agents
-- hold. What the conditions of the view say is where the program writes a row (store/duck_rollups).
CREATE SCHEMA parts;
CREATE TABLE parts.rollups_minute (
  bucket TIMESTAMPTZ NOT NULL, step_seconds BIGINT NOT NULL, customer_id TEXT, dimension TEXT NOT NULL, value TEXT, tally BLOB NOT NULL, sketches BLOB NOT NULL
);
INSERT INTO parts.rollups_minute SELECT bucket, step_seconds, customer_id, dimension, value, tally, sketches FROM rollups WHERE step_seconds <= 60;
CREATE TABLE parts.rollups_narrow (
  bucket TIMESTAMPTZ NOT NULL, step_seconds BIGINT NOT NULL, customer_id TEXT, dimension TEXT NOT NULL, value TEXT, tally BLOB NOT NULL, sketches BLOB NOT NULL
);
INSERT INTO parts.rollups_narrow SELECT bucket, step_seconds, customer_id, dimension, value, tally, sketches FROM rollups WHERE step_seconds > 60 AND dimension IN ('', 'region');
CREATE TABLE parts.rollups_agent (
  bucket TIMESTAMPTZ NOT NULL, step_seconds BIGINT NOT NULL, customer_id TEXT, dimension TEXT NOT NULL, value TEXT, tally BLOB NOT NULL, sketches BLOB NOT NULL
);
INSERT INTO parts.rollups_agent SELECT bucket, step_seconds, customer_id, dimension, value, tally, sketches FROM rollups WHERE step_seconds > 60 AND dimension = 'agent_id';
CREATE TABLE parts.rollups_rest (
  bucket TIMESTAMPTZ NOT NULL, step_seconds BIGINT NOT NULL, customer_id TEXT, dimension TEXT NOT NULL, value TEXT, tally BLOB NOT NULL, sketches BLOB NOT NULL
);
INSERT INTO parts.rollups_rest SELECT bucket, step_seconds, customer_id, dimension, value, tally, sketches FROM rollups WHERE step_seconds > 60 AND dimension NOT IN ('', 'region', 'agent_id');
DROP TABLE rollups;
CREATE VIEW rollups AS
SELECT bucket, step_seconds, customer_id, dimension, value, tally, sketches FROM parts.rollups_minute WHERE step_seconds <= 60 UNION ALL
SELECT bucket, step_seconds, customer_id, dimension, value, tally, sketches FROM parts.rollups_narrow WHERE step_seconds > 60 AND dimension IN ('', 'region') UNION ALL
SELECT bucket, step_seconds, customer_id, dimension, value, tally, sketches FROM parts.rollups_agent WHERE step_seconds > 60 AND dimension = 'agent_id' UNION ALL
SELECT bucket, step_seconds, customer_id, dimension, value, tally, sketches FROM parts.rollups_rest WHERE step_seconds > 60 AND dimension NOT IN ('', 'region', 'agent_id');
