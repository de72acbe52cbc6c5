-- SELECT without FROM gives one row, and takes no WHERE.
SELECT 1 AS a, 'x' AS b, CAST(NULL AS INT) AS d, TRUE AS e;
SELECT 1 AS a WHERE 1 > 2;
