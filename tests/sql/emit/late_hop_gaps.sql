-- Between windows that leave gaps there is nothing late.
SET 'table.exec.emit.late-fire.enabled' = 'true';
SET 'table.exec.emit.late-fire.delay' = '0 s';
SET 'table.exec.emit.allow-lateness' = '20 s';
CREATE TABLE events (
  id INT,
  k STRING,
  v INT,
  `at` TIMESTAMP(3),
  WATERMARK FOR `at` AS `at` - INTERVAL '2' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${data}/late.json', 'format' = 'json');

SELECT HOP_START(`at`, INTERVAL '10' SECOND, INTERVAL '4' SECOND) AS ws, COUNT(*) AS c, SUM(v) AS v
FROM events
GROUP BY HOP(`at`, INTERVAL '10' SECOND, INTERVAL '4' SECOND);
