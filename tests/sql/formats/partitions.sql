-- Columns that come out of the folders' names, with their types; another engine's default name is plain text.
CREATE TABLE parts (id INT, v STRING, dt STRING, hr INT) PARTITIONED BY (dt, hr)
WITH ('connector' = 'filesystem', 'path' = '${data}/parts', 'format' = 'json');
SELECT * FROM parts;
SELECT id FROM parts WHERE dt = '2024-03-01' AND hr > 10;
SELECT dt, id FROM parts WHERE dt IS NULL;
