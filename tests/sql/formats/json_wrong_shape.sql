-- An array where a row is declared.
CREATE TABLE nested (id INT, l ROW<a INT>) WITH ('connector' = 'filesystem', 'path' = '${data}/nested.json', 'format' = 'json');
SELECT * FROM nested;
