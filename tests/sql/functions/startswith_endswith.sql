-- STARTSWITH, ENDSWITH, ELT and BTRIM.
CREATE TABLE texts (
  id INT,
  s STRING,
  t STRING,
  n INT
) WITH ('connector' = 'filesystem', 'path' = '${data}/texts.json', 'format' = 'json');

SELECT id, STARTSWITH(s, t) AS sw, ENDSWITH(s, t) AS ew, STARTSWITH(s, '') AS always, ELT(n, s, t, 'third') AS e FROM texts;
