-- HEX, BIN, UNHEX and CONV.
CREATE TABLE texts (
  id INT,
  s STRING,
  t STRING,
  n INT
) WITH ('connector' = 'filesystem', 'path' = '${data}/texts.json', 'format' = 'json');

SELECT id, HEX(s) AS hs, HEX(n) AS hn, BIN(n) AS bn FROM texts;
SELECT UNHEX('48656C6C6F'), DECODE(UNHEX('48656C6C6F'), 'UTF-8'), UNHEX('zz'), UNHEX('F'), HEX(255), HEX(-1), BIN(-1), BIN(5);
