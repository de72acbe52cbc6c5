-- UPPER and LOWER beyond ASCII.
CREATE TABLE texts (
  id INT,
  s STRING,
  t STRING,
  n INT
) WITH ('connector' = 'filesystem', 'path' = '${data}/texts.json', 'format' = 'json');

SELECT id, UPPER(s) AS u, LOWER(s) AS l FROM texts;
SELECT UPPER('ǆ ß ﬁ ı'), LOWER('Σ ΑΣ İ'), LOWER('ÀÉ');
