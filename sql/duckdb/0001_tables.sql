-- The published tables (docs/sql.md). No primary keys: a global index triples the file; the writer keeps keys unique.
CREATE TABLE call_analytics (
  time TIMESTAMPTZ NOT NULL,                 -- the call's start
  call_id UUID NOT NULL,
  agent_id UUID NOT NULL,
  phone_number TEXT, caller_number TEXT, region TEXT,
  total_duration_ms DECIMAL(18,3), voice_processing_latency_ms DECIMAL(18,3), stt_latency_ms DECIMAL(18,3),
  llm_latency_ms DECIMAL(18,3), tts_latency_ms DECIMAL(18,3),
  audio_quality_score DECIMAL(6,4), conversation_quality_score DECIMAL(6,4), stt_confidence_avg DECIMAL(6,4),
  call_outcome TEXT, customer_satisfaction_score DECIMAL(6,4), resolution_status TEXT, cost_usd DECIMAL(18,9),
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
  quality_score DECIMAL(6,4), efficiency_score DECIMAL(6,4),
  interventions BIGINT NOT NULL, turns BIGINT NOT NULL,
  ext TEXT
);

CREATE TABLE conversation_turns (
  time TIMESTAMPTZ NOT NULL,
  call_id UUID NOT NULL,
  turn_number BIGINT NOT NULL,
  speaker TEXT NOT NULL,                     -- caller, agent
  text_content TEXT, sentiment_score DECIMAL(6,4), emotion TEXT, intent TEXT, entities TEXT,
  response_time_ms DECIMAL(18,3), confidence_score DECIMAL(6,4),
  text_embedding FLOAT[], topic_vector FLOAT[],
  state TEXT, stt_latency_ms DECIMAL(18,3), llm_latency_ms DECIMAL(18,3), tts_latency_ms DECIMAL(18,3),
  endpointing_ms DECIMAL(18,3), interrupted BOOLEAN, backchannel BOOLEAN,
  sentiment_class TEXT,                      -- positive, neutral, negative
  sentiment_confidence DECIMAL(6,4),
  topics BIGINT NOT NULL,                    -- bit k: topic k of the topic list
  tools TEXT, started_at TIMESTAMPTZ, ended_at TIMESTAMPTZ, updated_at TIMESTAMPTZ NOT NULL, ext TEXT
);

CREATE TABLE usage_events (
  time TIMESTAMPTZ NOT NULL,
  event_id UUID NOT NULL,
  call_id UUID NOT NULL,
  model TEXT,                                -- NULL: the call's model counts
  input_tokens BIGINT, cache_read_tokens BIGINT, cache_write_tokens BIGINT, output_tokens BIGINT,
  reasoning_tokens BIGINT, audio_input_tokens BIGINT, audio_output_tokens BIGINT,
  stt_seconds DECIMAL(18,6), tts_characters BIGINT, telephony_seconds DECIMAL(18,6),
  cost_usd DECIMAL(18,9), cost_source TEXT
);

CREATE TABLE interventions (
  time TIMESTAMPTZ NOT NULL, event_id UUID NOT NULL, call_id UUID NOT NULL, kind TEXT, actor TEXT
);

CREATE TABLE system_performance_metrics (
  time TIMESTAMPTZ NOT NULL,
  region TEXT NOT NULL,
  concurrent_calls BIGINT, cpu_utilization_pct DECIMAL(9,4), memory_utilization_pct DECIMAL(9,4),
  network_latency_ms DECIMAL(18,3), error_rate DECIMAL(6,4), availability_pct DECIMAL(9,4),
  sla_compliance_pct DECIMAL(9,4), max_capacity BIGINT, utilization_pct DECIMAL(9,4), queue_depth BIGINT,
  customer_id TEXT, event_id UUID NOT NULL
);

CREATE TABLE agent_status (
  time TIMESTAMPTZ NOT NULL, event_id UUID NOT NULL, agent_id UUID NOT NULL, customer_id TEXT,
  external_agent_id TEXT, status TEXT, region TEXT, agent_type TEXT, capacity BIGINT
);

CREATE TABLE metric_points (
  time TIMESTAMPTZ NOT NULL, event_id UUID NOT NULL, customer_id TEXT, name TEXT, kind TEXT, unit TEXT, tags TEXT,
  value DOUBLE NOT NULL, sample_rate DOUBLE NOT NULL
);

CREATE TABLE raw_events (
  time TIMESTAMPTZ NOT NULL, event_id UUID NOT NULL, customer_id TEXT, type TEXT, source TEXT, id_text TEXT, data TEXT
);

-- Minute and hour rollups, the tally serialised; a pane is the merge of its parts, one per shard.
CREATE TABLE rollups (
  bucket TIMESTAMPTZ NOT NULL, step_seconds BIGINT NOT NULL, customer_id TEXT NOT NULL,
  dimension TEXT NOT NULL,                   -- '' is the total
  value TEXT, shard BIGINT NOT NULL, tally BLOB NOT NULL
);

-- Events up to this offset are in the tables, one row per node; written in the transaction of their rows.
CREATE TABLE applied (node TEXT NOT NULL, event_offset UBIGINT NOT NULL);

CREATE VIEW learning_events AS SELECT * FROM raw_events WHERE starts_with(type, 'learning.');

-- One row per agent and hour of call starts, always in step with the calls. Rates and averages leave unknown values out.
CREATE VIEW agent_performance_metrics AS
SELECT time_bucket(INTERVAL 1 hour, time) AS time,
  agent_id,
  count(*) AS total_calls,
  count(*) FILTER (WHERE call_outcome = 'successful') AS successful_calls,
  avg(total_duration_ms) / 1000 AS avg_duration_seconds,
  avg(customer_satisfaction_score) AS avg_satisfaction_score,
  count(*) FILTER (WHERE resolution_status = 'resolved')
    / nullif(count(*) FILTER (WHERE resolution_status <> 'unknown'), 0) AS avg_resolution_rate,
  avg(voice_processing_latency_ms) AS avg_response_time_ms,
  avg(audio_quality_score) AS avg_audio_quality,
  count(*) FILTER (WHERE error_count > 0) / count(*) AS error_rate,
  sum(cost_usd) AS total_cost_usd,
  avg(cost_usd) AS cost_per_call_usd,
  to_json(histogram(model_used) FILTER (WHERE model_used IS NOT NULL))::TEXT AS model_distribution,
  sum(tokens_consumed)::BIGINT AS token_consumption,
  any_value(customer_id) AS customer_id
FROM call_analytics
GROUP BY 1, 2;
