-- What retention moved out of the tables into Parquet files, which the server reads beside the tables.
CREATE TABLE archived_slices (
  table_name TEXT NOT NULL,
  slice_from TIMESTAMPTZ NOT NULL, slice_to TIMESTAMPTZ NOT NULL,  -- [from, to) of the rows' time
  file TEXT NOT NULL,                        -- below the archive's folder
  row_count BIGINT NOT NULL
);
-- Rows of these files that were written again, or removed, afterwards: what a file has of them counts no more.
CREATE TABLE archived_replaced (
  table_name TEXT NOT NULL,
  "time" TIMESTAMPTZ NOT NULL,               -- of the archived row
  call_id UUID, turn_number INTEGER, event_id UUID
);
COMMENT ON TABLE archived_slices IS 'Parquet files that retention moved rows into; the server reads them beside the tables.';
COMMENT ON COLUMN archived_slices.table_name IS 'whose rows';
COMMENT ON COLUMN archived_slices.slice_from IS 'of the rows'' time: from here on';
COMMENT ON COLUMN archived_slices.slice_to IS 'up to here, which is not in it';
COMMENT ON COLUMN archived_slices.file IS 'its name below the archive''s folder';
COMMENT ON COLUMN archived_slices.row_count IS 'rows in it';
COMMENT ON TABLE archived_replaced IS 'Archived rows that came into their table again: what the file has of them counts no more.';
