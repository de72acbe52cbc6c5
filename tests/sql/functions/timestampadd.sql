-- TIMESTAMPADD of every unit; months stop at the month's end.
CREATE TABLE times (
  id INT,
  d DATE,
  c TIME,
  t TIMESTAMP(3),
  z TIMESTAMP_LTZ(3)
) WITH ('connector' = 'filesystem', 'path' = '${data}/times.json', 'format' = 'json');

SELECT id, TIMESTAMPADD(SECOND, 90, t) AS s, TIMESTAMPADD(MINUTE, -1, t) AS mi, TIMESTAMPADD(HOUR, 25, t) AS h, TIMESTAMPADD(DAY, 1, t) AS d, TIMESTAMPADD(WEEK, 1, t) AS w, TIMESTAMPADD(MONTH, 1, t) AS mo, TIMESTAMPADD(QUARTER, -1, t) AS q, TIMESTAMPADD(YEAR, 1, t) AS y FROM times WHERE id <> 8;
SELECT id, TIMESTAMPADD(DAY, 1, d) AS d, TIMESTAMPADD(MONTH, -1, d) AS mo, TIMESTAMPADD(HOUR, 1, d) AS h, TIMESTAMPADD(DAY, 1, z) AS z FROM times WHERE id <> 8;
