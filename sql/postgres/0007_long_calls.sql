-- Who asks which calls were at work in an hour need not read those of the days before it: what reaches into it began shortly before, or is in here.
CREATE INDEX call_analytics_long ON call_analytics (time) WHERE state = 'active' OR coalesce(ended_at, updated_at) - time > interval '1 hour';
