-- URL_ENCODE and URL_DECODE.
CREATE TABLE texts (
  id INT,
  s STRING,
  t STRING,
  n INT
) WITH ('connector' = 'filesystem', 'path' = '${data}/texts.json', 'format' = 'json');

SELECT id, URL_ENCODE(s) AS e, URL_DECODE(URL_ENCODE(s)) AS d FROM texts;
SELECT URL_DECODE('a%20b+c'), URL_DECODE('%zz'), URL_DECODE('%');
