-- Instants are written in UTC whatever the session's zone.
SET 'table.local-time-zone' = 'Asia/Tokyo';
CREATE TABLE t (z TIMESTAMP_LTZ(3)) WITH ('connector' = 'filesystem', 'path' = '${tmp}/t', 'format' = 'json');
INSERT INTO t VALUES (TO_TIMESTAMP_LTZ(0, 3));
CREATE TABLE lines (line STRING) WITH ('connector' = 'filesystem', 'path' = '${tmp}/t', 'format' = 'raw');
SELECT * FROM lines;
SELECT z, CAST(z AS STRING) AS s FROM t;
