-- Intervals added to and taken from dates, times and timestamps.
CREATE TABLE times (
  id INT,
  d DATE,
  c TIME,
  t TIMESTAMP(3),
  z TIMESTAMP_LTZ(3)
) WITH ('connector' = 'filesystem', 'path' = '${data}/times.json', 'format' = 'json');

SELECT id, t + INTERVAL '1' DAY AS d, t - INTERVAL '1' MONTH AS mo, t + INTERVAL '1-2' YEAR TO MONTH AS ym, t + INTERVAL '1 02:03:04.567' DAY TO SECOND AS ds, t - INTERVAL '10' MINUTE AS mi FROM times WHERE id <> 8;
SELECT id, d + INTERVAL '1' DAY AS d1, d + INTERVAL '1' MONTH AS m1, d - INTERVAL '1' YEAR AS y1, c + INTERVAL '2' HOUR AS h2, c - INTERVAL '90' MINUTE AS mi, z + INTERVAL '1' DAY AS z1 FROM times WHERE id <> 8;
SELECT DATE '2024-01-31' + INTERVAL '1' MONTH, DATE '2024-03-31' - INTERVAL '1' MONTH, TIME '23:30:00' + INTERVAL '1' HOUR, TIMESTAMP '2024-02-29 00:00:00' + INTERVAL '1' YEAR, TIMESTAMP '2024-01-01 00:00:00' + INTERVAL '3' QUARTER, TIMESTAMP '2024-01-01 00:00:00' + INTERVAL '2' WEEK;
