-- DATE_FORMAT of an instant goes by the session's zone.
SET 'table.local-time-zone' = 'Asia/Kolkata';
CREATE TABLE times (
  id INT,
  d DATE,
  c TIME,
  t TIMESTAMP(3),
  z TIMESTAMP_LTZ(3)
) WITH ('connector' = 'filesystem', 'path' = '${data}/times.json', 'format' = 'json');

SELECT id, DATE_FORMAT(z, 'yyyy-MM-dd HH:mm') AS local_ FROM times;
