-- The text that CSV writes for each type.
CREATE TABLE sink (id INT, s STRING, n DECIMAL(10, 4), d DOUBLE, t TIMESTAMP(3), z TIMESTAMP_LTZ(3), dt DATE, c TIME, b BOOLEAN, a ARRAY<INT>)
WITH ('connector' = 'filesystem', 'path' = '${tmp}/sink', 'format' = 'csv');
INSERT INTO sink VALUES
  (1, 'plain', 1.5, 1e10, TIMESTAMP '2024-02-29 13:45:59.120', TO_TIMESTAMP_LTZ(0, 3), DATE '2024-02-29', TIME '13:45:59', TRUE, ARRAY[1, 2]),
  (2, 'a "quote", and a comma', 0.0001, 0.1e0, TIMESTAMP '1969-12-31 23:59:59', TO_TIMESTAMP_LTZ(-1, 3), DATE '0001-01-01', TIME '00:00:00', FALSE, ARRAY[3]),
  (3, '', 1234.5678, -1e-5, TIMESTAMP '2024-01-01 00:00:00', TO_TIMESTAMP_LTZ(1, 0), DATE '1970-01-01', TIME '12:00:00', TRUE, ARRAY[4, 5]),
  (4, CAST(NULL AS STRING), CAST(NULL AS DECIMAL(10, 4)), CAST(NULL AS DOUBLE), CAST(NULL AS TIMESTAMP(3)), CAST(NULL AS TIMESTAMP_LTZ(3)), CAST(NULL AS DATE), CAST(NULL AS TIME), CAST(NULL AS BOOLEAN), CAST(NULL AS ARRAY<INT>)),
  (5, 'with blank', 1, 1e0, TIMESTAMP '2024-01-01 00:00:00', TO_TIMESTAMP_LTZ(1, 0), DATE '1970-01-01', TIME '12:00:00', TRUE, ARRAY[6]);
CREATE TABLE lines (line STRING) WITH ('connector' = 'filesystem', 'path' = '${tmp}/sink', 'format' = 'raw');
SELECT * FROM lines;
SELECT id, s, n, d, t, dt, b FROM sink;
