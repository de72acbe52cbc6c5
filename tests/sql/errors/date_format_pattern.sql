-- A pattern of dates has at most 19 letters of one kind in a row.
CREATE TABLE times (id INT, t TIMESTAMP(3)) WITH ('connector' = 'filesystem', 'path' = '${data}/times.json', 'format' = 'json');
SELECT DATE_FORMAT(t, 'yyyyyyyyyyyyyyyyyyy') AS y FROM times WHERE id = 1;
SELECT DATE_FORMAT(t, 'yyyyyyyyyyyyyyyyyyyy') AS y FROM times WHERE id = 1;
