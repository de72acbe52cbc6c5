-- A hint in the query changes a table's options.
CREATE TABLE t (id INT, v STRING) WITH ('connector' = 'filesystem', 'path' = '${data}/logs/a.json', 'format' = 'json');
SELECT * FROM t /*+ OPTIONS('path' = '${data}/logs/b.json') */;
SELECT * FROM t /*+ OPTIONS('path' = '${data}/logs/b.json') */ AS x WHERE x.id > 0;
CREATE TABLE s (id INT, v STRING) WITH ('connector' = 'filesystem', 'path' = '${tmp}/s', 'format' = 'json');
INSERT INTO s /*+ OPTIONS('path' = '${tmp}/z') */ SELECT * FROM t;
CREATE TABLE z (id INT, v STRING) WITH ('connector' = 'filesystem', 'path' = '${tmp}/z', 'format' = 'json');
SELECT * FROM z;
