-- YEAR, QUARTER, MONTH, WEEK and the rest as functions.
CREATE TABLE times (
  id INT,
  d DATE,
  c TIME,
  t TIMESTAMP(3),
  z TIMESTAMP_LTZ(3)
) WITH ('connector' = 'filesystem', 'path' = '${data}/times.json', 'format' = 'json');

SELECT id, YEAR(d) AS y, QUARTER(d) AS q, MONTH(d) AS m, WEEK(d) AS w, DAYOFYEAR(d) AS doy, DAYOFMONTH(d) AS dom, DAYOFWEEK(d) AS dow, HOUR(t) AS h, MINUTE(t) AS mi, SECOND(t) AS s FROM times;
