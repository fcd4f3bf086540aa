-- The published tables (docs/sql.md), as in sql/duckdb. Where PostgreSQL needs an index DuckDB does not, it is here.
-- Two functions by which one text of SQL speaks to both engines: microseconds since 1970 to and from an instant.
CREATE FUNCTION make_timestamptz(micros bigint) RETURNS timestamptz LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
  AS $$ SELECT timestamptz '1970-01-01 00:00:00+00' + micros * interval '1 microsecond' $$;
CREATE FUNCTION epoch_us(at timestamptz) RETURNS bigint LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
  AS $$ SELECT (extract(epoch FROM at) * 1000000)::bigint $$;

CREATE TABLE call_analytics (
  time TIMESTAMPTZ NOT NULL,                 -- the call's start
  call_id UUID NOT NULL,
  agent_id UUID NOT NULL,
  phone_number TEXT, caller_number TEXT, region TEXT,
  total_duration_ms NUMERIC(18,3), voice_processing_latency_ms NUMERIC(18,3), stt_latency_ms NUMERIC(18,3),
  llm_latency_ms NUMERIC(18,3), tts_latency_ms NUMERIC(18,3),
  audio_quality_score NUMERIC(6,4), conversation_quality_score NUMERIC(6,4), stt_confidence_avg NUMERIC(6,4),
  call_outcome TEXT, customer_satisfaction_score NUMERIC(6,4), resolution_status TEXT, cost_usd NUMERIC(18,9),
  model_used TEXT, tokens_consumed BIGINT, error_count BIGINT,
  customer_id TEXT, external_call_id TEXT, external_agent_id TEXT, agent_name TEXT, agent_type TEXT,
  agent_version TEXT, campaign TEXT, direction TEXT, channel TEXT, language TEXT, carrier TEXT,
  provider_stt TEXT, provider_llm TEXT, provider_tts TEXT, experiment TEXT, variant TEXT,
  end_reason TEXT,
  escalated BOOLEAN NOT NULL,                -- by flag, status or outcome
  escalated_flag BOOLEAN NOT NULL,           -- what the sender said
  state TEXT NOT NULL,                       -- active, ended
  ended_at TIMESTAMPTZ, updated_at TIMESTAMPTZ NOT NULL,
  nps BIGINT, cost_source TEXT,              -- reported, priced
  quality_score NUMERIC(6,4), efficiency_score NUMERIC(6,4),
  interventions BIGINT NOT NULL, turns BIGINT NOT NULL,
  ext TEXT,
  PRIMARY KEY (time, call_id)
);
CREATE INDEX call_analytics_call ON call_analytics (call_id);
CREATE INDEX call_analytics_external ON call_analytics (external_call_id);

CREATE TABLE conversation_turns (
  time TIMESTAMPTZ NOT NULL,
  call_id UUID NOT NULL,
  turn_number BIGINT NOT NULL,
  speaker TEXT NOT NULL,                     -- caller, agent
  text_content TEXT, sentiment_score NUMERIC(6,4), emotion TEXT, intent TEXT, entities TEXT,
  response_time_ms NUMERIC(18,3), confidence_score NUMERIC(6,4),
  text_embedding REAL[], topic_vector REAL[],
  state TEXT, stt_latency_ms NUMERIC(18,3), llm_latency_ms NUMERIC(18,3), tts_latency_ms NUMERIC(18,3),
  endpointing_ms NUMERIC(18,3), interrupted BOOLEAN, backchannel BOOLEAN,
  sentiment_class TEXT,                      -- positive, neutral, negative
  sentiment_confidence NUMERIC(6,4),
  topics BIGINT NOT NULL,                    -- bit k: topic k of the topic list
  tools TEXT, started_at TIMESTAMPTZ, ended_at TIMESTAMPTZ, updated_at TIMESTAMPTZ NOT NULL, ext TEXT,
  features TEXT,                             -- a JSON object: what the text was like as it was written
  text_sealed BYTEA,                         -- that text encrypted, where a customer's policy keeps it
  PRIMARY KEY (time, call_id, turn_number)
);
CREATE INDEX conversation_turns_call ON conversation_turns (call_id, turn_number);

