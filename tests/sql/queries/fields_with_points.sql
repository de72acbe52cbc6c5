-- A field whose name has a point in it is not a field of a field.
CREATE TABLE points (id INT, r ROW<`a.b` INT, a ROW<b INT, `0` INT>, `1` INT>) WITH ('connector' = 'filesystem', 'path' = '${data}/points.json', 'format' = 'json');

SELECT id, r.`a.b` AS x, r.a.b AS y, r.a.`0` AS z, r.`1` AS o FROM points;
SELECT id, r.a.b AS y, r.`a.b` AS x FROM points WHERE r.`a.b` = 1 OR r.a.b = 20;
