-- A hint names the query that a grouping reads.
CREATE TABLE a (id INT, k STRING, v INT, `at` TIMESTAMP(3), WATERMARK FOR `at` AS `at` - INTERVAL '2' SECOND)
WITH ('connector' = 'filesystem', 'path' = '${data}/late.json', 'format' = 'json');
CREATE TABLE b (id INT, k STRING, v INT, `at` TIMESTAMP(3))
WITH ('connector' = 'filesystem', 'path' = '${data}/late.json', 'format' = 'json');

SELECT /*+ STATE_TTL('x' = '1d') */ k, COUNT(*) AS c FROM (SELECT k FROM a WHERE v > 1) AS x GROUP BY k;
