-- The type of an arithmetic result.
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

SELECT TYPEOF(t + t), TYPEOF(t + s), TYPEOF(s * i), TYPEOF(i + l), TYPEOF(i + f), TYPEOF(l * d), TYPEOF(f * f), TYPEOF(i + n), TYPEOF(l + n), TYPEOF(n + n), TYPEOF(n * m), TYPEOF(n - m), TYPEOF(n / m), TYPEOF(i / i), TYPEOF(t / i), TYPEOF(n / i), TYPEOF(i / n), TYPEOF(f / n), TYPEOF(-t), TYPEOF(MOD(n, m)), TYPEOF(i % t)
FROM numbers WHERE id = 1;
SELECT TYPEOF(1 + 1), TYPEOF(1 + 1.5), TYPEOF(1.5 * 2.25), TYPEOF(1 / 3), TYPEOF(1.0 / 3), TYPEOF(1e0 + 1), TYPEOF(2147483648), TYPEOF(0.1), TYPEOF(100.00), TYPEOF(CAST(1 AS DECIMAL(38, 10)) * CAST(1 AS DECIMAL(38, 10))), TYPEOF(CAST(1 AS DECIMAL(38, 0)) + CAST(1 AS DECIMAL(38, 37)));
