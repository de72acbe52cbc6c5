-- CEIL of timestamps to a unit.
CREATE TABLE times (
  id INT,
  d DATE,
  c TIME,
  t TIMESTAMP(3),
  z TIMESTAMP_LTZ(3)
) WITH ('connector' = 'filesystem', 'path' = '${data}/times.json', 'format' = 'json');

SELECT id, CEIL(t TO SECOND) AS s, CEIL(t TO MINUTE) AS mi, CEIL(t TO HOUR) AS h, CEIL(t TO DAY) AS d, CEIL(t TO WEEK) AS w, CEIL(t TO MONTH) AS mo, CEIL(t TO QUARTER) AS q, CEIL(t TO YEAR) AS y FROM times WHERE id <> 8;
