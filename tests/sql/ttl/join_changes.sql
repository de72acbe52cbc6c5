-- Rows that change are joined.
SET 'table.exec.state.ttl' = '1 d';
CREATE TABLE a (id INT, k STRING, v INT, `at` TIMESTAMP(3), WATERMARK FOR `at` AS `at` - INTERVAL '2' SECOND)
WITH ('connector' = 'filesystem', 'path' = '${data}/late.json', 'format' = 'json');
CREATE TABLE b (id INT, k STRING, v INT, `at` TIMESTAMP(3))
WITH ('connector' = 'filesystem', 'path' = '${data}/late.json', 'format' = 'json');

SELECT l.k, l.n, r.m FROM (SELECT k, COUNT(*) AS n FROM a GROUP BY k) AS l LEFT JOIN (SELECT k, MAX(v) AS m FROM b GROUP BY k) AS r ON l.k = r.k;
