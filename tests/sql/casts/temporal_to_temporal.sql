-- Between dates, times and timestamps.
CREATE TABLE times (
  id INT,
  d DATE,
  c TIME,
  t TIMESTAMP(3),
  z TIMESTAMP_LTZ(3)
) WITH ('connector' = 'filesystem', 'path' = '${data}/times.json', 'format' = 'json');

SELECT id, CAST(d AS TIMESTAMP(3)) AS dt, CAST(t AS DATE) AS td, CAST(t AS TIMESTAMP(0)) AS t0, CAST(t AS TIMESTAMP_LTZ(3)) AS tz, CAST(d AS TIMESTAMP_LTZ(3)) AS dz FROM times;
SELECT id, CAST(t AS TIME) AS tc FROM times WHERE id NOT IN (3, 7);
