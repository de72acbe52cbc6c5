-- Results that change do not go into a table that only grows.
SET 'table.exec.emit.early-fire.enabled' = 'true';
SET 'table.exec.emit.early-fire.delay' = '0 s';
CREATE TABLE events (
  id INT,
  k STRING,
  v INT,
  `at` TIMESTAMP(3),
  WATERMARK FOR `at` AS `at` - INTERVAL '2' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${data}/late.json', 'format' = 'json');

CREATE TABLE totals (ws TIMESTAMP(3), c BIGINT) WITH ('connector' = 'filesystem', 'path' = '${tmp}/totals', 'format' = 'json');
INSERT INTO totals SELECT TUMBLE_START(`at`, INTERVAL '10' SECOND), COUNT(*) FROM events GROUP BY TUMBLE(`at`, INTERVAL '10' SECOND);