CREATE TABLE usage_events (
  time TIMESTAMPTZ NOT NULL,
  event_id UUID NOT NULL,
  call_id UUID NOT NULL,
  model TEXT,                                -- NULL: the call's model counts
  input_tokens BIGINT, cache_read_tokens BIGINT, cache_write_tokens BIGINT, output_tokens BIGINT,
  reasoning_tokens BIGINT, audio_input_tokens BIGINT, audio_output_tokens BIGINT,
  stt_seconds NUMERIC(18,6), tts_characters BIGINT, telephony_seconds NUMERIC(18,6),
  cost_usd NUMERIC(18,9), cost_source TEXT,
  PRIMARY KEY (time, event_id)
);
CREATE INDEX usage_events_call ON usage_events (call_id);

CREATE TABLE interventions (
  time TIMESTAMPTZ NOT NULL, event_id UUID NOT NULL, call_id UUID NOT NULL, kind TEXT, actor TEXT
);
CREATE INDEX interventions_call ON interventions (call_id);
CREATE INDEX interventions_time ON interventions (time);

CREATE TABLE system_performance_metrics (
  time TIMESTAMPTZ NOT NULL,
  region TEXT NOT NULL,
  concurrent_calls BIGINT, cpu_utilization_pct NUMERIC(9,4), memory_utilization_pct NUMERIC(9,4),
  network_latency_ms NUMERIC(18,3), error_rate NUMERIC(6,4), availability_pct NUMERIC(9,4),
  sla_compliance_pct NUMERIC(9,4), max_capacity BIGINT, utilization_pct NUMERIC(9,4), queue_depth BIGINT,
  customer_id TEXT, event_id UUID NOT NULL
);
CREATE INDEX system_performance_metrics_time ON system_performance_metrics (time);

CREATE TABLE agent_status (
  time TIMESTAMPTZ NOT NULL, event_id UUID NOT NULL, agent_id UUID NOT NULL, customer_id TEXT,
  external_agent_id TEXT, status TEXT, region TEXT, agent_type TEXT, capacity BIGINT
);
CREATE INDEX agent_status_time ON agent_status (time);

-- Generic metrics narrow: a point is (time, series, value), who it belongs to is said once in metric_series.
CREATE TABLE metric_series (
  series BIGINT NOT NULL PRIMARY KEY,        -- a hash of all that follows
  customer_id TEXT, name TEXT NOT NULL, kind TEXT NOT NULL, unit TEXT, tags TEXT, sample_rate DOUBLE PRECISION NOT NULL
);
CREATE INDEX metric_series_name ON metric_series (name);
CREATE SEQUENCE metric_place CACHE 1000;
-- `place` is the order of writing, which `last` goes by where times are equal. Points come in the order of time, nearly.
CREATE TABLE metric_values (
  time TIMESTAMPTZ NOT NULL, series BIGINT NOT NULL, value DOUBLE PRECISION NOT NULL, place BIGINT NOT NULL DEFAULT nextval('metric_place')
);
CREATE INDEX metric_values_series ON metric_values (series, time);
CREATE INDEX metric_values_time ON metric_values USING brin (time);
-- Points that are distributions already (histograms of OpenTelemetry and Prometheus): increments, never running totals.
CREATE TABLE metric_distributions (
  time TIMESTAMPTZ NOT NULL, series BIGINT NOT NULL, count BIGINT NOT NULL, sum DOUBLE PRECISION NOT NULL,
  min DOUBLE PRECISION, max DOUBLE PRECISION,
  sketch BYTEA,                              -- RealSketch, NULL: not told
  place BIGINT NOT NULL DEFAULT nextval('metric_place')
);
CREATE INDEX metric_distributions_series ON metric_distributions (series, time);
CREATE INDEX metric_distributions_time ON metric_distributions USING brin (time);

