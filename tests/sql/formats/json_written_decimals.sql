-- Decimals in JSON with and without exponents.
CREATE TABLE sink (id INT, n DECIMAL(20, 10)) WITH ('connector' = 'filesystem', 'path' = '${tmp}/a', 'format' = 'json');
CREATE TABLE plain WITH ('path' = '${tmp}/b', 'json.encode.decimal-as-plain-number' = 'true') LIKE sink;
INSERT INTO sink VALUES (1, 0.0000000001), (2, 1234567890), (3, 0);
INSERT INTO plain VALUES (1, 0.0000000001), (2, 1234567890), (3, 0);
CREATE TABLE lines_a (line STRING) WITH ('connector' = 'filesystem', 'path' = '${tmp}/a', 'format' = 'raw');
CREATE TABLE lines_b (line STRING) WITH ('connector' = 'filesystem', 'path' = '${tmp}/b', 'format' = 'raw');
SELECT * FROM lines_a;
SELECT * FROM lines_b;
