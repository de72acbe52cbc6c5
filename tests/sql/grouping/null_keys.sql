-- NULL is a key like any other.
CREATE VIEW items AS SELECT * FROM (VALUES
  (CAST(NULL AS STRING), 1), ('a', 2), (CAST(NULL AS STRING), CAST(NULL AS INT)), ('a', CAST(NULL AS INT)), ('', 3), ('', 3)
) AS t (k, v);

SELECT k, COUNT(*) AS n, COUNT(v) AS valued, SUM(v) AS total FROM items GROUP BY k;
SELECT k, v, COUNT(*) AS n FROM items GROUP BY k, v;
SELECT DISTINCT v FROM items;
