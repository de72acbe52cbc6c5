-- SUBSTRING counts characters from 1, from the end for negative starts.
CREATE TABLE texts (
  id INT,
  s STRING,
  t STRING,
  n INT
) WITH ('connector' = 'filesystem', 'path' = '${data}/texts.json', 'format' = 'json');

SELECT id, SUBSTRING(s FROM 2) AS from2, SUBSTRING(s, -2) AS last2, SUBSTRING(s FROM 2 FOR 2) AS middle, SUBSTRING(s, 0, 2) AS zero, SUBSTRING(s, n) AS from_n, SUBSTRING(s, n, n) AS n_of_n, SUBSTR(s, -3, 2) AS back, SUBSTRING(s, 100) AS beyond
FROM texts;
