-- A view keeps the columns its star had when it was created.
CREATE TABLE t (id INT, v STRING) WITH ('connector' = 'filesystem', 'path' = '${data}/logs/a.json', 'format' = 'json');
CREATE VIEW s AS SELECT * FROM t;
ALTER TABLE t ADD extra INT;
DESCRIBE s;
SELECT * FROM s;
