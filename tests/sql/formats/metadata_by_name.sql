-- A metadata column without FROM goes by its own name.
CREATE TABLE logs (id INT, `file.name` STRING METADATA VIRTUAL, `file.size` INT METADATA VIRTUAL)
WITH ('connector' = 'filesystem', 'path' = '${data}/logs', 'format' = 'json');
SELECT id, `file.name`, `file.size` FROM logs;
