-- An hour of few rows has no minutes from here on: its rows answer for them. A program that took the missing minutes for none is refused by this.
COMMENT ON TABLE parts.rollups_minute IS 'minutes of hours with many rows';
