-- Windows over instants are told early, in local time.
SET 'table.local-time-zone' = 'Asia/Shanghai';
SET 'table.exec.emit.early-fire.enabled' = 'true';
SET 'table.exec.emit.early-fire.delay' = '0 s';
SET 'table.exec.emit.late-fire.enabled' = 'true';
SET 'table.exec.emit.late-fire.delay' = '0 s';
SET 'table.exec.emit.allow-lateness' = '20 s';
CREATE TABLE events (
  id INT,
  k STRING,
  v INT,
  `at` TIMESTAMP(3),
  t AS CAST(`at` AS TIMESTAMP_LTZ(3)),
  WATERMARK FOR t AS t - INTERVAL '2' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${data}/late.json', 'format' = 'json');

SELECT TUMBLE_START(t, INTERVAL '10' SECOND) AS ws, TUMBLE_ROWTIME(t, INTERVAL '10' SECOND) AS wt, COUNT(*) AS c, SUM(v) AS v
FROM events
GROUP BY TUMBLE(t, INTERVAL '10' SECOND);
