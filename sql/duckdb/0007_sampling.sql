-- How many calls a kept one stands for; NULL: itself alone (docs/sampling.md).
ALTER TABLE call_analytics ADD COLUMN sample_weight BIGINT;
