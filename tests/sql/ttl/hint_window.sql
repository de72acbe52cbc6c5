-- A hint on a grouping by windows.
CREATE TABLE a (id INT, k STRING, v INT, `at` TIMESTAMP(3), WATERMARK FOR `at` AS `at` - INTERVAL '2' SECOND)
WITH ('connector' = 'filesystem', 'path' = '${data}/late.json', 'format' = 'json');
CREATE TABLE b (id INT, k STRING, v INT, `at` TIMESTAMP(3))
WITH ('connector' = 'filesystem', 'path' = '${data}/late.json', 'format' = 'json');

SELECT /*+ STATE_TTL('a' = '1d') */ TUMBLE_START(`at`, INTERVAL '10' SECOND) AS ws, COUNT(*) AS c FROM a GROUP BY TUMBLE(`at`, INTERVAL '10' SECOND);
