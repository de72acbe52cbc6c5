-- A decimal sum beyond 38 digits is NULL.
CREATE VIEW big AS
SELECT CAST(x AS DECIMAL(38, 0)) AS x, TO_TIMESTAMP(t) AS t FROM (VALUES
  ('99999999999999999999999999999999999999', '2024-03-01 10:00:01'),
  ('99999999999999999999999999999999999999', '2024-03-01 10:00:02')) AS v (x, t);
CREATE TABLE big_rows (x DECIMAL(38, 0), t TIMESTAMP(3), WATERMARK FOR t AS t)
WITH ('connector' = 'filesystem', 'path' = '${tmp}/big', 'format' = 'json');
INSERT INTO big_rows SELECT x, CAST(t AS TIMESTAMP(3)) FROM big;
SELECT window_start, SUM(x) AS s, AVG(x) AS a, MAX(x) AS m, COUNT(x) AS c
FROM TABLE(TUMBLE(TABLE big_rows, DESCRIPTOR(t), INTERVAL '10' SECOND))
GROUP BY window_start, window_end;
