-- CSV written with other delimiters, quotes and a null literal.
CREATE TABLE sink (id INT, s STRING, d DECIMAL(12, 2))
WITH ('connector' = 'filesystem', 'path' = '${tmp}/sink', 'format' = 'csv', 'csv.field-delimiter' = '|', 'csv.quote-character' = '''', 'csv.null-literal' = 'n/a', 'csv.write-bigdecimal-in-scientific-notation' = 'false');
INSERT INTO sink VALUES (1, 'a|b', 1000000000), (2, CAST(NULL AS STRING), CAST(NULL AS DECIMAL(12, 2))), (3, 'it''s', 0.01);
CREATE TABLE lines (line STRING) WITH ('connector' = 'filesystem', 'path' = '${tmp}/sink', 'format' = 'raw');
SELECT * FROM lines;
