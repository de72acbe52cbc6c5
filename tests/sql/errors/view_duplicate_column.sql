-- A view whose query has two columns of one name.
CREATE VIEW v AS SELECT 1 AS a, 2 AS a;
