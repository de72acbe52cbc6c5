-- A view that names fewer columns than its query has.
CREATE VIEW v (a) AS SELECT 1, 2;
