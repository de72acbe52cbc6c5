-- Dates, times, timestamps and instants to texts.
CREATE TABLE times (
  id INT,
  d DATE,
  c TIME,
  t TIMESTAMP(3),
  z TIMESTAMP_LTZ(3)
) WITH ('connector' = 'filesystem', 'path' = '${data}/times.json', 'format' = 'json');

SELECT id, CAST(d AS STRING) AS d, CAST(c AS STRING) AS c, CAST(t AS STRING) AS t, CAST(z AS STRING) AS z FROM times;
SELECT CAST(TIMESTAMP '2024-01-01 00:00:00' AS STRING), CAST(CAST(TIMESTAMP '2024-01-01 00:00:00.100' AS TIMESTAMP(6)) AS STRING), CAST(CAST('2024-01-01 00:00:00.123456789' AS TIMESTAMP(9)) AS STRING), CAST(CAST('2024-01-01 00:00:00.999' AS TIMESTAMP(0)) AS STRING);
