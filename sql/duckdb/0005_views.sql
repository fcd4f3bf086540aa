-- Which texts of sql/views the views were made of.
CREATE TABLE published_views (digest TEXT NOT NULL);
