-- Texts to BYTES and BINARY and back go by UTF-8.
CREATE TABLE texts (
  id INT,
  s STRING,
  t STRING,
  n INT
) WITH ('connector' = 'filesystem', 'path' = '${data}/texts.json', 'format' = 'json');

SELECT id, CAST(s AS BYTES) AS b, CAST(CAST(s AS BYTES) AS STRING) AS again, CAST(s AS VARBINARY(3)) AS v3 FROM texts;
