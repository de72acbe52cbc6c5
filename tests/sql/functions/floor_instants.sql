-- FLOOR and CEIL of instants go by the session's zone.
SET 'table.local-time-zone' = 'America/New_York';
CREATE TABLE times (
  id INT,
  d DATE,
  c TIME,
  t TIMESTAMP(3),
  z TIMESTAMP_LTZ(3)
) WITH ('connector' = 'filesystem', 'path' = '${data}/times.json', 'format' = 'json');

SELECT id, FLOOR(z TO DAY) AS d, FLOOR(z TO HOUR) AS h, CEIL(z TO MONTH) AS m FROM times WHERE id <> 8;
