-- Digits to round to, and a place to search from, that are far out of range or come from a column.
CREATE TABLE numbers (id INT, t TINYINT, i INT, d DOUBLE) WITH ('connector' = 'filesystem', 'path' = '${data}/numbers.json', 'format' = 'json');

SELECT id, ROUND(i, t) AS i, ROUND(d, t) AS d FROM numbers WHERE id IN (1, 2, 3, 7, 8);
SELECT LOCATE('a', 'banana', -2147483648), LOCATE('a', 'banana', 0), LOCATE('a', 'banana', 2147483647);
