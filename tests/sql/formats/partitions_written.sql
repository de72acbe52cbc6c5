-- Writing into partitions, dynamic, static and mixed.
CREATE TABLE parts (id INT, v STRING, dt STRING, hr INT) PARTITIONED BY (dt, hr)
WITH ('connector' = 'filesystem', 'path' = '${tmp}/parts', 'format' = 'csv');
INSERT INTO parts VALUES (1, 'a', '2024-03-01', 10), (2, 'b', '2024-03-02', 11);
INSERT INTO parts PARTITION (dt = '2024-03-03', hr = 9) SELECT 4, 'd';
INSERT INTO parts PARTITION (dt = '2024-03-04') SELECT 5, 'e', 8;
INSERT INTO parts PARTITION (dt = '2024-03-05') (id, hr) SELECT 6, 7;
SELECT * FROM parts;
