-- Rows of these files that were removed afterwards: what a file has of them counts no more. One that was written again is known by the row that took its place.
CREATE TABLE archived_replaced (
  table_name TEXT NOT NULL,
  time TIMESTAMPTZ NOT NULL,                 -- of the archived row
  call_id UUID, turn_number BIGINT, event_id UUID
);
COMMENT ON TABLE archived_replaced IS 'Archived rows that were removed, or are written again: what a file has of them counts no more.';
COMMENT ON COLUMN archived_replaced.table_name IS 'whose row';
COMMENT ON COLUMN archived_replaced.time IS 'of the archived row';
COMMENT ON COLUMN archived_replaced.call_id IS 'of a turn: its call';
COMMENT ON COLUMN archived_replaced.turn_number IS 'of a turn: its number in the call';
COMMENT ON COLUMN archived_replaced.event_id IS 'of any other row: its event';
