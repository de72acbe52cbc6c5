-- A view is not dropped as a table.
CREATE VIEW v AS SELECT 1 AS a;
DROP TABLE v;
