-- How many calls a kept one stands for; NULL: itself alone (docs/sampling.md). The index is empty where nothing is sampled.
ALTER TABLE call_analytics ADD COLUMN sample_weight BIGINT;
CREATE INDEX call_analytics_sampled ON call_analytics (time) WHERE sample_weight IS NOT NULL;
