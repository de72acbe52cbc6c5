-- A star leaves virtual metadata columns out when asked to, if they go by their own name.
SET 'table.column-expansion-strategy' = 'EXCLUDE_DEFAULT_VIRTUAL_METADATA_COLUMNS';
CREATE TABLE logs (id INT, `file.name` STRING METADATA VIRTUAL, size BIGINT METADATA FROM 'file.size' VIRTUAL)
WITH ('connector' = 'filesystem', 'path' = '${data}/logs/a.json', 'format' = 'json');
SELECT * FROM logs;
SELECT id, `file.name` FROM logs;
