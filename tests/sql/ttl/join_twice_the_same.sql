-- Equal rows of an input count each.
SET 'table.exec.state.ttl' = '1 d';
CREATE TABLE a (id INT, k STRING, v INT, `at` TIMESTAMP(3), WATERMARK FOR `at` AS `at` - INTERVAL '2' SECOND)
WITH ('connector' = 'filesystem', 'path' = '${data}/late.json', 'format' = 'json');
CREATE TABLE b (id INT, k STRING, v INT, `at` TIMESTAMP(3))
WITH ('connector' = 'filesystem', 'path' = '${data}/late.json', 'format' = 'json');

SELECT l.k, r.k AS other FROM (SELECT k FROM a) AS l JOIN (SELECT k FROM b WHERE id < 4) AS r ON l.k = r.k;
