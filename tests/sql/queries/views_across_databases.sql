-- A view resolves its names where it was created.
CREATE TABLE t (id INT, v STRING) WITH ('connector' = 'filesystem', 'path' = '${data}/logs/a.json', 'format' = 'json');
CREATE VIEW v AS SELECT id FROM t;
CREATE DATABASE other;
USE other;
SELECT * FROM default_database.v;
