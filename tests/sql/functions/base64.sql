-- TO_BASE64 and FROM_BASE64 go by UTF-8.
CREATE TABLE texts (
  id INT,
  s STRING,
  t STRING,
  n INT
) WITH ('connector' = 'filesystem', 'path' = '${data}/texts.json', 'format' = 'json');

SELECT id, TO_BASE64(s) AS b, FROM_BASE64(TO_BASE64(s)) AS again FROM texts;
