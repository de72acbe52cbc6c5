-- NULL cannot be written in the raw format.
CREATE TABLE t (line STRING) WITH ('connector' = 'filesystem', 'path' = '${tmp}/t', 'format' = 'raw');
INSERT INTO t VALUES ('a'), (CAST(NULL AS STRING));
