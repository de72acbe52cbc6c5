-- ASCII gives the first byte, CHR the character of a code.
CREATE TABLE texts (
  id INT,
  s STRING,
  t STRING,
  n INT
) WITH ('connector' = 'filesystem', 'path' = '${data}/texts.json', 'format' = 'json');

SELECT id, ASCII(s) AS a, ASCII(t) AS at_ FROM texts;
SELECT CHR(65), CHR(97), CHR(0) = '', CHR(256), CHR(353), CHR(-1), CHR(CAST(NULL AS INT)), ASCII('A');
