-- What agents learn and what was changed, typed: the events of before this version move here from raw_events.
DROP VIEW learning_events;
CREATE TABLE learning_events (
  time TIMESTAMPTZ NOT NULL, event_id UUID NOT NULL,
  type TEXT NOT NULL,                        -- learning.pattern, learning.knowledge, learning.improvement
  customer_id TEXT, agent_id UUID,
  pattern_id TEXT, name TEXT, outcome TEXT, confidence DECIMAL(6,4), replicated_from TEXT,
  graph_id TEXT, nodes BIGINT, edges BIGINT, orphans BIGINT, unanswered_questions BIGINT,
  metric TEXT, before DOUBLE, after DOUBLE,
  external_agent_id TEXT, agent_name TEXT, agent_type TEXT, agent_version TEXT, region TEXT, campaign TEXT, language TEXT,
  direction TEXT, channel TEXT, provider_stt TEXT, provider_llm TEXT, provider_tts TEXT, carrier TEXT, model_used TEXT,
  experiment TEXT, variant TEXT, ext TEXT
);
CREATE TABLE change_events (
  time TIMESTAMPTZ NOT NULL, event_id UUID NOT NULL, customer_id TEXT, agent_id UUID,
  what TEXT NOT NULL,                        -- prompt, model, tool, knowledge, deploy
  version TEXT, hash TEXT,
  external_agent_id TEXT, agent_name TEXT, agent_type TEXT, agent_version TEXT, region TEXT, campaign TEXT, language TEXT,
  direction TEXT, channel TEXT, provider_stt TEXT, provider_llm TEXT, provider_tts TEXT, carrier TEXT, model_used TEXT,
  experiment TEXT, variant TEXT, ext TEXT
);

INSERT INTO learning_events BY NAME
SELECT time, event_id, type, customer_id, data->>'pattern_id' AS pattern_id, data->>'name' AS name, data->>'outcome' AS outcome,
  TRY_CAST(data->>'confidence' AS DECIMAL(6,4)) AS confidence, data->>'replicated_from' AS replicated_from,
  data->>'graph_id' AS graph_id, TRY_CAST(data->>'nodes' AS BIGINT) AS nodes, TRY_CAST(data->>'edges' AS BIGINT) AS edges,
  TRY_CAST(data->>'orphans' AS BIGINT) AS orphans, TRY_CAST(data->>'unanswered_questions' AS BIGINT) AS unanswered_questions,
  data->>'metric' AS metric, TRY_CAST(data->>'before' AS DOUBLE) AS before, TRY_CAST(data->>'after' AS DOUBLE) AS after,
  data->>'agent_id' AS external_agent_id, data->>'agent_name' AS agent_name, data->>'agent_type' AS agent_type,
  data->>'agent_version' AS agent_version, data->>'region' AS region, data->>'campaign' AS campaign, data->>'language' AS language,
  data->>'direction' AS direction, data->>'channel' AS channel, data->>'provider_stt' AS provider_stt,
  data->>'provider_llm' AS provider_llm, data->>'provider_tts' AS provider_tts, data->>'carrier' AS carrier,
  data->>'model_used' AS model_used, data->>'experiment' AS experiment, data->>'variant' AS variant
FROM raw_events WHERE type IN ('learning.pattern', 'learning.knowledge', 'learning.improvement') ORDER BY time, event_id;
INSERT INTO change_events BY NAME
SELECT time, event_id, customer_id, data->>'what' AS what, data->>'version' AS version, data->>'hash' AS hash,
  data->>'agent_id' AS external_agent_id, data->>'agent_name' AS agent_name, data->>'agent_type' AS agent_type,
  data->>'agent_version' AS agent_version, data->>'region' AS region, data->>'campaign' AS campaign, data->>'language' AS language,
  data->>'direction' AS direction, data->>'channel' AS channel, data->>'provider_stt' AS provider_stt,
  data->>'provider_llm' AS provider_llm, data->>'provider_tts' AS provider_tts, data->>'carrier' AS carrier,
  data->>'model_used' AS model_used, data->>'experiment' AS experiment, data->>'variant' AS variant
FROM raw_events WHERE type = 'change' AND (data->>'what') IS NOT NULL ORDER BY time, event_id;
DELETE FROM raw_events WHERE type IN ('learning.pattern', 'learning.knowledge', 'learning.improvement')
  OR (type = 'change' AND (data->>'what') IS NOT NULL);
