-- A hint names a table of a query inside, beside one of its own.
CREATE TABLE a (id INT, k STRING, v INT, `at` TIMESTAMP(3), WATERMARK FOR `at` AS `at` - INTERVAL '2' SECOND)
WITH ('connector' = 'filesystem', 'path' = '${data}/late.json', 'format' = 'json');
CREATE TABLE b (id INT, k STRING, v INT, `at` TIMESTAMP(3))
WITH ('connector' = 'filesystem', 'path' = '${data}/late.json', 'format' = 'json');

SELECT /*+ STATE_TTL('b' = '1d', 'j' = '2d') */ j.id, b.v FROM (SELECT a.id FROM a JOIN b ON a.id = b.id) AS j JOIN b ON j.id = b.id;
