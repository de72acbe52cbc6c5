-- Reading back a partition of NULL is refused by the planner.
CREATE TABLE parts (id INT, dt STRING) PARTITIONED BY (dt)
WITH ('connector' = 'filesystem', 'path' = '${tmp}/parts', 'format' = 'json', 'partition.default-name' = 'none');
INSERT INTO parts VALUES (1, 'a'), (2, CAST(NULL AS STRING)), (3, '');
SELECT * FROM parts;
