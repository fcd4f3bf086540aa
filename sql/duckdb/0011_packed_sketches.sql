-- Sketches of rollups are written packed from here on; those that are there are read as they are, until their rows change or a recompute makes them anew.
COMMENT ON COLUMN rollups.sketches IS 'quantile sketches of its quantities, packed';
