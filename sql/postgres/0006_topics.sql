-- Which topic model a turn's vector is of: vectors of two models must not be compared (docs/search.md).
ALTER TABLE conversation_turns ADD COLUMN topic_version TEXT;
