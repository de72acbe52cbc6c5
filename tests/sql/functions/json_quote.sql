-- JSON_QUOTE and JSON_UNQUOTE.
CREATE TABLE texts (
  id INT,
  s STRING,
  t STRING,
  n INT
) WITH ('connector' = 'filesystem', 'path' = '${data}/texts.json', 'format' = 'json');

SELECT id, JSON_QUOTE(s) AS q, JSON_UNQUOTE(JSON_QUOTE(s)) AS u FROM texts;
SELECT JSON_UNQUOTE('"a\tb"'), JSON_UNQUOTE('a'), JSON_UNQUOTE('"\u00e9"'), JSON_QUOTE('a/b');
