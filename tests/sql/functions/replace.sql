-- REPLACE replaces every occurrence; TRANSLATE maps characters.
CREATE TABLE texts (
  id INT,
  s STRING,
  t STRING,
  n INT
) WITH ('connector' = 'filesystem', 'path' = '${data}/texts.json', 'format' = 'json');

SELECT id, REPLACE(s, t, '_') AS r, REPLACE(s, 'o', '') AS o, TRANSLATE(s, 'lo', '10') AS tr FROM texts;
SELECT REPLACE('abc', '', '-'), REPLACE('aaa', 'aa', 'b'), TRANSLATE('translate', 'rnlt', '123'), TRANSLATE('abc', 'ab', ''), TRANSLATE('😀a', '😀', 'x');
