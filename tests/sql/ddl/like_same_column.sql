-- LIKE with a physical column of the same name is refused.
CREATE TABLE base (id INT, v STRING) WITH ('connector' = 'blackhole');
CREATE TABLE a (v INT) LIKE base;
