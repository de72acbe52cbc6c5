-- COALESCE, IFNULL and NULLIF, with their common types.
CREATE TABLE numbers (
  id INT,
  t TINYINT,
  s SMALLINT,
  i INT,
  l BIGINT,
  f FLOAT,
  d DOUBLE,
  n DECIMAL(10, 3),
  m DECIMAL(10, 2)
) WITH ('connector' = 'filesystem', 'path' = '${data}/numbers.json', 'format' = 'json');

SELECT id, COALESCE(i, 0) AS c, COALESCE(t, s, -1) AS c3, COALESCE(i, 1.5) AS mixed, IFNULL(i, -1) AS ifn, NULLIF(i, 3) AS nif, NULLIF(n, 2.5) AS nin, COALESCE(CAST(NULL AS INT), i) AS second_ FROM numbers;
SELECT COALESCE('a', 'b'), NULLIF('a', 'a'), NULLIF('a', CAST(NULL AS STRING)), TYPEOF(COALESCE(1, 2.5)), TYPEOF(IFNULL(CAST(NULL AS INT), CAST(1 AS BIGINT))), TYPEOF(NULLIF(1, 2));
