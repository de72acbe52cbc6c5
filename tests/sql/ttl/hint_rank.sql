-- A hint on a ranking.
CREATE TABLE a (id INT, k STRING, v INT, `at` TIMESTAMP(3), WATERMARK FOR `at` AS `at` - INTERVAL '2' SECOND)
WITH ('connector' = 'filesystem', 'path' = '${data}/late.json', 'format' = 'json');
CREATE TABLE b (id INT, k STRING, v INT, `at` TIMESTAMP(3))
WITH ('connector' = 'filesystem', 'path' = '${data}/late.json', 'format' = 'json');

SELECT /*+ STATE_TTL('a' = '1d') */ k, id FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY k ORDER BY v) AS n FROM a) WHERE n = 1;
