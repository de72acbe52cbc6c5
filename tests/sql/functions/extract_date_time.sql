-- EXTRACT from dates, times and instants.
CREATE TABLE times (
  id INT,
  d DATE,
  c TIME,
  t TIMESTAMP(3),
  z TIMESTAMP_LTZ(3)
) WITH ('connector' = 'filesystem', 'path' = '${data}/times.json', 'format' = 'json');

SELECT id, EXTRACT(YEAR FROM d) AS y, EXTRACT(WEEK FROM d) AS w, EXTRACT(DOW FROM d) AS dow, EXTRACT(HOUR FROM c) AS h, EXTRACT(SECOND FROM c) AS s, EXTRACT(HOUR FROM z) AS zh, EXTRACT(DAY FROM z) AS zd FROM times;
SET 'table.local-time-zone' = 'Asia/Tokyo';
SELECT id, EXTRACT(HOUR FROM z) AS zh, EXTRACT(DAY FROM z) AS zd FROM times;
