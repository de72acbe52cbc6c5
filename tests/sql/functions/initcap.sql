-- INITCAP starts a word after anything that is no letter or digit.
CREATE TABLE texts (
  id INT,
  s STRING,
  t STRING,
  n INT
) WITH ('connector' = 'filesystem', 'path' = '${data}/texts.json', 'format' = 'json');

SELECT id, INITCAP(s) AS i FROM texts;
SELECT INITCAP('o''neil mcDONALD 3rd x_y éa'), INITCAP(CAST(NULL AS STRING));
