-- In LIKE the sign _ is any character but the end of a line, % is anything.
CREATE TABLE texts (id INT, s STRING) WITH ('connector' = 'filesystem', 'path' = '${data}/lines.json', 'format' = 'json');

SELECT id, s LIKE 'a_c' AS u, s LIKE 'abc_' AS v, s LIKE 'a%' AS p, s LIKE 'a%c%' AS q, s LIKE 'abc!_' ESCAPE '!' AS e, s LIKE '_%' AS any_text FROM texts;
