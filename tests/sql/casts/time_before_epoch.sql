-- The time of day of a timestamp before 1970 cannot be written.
CREATE TABLE times (
  id INT,
  d DATE,
  c TIME,
  t TIMESTAMP(3),
  z TIMESTAMP_LTZ(3)
) WITH ('connector' = 'filesystem', 'path' = '${data}/times.json', 'format' = 'json');

SELECT id, CAST(t AS TIME) AS tc FROM times WHERE id = 7;
