-- Timestamps in ISO 8601.
CREATE TABLE t (id INT, t TIMESTAMP(3), z TIMESTAMP_LTZ(3), c TIME, d DATE)
WITH ('connector' = 'filesystem', 'path' = '${data}/iso_times.json', 'format' = 'json', 'json.timestamp-format.standard' = 'ISO-8601');
SELECT * FROM t;
