-- DATE, TIME and TIMESTAMP comparisons and differences.
CREATE TABLE times (
  id INT,
  d DATE,
  c TIME,
  t TIMESTAMP(3),
  z TIMESTAMP_LTZ(3)
) WITH ('connector' = 'filesystem', 'path' = '${data}/times.json', 'format' = 'json');

SELECT id, d > DATE '2000-01-01' AS after_, t = CAST(d AS TIMESTAMP(3)) AS midnight, c < TIME '12:00:00' AS morning, t BETWEEN TIMESTAMP '1970-01-01 00:00:00' AND TIMESTAMP '2024-12-31 00:00:00' AS between_ FROM times;
