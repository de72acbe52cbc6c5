-- A hint on a join of intervals.
CREATE TABLE a (id INT, k STRING, v INT, `at` TIMESTAMP(3), WATERMARK FOR `at` AS `at` - INTERVAL '2' SECOND)
WITH ('connector' = 'filesystem', 'path' = '${data}/late.json', 'format' = 'json');
CREATE TABLE b (id INT, k STRING, v INT, `at` TIMESTAMP(3))
WITH ('connector' = 'filesystem', 'path' = '${data}/late.json', 'format' = 'json');

SELECT /*+ STATE_TTL('x' = '1d', 'y' = '1d') */ x.id, y.id AS other FROM a AS x JOIN a AS y ON x.k = y.k AND x.`at` BETWEEN y.`at` - INTERVAL '3' SECOND AND y.`at` - INTERVAL '1' SECOND;
