-- A hint names the tables of several joins.
CREATE TABLE a (id INT, k STRING, v INT, `at` TIMESTAMP(3), WATERMARK FOR `at` AS `at` - INTERVAL '2' SECOND)
WITH ('connector' = 'filesystem', 'path' = '${data}/late.json', 'format' = 'json');
CREATE TABLE b (id INT, k STRING, v INT, `at` TIMESTAMP(3))
WITH ('connector' = 'filesystem', 'path' = '${data}/late.json', 'format' = 'json');

SELECT /*+ STATE_TTL('a' = '1d', 'b' = '2d', 'c' = '3d') */ a.id, b.v, c.k FROM a JOIN b ON a.id = b.id JOIN b AS c ON c.id = a.id;
