-- A directory is read whole, with its folders; hidden files are left out.
CREATE TABLE logs (id INT, v STRING) WITH ('connector' = 'filesystem', 'path' = '${data}/logs', 'format' = 'json');
SELECT * FROM logs;
