-- EXTRACT of every unit from a timestamp.
CREATE TABLE times (
  id INT,
  d DATE,
  c TIME,
  t TIMESTAMP(3),
  z TIMESTAMP_LTZ(3)
) WITH ('connector' = 'filesystem', 'path' = '${data}/times.json', 'format' = 'json');

SELECT id, EXTRACT(YEAR FROM t) AS y, EXTRACT(QUARTER FROM t) AS q, EXTRACT(MONTH FROM t) AS mo, EXTRACT(WEEK FROM t) AS w, EXTRACT(DAY FROM t) AS d, EXTRACT(DOY FROM t) AS doy, EXTRACT(DOW FROM t) AS dow, EXTRACT(HOUR FROM t) AS h, EXTRACT(MINUTE FROM t) AS mi, EXTRACT(SECOND FROM t) AS s
FROM times;
