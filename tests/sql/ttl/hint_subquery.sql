-- A hint names a query in FROM by its alias.
CREATE TABLE a (id INT, k STRING, v INT, `at` TIMESTAMP(3), WATERMARK FOR `at` AS `at` - INTERVAL '2' SECOND)
WITH ('connector' = 'filesystem', 'path' = '${data}/late.json', 'format' = 'json');
CREATE TABLE b (id INT, k STRING, v INT, `at` TIMESTAMP(3))
WITH ('connector' = 'filesystem', 'path' = '${data}/late.json', 'format' = 'json');

SELECT /*+ STATE_TTL('x' = '1d') */ x.id, b.id AS other FROM (SELECT id FROM a WHERE v > 4) AS x JOIN b ON x.id = b.id;
