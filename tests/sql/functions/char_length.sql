-- Lengths are counted in characters, astral ones once.
CREATE TABLE texts (
  id INT,
  s STRING,
  t STRING,
  n INT
) WITH ('connector' = 'filesystem', 'path' = '${data}/texts.json', 'format' = 'json');

SELECT id, CHAR_LENGTH(s) AS cl, CHARACTER_LENGTH(t) AS ct FROM texts;
