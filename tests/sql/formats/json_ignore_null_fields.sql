-- Fields that are NULL are left out of the JSON that is written.
CREATE TABLE sink (id INT, a INT, b STRING)
WITH ('connector' = 'filesystem', 'path' = '${tmp}/sink', 'format' = 'json', 'json.encode.ignore-null-fields' = 'true');
INSERT INTO sink VALUES (1, 2, 'x'), (2, CAST(NULL AS INT), 'y'), (3, CAST(NULL AS INT), CAST(NULL AS STRING));
CREATE TABLE lines (line STRING) WITH ('connector' = 'filesystem', 'path' = '${tmp}/sink', 'format' = 'raw');
SELECT * FROM lines;
