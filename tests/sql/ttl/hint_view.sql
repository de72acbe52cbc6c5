-- A hint names views.
CREATE TABLE a (id INT, k STRING, v INT, `at` TIMESTAMP(3), WATERMARK FOR `at` AS `at` - INTERVAL '2' SECOND)
WITH ('connector' = 'filesystem', 'path' = '${data}/late.json', 'format' = 'json');
CREATE TABLE b (id INT, k STRING, v INT, `at` TIMESTAMP(3))
WITH ('connector' = 'filesystem', 'path' = '${data}/late.json', 'format' = 'json');
CREATE VIEW va AS SELECT id, k FROM a WHERE v > 4;

SELECT /*+ STATE_TTL('va' = '360000s', 'b' = '15h') */ va.id, b.id AS other FROM va JOIN b ON va.id = b.id;
