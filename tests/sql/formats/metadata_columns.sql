-- Metadata of files as columns.
CREATE TABLE logs (id INT, v STRING, path STRING NOT NULL METADATA FROM 'file.path' VIRTUAL, name STRING METADATA FROM 'file.name' VIRTUAL, size BIGINT NOT NULL METADATA FROM 'file.size' VIRTUAL)
WITH ('connector' = 'filesystem', 'path' = '${data}/logs', 'format' = 'json');
SELECT id, path, name, size FROM logs;
DESCRIBE logs;
