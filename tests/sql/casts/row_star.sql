-- The fields of a row are selected by a star.
CREATE TABLE nested (id INT, r ROW<a INT, b STRING, `in` ROW<c DECIMAL(5, 2), d DATE>>)
WITH ('connector' = 'filesystem', 'path' = '${data}/nested.json', 'format' = 'json');
SELECT id, nested.r.* FROM nested;
