-- INSERT with a column list fills the rest with NULL.
CREATE TABLE t (a INT, b STRING, c DECIMAL(5, 2)) WITH ('connector' = 'filesystem', 'path' = '${tmp}/t', 'format' = 'json');
INSERT INTO t (c, a) VALUES (1.5, 1), (2, 2);
INSERT INTO t VALUES (3, 'x', 3.333);
INSERT INTO t (b) SELECT 'only b';
SELECT * FROM t;
