-- Instants to texts and timestamps go by the session's zone.
SET 'table.local-time-zone' = 'Europe/Berlin';
CREATE TABLE times (
  id INT,
  d DATE,
  c TIME,
  t TIMESTAMP(3),
  z TIMESTAMP_LTZ(3)
) WITH ('connector' = 'filesystem', 'path' = '${data}/times.json', 'format' = 'json');

SELECT id, CAST(z AS STRING) AS s, CAST(z AS TIMESTAMP(3)) AS t, CAST(z AS DATE) AS d, CAST(z AS TIME) AS c, CAST(t AS TIMESTAMP_LTZ(3)) AS back FROM times;
SELECT CAST('2024-03-31 02:30:00' AS TIMESTAMP_LTZ(3)), CAST('2024-10-27 02:30:00' AS TIMESTAMP_LTZ(3)), CAST(TIMESTAMP '2024-03-31 02:30:00' AS TIMESTAMP_LTZ(3));
