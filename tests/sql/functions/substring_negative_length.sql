-- What SUBSTRING does with lengths of zero and below.
CREATE TABLE texts (
  id INT,
  s STRING,
  t STRING,
  n INT
) WITH ('connector' = 'filesystem', 'path' = '${data}/texts.json', 'format' = 'json');

SELECT id, SUBSTRING(s, 1, 0) AS nothing, SUBSTRING(s, 1, -1) AS negative FROM texts;
