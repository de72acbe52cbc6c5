-- A common table expression that is used before it is defined.
WITH a AS (SELECT * FROM b), b AS (SELECT 1 AS x) SELECT * FROM a;
