-- FLOAT and DOUBLE in one expression, in either order.
CREATE TABLE numbers (
  id INT,
  f FLOAT,
  d DOUBLE,
  i INT
) WITH ('connector' = 'filesystem', 'path' = '${data}/numbers.json', 'format' = 'json');

SELECT id, f * d AS fd, d * f AS df, f + d AS f_plus_d, d - f AS d_minus_f, f / d AS f_by_d FROM numbers WHERE id IN (1, 7);
SELECT id, TYPEOF(f * d) AS a, TYPEOF(d * f) AS b, TYPEOF(f + i) AS c, TYPEOF(f * 2.5) AS e, TYPEOF(f * 2e0) AS g FROM numbers WHERE id = 7;
SELECT id, COALESCE(f, d) AS c, COALESCE(d, f) AS c2, CASE WHEN id > 7 THEN f ELSE d END AS k, TYPEOF(COALESCE(f, d)) AS t FROM numbers WHERE id IN (1, 7, 8);
SELECT x, TYPEOF(x) AS t FROM (SELECT f AS x FROM numbers WHERE id = 7 UNION ALL SELECT d FROM numbers WHERE id = 7);
SELECT x, TYPEOF(x) AS t FROM (SELECT d AS x FROM numbers WHERE id = 7 UNION ALL SELECT f FROM numbers WHERE id = 7);
SELECT TYPEOF(CASE WHEN id > 7 THEN f ELSE d END) AS c1, TYPEOF(CASE WHEN id > 7 THEN d ELSE f END) AS c2, TYPEOF(IF(id > 7, f, d)) AS i1, TYPEOF(IF(id > 7, d, f)) AS i2, TYPEOF(GREATEST(f, d)) AS g1, TYPEOF(GREATEST(d, f)) AS g2, TYPEOF(NULLIF(f, d)) AS n FROM numbers WHERE id = 7;
SELECT TYPEOF(ARRAY[f, d]) AS a1, TYPEOF(ARRAY[d, f]) AS a2, TYPEOF(MAP[1, f, 2, d]) AS m1, TYPEOF(MAP[1, d, 2, f]) AS m2, TYPEOF(ARRAY_CONCAT(ARRAY[f], ARRAY[d])) AS k1, TYPEOF(ARRAY_CONCAT(ARRAY[d], ARRAY[f])) AS k2, f IN (0.1, d) AS i, d = f AS e, f < d AS l FROM numbers WHERE id IN (1, 7);
SELECT TYPEOF(CASE WHEN id > 7 THEN f WHEN id > 6 THEN i ELSE d END) AS c3, TYPEOF(CASE WHEN id > 7 THEN i WHEN id > 6 THEN f ELSE d END) AS c4, TYPEOF(d + f * d) AS p1, TYPEOF(f - d * f) AS p2, TYPEOF(i * d) AS p3 FROM numbers WHERE id = 7;
