-- The raw format as bytes, and in another character set.
CREATE TABLE b (line BYTES) WITH ('connector' = 'filesystem', 'path' = '${data}/lines.txt', 'format' = 'raw');
CREATE TABLE l (line STRING) WITH ('connector' = 'filesystem', 'path' = '${data}/lines.txt', 'format' = 'raw', 'raw.charset' = 'ISO-8859-1');
SELECT * FROM b;
SELECT * FROM l;
