-- SIMILAR TO with SQL's regular expressions.
CREATE TABLE texts (
  id INT,
  s STRING,
  t STRING,
  n INT
) WITH ('connector' = 'filesystem', 'path' = '${data}/texts.json', 'format' = 'json');

SELECT id, s SIMILAR TO 'h(e|a)l{2}o' AS a, s SIMILAR TO '%[0-9]%' AS digit, s NOT SIMILAR TO '[a-z]+' AS n FROM texts;
SELECT 'abc' SIMILAR TO 'a%', 'abc' SIMILAR TO '(b|c)%', 'aXc' SIMILAR TO 'a_c', 'ab' SIMILAR TO 'a?b*';
