-- The spellings of types and what DESCRIBE calls them.
CREATE TABLE t (
  a INTEGER, b DEC(5), c NUMERIC(6, 1), d DOUBLE PRECISION, e CHAR, f VARCHAR(10), g CHARACTER VARYING(5), h STRING NOT NULL,
  i TIMESTAMP, j TIMESTAMP(0) WITHOUT TIME ZONE, k TIMESTAMP(3) WITH LOCAL TIME ZONE, l TIMESTAMP_LTZ, m TIME(3), n BYTES, o BINARY(3),
  p VARBINARY(4), q INT ARRAY, r ARRAY<INT NOT NULL>, s MAP<STRING, ROW<x INT, y ARRAY<DATE>>>, t MULTISET<STRING>, u ROW(x INT, y STRING), v DECIMAL, w FLOAT, x BOOLEAN, y ROW<`a b` INT 'with a comment'>
) WITH ('connector' = 'filesystem', 'path' = '${tmp}', 'format' = 'json');
DESCRIBE t;
