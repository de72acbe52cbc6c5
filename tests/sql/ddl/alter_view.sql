-- ALTER VIEW changes a view's query and name.
CREATE TABLE t (id INT, v STRING) WITH ('connector' = 'filesystem', 'path' = '${data}/logs/a.json', 'format' = 'json');
CREATE VIEW w AS SELECT id FROM t;
ALTER VIEW w AS SELECT v, id FROM t;
DESCRIBE w;
ALTER VIEW w RENAME TO x;
SHOW VIEWS;
SHOW CREATE VIEW x;
SELECT * FROM x;
