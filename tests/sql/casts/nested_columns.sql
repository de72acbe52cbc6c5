-- Nested rows, arrays and maps from JSON, with every kind of NULL.
CREATE TABLE nested (
  id INT,
  r ROW<a INT, b STRING, `in` ROW<c DECIMAL(5, 2), d DATE>>,
  l ARRAY<INT>,
  m MAP<STRING, INT>,
  lr ARRAY<ROW<p INT, q STRING>>,
  mm MAP<STRING, ARRAY<INT>>
) WITH ('connector' = 'filesystem', 'path' = '${data}/nested.json', 'format' = 'json');
SELECT * FROM nested;
SELECT id, r.a, r.`in`.c AS c, nested.r.b AS b, l[1] AS l1, m['k'] AS k, lr[2].q AS q2, mm['x'][2] AS x2, CARDINALITY(l) AS n, r IS NULL AS r_null, r.`in`.d IS NULL AS d_null FROM nested;
SELECT id, CAST(r AS STRING) AS r, CAST(l AS STRING) AS l, CAST(m AS STRING) AS m, CAST(lr AS STRING) AS lr FROM nested;
