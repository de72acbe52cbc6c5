-- A format that is not there.
CREATE TABLE t (a INT) WITH ('connector' = 'filesystem', 'path' = '${data}/bids.json', 'format' = 'xml');
SELECT * FROM t;
