-- What retention moved out of the tables into Parquet files, which the views of schema archived show beside the rows.
CREATE SCHEMA archived;
CREATE TABLE archived_slices (
  table_name TEXT NOT NULL,
  slice_from TIMESTAMPTZ NOT NULL, slice_to TIMESTAMPTZ NOT NULL,  -- [from, to) of the rows' time
  file TEXT NOT NULL,                        -- below the archive's folder
  row_count BIGINT NOT NULL
);
