-- CHAR(n) pads with blanks and cuts; VARCHAR(n) only cuts.
CREATE TABLE texts (
  id INT,
  s STRING,
  t STRING,
  n INT
) WITH ('connector' = 'filesystem', 'path' = '${data}/texts.json', 'format' = 'json');

SELECT id, '[' || CAST(s AS CHAR(6)) || ']' AS c6, '[' || CAST(s AS VARCHAR(3)) || ']' AS v3, CHAR_LENGTH(CAST(t AS CHAR(3))) AS n FROM texts;
SELECT CAST(12345 AS CHAR(3)), CAST(1.5 AS VARCHAR(2)), CAST(TRUE AS CHAR(6)), CAST(DATE '2024-01-01' AS VARCHAR(4)), CAST('abc' AS CHAR(2)) = 'ab', TYPEOF(CAST('a' AS CHAR(3)) || 'b'), CAST('a' AS CHAR(3)) = 'a';
