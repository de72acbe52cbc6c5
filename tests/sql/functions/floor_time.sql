-- FLOOR of timestamps to a unit; weeks start on Sunday.
CREATE TABLE times (
  id INT,
  d DATE,
  c TIME,
  t TIMESTAMP(3),
  z TIMESTAMP_LTZ(3)
) WITH ('connector' = 'filesystem', 'path' = '${data}/times.json', 'format' = 'json');

SELECT id, FLOOR(t TO SECOND) AS s, FLOOR(t TO MINUTE) AS mi, FLOOR(t TO HOUR) AS h, FLOOR(t TO DAY) AS d, FLOOR(t TO WEEK) AS w, FLOOR(t TO MONTH) AS mo, FLOOR(t TO QUARTER) AS q, FLOOR(t TO YEAR) AS y FROM times;
SELECT id, FLOOR(d TO MONTH) AS m, FLOOR(d TO YEAR) AS y, FLOOR(d TO WEEK) AS w FROM times;