CREATE TABLE learning_events (
  time TIMESTAMPTZ NOT NULL, event_id UUID NOT NULL,
  type TEXT NOT NULL,                        -- learning.pattern, learning.knowledge, learning.improvement
  customer_id TEXT, agent_id UUID,
  pattern_id TEXT, name TEXT, outcome TEXT, confidence NUMERIC(6,4), replicated_from TEXT,
  graph_id TEXT, nodes BIGINT, edges BIGINT, orphans BIGINT, unanswered_questions BIGINT,
  metric TEXT, before DOUBLE PRECISION, after DOUBLE PRECISION,
  external_agent_id TEXT, agent_name TEXT, agent_type TEXT, agent_version TEXT, region TEXT, campaign TEXT, language TEXT,
  direction TEXT, channel TEXT, provider_stt TEXT, provider_llm TEXT, provider_tts TEXT, carrier TEXT, model_used TEXT,
  experiment TEXT, variant TEXT, ext TEXT
);
CREATE INDEX learning_events_time ON learning_events (time);
CREATE TABLE change_events (
  time TIMESTAMPTZ NOT NULL, event_id UUID NOT NULL, customer_id TEXT, agent_id UUID,
  what TEXT NOT NULL,                        -- prompt, model, tool, knowledge, deploy
  version TEXT, hash TEXT,
  external_agent_id TEXT, agent_name TEXT, agent_type TEXT, agent_version TEXT, region TEXT, campaign TEXT, language TEXT,
  direction TEXT, channel TEXT, provider_stt TEXT, provider_llm TEXT, provider_tts TEXT, carrier TEXT, model_used TEXT,
  experiment TEXT, variant TEXT, ext TEXT
);
CREATE INDEX change_events_time ON change_events (time);

CREATE TABLE raw_events (
  time TIMESTAMPTZ NOT NULL, event_id UUID NOT NULL, customer_id TEXT, type TEXT, source TEXT, id_text TEXT, data TEXT
);
CREATE INDEX raw_events_time ON raw_events (time);

-- What a minute, an hour or a day held, serialised; bytes order them, in every engine. Not kept in PostgreSQL yet: every question is
-- answered from rows.
CREATE TABLE rollups (
  bucket TIMESTAMPTZ NOT NULL, step_seconds BIGINT NOT NULL,  -- 60, 3600, 86400
  customer_id TEXT COLLATE "C",
  dimension TEXT COLLATE "C" NOT NULL,       -- '' is the total
  value TEXT COLLATE "C", tally BYTEA NOT NULL, sketches BYTEA NOT NULL
);
CREATE UNIQUE INDEX rollups_key ON rollups (bucket, step_seconds, customer_id, dimension, value) NULLS NOT DISTINCT;
CREATE TABLE rollup_dirty (step_seconds BIGINT NOT NULL, bucket TIMESTAMPTZ NOT NULL);
CREATE TABLE rollup_floor (before TIMESTAMPTZ NOT NULL);

-- Events up to this offset are in the tables, one row per node; written in the transaction of their rows.
CREATE TABLE applied (node TEXT NOT NULL PRIMARY KEY, event_offset BIGINT NOT NULL);

-- Rows the server refused for what they hold, with its reason; everybody else's rows were written.
CREATE TABLE poison_rows (
  noticed_at TIMESTAMPTZ NOT NULL DEFAULT now(), node TEXT NOT NULL,
  event_offset BIGINT NOT NULL,              -- where the batch ended that the row was in
  table_name TEXT NOT NULL, reason TEXT NOT NULL,
  data TEXT NOT NULL                         -- the row as JSON, as far as it can be told
);

CREATE VIEW metric_points AS
SELECT v.time, s.customer_id, s.name, s.kind, s.unit, s.tags, v.value, s.sample_rate
FROM metric_values v JOIN metric_series s ON s.series = v.series;

-- Which texts of sql/views the views were made of.
CREATE TABLE published_views (digest TEXT NOT NULL);
